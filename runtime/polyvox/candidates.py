"""Whom a call asks: one model; its fallbacks after it; several at once; or whichever deployment of a group is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar, cast

from .addressing import locate
from .errors import InvalidRequestError
from .exchange import Attempt, Candidate
from .keywords import FALLBACKS, OF_ONE_MODEL, OF_ONE_PROVIDER, RETRIES, one_of, provider_of
from .shapes import mapping_of

if TYPE_CHECKING:
    from .groups import Lease, ModelGroup
    from .routing import Route

T = TypeVar("T")

Ask: TypeAlias = "Callable[[str, Mapping[str, object]], Attempt[T]]"
"""Makes the request to a model with these parameters."""
Hold: TypeAlias = "Callable[[T, Lease], T]"
"""Ends a deployment's lease with the answer, or lets a stream end it."""
Groups: TypeAlias = "Mapping[str, ModelGroup]"
_CHAINS: Final = frozenset((*FALLBACKS, "model_list"))


def candidates_of(
    model: str, given: dict[str, object], groups: Groups, ask: Ask[T], hold: Hold[T]
) -> tuple[list[Candidate[T]], bool]:
    """Whom to ask, and whether all at the same time (`model_list`) or one after another."""
    if not groups and _CHAINS.isdisjoint(given):  # one model, as in nearly every call
        return [partial(ask, model, given)], False

    def candidate(name: str, own: Mapping[str, object], first: bool) -> Candidate[T]:
        if (group := groups.get(name)) is not None:
            shared = _for_group(name, given) if first else {**_of_any_provider(given), **own}
            return _route(name, group, shared, ask, hold)
        if first:
            return lambda: ask(name, given)
        return lambda: ask(name, {**given, **own} if model in groups else _for_fallback(model, given, name, own))

    fallbacks = cast("Sequence[object]", one_of(given, *FALLBACKS) or ())
    if (listed := given.pop("model_list", None)) is not None:
        if fallbacks:
            raise InvalidRequestError("model_list asks all at once, fallbacks one by one: give one of them")
        entries = _listed(model, cast("Sequence[object]", listed))
        return [candidate(*entry, first=False) for entry in entries], True
    entries = map(_entry, fallbacks)
    chain = [candidate(name, _of_somebody(name, own, groups), first=False) for name, own in entries]
    return [candidate(model, {}, first=True), *chain], False


def _of_somebody(name: str, own: Mapping[str, object], groups: Groups) -> Mapping[str, object]:
    """A fallback's own settings; raises `UnknownProviderError` for a provider that nobody knows: now, and not on the
    day when the first model is down."""
    if name not in groups:
        locate(name, provider_of(own))
    return own


def _entry(entry: object, what: str = "fallback") -> tuple[str, Mapping[str, object]]:
    """A fallback's model, and what it changes."""
    if isinstance(entry, str):
        return entry, {}
    fields = mapping_of(entry)
    if isinstance(model := fields.get("model"), str):
        return model, {name: value for name, value in fields.items() if name != "model"}
    raise InvalidRequestError(f"a {what} is a model name or a mapping with 'model'", param=f"{what}s")


def _listed(model: str, listed: Sequence[object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Whom `model_list` says to ask: models as in `fallbacks`, or LiteLLM's deployments, of which those count that are
    named as the call's model."""
    found = 0
    for entry in listed:
        fields = mapping_of(entry)
        if "litellm_params" not in fields:
            yield _entry(entry, "deployment")
        elif fields.get("model_name", model) == model:
            yield _entry(fields["litellm_params"], "deployment")
        else:
            continue
        found += 1
    if not found:
        raise InvalidRequestError(f"model_list has no deployment with model_name {model!r}", param="model_list")


def _for_fallback(
    first: str, given: Mapping[str, object], name: str, own: Mapping[str, object]
) -> Mapping[str, object]:
    """The first model's parameters for a fallback. Key, address and extras stay with the provider they were meant for;
    a fallback that names no provider has the first one's."""
    home = locate(first, provider_of(given))[0].name
    vendor = locate(name, provider_of(own), default=home)[0].name
    gone = OF_ONE_MODEL if vendor == home else OF_ONE_PROVIDER
    kept = {key: value for key, value in given.items() if key not in gone}
    if provider_of(own) is None and locate(name, None)[0].name != vendor:
        kept["provider"] = vendor
    return {**kept, **own}


def _of_any_provider(given: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if name not in OF_ONE_PROVIDER}


def _for_group(name: str, given: Mapping[str, object]) -> Mapping[str, object]:
    if wrong := sorted(OF_ONE_PROVIDER & given.keys()):
        raise InvalidRequestError(
            f"{wrong[0]} is for one provider, and {name!r} is a model group; give it to the group's deployments",
            param=wrong[0],
        )
    return given


def _route(
    name: str,
    group: ModelGroup,
    shared: Mapping[str, object],
    ask: Ask[T],
    hold: Hold[T],
) -> Route[T]:
    from .routing import Route

    more = one_of(shared, *RETRIES)
    labels = (shared.get(label) for label in ("session_label", "prompt_cache_key", "user"))
    return Route(
        name,
        group,
        key=next((label for label in labels if isinstance(label, str)), None),
        tries=more + 1 if isinstance(more, int) else None,
        prepare=lambda deployment: ask(
            deployment.model, {**shared, **cast("Mapping[str, object]", deployment.parameters)}
        ),
        hold=hold,
    )

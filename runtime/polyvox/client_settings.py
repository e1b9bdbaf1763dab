"""What `Client` and `AsyncClient` have in common: settings that hold for many calls, and who is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn, Self, cast

from .errors import InvalidRequestError, UnknownParameterError
from .forking import Locked
from .guessing import nearest
from .keywords import OF_ONE_PROVIDER, SAME_AS, provider_of
from .parameters import CALL_PARAMETERS, MODEL_PARAMETERS, CallParameters
from .secrecy import hide_sent_headers
from .shapes import is_mapping, its_type, mapping_of

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from .events import OnFailure, OnSuccess
    from .groups import ModelGroup
    from .watching import Watch, Watchers


def with_defaults(defaults: Mapping[str, object], given: Mapping[str, object]) -> Mapping[str, object]:
    """What the call says wins, under whichever of a parameter's names."""
    if not defaults:
        return given
    kept = {name: value for name, value in given.items() if value is not None}
    merged = {**defaults, **kept}
    for name in kept.keys() & SAME_AS.keys():
        for other in SAME_AS[name]:
            if other not in kept:
                merged.pop(other, None)
    for name in ("extra_headers", "extra_query"):
        if name in kept and is_mapping(whole := defaults.get(name)) and is_mapping(own := kept[name]):
            merged[name] = _joined(whole, own)
    return merged


def _joined(whole: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """A client's headers and the call's; the same header may be written in other letters."""
    lowered = {name.lower() for name in own}
    return {**{name: value for name, value in whole.items() if name.lower() not in lowered}, **own}


def wants_stream(given: object) -> bool:
    """Whether the answer is to be streamed; raises for what is neither yes nor no: the text `false` would be a yes."""
    if given is None or isinstance(given, bool):
        return bool(given)
    told = repr(given)[:60] if type(given) is str else its_type(given)
    raise InvalidRequestError(f"stream is {told}; it must be True or False", param="stream")


def _for_its_provider(defaults: Mapping[str, object], given: Mapping[str, object]) -> Mapping[str, object]:
    """A client's key, address and extras stay with its provider: a call that names another goes without them."""
    if (asked := provider_of(given)) is None or (home := provider_of(defaults)) is None:
        return defaults
    from .addressing import find_vendor

    if find_vendor(home) is find_vendor(asked):
        return defaults
    return {name: value for name, value in defaults.items() if name not in OF_ONE_PROVIDER}


def _check_whose_key(defaults: Mapping[str, object]) -> None:
    """Raises `InvalidRequestError` for a key that would go to whichever provider a call happens to name."""
    args = mapping_of(defaults.get("client_args"))
    has_key = "api_key" in defaults or args.get("api_key") is not None
    if not has_key or provider_of(defaults) is not None:
        return
    if not any(one.get(name) for one in (defaults, args) for name in ("api_base", "base_url")):
        raise InvalidRequestError(
            "api_key without provider: calls may name any, and each would get this key. Say whose it is: "
            "provider='openai', or api_base for a server of yours",
            param="api_key",
        )


_OF_A_TRANSPORT = frozenset({"proxy", "proxies", "verify", "cert", "trust_env", "http2", "limits"})


def _instead(name: str) -> str:
    if name in _OF_A_TRANSPORT:
        return f"; a transport has it: transport=httpx2.HTTPTransport({name}=...), or httpx2.AsyncHTTPTransport"
    if name in MODEL_PARAMETERS:
        return "; what is for the model belongs to the call"
    return nearest(name, CALL_PARAMETERS) or "; what is for the model belongs to the call"


def _check_plain(name: str, hook: object) -> None:
    from inspect import iscoroutinefunction

    if iscoroutinefunction(hook):
        raise InvalidRequestError(f"{name} is a coroutine function; it must be a plain one", param=name)
    if not callable(hook):
        raise InvalidRequestError(f"{name} is {its_type(hook)}; it must be a function", param=name)


def check_ways(http_client: object, transport: object, *, closed_by: str, handled_by: str) -> None:
    """Raises `InvalidRequestError` for an HTTP client or a transport of the wrong kind: most often, one that is
    synchronous where the other is needed. Either may speak HTTP/2."""
    if http_client is not None or transport is not None:
        hide_sent_headers()
    if http_client is not None and transport is not None:
        raise InvalidRequestError("give http_client or transport: a client has a transport of its own")
    for name, given, needed in (("http_client", http_client, closed_by), ("transport", transport, handled_by)):
        if given is not None and not hasattr(given, needed):
            kind = "an asynchronous" if "async" in handled_by else "a synchronous"
            raise InvalidRequestError(f"{name} is {its_type(given)}; it must be {kind} one", param=name)


def named_groups(models: object) -> dict[str, ModelGroup]:
    """The groups of a client by name, in a dict of its own; raises `InvalidRequestError` for anything else."""
    if not models:
        return {}
    from .groups import ModelGroup

    if not is_mapping(models):
        raise InvalidRequestError(f"models is {its_type(models)}; it must map names to model groups")
    groups: dict[str, ModelGroup] = {}
    for name, group in models.items():
        if not isinstance(group, ModelGroup):
            told = f"models[{name!r}] is {its_type(group)}; it must be a ModelGroup([...])"
            raise InvalidRequestError(told, param="models")
        groups[name] = group
    return groups


# What a repr shows: nothing that may hold a credential.
_SHOWN = frozenset({"provider", "custom_llm_provider", "api_base", "base_url", "api_version", "timeout", "drop_params"})


class ClientSettings(Locked):
    """What both clients have in common."""

    _defaults: Mapping[str, object] = {}
    _names_whose_key = True
    """Whether a key must come with its provider or address; no, where a class says whose it is."""

    def __init__(
        self,
        defaults: CallParameters,
        on_success: OnSuccess | None,
        on_failure: OnFailure | None,
        tracer_provider: TracerProvider | None,
    ) -> None:
        super().__init__()
        self._configure(defaults, on_success, on_failure, tracer_provider)

    def _configure(
        self,
        settings: CallParameters,
        on_success: OnSuccess | None,
        on_failure: OnFailure | None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        if settings:
            from .secrecy import conceal

            conceal(settings)
        for name, hook in (("on_success", on_success), ("on_failure", on_failure)):
            if hook is not None:
                _check_plain(name, hook)
        self._hooks = (on_success, on_failure, tracer_provider)
        self._watchers: Watchers | None = None
        defaults = cast("Mapping[str, object]", settings)
        for name in defaults:
            if name not in CALL_PARAMETERS:
                raise UnknownParameterError(f"a client has no setting {name!r}{_instead(name)}", param=name)
        if defaults:
            from .kinds import check_kinds

            check_kinds(defaults)
        kept = {name: value for name, value in defaults.items() if value is not None}
        if self._names_whose_key:
            _check_whose_key(kept)
        self._defaults = kept

    def _settings(self, model: str, given: Mapping[str, object]) -> Mapping[str, object]:
        """What holds for one call."""
        return with_defaults(_for_its_provider(self._defaults, given), given)

    def _watch(self, model: str, settings: Mapping[str, object], stream: bool) -> Watch:
        """Who is told of one call: its hooks, the logger, a trace; nobody, almost always."""
        if (watchers := self._watchers) is None:
            from .watching import Watchers

            watchers = self._watchers = Watchers(*self._hooks)
        return watchers.watch(model, settings, stream)

    def __copy__(self) -> Self:
        """The client itself: it has no state that a copy could change."""
        return self

    def __deepcopy__(self, known: object, /) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"{name} cannot be pickled: it has connections and may have a key; make one in each process")

    def __repr__(self) -> str:
        shown = {name: value for name, value in self._defaults.items() if name in _SHOWN}
        if "api_key" in self._defaults:
            shown["api_key"] = "***"
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

"""`OpenAI` and `AsyncOpenAI`: clients with the constructor that users of OpenAI's SDK and of OneLLM know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import environ
from typing import TYPE_CHECKING, cast

from typing_extensions import Unpack

from .addressing import locate
from .async_client import AsyncClient
from .client import Client
from .client_settings import with_defaults
from .errors import InvalidRequestError
from .keywords import OF_ONE_PROVIDER, WHO_PAYS, provider_of
from .parameters import CallParameters
from .secrecy import conceal
from .shapes import mapping_of

if TYPE_CHECKING:
    import httpx2
    from opentelemetry.trace import TracerProvider

    from .async_client import AsyncHTTPClient
    from .client import HTTPClient
    from .events import OnFailure, OnSuccess
    from .groups import ModelGroup

__all__ = ["AsyncOpenAI", "OpenAI", "OpenAISettings"]

HOME = "openai"


class OpenAISettings(CallParameters, total=False):
    """What the constructors take beside a client's settings, under the names of OpenAI's SDK."""

    organization: str | None
    """Sent as `OpenAI-Organization`. Default: OPENAI_ORG_ID."""
    project: str | None
    """Sent as `OpenAI-Project`. Default: OPENAI_PROJECT_ID."""
    default_headers: Mapping[str, str] | None
    """More HTTP headers for OpenAI."""
    default_query: Mapping[str, str] | None
    """More query parameters for OpenAI."""


def _who_pays(settings: OpenAISettings) -> dict[str, str | None]:
    """Headers for the organization and project that are given, or stand in the environment."""
    return {
        WHO_PAYS["organization"]: settings.get("organization") or environ.get("OPENAI_ORG_ID"),
        WHO_PAYS["project"]: settings.get("project") or environ.get("OPENAI_PROJECT_ID"),
    }


def _as_settings(settings: OpenAISettings) -> CallParameters:
    own = {
        **_who_pays(settings),
        **(settings.get("default_headers") or {}),
        **(settings.get("extra_headers") or {}),
    }
    headers = {name: value for name, value in own.items() if value}
    query = {**(settings.get("default_query") or {}), **(settings.get("extra_query") or {})}
    kept = {name: value for name, value in settings.items() if name in CallParameters.__annotations__}
    unknown = settings.keys() - kept.keys() - OpenAISettings.__annotations__.keys()
    rest = {name: settings[name] for name in unknown}  # type: ignore[literal-required]  # the client refuses them
    return cast("CallParameters", {**kept, **rest, "extra_headers": headers or None, "extra_query": query or None})


def _for_a_group(settings: Mapping[str, object]) -> Mapping[str, object]:
    """What was given for one provider is refused there; what only the environment said does not travel."""
    unasked = {name: value for name, value in _who_pays({}).items() if value}
    return {name: value for name, value in settings.items() if name != "extra_headers" or value != unasked}


def _of_the_call(
    groups: Mapping[str, ModelGroup], model: object, settings: Mapping[str, object], given: Mapping[str, object]
) -> Mapping[str, object]:
    """Key, address, headers and query were given for OpenAI: a call to another provider goes without them, unless it
    names them itself; a fallback to OpenAI has them."""
    if isinstance(model, str) and model in groups:
        return _for_a_group(settings)
    asked = _provider(model, settings)
    if asked in (HOME, None):
        return settings
    own = {name: value for name, value in settings.items() if name in OF_ONE_PROVIDER and given.get(name) is None}
    said = {name: value for name, value in given.items() if name in OF_ONE_PROVIDER and value is not None}
    kept = {**{name: value for name, value in settings.items() if name not in own}, **said}
    for name in ("fallbacks", "fallback_models"):
        if isinstance(chain := kept.get(name), (list, tuple)):
            kept[name] = [_with(own, entry, asked) for entry in cast("Sequence[object]", chain)]
    return kept


def _with(own: Mapping[str, object], entry: object, asked: str) -> object:
    fields = {"model": entry} if isinstance(entry, str) else mapping_of(entry)
    if _provider(fields.get("model"), fields, default=asked) == HOME:
        return {**own, **fields}
    return entry


def _provider(model: object, settings: Mapping[str, object], default: str = HOME) -> str | None:
    """Whom a call goes to; None where the call itself will say what is wrong."""
    try:
        return locate(model, provider_of(settings), default)[0].name if isinstance(model, str) else None
    except InvalidRequestError:
        return None


class OpenAI(Client):
    """`Client` with the constructor of OpenAI's SDK: `OpenAI().chat.completions.create(model=..., messages=...)`, or
    `.completion()`, for the models of every provider. `.chat.completions.parse` is `create`, too. Nothing else of
    that SDK is here: no `responses`, `embeddings`, `models`, ...

    `api_key`, `base_url`, `organization`, `project`, `timeout`, `max_retries`, `default_headers`, `default_query` and
    `http_client` mean what they mean there; every other setting of `Client` is taken too. Key, address, headers and
    query go to OpenAI only: a model of another provider has its own from the environment, or from the call; a group
    of `models` has them from its deployments, and is refused where they were given here. With `provider="openai"` a
    model's name is never taken apart, as it should not be where `base_url` is a gateway that has names like
    `anthropic/claude-...` of its own.
    """

    _names_whose_key = False

    def __init__(
        self,
        *,
        http_client: HTTPClient | None = None,
        transport: httpx2.BaseTransport | None = None,
        on_success: OnSuccess | None = None,
        on_failure: OnFailure | None = None,
        tracer_provider: TracerProvider | None = None,
        models: Mapping[str, ModelGroup] | None = None,
        **settings: Unpack[OpenAISettings],
    ) -> None:
        conceal(settings)
        super().__init__(
            http_client=http_client,
            transport=transport,
            on_success=on_success,
            on_failure=on_failure,
            tracer_provider=tracer_provider,
            models=models,
            **_as_settings(settings),
        )

    def _settings(self, model: str, given: Mapping[str, object]) -> Mapping[str, object]:
        return _of_the_call(self._models, model, with_defaults(self._defaults, given), given)


class AsyncOpenAI(AsyncClient):
    """The same as `OpenAI`, asynchronous: `await AsyncOpenAI().chat.completions.create(...)`."""

    _names_whose_key = False

    def __init__(
        self,
        *,
        http_client: AsyncHTTPClient | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        on_success: OnSuccess | None = None,
        on_failure: OnFailure | None = None,
        tracer_provider: TracerProvider | None = None,
        models: Mapping[str, ModelGroup] | None = None,
        **settings: Unpack[OpenAISettings],
    ) -> None:
        conceal(settings)
        super().__init__(
            http_client=http_client,
            transport=transport,
            on_success=on_success,
            on_failure=on_failure,
            tracer_provider=tracer_provider,
            models=models,
            **_as_settings(settings),
        )

    def _settings(self, model: str, given: Mapping[str, object]) -> Mapping[str, object]:
        return _of_the_call(self._models, model, with_defaults(self._defaults, given), given)

"""`OpenAI` and `AsyncOpenAI`: the constructor of OpenAI's SDK, honoured; and whose key goes where."""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import (
    AsyncClient,
    AsyncOpenAI,
    Client,
    FailureEvent,
    InvalidRequestError,
    MissingApiKeyError,
    ModelGroup,
    OpenAI,
    UnknownParameterError,
    UnknownProviderError,
)
from tests.mapping.asking import HELLO, OPENAI_REPLY, as_bytes, usual_reply

if TYPE_CHECKING:
    from polyvox.openai_clients import OpenAISettings

MODEL: Final = "openai/gpt-4o-mini"


@dataclass
class Wire:
    """Every vendor; answers with these statuses, then with 200."""

    statuses: list[int] = field(default_factory=list[int])
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        status = self.statuses.pop(0) if self.statuses else 200
        return httpx2.Response(status, headers={"retry-after": "0"}, content=usual_reply(request.url.path))

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)


def _asked(settings: OpenAISettings, model: str = MODEL, **parameters: object) -> httpx2.Request:
    wire = Wire()
    with OpenAI(transport=wire.transport, **settings) as client:
        client.chat.completions.create(model=model, messages=HELLO, **parameters)  # type: ignore[call-overload]  # any
    return wire.requests[-1]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who has keys in the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-env")


def test_create_and_parse_and_completion_are_the_same() -> None:
    wire = Wire()
    with OpenAI(transport=wire.transport) as client:
        asked = (client.chat.completions.create, client.chat.completions.parse, client.completion)
        said = {ask(model=MODEL, messages=HELLO).choices[0].message["content"] for ask in asked}
    assert said == {"Hello"}
    assert len({request.content for request in wire.requests}) == 1


@pytest.mark.anyio
async def test_the_asynchronous_client() -> None:
    wire = Wire()
    async with AsyncOpenAI(transport=wire.transport, api_key="k", organization="o", max_retries=0) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.choices[0].message["content"] == "Hello"
    assert wire.requests[0].headers["openai-organization"] == "o"
    assert wire.requests[0].headers["authorization"] == "Bearer k"


SETTINGS: Final[dict[str, tuple[dict[str, object], str, str]]] = {
    "key": ({"api_key": "sk-mine"}, "authorization", "Bearer sk-mine"),
    "callable key": ({"api_key": lambda: "sk-made"}, "authorization", "Bearer sk-made"),
    "organization": ({"organization": "org-1"}, "openai-organization", "org-1"),
    "project": ({"project": "proj-1"}, "openai-project", "proj-1"),
    "header": ({"default_headers": {"X-Team": "blue"}}, "x-team", "blue"),
    "address": ({"base_url": "https://h.test/v1"}, "host", "h.test"),
}


@pytest.mark.parametrize(("settings", "header", "value"), SETTINGS.values(), ids=SETTINGS)
def test_the_constructor_is_honoured(settings: OpenAISettings, header: str, value: str) -> None:
    assert _asked(settings).headers[header] == value


def test_more_of_the_constructor() -> None:
    assert 6_000 < _asked({"timeout": 7_000}).extensions["timeout"]["read"] <= 7_000
    assert _asked({"timeout": httpx2.Timeout(9, connect=1)}).extensions["timeout"]["connect"] == 1
    assert _asked({"default_query": {"a": "1"}}).url.query == b"a=1"


def test_organization_and_project_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-env")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-env")
    sent = _asked({"organization": "org-1"}).headers
    assert (sent["openai-organization"], sent["openai-project"]) == ("org-1", "proj-env")


@pytest.mark.parametrize(("retries", "requests"), [(0, 1), (1, 2), (3, 4)])
def test_max_retries_counts_additional_tries(retries: int, requests: int) -> None:
    wire = Wire(statuses=[500] * retries)
    with OpenAI(transport=wire.transport, max_retries=retries) as client:
        client.chat.completions.create(model=MODEL, messages=HELLO)
    assert len(wire.requests) == requests


def test_onellms_retries_and_fallback_models() -> None:
    wire = Wire(statuses=[500, 500])
    with OpenAI(transport=wire.transport) as client:
        answer = client.chat.completions.create(
            model=MODEL, messages=HELLO, retries=1, fallback_models=["anthropic/claude-3-opus"]
        )
    assert [one.url.host for one in wire.requests] == ["api.openai.com", "api.openai.com", "api.anthropic.com"]
    assert answer.provider == "anthropic"


def test_a_callers_own_http_client() -> None:
    wire = Wire()
    own = httpx2.Client(transport=wire.transport)
    with OpenAI(http_client=own) as client:
        client.chat.completions.create(model=MODEL, messages=HELLO)
    assert not own.is_closed
    own.close()


def test_what_the_call_says_wins_and_headers_are_joined() -> None:
    settings: OpenAISettings = {"api_key": "sk-a", "organization": "org-1", "default_headers": {"X-A": "1", "x-b": "2"}}
    sent = _asked(settings, api_key="sk-b", extra_headers={"x-a": "9"}).headers
    assert sent["authorization"] == "Bearer sk-b"
    assert (sent["x-a"], sent["x-b"], sent["openai-organization"]) == ("9", "2", "org-1")
    assert len(sent.get_list("x-a")) == 1


BOUND: Final[OpenAISettings] = {
    "api_key": "sk-mine",
    "organization": "org-1",
    "base_url": "https://h.test/v1",
    "default_headers": {"x-team": "blue"},
    "default_query": {"a": "1"},
    "timeout": 7_000,
}


def test_what_is_openais_goes_to_openai_only() -> None:
    sent = _asked(BOUND, model="anthropic/claude-3-opus")
    assert str(sent.url) == "https://api.anthropic.com/v1/messages"
    assert sent.headers["x-api-key"] == "sk-ant-env"
    assert b"sk-mine" not in b"".join(value for _, value in sent.headers.raw)
    assert "openai-organization" not in sent.headers
    assert "x-team" not in sent.headers
    assert 6_000 < sent.extensions["timeout"]["read"] <= 7_000


def test_a_key_of_the_call_is_for_the_model_of_the_call() -> None:
    sent = _asked(BOUND, model="anthropic/claude-3-opus", api_key="sk-other", extra_headers={"x-c": "1"})
    assert (sent.headers["x-api-key"], sent.headers["x-c"]) == ("sk-other", "1")
    assert "x-team" not in sent.headers


@pytest.mark.parametrize("entry", ["gpt-4.1", "openai/gpt-4.1", {"model": "openai/gpt-4.1"}])
def test_a_fallback_to_openai_has_what_is_openais(entry: object) -> None:
    wire = Wire(statuses=[500])
    with OpenAI(transport=wire.transport, **BOUND) as client:
        client.completion("anthropic/claude-3-opus", HELLO, fallbacks=[cast("str", entry)], num_retries=0)
    assert wire.requests[-1].url.host == "h.test"
    assert wire.requests[-1].headers["authorization"] == "Bearer sk-mine"
    assert wire.requests[-1].headers["x-team"] == "blue"


def test_without_a_key_for_the_other_provider_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(MissingApiKeyError, match="ANTHROPIC_API_KEY"):
        _asked({"api_key": "sk-mine"}, model="anthropic/claude-3-opus")


def test_a_gateways_own_names_with_provider() -> None:
    sent = _asked({"base_url": "https://h.test/v1", "provider": "openai"}, model="anthropic/claude-3-opus")
    assert sent.url.host == "h.test"
    assert b'"model":"anthropic/claude-3-opus"' in sent.content


@pytest.mark.parametrize("wrong", ["apikey", "organisation", "temperature"])
def test_a_setting_that_nobody_knows(wrong: str) -> None:
    for make in (OpenAI, AsyncOpenAI):
        with pytest.raises(UnknownParameterError, match=wrong):
            make(**cast("OpenAISettings", {wrong: "x"}))


@pytest.mark.parametrize("model", ["openapi:m", ""])
def test_a_model_that_nobody_has_is_told_as_any_failure(model: str) -> None:
    told: list[FailureEvent] = []
    with OpenAI(on_failure=told.append) as client, pytest.raises(InvalidRequestError) as caught:
        client.completion(model, HELLO)
    assert told[0].error is caught.value


def test_a_fallback_that_nobody_has_is_told_before_it_is_needed() -> None:
    wire = Wire()
    with OpenAI(transport=wire.transport) as client, pytest.raises(UnknownProviderError, match="'openapi'"):
        client.completion("anthropic/claude-3-opus", HELLO, fallbacks=["openapi:m"])
    assert wire.requests == []


@pytest.mark.parametrize(("ours", "theirs"), [(Client, OpenAI), (AsyncClient, AsyncOpenAI)])
def test_every_setting_of_a_client_is_taken(ours: type, theirs: type) -> None:
    assert signature(ours).parameters.keys() - {"defaults"} <= signature(theirs).parameters.keys()


CLAUDES: Final = {"chat": ModelGroup(["anthropic:claude-opus-4-1"])}


def test_a_model_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-env")  # is nothing that a group's deployment gets
    wire = Wire()
    with OpenAI(transport=wire.transport, models=CLAUDES) as client:
        client.chat.completions.create(model="chat", messages=HELLO)
        client.chat.completions.create(model=MODEL, messages=HELLO, fallbacks=["chat"])
    assert [one.url.host for one in wire.requests] == ["api.anthropic.com", "api.openai.com"]
    assert [one.headers.get("openai-organization") for one in wire.requests] == [None, "org-env"]


@pytest.mark.anyio
async def test_a_model_group_asynchronously() -> None:
    wire = Wire()
    async with AsyncOpenAI(transport=wire.transport, models=CLAUDES) as client:
        await client.chat.completions.create(model="chat", messages=HELLO)
    assert wire.requests[0].headers["x-api-key"] == "sk-ant-env"


@pytest.mark.parametrize(
    "settings", [{"api_key": "sk-mine"}, {"organization": "org-1"}, {"base_url": "https://h.test"}]
)
def test_what_is_openais_is_no_setting_of_a_model_group(settings: OpenAISettings) -> None:
    with OpenAI(models=CLAUDES, **settings) as client, pytest.raises(InvalidRequestError, match="give it to the group"):
        client.completion("chat", HELLO)


def test_a_repr_shows_no_key() -> None:
    assert "sk-mine" not in repr(OpenAI(**BOUND))


def test_the_reply_is_the_usual_one() -> None:
    assert usual_reply("/v1/chat/completions") == as_bytes(OPENAI_REPLY)

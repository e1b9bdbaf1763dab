"""Gateways: where their dialect differs from OpenAI's, their rows say so, and the body follows."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import InvalidRequestError, UnsupportedParamsError
from polyvox_wire.gateways import GATEWAYS, Gateway
from tests.mapping.asking import HELLO, Json, Wire, request, sent

RENAMED: Final = [(row.name, old, new) for row in GATEWAYS.values() for old, new in row.renames.items()]
VALUES: Final[Json] = {"max_tokens": 5, "max_completion_tokens": 5, "user": "u1", "seed": 7}
HOST: Final = "https://h.test/v1"


@pytest.mark.parametrize(("provider", "old", "new"), RENAMED, ids=[f"{name}-{old}" for name, old, _ in RENAMED])
def test_a_renamed_field_stands_under_the_gateways_name(provider: str, old: str, new: str) -> None:
    body = sent("m", HELLO, provider=provider, api_base=HOST, **{old: VALUES[old]})
    assert body == {"model": "m", "messages": HELLO, new: VALUES[old]}


def test_a_gateway_keeps_the_name_of_the_limit_that_it_knows() -> None:
    assert sent("openrouter:m", HELLO, max_tokens=5)["max_tokens"] == 5
    assert sent("openrouter:m", HELLO, max_completion_tokens=5)["max_completion_tokens"] == 5


@pytest.mark.parametrize("provider", [row.name for row in GATEWAYS.values() if not row.developer_role])
def test_developer_is_system_where_there_is_no_such_role(provider: str) -> None:
    talk: list[Json] = [{"role": "developer", "content": "Be brief.", "name": "x"}, *HELLO]
    assert sent("m", talk, provider=provider, api_base=HOST)["messages"] == [
        {"role": "system", "content": "Be brief.", "name": "x"},
        *HELLO,
    ]


@pytest.mark.parametrize("provider", [row.name for row in GATEWAYS.values() if row.developer_role])
def test_developer_stays_where_there_is_such_a_role(provider: str) -> None:
    talk: list[Json] = [{"role": "developer", "content": "Be brief."}, *HELLO]
    assert sent("m", talk, provider=provider, api_base=HOST)["messages"] == talk


TEXT_ONLY: Final = [row.name for row in GATEWAYS.values() if row.text_only]
PARTS: Final[list[Json]] = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


@pytest.mark.parametrize("provider", TEXT_ONLY)
def test_parts_are_joined_where_only_text_is_taken(provider: str) -> None:
    body = sent("m", [{"role": "user", "content": PARTS}], provider=provider, api_base=HOST)
    assert body["messages"] == [{"role": "user", "content": "a\nb"}]


@pytest.mark.parametrize("provider", TEXT_ONLY)
def test_a_picture_is_refused_where_only_text_is_taken(provider: str) -> None:
    picture: Json = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    talk: list[Json] = [{"role": "user", "content": [*PARTS, picture]}]
    with pytest.raises(UnsupportedParamsError, match=r"messages\[0\]\.content\[2\] \(image_url\)"):
        sent("m", talk, provider=provider, api_base=HOST)
    wire = Wire()
    answer = wire.ask("m", talk, provider=provider, api_base=HOST, drop_params=True)
    assert wire.body["messages"] == [{"role": "user", "content": "a\nb"}]
    assert answer.dropped_params == ("messages[0].content[2] (image_url)",)


def test_other_gateways_get_parts_of_every_kind() -> None:
    talk: list[Json] = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
                {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}},
                {"type": "document", "document": {"id": "d1"}},
            ],
        }
    ]
    assert sent("openrouter:m", talk)["messages"] == talk


BARE_SOUND: Final[list[Json]] = [{"role": "user", "content": [{"type": "input_audio", "input_audio": "AAAA"}]}]


def test_mistral_takes_sound_as_bare_data() -> None:
    assert sent("mistral:m", BARE_SOUND)["messages"] == BARE_SOUND


@pytest.mark.parametrize("model", ["openai:m", "anthropic:m", "gemini:m"])
def test_others_need_its_format_too(model: str) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match=r"messages\[0\]\.content\[0\].*input_audio"):
        wire.ask(model, BARE_SOUND)
    assert wire.requests == []


UNSUPPORTED: Final[dict[str, tuple[str, Json, str]]] = {
    "groq": ("groq", {"logit_bias": {"1": 1}}, "logit_bias"),
    "perplexity": ("perplexity", {"seed": 1}, "seed"),
    "mistral": ("mistral", {"verbosity": "low"}, "verbosity"),
    "thinking": ("groq", {"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking"),
}


@pytest.mark.parametrize(("provider", "asked", "name"), UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_what_the_row_says_is_unsupported_is_refused(provider: str, asked: Json, name: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=name):
        sent(f"{provider}:m", HELLO, **asked)


@pytest.mark.parametrize(("provider", "asked", "name"), UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_a_caller_who_knows_better_may_insist(provider: str, asked: Json, name: str) -> None:
    body = sent(f"{provider}:m", HELLO, allowed_openai_params=[name], **asked)
    assert body == {"model": "m", "messages": HELLO, **asked}


ADDRESSED: Final = [row for row in GATEWAYS.values() if row.base_url and "{" not in row.base_url]


@pytest.mark.parametrize("row", ADDRESSED, ids=[row.name for row in ADDRESSED])
def test_the_request_goes_to_the_gateways_host_with_its_key(row: Gateway) -> None:
    asked = request(f"{row.name}:some/model")
    assert str(asked.url) == f"{row.base_url}{row.path}"
    assert asked.headers["authorization"] == "Bearer sk-test-key"
    assert asked.method == "POST"
    assert asked.headers["content-type"] == "application/json"
    assert {name: asked.headers.get(name) for name in row.headers} == row.headers


TEMPLATES: Final = [(row.name, row.base_url) for row in GATEWAYS.values() if row.base_url and "{" in row.base_url]


@pytest.mark.parametrize(("provider", "base"), TEMPLATES, ids=[name for name, _ in TEMPLATES])
def test_an_account_in_the_address_comes_from_the_environment(
    provider: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = base[base.index("{") + 1 : base.index("}")]
    monkeypatch.setenv(variable, "acme")
    assert str(request(f"{provider}:m").url).startswith(base.replace(f"{{{variable}}}", "acme"))


@pytest.mark.parametrize(("provider", "base"), TEMPLATES, ids=[name for name, _ in TEMPLATES])
def test_an_account_that_is_missing_is_named(provider: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = base[base.index("{") + 1 : base.index("}")]
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(InvalidRequestError, match=variable):
        request(f"{provider}:m")

"""What has no unified name: vendors' own fields, extra bodies, headers and queries."""

from typing import Final

import pytest

from polyvox import InvalidRequestError, UnknownParameterError
from tests.mapping.asking import HELLO, Json, Wire, request, sent

OPENAI: Final = "openai:gpt-5"
ANTHROPIC: Final = "anthropic:claude-sonnet-4-5"
GEMINI: Final = "gemini:gemini-2.5-flash"
GROQ: Final = "groq:llama"
CODESTRAL: Final = "codestral:codestral-latest"

SAFETY: Final = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
OPTIONS: Final[dict[str, tuple[str, str, object, Json]]] = {
    "anthropic top_k": (ANTHROPIC, "top_k", 40, {"top_k": 40}),
    "anthropic container": (ANTHROPIC, "container", "c1", {"container": "c1"}),
    "openai retention": (OPENAI, "prompt_cache_retention", "24h", {"prompt_cache_retention": "24h"}),
    "gemini top level": (GEMINI, "safetySettings", SAFETY, {"safetySettings": SAFETY}),
    "gemini nested": (GEMINI, "topK", 40, {"generationConfig": {"topK": 40}}),
    "groq": (GROQ, "reasoning_format", "raw", {"reasoning_format": "raw"}),
    "perplexity": ("perplexity:sonar", "search_mode", "web", {"search_mode": "web"}),
}


@pytest.mark.parametrize(("model", "name", "value", "sends"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_by_its_own_name(model: str, name: str, value: object, sends: Json) -> None:
    assert sent(model, HELLO, **{name: value}) == {**sent(model), **sends}


@pytest.mark.parametrize(("model", "name", "value", "sends"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_under_its_vendor(model: str, name: str, value: object, sends: Json) -> None:
    assert sent(model, HELLO, **{model.split(":")[0]: {name: value}}) == {**sent(model), **sends}


def test_nested_options_stand_beside_what_is_mapped() -> None:
    body = sent(GEMINI, HELLO, temperature=0.2, gemini={"topK": 40})
    assert body["generationConfig"] == {"temperature": 0.2, "topK": 40}


def test_options_of_another_vendor_are_a_mistake() -> None:
    with pytest.raises(UnknownParameterError, match=r"anthropic=\{\.\.\.\} is for anthropic; this model is openai's"):
        sent(OPENAI, HELLO, anthropic={"top_k": 40})


def test_options_of_another_vendor_wait_for_its_turn_as_fallback() -> None:
    assert sent(OPENAI, HELLO, anthropic={"top_k": 40}, fallbacks=[ANTHROPIC]) == sent(OPENAI)


UNKNOWN: Final[dict[str, tuple[str, Json, str]]] = {
    "misspelt option": (ANTHROPIC, {"anthropic": {"topk": 40}}, r"anthropic has no option 'topk'.*'top_k'"),
    "misspelt keyword": (ANTHROPIC, {"temprature": 1}, r"unknown parameter 'temprature'.*'temperature'"),
    "in another hand": (GEMINI, {"top_k": 40}, r"unknown parameter 'top_k'; did you mean 'topK'"),
    "another vendor's": (OPENAI, {"top_k": 40}, r"unknown parameter 'top_k'"),
    "a mapped field as option": (ANTHROPIC, {"anthropic": {"stop_sequences": []}}, r"no option 'stop_sequences'"),
    "of an undescribed gateway": (CODESTRAL, {"reasoning_format": "raw"}, r"unknown parameter 'reasoning_format'"),
    "another gateway's": (GROQ, {"search_mode": "web"}, r"unknown parameter 'search_mode'"),
    "misspelt of a gateway": (
        GROQ,
        {"groq": {"reasoning_fmt": "raw"}},
        r"groq has no option 'reasoning_fmt'.*'reasoning_format'",
    ),
    "like no other": (GROQ, {"zzz": 1}, r"unknown parameter 'zzz'.*extra_body"),
    "messages twice": (OPENAI, {"message": []}, r"unknown parameter 'message'"),
}


@pytest.mark.parametrize(("model", "parameters", "says"), UNKNOWN.values(), ids=UNKNOWN)
def test_nobody_knows_it(model: str, parameters: Json, says: str) -> None:
    wire = Wire()
    with pytest.raises(UnknownParameterError, match=says):
        wire.ask(model, HELLO, **parameters)
    assert wire.requests == []


def test_the_error_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        sent(OPENAI, HELLO, temprature=1)


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI, GROQ])
def test_an_extra_body_reaches_the_vendor_and_wins(model: str) -> None:
    body = sent(model, HELLO, extra_body={"new_field": {"a": 1}, "temperature": 9}, temperature=0.5)
    assert body["new_field"] == {"a": 1}
    assert body["temperature"] == 9


def test_an_extra_body_is_merged_into_objects() -> None:
    body = sent(GEMINI, HELLO, temperature=0.2, extra_body={"generationConfig": {"new": 1}})
    assert body["generationConfig"] == {"temperature": 0.2, "new": 1}


def test_additional_params_are_an_extra_body_as_text() -> None:
    assert sent(OPENAI, HELLO, additional_params='{"new": 1}') == {**sent(OPENAI), "new": 1}


def test_the_extra_body_wins_over_additional_params() -> None:
    assert sent(OPENAI, HELLO, additional_params='{"a": 1, "b": 1}', extra_body={"b": 2}) == {
        **sent(OPENAI),
        "a": 1,
        "b": 2,
    }


@pytest.mark.parametrize("text", ["{", "[1]", "3"])
def test_additional_params_that_are_no_object(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="additional_params"):
        sent(OPENAI, HELLO, additional_params=text)


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI])
def test_extra_headers(model: str) -> None:
    headers = request(model, HELLO, extra_headers={"X-Trace": "t1", "User-Agent": "mine"}).headers
    assert headers["x-trace"] == "t1"
    assert headers.get_list("user-agent") == ["mine"]


@pytest.mark.parametrize(
    "headers", [{"X-A": "a\r\nX-Evil: 1"}, {"X-A\n": "a"}, {"X-A": "a\x00"}], ids=["value", "name", "null"]
)
def test_a_header_cannot_smuggle_another(headers: dict[str, str]) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match="extra_headers"):
        wire.ask(OPENAI, HELLO, extra_headers=headers)
    assert wire.requests == []


def test_extra_headers_of_anthropic_may_name_betas() -> None:
    headers = request(ANTHROPIC, HELLO, extra_headers={"anthropic-beta": "x-2026"}).headers
    assert headers["anthropic-beta"] == "x-2026"
    assert headers["anthropic-version"] == "2023-06-01"


def test_a_version_given_by_the_caller_replaces_ours() -> None:
    headers = request(ANTHROPIC, HELLO, extra_headers={"anthropic-version": "2099-01-01"}).headers
    assert headers.get_list("anthropic-version") == ["2099-01-01"]


QUERIES: Final[dict[str, tuple[str, str]]] = {
    "openai": (OPENAI, "https://api.openai.com/v1/chat/completions?a=1&b=x+y"),
    "anthropic": (ANTHROPIC, "https://api.anthropic.com/v1/messages?a=1&b=x+y"),
    "gemini": (
        GEMINI,
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent?a=1&b=x+y",
    ),
}


@pytest.mark.parametrize(("model", "url"), QUERIES.values(), ids=QUERIES)
def test_extra_query(model: str, url: str) -> None:
    assert str(request(model, HELLO, extra_query={"a": "1", "b": "x y"}).url) == url


def test_an_extra_query_joins_the_one_of_a_stream() -> None:
    wire = Wire()
    wire.ask_streamed(GEMINI, HELLO, extra_query={"a": "1"})
    assert str(wire.requests[-1].url).endswith(":streamGenerateContent?alt=sse&a=1")


UNWRITABLE: Final[dict[str, Json]] = {
    "not a number": {"temperature": float("nan")},
    "infinity": {"extra_body": {"a": float("inf")}},
    "an object": {"extra_body": {"a": object()}},
    "half a character": {"user": "\ud800"},
}


@pytest.mark.parametrize("parameters", UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_cannot_be_written_as_json_is_refused(parameters: Json) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match="JSON"):
        wire.ask(OPENAI, HELLO, **parameters)
    assert wire.requests == []

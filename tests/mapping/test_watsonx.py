"""watsonx.ai: OpenAI's messages in IBM's body, addresses of IBM's, and who is charged."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import InvalidRequestError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, answered, assembled, request, sent, streamed

MODEL: Final = "watsonx:ibm/granite-3-3-8b-instruct"
NAME: Final = "ibm/granite-3-3-8b-instruct"
TOOL: Final[Json] = {
    "type": "function",
    "function": {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}}},
}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the instance runs."""
    monkeypatch.setenv("WATSONX_REGION", "us-south")


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "sends"),
    [
        ({}, {}),
        ({"temperature": 0.5, "max_tokens": 9, "seed": 1}, {"temperature": 0.5, "max_tokens": 9, "seed": 1}),
        ({"stop": "x"}, {"stop": ["x"]}),
        ({"stop": ["x", "y"]}, {"stop": ["x", "y"]}),
        ({"tools": [TOOL], "tool_choice": "required"}, {"tools": [TOOL], "tool_choice_option": "required"}),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "add"}}},
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "add"}}},
        ),
        ({"functions": [TOOL["function"]], "function_call": "auto"}, {"tools": [TOOL], "tool_choice_option": "auto"}),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
        ({"time_limit": 1000, "guided_choice": ["a"]}, {"time_limit": 1000, "guided_choice": ["a"]}),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
    ],
)
def test_what_is_sent(asked: Json, sends: Json) -> None:
    assert sent(MODEL, HELLO, **asked) == {"model_id": NAME, "project_id": "p1", "messages": HELLO, **sends}


def test_a_stream_has_an_address_of_its_own_and_no_field() -> None:
    wire = Wire()
    wire.ask_streamed(MODEL, HELLO)
    assert wire.requests[-1].url.path == "/ml/v1/text/chat_stream"
    assert wire.body == {"model_id": NAME, "project_id": "p1", "messages": HELLO}


@pytest.mark.parametrize(
    ("variables", "asked", "charged"),
    [
        ({"WX_PROJECT_ID": "p2"}, {}, {"project_id": "p2"}),
        ({"WATSONX_SPACE_ID": "s1"}, {}, {"space_id": "s1"}),
        ({"WATSONX_PROJECT_ID": "p1", "WATSONX_SPACE_ID": "s1"}, {}, {"project_id": "p1"}),
        ({"WATSONX_PROJECT_ID": "p1"}, {"space_id": "s2"}, {"space_id": "s2"}),
        ({"WATSONX_PROJECT_ID": "p1"}, {"project_id": "p3"}, {"project_id": "p3"}),
    ],
    ids=["another name", "space", "project first", "space of the call", "project of the call"],
)
def test_who_is_charged(variables: dict[str, str], asked: Json, charged: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATSONX_PROJECT_ID")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert sent(MODEL, HELLO, **asked) == {"model_id": NAME, "messages": HELLO, **charged}


def test_nobody_to_charge_is_an_error_that_names_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATSONX_PROJECT_ID")
    wire = Wire()
    with pytest.raises(InvalidRequestError, match=r"pass project_id or space_id, or set WATSONX_PROJECT_ID or"):
        wire.ask(MODEL)
    assert wire.requests == []


def test_a_deployment_knows_its_model_and_whom_to_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATSONX_PROJECT_ID")
    wire = Wire()
    wire.ask("watsonx/deployment/d-1", HELLO)
    assert wire.requests[-1].url.path == "/ml/v1/deployments/d-1/text/chat"
    assert wire.body == {"messages": HELLO}


@pytest.mark.parametrize(
    "base",
    [
        "https://eu-de.ml.cloud.ibm.com",
        "https://eu-de.ml.cloud.ibm.com/",
        "https://eu-de.ml.cloud.ibm.com/ml/v1",
        "https://eu-de.ml.cloud.ibm.com/ml/v1/text/chat?version=2023-05-29",
    ],
)
def test_an_address_from_whatever_page(base: str) -> None:
    url = str(request(MODEL, HELLO, api_base=base).url)
    assert url == "https://eu-de.ml.cloud.ibm.com/ml/v1/text/chat?version=2024-10-08"


def test_another_version() -> None:
    assert request(MODEL, HELLO, api_version="2025-01-01").url.params["version"] == "2025-01-01"


def test_developer_is_system() -> None:
    talk: list[Json] = [{"role": "developer", "content": "Be brief."}, *HELLO]
    assert sent(MODEL, talk)["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]


def test_what_ibm_does_not_take_is_refused() -> None:
    with pytest.raises(UnsupportedParamsError, match="user: no such field in IBM's SDK"):
        sent(MODEL, HELLO, user="u1")


# --- replies ----------------------------------------------------------------------------------------------------------

# As IBM's documentation shows one.
REPLY: Final[Json] = {
    "id": "chatcmpl-1",
    "model_id": NAME,
    "model": NAME,
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2}'}}],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "created": 1739311926,
    "model_version": "2.0.0",
    "created_at": "2025-02-11T22:12:07.243Z",
    "usage": {"completion_tokens": 25, "prompt_tokens": 189, "total_tokens": 214},
    "system": {"warnings": [{"message": "No warranty.", "id": "disclaimer_warning"}]},
}


def test_an_answer() -> None:
    answer = answered(MODEL, REPLY)
    (made,) = answer.choices[0].message.tool_calls or []
    assert (made.id, made.function.name, made.function.arguments) == ("c1", "add", '{"a": 2}')
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (answer.id, answer.model, answer.created) == ("chatcmpl-1", NAME, 1739311926)
    assert answer.usage is not None
    assert answer.usage.total_tokens == 214


STREAM: Final = b"".join(
    (
        b'id: 1\nevent: message\ndata: {"id":"chat-1","model_id":"m","created":7,"choices":'
        b'[{"index":0,"finish_reason":null,"delta":{"role":"assistant","content":"Hel"}}]}\n\n',
        b'id: 2\nevent: message\ndata: {"id":"chat-1","model_id":"m","created":7,"choices":'
        b'[{"index":0,"finish_reason":"stop","delta":{"content":"lo"}}]}\n\n',
        b'id: 3\nevent: message\ndata: {"id":"chat-1","model_id":"m","created":7,"choices":[],'
        b'"usage":{"completion_tokens":2,"prompt_tokens":1,"total_tokens":3}}\n\n',
    )
)


def test_a_stream_that_ends_without_a_mark() -> None:
    chunks = streamed(MODEL, STREAM)
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["Hel", "lo"]
    answer = assembled(MODEL, STREAM)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Hello", "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens == 3

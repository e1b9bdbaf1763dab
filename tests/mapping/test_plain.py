"""Vendors who give text for text: what they are sent, what they answer, how their streams end."""

from __future__ import annotations

import json
from typing import Final

import pytest

from polyvox import APIError, APIResponseValidationError, StreamInterruptedError, UnsupportedParamsError
from tests.mapping.asking import HELLO, KEY, Json, Wire, answered, as_bytes, assembled, sent, sse, streamed

BASE: Final = "https://own.test/base"
TEXT: Final = "watsonx_text:ibm/granite-13b"
TRITON: Final = "triton:llama"
LINER: Final = "liner:search"
GRAPH: Final = "langgraph:agent"
FLOW: Final = "langflow:my flow"
AGENT: Final = "databricks_agent:my-agent"


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one's own servers and instances are."""
    monkeypatch.setenv("WATSONX_REGION", "us-south")
    monkeypatch.setenv("PREDIBASE_TENANT_ID", "t1")
    for name in ("TRITON_API_BASE", "LANGGRAPH_API_BASE", "LANGFLOW_API_BASE", "DATABRICKS_API_BASE", "GDC_API_BASE"):
        monkeypatch.setenv(name, BASE)


def _events(*events: tuple[str, object]) -> bytes:
    return b"".join(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode() for name, data in events)


# --- requests ---------------------------------------------------------------------------------------------------------

SENT: Final[dict[str, tuple[str, Json, Json]]] = {
    "watsonx_text": (
        TEXT,
        {"max_tokens": 9, "stop": "x", "seed": 1, "top_k": 5},
        {
            "input": "Hi",
            "model_id": "ibm/granite-13b",
            "project_id": "p1",
            "parameters": {"max_new_tokens": 9, "stop_sequences": ["x"], "random_seed": 1, "top_k": 5},
        },
    ),
    "triton": (
        TRITON,
        {"max_tokens": 9, "temperature": 0},
        {"text_input": "Hi", "parameters": {"stream": False, "max_tokens": 9, "temperature": 0}},
    ),
    "triton, streamed": (TRITON, {"stream": True}, {"text_input": "Hi", "parameters": {"stream": True}}),
    "liner": (LINER, {}, {"messages": HELLO, "stream": False}),
    "langgraph": (
        GRAPH,
        {"metadata": {"a": "b"}},
        {"assistant_id": "agent", "input": {"messages": HELLO}, "metadata": {"a": "b"}},
    ),
    "langgraph, streamed": (
        GRAPH,
        {"stream": True, "config": {"tags": ["x"]}},
        {
            "assistant_id": "agent",
            "input": {"messages": HELLO},
            "stream_mode": ["messages-tuple"],
            "config": {"tags": ["x"]},
        },
    ),
    "langflow": (FLOW, {}, {"input_value": "Hi", "input_type": "chat", "output_type": "chat"}),
    "langflow, of a session": (
        FLOW,
        {"session_id": "s1", "tweaks": {"ChatOutput-1": {"x": 1}}, "output_type": "any"},
        {
            "input_value": "Hi",
            "input_type": "chat",
            "output_type": "any",
            "session_id": "s1",
            "tweaks": {"ChatOutput-1": {"x": 1}},
        },
    ),
    "databricks_agent": (
        AGENT,
        {"max_tokens": 9, "temperature": 0, "custom_inputs": {"a": 1}, "stream": True},
        {"input": HELLO, "max_output_tokens": 9, "temperature": 0, "custom_inputs": {"a": 1}, "stream": True},
    ),
}


@pytest.mark.parametrize(("model", "asked", "body"), SENT.values(), ids=SENT)
def test_what_is_sent(model: str, asked: Json, body: Json) -> None:
    assert sent(model, HELLO, **asked) == body


def test_a_graph_knows_who_said_what() -> None:
    talk: list[Json] = [
        {"role": "developer", "content": "Be brief."},
        *HELLO,
        {"role": "assistant", "content": "Yes?"},
        *HELLO,
    ]
    assert sent(GRAPH, talk)["input"] == {"messages": [{"role": "system", "content": "Be brief."}, *talk[1:]]}


@pytest.mark.parametrize("model", [TEXT, TRITON, LINER, GRAPH, FLOW, AGENT])
def test_what_none_of_them_takes(model: str) -> None:
    picture: Json = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]}
    tool: Json = {"type": "function", "function": {"name": "f"}}
    for talk, asked in (
        ([picture], {}),
        (HELLO, {"tools": [tool]}),
        (HELLO, {"response_format": {"type": "json_object"}}),
    ):
        with pytest.raises(UnsupportedParamsError):
            sent(model, talk, **asked)
    with pytest.raises(UnsupportedParamsError, match=r"messages"):
        sent(model, [*HELLO, {"role": "tool", "tool_call_id": "c1", "content": "x"}])
    with pytest.raises(UnsupportedParamsError, match=r"messages"):
        sent(model, [*HELLO, {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}])


@pytest.mark.parametrize(
    ("base", "url", "named"),
    [
        ("https://d.test", "https://d.test/serving-endpoints/my-agent/invocations", None),
        ("https://d.test/serving-endpoints", "https://d.test/serving-endpoints/my-agent/invocations", None),
        ("https://d.test/serving-endpoints/x/invocations", "https://d.test/serving-endpoints/x/invocations", None),
        ("https://d.test/serving-endpoints/responses", "https://d.test/serving-endpoints/responses", "my-agent"),
        ("https://app.test/responses", "https://app.test/responses", None),
    ],
)
def test_an_agent_is_an_endpoint_or_an_app(base: str, url: str, named: str | None) -> None:
    wire = Wire()
    wire.ask(AGENT, HELLO, api_base=base)
    assert (str(wire.requests[-1].url), wire.body.get("model")) == (url, named)


def test_what_an_agent_says_beside_the_text() -> None:
    cited: Json = {"type": "url_citation", "url": "https://x.test/a", "title": "A"}
    text: Json = {"type": "output_text", "text": "Hello", "annotations": [cited, {"type": "file_path"}]}
    refused: Json = {"type": "refusal", "refusal": "not that"}
    answer = answered(
        AGENT,
        {
            "output": [{"type": "reasoning"}, {"type": "message", "id": "m1", "content": [text, refused]}],
            "incomplete_details": {"reason": "max_output_tokens"},
            "usage": {"input_tokens": 5, "output_tokens": 2},
            "custom_outputs": {"a": 1},
        },
    )
    (choice,) = answer.choices
    assert (choice.message.content, choice.finish_reason) == ("Hello", "length")
    assert choice.provider_specific_fields["custom_outputs"] == {"a": 1}
    assert choice.provider_specific_fields["refusal"] == ["not that"]
    assert [one.url_citation.url for one in choice.message.annotations or [] if one.url_citation] == [cited["url"]]
    assert answer.usage is not None
    assert answer.usage.total_tokens == 7


def test_a_flow_is_in_the_address_and_its_key_in_a_header_of_its_own() -> None:
    wire = Wire()
    wire.ask(FLOW)
    assert str(wire.requests[-1].url) == f"{BASE}/api/v1/run/my%20flow?stream=false"
    assert wire.requests[-1].headers["x-api-key"] == KEY


def test_a_flow_takes_one_message_and_knows_what_was_said_before_by_its_session() -> None:
    talks: list[list[Json]] = [[{"role": "system", "content": "Be brief."}, *HELLO], [*HELLO, *HELLO]]
    for talk in talks:
        with pytest.raises(UnsupportedParamsError, match="session_id"):
            sent(FLOW, talk, drop_params=True)
    answer = answered(FLOW, {"session_id": "s1", **_FLOWS})
    assert answer.choices[0].provider_specific_fields["session_id"] == "s1"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://t.test", "https://t.test/v2/models/llama/generate"),
        ("https://t.test/v2/models/other/generate", "https://t.test/v2/models/llama/generate"),
    ],
)
def test_tritons_address(base: str, url: str) -> None:
    wire = Wire()
    wire.ask(TRITON, HELLO, api_base=base)
    assert str(wire.requests[-1].url) == url


# --- replies ----------------------------------------------------------------------------------------------------------

_FLOWS: Final[Json] = {"outputs": [{"inputs": {}, "outputs": [{"results": {"message": {"text": "Hello"}}}]}]}
_MESSAGE: Final[Json] = {"type": "message", "id": "m1", "content": [{"type": "output_text", "text": "Hello"}]}
PAGE: Final[Json] = {"url": "https://x.test/a", "title": "A"}
REPLIES: Final[dict[str, tuple[str, Json, str]]] = {
    "watsonx_text": (TEXT, {"results": [{"generated_text": "Hello", "stop_reason": "max_tokens"}]}, "length"),
    "watsonx_text, another reason": (TEXT, {"results": [{"generated_text": "Hello", "stop_reason": "error"}]}, "other"),
    "triton": (TRITON, {"model_name": "llama", "text_output": "Hello"}, "stop"),
    "liner": (LINER, {"answer": "Hello", "references": [PAGE]}, "stop"),
    "langgraph": (
        GRAPH,
        {"messages": [{"type": "human", "content": "Hi"}, {"type": "ai", "content": [{"text": "Hello"}]}]},
        "stop",
    ),
    "databricks_agent": (AGENT, {"output": [_MESSAGE]}, "stop"),
    "langflow": (FLOW, _FLOWS, "stop"),
    "langflow, of old": (
        FLOW,
        {"outputs": [{"outputs": [{"results": {}}, {"results": {"message": {"data": {"text": "Hello"}}}}]}]},
        "stop",
    ),
}


@pytest.mark.parametrize(("model", "reply", "reason"), REPLIES.values(), ids=REPLIES)
def test_an_answer(model: str, reply: Json, reason: str) -> None:
    answer = answered(model, reply)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Hello", reason)
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == model.partition(":")[2]


def test_what_ibm_counts() -> None:
    result: Json = {
        "generated_text": "x",
        "stop_reason": "eos_token",
        "input_token_count": 5,
        "generated_token_count": 2,
    }
    usage = answered(TEXT, {"results": [result]}).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (5, 2, 7)


def test_the_pages_that_liner_found() -> None:
    choice = answered(LINER, {"answer": "Hello", "references": [PAGE]}).choices[0]
    (found,) = choice.message.annotations or []
    assert found.url_citation is not None
    assert found.url_citation.url == "https://x.test/a"
    assert choice.provider_specific_fields["references"] == [PAGE]


@pytest.mark.parametrize("model", [TEXT, TRITON, LINER, GRAPH, FLOW, AGENT])
@pytest.mark.parametrize("reply", [{}, {"unexpected": 1}, []])
def test_a_reply_that_is_none(model: str, reply: object) -> None:
    with pytest.raises(APIResponseValidationError, match="cannot be read"):
        answered(model, reply)


@pytest.mark.parametrize(
    ("model", "reply", "says"),
    [
        (TRITON, {"error": "no such model"}, "no such model"),
        (GRAPH, {"__error__": {"error": "ValueError", "message": "the graph broke"}}, "the graph broke"),
    ],
)
def test_an_error_in_the_place_of_an_answer(model: str, reply: Json, says: str) -> None:
    with pytest.raises(APIError, match=says):
        answered(model, reply)


def _lines(*events: tuple[str, Json]) -> bytes:
    return b"".join(as_bytes({"event": name, "data": data}) + b"\n\n" for name, data in events)


def _part(text: str, reason: str, **counts: int) -> Json:
    return {"results": [{"generated_text": text, "stop_reason": reason, **counts}]}


STREAMS: Final[dict[str, tuple[str, bytes]]] = {
    "watsonx_text": (
        TEXT,
        _events(
            ("message", _part("Hel", "not_finished", input_token_count=5)),
            ("message", _part("lo", "eos_token", generated_token_count=2)),
        ),
    ),
    "triton": (TRITON, sse({"text_output": "Hel"}, {"text_output": "lo"})),
    "liner": (
        LINER,
        sse(
            {"type": "start"},
            {"type": "text-delta", "delta": "Hel"},
            {"type": "data-search-references", "data": {"references": [PAGE]}},
            {"type": "text-delta", "delta": "lo"},
            {"type": "finish"},
            "[DONE]",
        ),
    ),
    "langgraph": (
        GRAPH,
        _events(
            ("metadata", {"run_id": "r1"}),
            ("messages", [{"type": "AIMessageChunk", "content": "Hel"}, {"langgraph_node": "n"}]),
            ("messages", [{"type": "tool", "content": "20 degrees"}, {}]),
            ("messages", [{"type": "AIMessageChunk", "content": [{"type": "text", "text": "lo"}]}, {}]),
            ("end", None),
        ),
    ),
    "langflow": (
        FLOW,
        _lines(
            ("add_message", {"sender": "User", "text": "Hi"}),
            ("token", {"chunk": "Hel", "id": "m1"}),
            ("token", {"chunk": "lo", "id": "m1"}),
            ("add_message", {"sender": "Machine", "text": "Hello"}),
            ("end", {"result": _FLOWS}),
        ),
    ),
    "databricks_agent": (
        AGENT,
        sse(
            {"type": "response.output_text.delta", "item_id": "m1", "delta": "Hel"},
            {"type": "response.output_text.delta", "item_id": "m1", "delta": "lo"},
            {"type": "response.output_item.done", "item": _MESSAGE},
            "[DONE]",
        ),
    ),
    "databricks_agent, told": (
        AGENT,
        sse(
            {"type": "response.output_item.done", "item": {"type": "function_call", "name": "f"}},
            {"type": "response.output_item.done", "item": _MESSAGE},
            {"type": "response.completed", "response": {"output": [_MESSAGE]}},
        ),
    ),
    "databricks_agent, no end": (AGENT, sse({"type": "response.output_item.done", "item": _MESSAGE})),
    "langflow, at once": (FLOW, _lines(("add_message", {"text": "Hello"}), ("end", {"result": _FLOWS}))),
}


@pytest.mark.parametrize(("model", "body"), STREAMS.values(), ids=STREAMS)
def test_a_stream(model: str, body: bytes) -> None:
    chunks = streamed(model, body)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant"] + [None] * (len(chunks) - 1)
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize(("model", "body"), STREAMS.values(), ids=STREAMS)
def test_a_stream_cut_anywhere_is_whole_or_an_error(model: str, body: bytes) -> None:
    for end in range(len(body)):
        try:
            found = assembled(model, body[:end])
        except StreamInterruptedError:
            continue
        assert "Hello".startswith(found.choices[0].message.content or "")


def test_what_ibm_counts_in_a_stream() -> None:
    usage = assembled(*STREAMS["watsonx_text"]).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, 2)


@pytest.mark.parametrize(
    ("model", "body", "says"),
    [
        (TRITON, sse({"text_output": "Hel"}, {"error": "out of memory"}), "out of memory"),
        (
            LINER,
            sse({"type": "text-delta", "delta": "Hel"}, {"type": "data-error", "data": {"message": "no luck"}}),
            "no luck",
        ),
        (GRAPH, _events(("error", {"error": "ValueError", "message": "the graph broke"})), "the graph broke"),
        (AGENT, sse({"type": "error", "message": "the agent broke"}), "the agent broke"),
        (FLOW, _lines(("token", {"chunk": "Hel"}), ("error", {"error": "the flow broke"})), "the flow broke"),
        (TEXT, as_bytes({"errors": [{"code": "no", "message": "not today"}]}), "not today"),
    ],
)
def test_an_error_inside_of_a_stream(model: str, body: bytes, says: str) -> None:
    with pytest.raises(APIError, match=says):
        assembled(model, body)


# --- OpenAI's dialect at addresses of their own -----------------------------------------------------------------------


@pytest.mark.parametrize(("model", "adapter"), [("qwen3-8b", ""), ("qwen3-8b:my-repo/1", "my-repo/1")])
def test_predibase_has_the_deployment_in_the_address_and_the_adapter_in_the_body(model: str, adapter: str) -> None:
    wire = Wire()
    wire.ask(f"predibase/{model}", HELLO, max_completion_tokens=9)
    assert str(wire.requests[-1].url) == (
        "https://serving.app.predibase.com/t1/deployments/v2/llms/qwen3-8b/v1/chat/completions"
    )
    assert wire.body == {"model": adapter, "messages": HELLO, "max_tokens": 9}


@pytest.mark.parametrize(
    ("asked", "url", "project"),
    [
        ({}, f"{BASE}/v1/projects/p1/locations/l1/chat/completions", "p1"),
        ({"vertex_project": "p2"}, f"{BASE}/v1/projects/p2/locations/l1/chat/completions", "p2"),
        (
            {"api_base": "https://g.test/v1/projects/p3/locations/l3"},
            "https://g.test/v1/projects/p3/locations/l3/chat/completions",
            "p3",
        ),
    ],
)
def test_gdc_has_the_project_in_the_address_and_in_a_header(asked: Json, url: str, project: str) -> None:
    wire = Wire()
    wire.ask("gdc:gemini-2.5-flash", HELLO, **asked)
    assert str(wire.requests[-1].url) == url
    assert wire.requests[-1].headers["x-goog-user-project"] == f"projects/{project}"
    assert wire.body == {"model": "gemini-2.5-flash", "messages": HELLO}

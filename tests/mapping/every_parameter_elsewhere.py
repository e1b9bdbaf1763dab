"""The table of `every_parameter`, for vendors who vary OpenAI's dialect, or give text for text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mapping.every_parameter import OPENAI, SCHEMA, VALUES, Cell, Column, Emulated, Refused, Sent


def _only(reason: str, **cells: Cell) -> Column:
    """A vendor who takes these, and nothing else for one reason."""
    return {name: cells.get(name, Refused(reason)) for name in VALUES}


def _as_openai(*names: str) -> dict[str, Cell]:
    return {name: OPENAI[name] for name in names}


def _within(place: str, **fields: object) -> Sent:
    return Sent({place: fields})


def _gateway(vendor: str) -> Column:
    """OpenAI's dialect as it was when `max_tokens` was the limit's name."""
    thinking = Refused(f"{vendor} is not known to take it; use reasoning_effort")
    return {**OPENAI, "max_tokens": _LIMIT, "thinking": thinking}


_LIMIT: Final = Sent({"max_tokens": 2000})
_LIMITS: Final[Mapping[str, Cell]] = {"max_tokens": _LIMIT, "max_completion_tokens": _LIMIT}
_FUNCTIONS: Final = [{"name": "add", "description": "Adds.", "parameters": SCHEMA}]
_NO_FORMAT: Final = "{} cannot be asked for it"

_PROMPT: Final[Column] = _only(
    "completions of a prompt have no such field",
    **_as_openai("temperature", "top_p", "stop", "n", "seed", "presence_penalty", "frequency_penalty"),
    **_as_openai("logit_bias", "user", "stream", "stream_options"),
    **_LIMITS,
    logprobs=Sent({"logprobs": 0}),
    top_logprobs=Sent({"logprobs": 2}),
    response_format=Refused(_NO_FORMAT.format("text-completion-openai")),
)
_GENERATION: Final = "parameters"

ELSEWHERE: Final[Mapping[str, Column]] = {
    "sagemaker": _gateway("sagemaker"),
    "sagemaker_nova": _only(
        "Nova on SageMaker has no such field",
        **_as_openai("temperature", "top_p", "max_completion_tokens", "logprobs", "top_logprobs"),
        **_as_openai("reasoning_effort", "stream", "stream_options"),
        max_tokens=_LIMIT,
    ),
    "watsonx": _only(
        "no such field in IBM's SDK",
        **_as_openai("temperature", "top_p", "max_completion_tokens", "stop", "n", "seed", "presence_penalty"),
        **_as_openai("frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "tools", "reasoning_effort"),
        **_as_openai("response_format", "functions", "function_call"),
        max_tokens=_LIMIT,
        tool_choice=Sent({"tool_choice_option": "required"}),
        stream=Sent(path="/chat_stream"),
        stream_options=Emulated(),
    ),
    "gigachat": _only(
        "GigaChat has no such field",
        **_as_openai("temperature", "top_p", "n", "reasoning_effort", "stream"),
        **_LIMITS,
        tools=Sent({"functions": _FUNCTIONS}),
        tool_choice=Sent({"function_call": "none"}),
        functions=Emulated({"functions": _FUNCTIONS}),
        function_call=Emulated({"function_call": {"name": "add"}}),
        response_format=_within("response_format", type="json_schema", schema=SCHEMA, strict=True),
        stream_options=Emulated(),
    ),
    "text-completion-openai": _PROMPT,
    "azure_text": {**_PROMPT, "response_format": Refused(_NO_FORMAT.format("azure_text"))},
    "text-completion-codestral": _only(
        "no such field in its API description",
        **_as_openai("temperature", "top_p", "stop", "stream", "metadata", "prompt_cache_key"),
        **_LIMITS,
        seed=Sent({"random_seed": 7}),
        stream_options=Emulated(),
        response_format=Refused(_NO_FORMAT.format("text-completion-codestral")),
    ),
    "text-completion-inception": _only(
        "not known to be taken",
        **_as_openai("top_p", "stop", "presence_penalty", "frequency_penalty", "stream", "stream_options"),
        **_LIMITS,
        response_format=Refused(_NO_FORMAT.format("text-completion-inception")),
    ),
    "watsonx_text": _only(
        "text generation on watsonx.ai has no such field",
        temperature=_within(_GENERATION, temperature=0.5),
        top_p=_within(_GENERATION, top_p=0.5),
        max_tokens=_within(_GENERATION, max_new_tokens=2000),
        max_completion_tokens=_within(_GENERATION, max_new_tokens=2000),
        stop=_within(_GENERATION, stop_sequences=["END"]),
        seed=_within(_GENERATION, random_seed=7),
        stream=Sent(path="/generation_stream"),
        stream_options=Emulated(),
        response_format=Refused(_NO_FORMAT.format("watsonx_text")),
    ),
    "predibase": {**_gateway("predibase"), "max_completion_tokens": _LIMIT},
    "gdc": _gateway("gdc"),
    "triton": _only(
        "the generate extension gives one text and takes no such parameter",
        temperature=_within(_GENERATION, stream=False, temperature=0.5),
        top_p=_within(_GENERATION, stream=False, top_p=0.5),
        max_tokens=_within(_GENERATION, stream=False, max_tokens=2000),
        max_completion_tokens=_within(_GENERATION, stream=False, max_tokens=2000),
        stop=_within(_GENERATION, stream=False, stop=["END"]),
        seed=_within(_GENERATION, stream=False, seed=7),
        presence_penalty=_within(_GENERATION, stream=False, presence_penalty=0.5),
        frequency_penalty=_within(_GENERATION, stream=False, frequency_penalty=0.5),
        stream=Sent({"parameters": {"stream": True}}, path="/generate_stream"),
        stream_options=Refused("the generate extension counts no tokens"),
        response_format=Refused(_NO_FORMAT.format("triton")),
    ),
    "liner": _only(
        "Liner's agents take messages only",
        stream=Sent({"stream": True}),
        stream_options=Refused("Liner's agents count no tokens"),
        response_format=Refused(_NO_FORMAT.format("liner")),
    ),
    "langgraph": _only(
        "a graph decides for itself what its models are asked",
        metadata=Sent({"metadata": {"user_id": "u1"}}),
        stream=Sent({"stream_mode": ["messages-tuple"]}, path="/runs/stream"),
        stream_options=Emulated(),
        response_format=Refused(_NO_FORMAT.format("langgraph")),
    ),
    "langflow": _only(
        "a flow decides for itself what its models are asked",
        stream=Sent({}, path="/api/v1/run/m"),
        stream_options=Refused("a flow counts no tokens"),
        response_format=Refused(_NO_FORMAT.format("langflow")),
    ),
    "databricks_agent": _only(
        "an agent's requests have no such field",
        **_as_openai("temperature", "top_p", "user", "store", "metadata", "stream"),
        max_tokens=Sent({"max_output_tokens": 2000}),
        max_completion_tokens=Sent({"max_output_tokens": 2000}),
        stream_options=Refused("an agent counts its tokens, or does not"),
        response_format=Refused(_NO_FORMAT.format("databricks_agent")),
    ),
}
"""Vendor -> parameter -> what becomes of it."""

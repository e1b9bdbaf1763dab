"""OpenAI's dialect: its mapping, and the deviations of the gateways that speak it, as their rows say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from os import environ
from typing import TYPE_CHECKING, Final, Protocol, cast

from pydantic import ValidationError
from typing_extensions import override

from polyvox_wire.openai import stubs
from polyvox_wire.openai.options import PATHS
from polyvox_wire.support import OMIT, Omit, Wire, given

from ..forms import mapping
from ..headers import bearer
from ..honest import check_calls, new_id, now
from ..kinds import check_kinds
from ..parameters import MODEL_PARAMETERS, VENDOR_OPTIONS
from ..reading import read_reply, unreadable
from ..results import ChatCompletion, CustomCall, FunctionCall
from ..schemas import Rules
from ..support import COUNTED, NATIVE, Emulated, Renamed, Stance, Unsupported
from .dialect import Dialect, StreamReader, wanted_way
from .openai_forms import CLOSED, THINKING, forms_of
from .openai_messages import messages
from .openai_stream import OpenAIReader, finish_reason, reasoning_of
from .parts import one_or_more

if TYPE_CHECKING:
    from polyvox_wire.openai import requests as q

    from ..call import Call, Format, Vendor, Way
    from ..exchange import Headers
    from ..results import ChatCompletionMessage, Choice, Facts
else:
    from .dicts import requests as q

OPENAI: Final[Mapping[str, Stance]] = {
    **dict.fromkeys(MODEL_PARAMETERS, NATIVE),
    "max_tokens": Renamed("max_completion_tokens"),
    "functions": Emulated("tools"),
    "function_call": Emulated("tool_choice"),
    "thinking": Unsupported("OpenAI takes no thinking budget; use reasoning_effort"),
}
_AS_TOOLS: Final = {"functions": "tools", "function_call": "tool_choice"}
# https://platform.openai.com/docs/guides/structured-outputs, "Supported schemas"; the other dialects' likewise.
RULES: Final = Rules(
    bounds=frozenset(
        (
            *("pattern", "format", "minItems", "maxItems"),
            *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        )
    ),
    formats=frozenset(("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")),
)
# The models before structured outputs, by the shape of their names.
_NO_SCHEMA_MODE = re.compile(r"gpt-3\.5|gpt-4(-|$)|gpt-4o-2024-05-13")


class OpenAIMapping(stubs.Mapping["Call"]):
    """A call to OpenAI's request. Its reply needs no mapping: the unified types have the same shape."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        asked = call.given
        check_kinds(cast("Mapping[str, object]", asked), forms_of(call.vendor.name))
        limit = asked.get("max_completion_tokens")
        old_limit = asked.get("max_tokens")
        if call.vendor.name == "openai":
            limit, old_limit = (old_limit if limit is None else limit), None
        return stubs.RequestFields(
            model=call.model,
            messages=cast("list[q.ChatCompletionRequestMessage]", messages(call)),
            temperature=given(asked.get("temperature")),
            top_p=given(asked.get("top_p")),
            max_tokens=given(old_limit),
            max_completion_tokens=given(limit),
            stop=one_or_more(asked.get("stop")),
            n=given(asked.get("n")),
            seed=given(asked.get("seed")),
            presence_penalty=given(asked.get("presence_penalty")),
            frequency_penalty=given(asked.get("frequency_penalty")),
            logit_bias=given(cast("dict[str, int] | None", asked.get("logit_bias"))),
            logprobs=given(asked.get("logprobs")),
            top_logprobs=given(asked.get("top_logprobs")),
            user=given(asked.get("user")),
            safety_identifier=given(asked.get("safety_identifier")),
            prompt_cache_key=given(asked.get("prompt_cache_key")),
            metadata=given(cast("dict[str, str] | None", asked.get("metadata"))),
            store=given(asked.get("store")),
            service_tier=given(cast("q.ServiceTier | None", asked.get("service_tier"))),
            modalities=given(cast("list[q.ResponseModalitiesItem] | None", asked.get("modalities"))),
            audio=given(cast("q.AudioOptions | None", asked.get("audio"))),
            prediction=given(cast("q.PredictionContent | None", asked.get("prediction"))),
            verbosity=given(asked.get("verbosity")),
            reasoning_effort=given(cast("q.ReasoningEffort | None", asked.get("reasoning_effort"))),
            web_search_options=given(cast("q.WebSearchOptions | None", asked.get("web_search_options"))),
            response_format=_format(call),
            stream=True if call.stream else OMIT,
            stream_options=given(cast("q.ChatCompletionStreamOptions | None", asked.get("stream_options"))),
            tools=given(cast("list[q.Tool] | None", asked.get("tools"))),
            tool_choice=given(cast("q.ChatCompletionToolChoiceOption | None", asked.get("tool_choice"))),
            parallel_tool_calls=given(asked.get("parallel_tool_calls")),
            function_call=OMIT,  # deprecated, and asked for as tools
            functions=OMIT,
        )


def _format(call: Call) -> q.ResponseFormat | Omit:
    wanted = call.format
    if wanted is None:
        return OMIT
    if wanted.kind == "text":
        return q.ResponseFormatText(type="text")
    if wanted.kind == "json_object":
        plain = q.ResponseFormatJsonObject(type="json_object")
        return cast("q.ResponseFormat", {**plain, "schema": dict(wanted.schema)}) if wanted.schema else plain
    schema = q.ResponseFormatJsonSchemaJsonSchema(name=wanted.name, schema=dict(wanted.schema))
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    if wanted.description is not None:
        schema["description"] = wanted.description
    return q.ResponseFormatJsonSchema(type="json_schema", json_schema=schema)


class Described(Protocol):
    """What a vendor's compiled description says of its request fields."""

    FIELDS: frozenset[str]
    PATHS: dict[str, tuple[str, ...]]


def described(vendor: str) -> Described:
    """The tables of the vendor's compiled description."""
    return cast(Described, import_module(f"polyvox_wire.{vendor}.options"))


def _gateway_support(vendor: Vendor) -> Mapping[str, Stance]:
    """A gateway takes what OpenAI takes, but for what its row says."""
    stances: dict[str, Stance] = dict.fromkeys(MODEL_PARAMETERS, NATIVE)
    stances.update(functions=OPENAI["functions"], function_call=OPENAI["function_call"])
    if not vendor.thinking:
        stances["thinking"] = Unsupported(f"{vendor.name} is not known to take it; use reasoning_effort")
    stances.update({name: Renamed(to) for name, to in vendor.renames.items()})
    if vendor.name in CLOSED:
        fields = described(vendor.name).FIELDS
        if "thinking" in fields:
            stances["thinking"] = NATIVE
        missing = (name for name in MODEL_PARAMETERS if vendor.renames.get(name, name) not in fields)
        lacks: Stance = Unsupported("no such field in its API description")
        stances.update({name: lacks for name in missing if name not in _AS_TOOLS})
        stances.update({old: lacks for old, new in _AS_TOOLS.items() if new not in fields})
    if vendor.counted:
        stances["stream_options"] = COUNTED
    stances.update({name: Unsupported(reason) for name, reason in vendor.unsupported.items()})
    for old, new in _AS_TOOLS.items():
        if isinstance(stances[new], Unsupported):
            stances[old] = stances[new]
    return stances


class OpenAIDialect(Dialect):
    """OpenAI and everybody who speaks its dialect."""

    _mapping = OpenAIMapping()
    schema_rules = RULES

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        own = vendor.name == "openai"
        self.support = OPENAI if own else _gateway_support(vendor)
        self.option_paths = PATHS if own else described(vendor.name).PATHS if vendor.name in VENDOR_OPTIONS else {}

    @override
    def way(self, call: Call, wanted: Format, *, sayable: bool) -> Way:
        takes = self.vendor.formats
        if wanted.kind in takes:
            by_name = self.vendor.name in ("openai", "azure") and wanted.kind == "json_schema"
            return "tool" if by_name and _NO_SCHEMA_MODE.match(call.model) else wanted_way(wanted)
        return "json_object" if "json_object" in takes else "instructions"

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        headers = list(bearer(key)) if key else []
        if self.vendor.name == "openai":
            for name, header in (("OPENAI_ORG_ID", "openai-organization"), ("OPENAI_PROJECT_ID", "openai-project")):
                if value := environ.get(name):
                    headers.append((header, value))
        return tuple(headers)

    @override
    def body(self, call: Call) -> dict[str, object]:
        body = self._mapping.request(call).wire()
        if (thinking := call.given.get("thinking")) is not None:
            said = THINKING.get(call.vendor.name, mapping)("thinking", thinking)
            if said is None:
                body["thinking"] = thinking
            else:
                call.refuse("thinking", said)
        return self.renamed(body)

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        completion = read_reply(ChatCompletion, body, call)
        if not completion.choices:
            self._explain_nothing(call, completion, body)
        # A field of a model is set by a function of pydantic's: only where there is something to set.
        if not completion.id:
            completion.id = new_id("chatcmpl-")
        if not completion.created:
            completion.created = now()
        if not completion.model:
            completion.model = call.model
        for choice in completion.choices:
            self._settle(call, choice, body)
        facts.native = partial(native, body)
        completion._facts = facts
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        if not self.vendor.think_tags:
            return OpenAIReader(self, call)
        from .openai_thoughts import ThinkTagReader

        return ThinkTagReader(self, call)

    def _explain_nothing(self, call: Call, completion: ChatCompletion, body: bytes) -> None:
        from ..failures import read_error

        if (completion.model_extra or {}).get("error") or (completion.id == "" and read_error(body).message):
            raise self.error(call, None, {}, body)
        raise unreadable(call, body, "it has no choices")

    def _settle(self, call: Call, choice: Choice, body: bytes) -> None:
        if choice.model_extra and choice.model_extra.get("error"):
            raise self.error(call, None, {}, body)
        said = choice.finish_reason
        choice.provider_specific_fields["native_finish_reason"] = said
        if (reason := finish_reason(said)) != said:
            choice.finish_reason = reason
        message = choice.message
        if not message.role:
            message.role = "assistant"
        if message.model_extra:
            message.reasoning_content = message.reasoning_content or reasoning_of(message.model_extra)
        if call.vendor.think_tags:
            from .openai_thoughts import part_thoughts

            part_thoughts(message)
        if message.tool_calls:
            _settle_calls(message)
            check_calls(message, call)


def _settle_calls(message: ChatCompletionMessage) -> None:
    message.function_call = None  # llama-cpp-python says a call twice
    for made in message.tool_calls or ():
        made.type = made.type or "function"
        if made.type != "custom":
            made.custom = None  # some send every key of the type, empty
        elif isinstance(made.custom, CustomCall):
            made.function = FunctionCall(name=made.custom.name, arguments=made.custom.input)


def native(body: bytes) -> Wire | None:
    """The reply in OpenAI's own type; where a gateway's does not fit it, with its fields as they came."""
    from polyvox_wire.openai.responses import CreateChatCompletionResponse  # few look at it

    try:
        return CreateChatCompletionResponse.model_validate_json(body)
    except ValidationError:
        return Wire.model_validate_json(body)

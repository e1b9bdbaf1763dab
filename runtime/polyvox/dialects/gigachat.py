"""Sber's GigaChat: OpenAI's dialect of before there were tools, with tokens from Sber's own token server.

https://developers.sber.ru/docs/ru/gigachat/api/reference/rest/post-chat (messages, functions, replies), and the types
and the login of Sber's own Python library (PyPI: gigachat).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from os import environ
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlencode
from uuid import uuid4

from pydantic_core import from_json, to_json
from typing_extensions import override

from ..addressing import environment_key
from ..errors import InvalidMessageError, InvalidRequestError
from ..headers import bearer
from ..honest import new_id
from ..reading import unreadable
from ..shapes import is_list, is_mapping, mapping_of
from ..support import COUNTED, Emulated, Renamed, takes_only
from ..token_server import TokenRequest, expires_at, login
from .dialect import Credentials, StreamReader
from .openai import OpenAIDialect, native
from .openai_stream import OpenAIReader
from .parts import SAID, Taken, calls_of, only_texts

if TYPE_CHECKING:
    from ..call import Call, Vendor
    from ..parameters import TokenProvider
    from ..results import ChatCompletion, ChatCompletionChunk, Facts, FinishReason

SUPPORT: Final = takes_only(
    "GigaChat has no such field",
    *("temperature", "top_p", "max_tokens", "n", "reasoning_effort"),
    max_completion_tokens=Renamed("max_tokens"),
    tools=Renamed("functions"),
    tool_choice=Renamed("function_call"),
    functions=Emulated("tools"),
    function_call=Emulated("tool_choice"),
    stream_options=COUNTED,
)
_OPTIONS: Final = ("repetition_penalty", "update_interval", "profanity_check", "flags", "function_ranker", "storage")
_TEXT: Final = Taken(SAID, "GigaChat takes text; files are uploaded first")
_AUTH: Final = "https://ngw.devices.sberbank.ru:9443/api/v2/oauth"
_PERSONAL: Final = "GIGACHAT_API_PERS"
_FINISH: Final[Mapping[str, FinishReason]] = {"function_call": "tool_calls", "blacklist": "content_filter"}


class GigaChatDialect(OpenAIDialect):
    """GigaChat."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.support = SUPPORT
        self.option_paths = {name: (name,) for name in _OPTIONS}

    @override
    def credentials(self, call: Call) -> Credentials:
        return _log_in(self.vendor, call)

    @override
    def body(self, call: Call) -> dict[str, object]:
        body = super().body(call)
        names: dict[str, str] = {}
        messages = cast("Iterable[Mapping[str, object]]", body["messages"])
        body["messages"] = [_message(call, index, message, names) for index, message in enumerate(messages)]
        if (tools := body.pop("tools", None)) is not None:
            body["functions"] = _functions(call, cast("Iterable[Mapping[str, object]]", tools))
        if (choice := body.pop("tool_choice", None)) is not None and (asked := _choice(call, choice)) is not None:
            body["function_call"] = asked
        if "response_format" in body and (wanted := _format(call)) is not None:
            body["response_format"] = wanted
        elif "response_format" in body:
            del body["response_format"]
        return body

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        completion = super().read(call, as_openai(body, "message", call), facts)
        for choice in completion.choices:
            said = choice.provider_specific_fields["native_finish_reason"]
            choice.finish_reason = _FINISH.get(str(said)) or choice.finish_reason
        facts.native = partial(native, body)
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        return _Reader(self, call)


class _Reader(OpenAIReader):
    """A stream of GigaChat's."""

    @override
    def _read(self, data: bytes) -> ChatCompletionChunk:
        return super()._read(as_openai(data, "delta", self._call))

    @override
    def _reason(self, word: str) -> FinishReason | None:
        return _FINISH.get(word) or super()._reason(word)


# --- logging in -------------------------------------------------------------------------------------------------------


def _log_in(vendor: Vendor, call: Call) -> Credentials:
    """A token for the authorization key that Sber's pages show; a token as it is."""
    key: TokenProvider | None = call.settings.get("api_key")
    variable = None
    if key is None:
        key, variable = environment_key(vendor, call.model)
    if isinstance(key, str) and not key.strip():
        raise InvalidRequestError("api_key is blank", param="api_key", provider=vendor.name)
    if not isinstance(key, str) or variable == "GIGACHAT_ACCESS_TOKEN" or key.startswith("eyJ"):
        return Credentials(key, lambda token, _: bearer(token))
    secret = key.strip()
    headers = (("authorization", f"Basic {secret}"), ("rquid", _REQUEST_ID))
    form = urlencode({"scope": environ.get("GIGACHAT_SCOPE") or _PERSONAL})
    asked = TokenRequest(environ.get("GIGACHAT_AUTH_URL") or _AUTH, headers, form, secret)
    return login(call, asked, expires_at)


# The token server wants each request to have a UUID; one for the process is enough to find its requests in a log.
_REQUEST_ID: Final = str(uuid4())


# --- requests ---------------------------------------------------------------------------------------------------------


def _message(call: Call, index: int, message: Mapping[str, object], names: dict[str, str]) -> dict[str, object]:
    """A message with text for content, at most one call, and an answer that names its function."""
    where = f"messages[{index}]"
    if message.get("cache_control"):
        call.refuse(f"{where}.cache_control", _TEXT.no_marks)
    content = only_texts(call, where, message.get("content"), _TEXT)
    made: dict[str, object] = {"role": message["role"], "content": content}
    match message["role"]:
        case "tool" | "function":
            known = str(message.get("name") or names.get(str(message.get("tool_call_id")), ""))
            if not known:
                raise InvalidMessageError(f"{where}: no earlier message has the call that it answers")
            return {"role": "function", "name": known, "content": made["content"]}
        case "assistant":
            made.update(_call(call, where, message, names))
            if thought := message.get("reasoning_content"):
                made["reasoning_content"] = thought
        case _:
            if message.get("name"):
                call.refuse(f"{where}.name", "GigaChat has no names of participants")
    return made


def _call(call: Call, where: str, message: Mapping[str, object], names: dict[str, str]) -> dict[str, object]:
    calls = list(calls_of(where, message))
    names.update({one.id: one.name for one in calls})
    if len(calls) > 1:
        call.refuse(f"{where}.tool_calls", "GigaChat makes one call at a time")
    if not calls:
        return {}
    made: dict[str, object] = {"function_call": {"name": calls[0].name, "arguments": calls[0].arguments}}
    if state := message.get("functions_state_id"):
        made["functions_state_id"] = state
    return made


def _functions(call: Call, tools: Iterable[Mapping[str, object]]) -> list[object]:
    made: list[object] = []
    for number, tool in enumerate(tools):
        if tool.get("type", "function") != "function":
            call.refuse(f"tools[{number}] ({tool.get('type')})", "GigaChat knows functions only")
            continue
        function = mapping_of(tool.get("function"))
        made.append({key: value for key, value in function.items() if key != "strict"})
    return made


def _choice(call: Call, choice: object) -> object:
    if is_mapping(choice):
        return {"name": mapping_of(choice.get("function")).get("name")}
    if choice == "required":
        call.refuse("tool_choice", "GigaChat cannot be made to call some function; name one, or leave it to the model")
        return None
    return choice


def _format(call: Call) -> object:
    wanted = call.format
    if wanted is None or wanted.kind == "text":
        return None
    if wanted.kind == "json_object":
        call.refuse("response_format", "GigaChat needs a schema: {'type': 'json_schema', ...}")
        call.structured_by = None
        return None
    strict = {} if wanted.strict is None else {"strict": wanted.strict}
    return {"type": "json_schema", "schema": dict(wanted.schema), **strict}


# --- replies ----------------------------------------------------------------------------------------------------------


def as_openai(data: bytes, place: str, call: Call) -> bytes:
    """A reply, or an event of a stream, with its function call as the tool call that OpenAI would make of it."""
    try:
        document: object = from_json(data)
    except ValueError as error:
        raise unreadable(call, data, str(error)) from error
    if not is_mapping(document) or not is_list(choices := document.get("choices")):
        return data
    made = {**document, "choices": [_as_choice(mapping_of(choice), place) for choice in choices]}
    usage = mapping_of(document.get("usage"))
    if cached := usage.get("precached_prompt_tokens"):
        made["usage"] = {**usage, "prompt_tokens_details": {"cached_tokens": cached}}
    return to_json(made)


def _as_choice(choice: Mapping[str, object], place: str) -> dict[str, object]:
    made = dict(choice)
    message = dict(mapping_of(choice.get(place)))
    function = mapping_of(message.pop("function_call", None))
    if function:
        told = {"name": function.get("name"), "arguments": to_json(function.get("arguments") or {}).decode()}
        message["tool_calls"] = [{"index": 0, "id": new_id("call_"), "type": "function", "function": told}]
    if place in choice:
        made[place] = message
    return made

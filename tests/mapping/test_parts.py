"""Every type of content part x every role x every vendor with a mapping: what is on the wire, or why it is refused.

`PARTS` are the parts. `FORMS` says what becomes of each in a user's message: the vendor's form of it; `No(...)`, it is
refused, and with `drop_params` left out and listed; or `Less(...)`, the part is sent without what is refused. `ROLES`
says which parts the other roles take, in the same form where `ELSEWHERE` says no other. There is no fourth outcome,
and a missing cell is an error.

Evidence: the vendors' descriptions (the types in `polyvox_wire` are compiled from them), recorded requests, and where
those are silent the vendors' own error messages, quoted in the mapping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import product
from typing import Final, Literal, NamedTuple, TypeAlias, cast, get_args

import pytest

from polyvox import UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]

MARK: Final[Json] = {"cache_control": {"type": "ephemeral"}}
PNG: Final = "iVBORw0KGgo="
WAV: Final = "UklGRg=="
MP4: Final = "AAAAGGZ0"
PDF: Final = "JVBERi0="
PNG_URL, WAV_URL, MP4_URL, PDF_URL = (
    f"data:{kind};base64,{data}"
    for kind, data in (("image/png", PNG), ("audio/wav", WAV), ("video/mp4", MP4), ("application/pdf", PDF))
)
AT: Final = "https://x.test/a"


def _url(kind: str, url: str, **more: object) -> Json:
    return {"type": kind, kind: {"url": url, **more}}


def _file(**file: object) -> Json:
    return {"type": "file", "file": file}


def _document(source: Json, **more: object) -> Json:
    return {"type": "document", "source": source, **more}


TEXT: Final[Json] = {"type": "text", "text": "A cat."}
PARTS: Final[dict[str, Json]] = {
    "text": TEXT,
    "refusal": {"type": "refusal", "refusal": "No."},
    "image inline": _url("image_url", PNG_URL),
    "image at": _url("image_url", f"{AT}.png"),
    "image in low detail": _url("image_url", PNG_URL, detail="low"),
    "sound": {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}},
    "sound inline": _url("audio_url", WAV_URL),
    "sound at": _url("audio_url", f"{AT}.wav"),
    "film inline": _url("video_url", MP4_URL),
    "film at": _url("video_url", f"{AT}.mp4"),
    "file inline": _file(file_data=PDF_URL, filename="a.pdf"),
    "file by id": _file(file_id="file-1"),
    "file at": _file(file_id=f"{AT}.pdf"),
    "document of text": _document({"type": "text", "media_type": "text/plain", "data": "A cat."}),
    "document inline": _document({"type": "base64", "media_type": "application/pdf", "data": PDF}, title="a.pdf"),
    "document at": _document({"type": "url", "url": f"{AT}.pdf"}),
    "marked text": {**TEXT, **MARK},
    "marked image": {**_url("image_url", PNG_URL), **MARK},
    "marked file": {**_file(file_data=PDF_URL, filename="a.pdf"), **MARK},
}


class No(NamedTuple):
    """Refused; the reason says so."""

    why: str


class Less(NamedTuple):
    """Refused in part: what, behind the part's place; the reason; and what is sent when it is dropped."""

    what: str
    why: str
    sends: Json | list[Json]


Cell: TypeAlias = "Json | list[Json] | No | Less"
Forms: TypeAlias = Mapping[str, Cell]

# --- users' messages -------------------------------------------------------------------------------------------------


def _openai(vendor: str) -> Forms:
    no, at = No(f"{vendor} takes file, image_url, input_audio, text"), No("fetches no files; give file_data")
    return {
        "text": TEXT,
        "refusal": no,
        "image inline": PARTS["image inline"],
        "image at": PARTS["image at"],
        "image in low detail": PARTS["image in low detail"],
        "sound": PARTS["sound"],
        "sound inline": PARTS["sound"],
        "sound at": no,
        "film inline": no,
        "film at": no,
        "file inline": PARTS["file inline"],
        "file by id": PARTS["file by id"],
        "file at": at,
        "document of text": TEXT,
        "document inline": PARTS["file inline"],
        "document at": at,
        "marked text": Less(".cache_control", "prompt_cache_key", TEXT),
        "marked image": Less(".cache_control", "prompt_cache_key", PARTS["image inline"]),
        "marked file": Less(".cache_control", "prompt_cache_key", PARTS["file inline"]),
    }


_NO_INFERENCE: Final = No("azure_ai takes audio_url, image_url, input_audio, text")
_IMAGE: Final[Json] = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
_PDF: Final[Json] = {
    "type": "document",
    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
    "title": "a.pdf",
}
_NO_ANTHROPIC: Final = No("Anthropic takes text, images and documents")
_ANTHROPIC: Final[Forms] = {
    "text": TEXT,
    "refusal": {"type": "text", "text": "No."},
    "image inline": _IMAGE,
    "image at": {"type": "image", "source": {"type": "url", "url": f"{AT}.png"}},
    "image in low detail": Less(".image_url.detail", "always looks at an image in full", _IMAGE),
    "sound": _NO_ANTHROPIC,
    "sound inline": _NO_ANTHROPIC,
    "sound at": _NO_ANTHROPIC,
    "film inline": _NO_ANTHROPIC,
    "film at": _NO_ANTHROPIC,
    "file inline": _PDF,
    "file by id": {"type": "document", "source": {"type": "file", "file_id": "file-1"}},
    "file at": {"type": "document", "source": {"type": "url", "url": f"{AT}.pdf"}},
    "document of text": PARTS["document of text"],
    "document inline": _PDF,
    "document at": PARTS["document at"],
    "marked text": {**TEXT, **MARK},
    "marked image": {**_IMAGE, **MARK},
    "marked file": {**_PDF, **MARK},
}
_NO_FETCHING: Final = No("does not fetch it; give the content as a data URL")
_ON_VERTEX: Final[Forms] = {
    **_ANTHROPIC,
    "image at": _NO_FETCHING,
    "file by id": No("takes the content only"),
    "file at": No("takes the content only"),
}


def _inline(kind: str, data: str) -> Json:
    return {"inlineData": {"mimeType": kind, "data": data}}


def _at(url: str, kind: str | None) -> Json:
    return {"fileData": {"fileUri": url, "mimeType": kind} if kind else {"fileUri": url}}


_GEMINI_IMAGE: Final = _inline("image/png", PNG)
_GEMINI_PDF: Final = _inline("application/pdf", PDF)
_GEMINI: Final[Forms] = {
    "text": {"text": "A cat."},
    "refusal": {"text": "No."},
    "image inline": _GEMINI_IMAGE,
    "image at": _at(f"{AT}.png", "image/png"),
    "image in low detail": Less(".image_url.detail", "mediaResolution", _GEMINI_IMAGE),
    "sound": _inline("audio/wav", WAV),
    "sound inline": _inline("audio/wav", WAV),
    "sound at": _at(f"{AT}.wav", "audio/wav"),
    "film inline": _inline("video/mp4", MP4),
    "film at": _at(f"{AT}.mp4", "video/mp4"),
    "file inline": _GEMINI_PDF,
    "file by id": _at("file-1", None),
    "file at": _at(f"{AT}.pdf", "application/pdf"),
    "document of text": {"text": "A cat."},
    "document inline": _GEMINI_PDF,
    "document at": _at(f"{AT}.pdf", "application/pdf"),
    "marked text": Less(".cache_control", "caches by itself", {"text": "A cat."}),
    "marked image": Less(".cache_control", "caches by itself", _GEMINI_IMAGE),
    "marked file": Less(".cache_control", "caches by itself", _GEMINI_PDF),
}
_POINT: Final[Json] = {"cachePoint": {"type": "default"}}
_CONVERSE_IMAGE: Final[Json] = {"image": {"source": {"bytes": PNG}, "format": "png"}}
_CONVERSE_PDF: Final[Json] = {"document": {"source": {"bytes": PDF}, "format": "pdf", "name": "a"}}
_S3_ONLY: Final = No("Bedrock fetches no addresses but s3://; give the content as a data URL")
_BEDROCK: Final[Forms] = {
    "text": {"text": "A cat."},
    "refusal": {"text": "No."},
    "image inline": _CONVERSE_IMAGE,
    "image at": _S3_ONLY,
    "image in low detail": Less(".image_url.detail", "no such setting", _CONVERSE_IMAGE),
    "sound": {"audio": {"source": {"bytes": WAV}, "format": "wav"}},
    "sound inline": {"audio": {"source": {"bytes": WAV}, "format": "wav"}},
    "sound at": _S3_ONLY,
    "film inline": {"video": {"source": {"bytes": MP4}, "format": "mp4"}},
    "film at": _S3_ONLY,
    "file inline": _CONVERSE_PDF,
    "file by id": _S3_ONLY,
    "file at": _S3_ONLY,
    "document of text": {"text": "A cat."},
    "document inline": _CONVERSE_PDF,
    "document at": _S3_ONLY,
    "marked text": [{"text": "A cat."}, _POINT],
    "marked image": [_CONVERSE_IMAGE, _POINT],
    "marked file": [_CONVERSE_PDF, _POINT],
}
_MISTRAL_IMAGE: Final[Json] = {"type": "image_url", "image_url": PNG_URL}
_MISTRAL_PDF: Final[Json] = {"type": "document_url", "document_url": PDF_URL, "document_name": "a.pdf"}
_NO_MISTRAL: Final = No("Mistral takes text, images, sound and documents")
_MISTRAL: Final[Forms] = {
    "text": TEXT,
    "refusal": {"type": "text", "text": "No."},
    "image inline": _MISTRAL_IMAGE,
    "image at": {"type": "image_url", "image_url": f"{AT}.png"},
    "image in low detail": PARTS["image in low detail"],
    "sound": {"type": "input_audio", "input_audio": WAV},
    "sound inline": {"type": "input_audio", "input_audio": WAV},
    "sound at": {"type": "input_audio", "input_audio": f"{AT}.wav"},
    "film inline": _NO_MISTRAL,
    "film at": _NO_MISTRAL,
    "file inline": _MISTRAL_PDF,
    "file by id": {"type": "file", "file_id": "file-1"},
    "file at": {"type": "document_url", "document_url": f"{AT}.pdf"},
    "document of text": TEXT,
    "document inline": _MISTRAL_PDF,
    "document at": {"type": "document_url", "document_url": f"{AT}.pdf"},
    "marked text": Less(".cache_control", "prompt_cache_key", TEXT),
    "marked image": Less(".cache_control", "prompt_cache_key", _MISTRAL_IMAGE),
    "marked file": Less(".cache_control", "prompt_cache_key", _MISTRAL_PDF),
}
_NO_COHERE: Final = No("Cohere takes text and images; texts to cite go in cohere={'documents': ...}")
_COHERE: Final[Forms] = {
    **dict.fromkeys(PARTS, _NO_COHERE),
    "text": TEXT,
    "image inline": PARTS["image inline"],
    "image at": PARTS["image at"],
    "image in low detail": PARTS["image in low detail"],
    "document of text": TEXT,
    "marked text": Less(".cache_control", "caches by itself", TEXT),
    "marked image": Less(".cache_control", "caches by itself", PARTS["image inline"]),
}
_NO_OLLAMA: Final = No("Ollama takes text and images")
_OLLAMA_IMAGE: Final[Json] = {"images": [PNG]}
_OLLAMA: Final[Forms] = {
    **dict.fromkeys(PARTS, _NO_OLLAMA),
    "text": {"content": "A cat."},
    "refusal": {"content": "No."},
    "image inline": _OLLAMA_IMAGE,
    "image at": Less(".image_url.url", "fetches no addresses: give the image itself", []),
    "image in low detail": Less(".image_url.detail", "no such setting", _OLLAMA_IMAGE),
    "document of text": {"content": "A cat."},
    "marked text": Less(".cache_control", "caches by itself", {"content": "A cat."}),
    "marked image": Less(".cache_control", "caches by itself", _OLLAMA_IMAGE),
}
FORMS: Final[Mapping[str, Forms]] = {
    "openai": _openai("openai"),
    "azure": _openai("azure"),
    "azure_ai": {
        **_openai("azure_ai"),
        **dict.fromkeys((name for name in PARTS if "file" in name or "film" in name), _NO_INFERENCE),
        "refusal": _NO_INFERENCE,
        "sound inline": PARTS["sound inline"],
        "sound at": PARTS["sound at"],
        "document inline": _NO_INFERENCE,
        "document at": _NO_INFERENCE,
    },
    "anthropic": _ANTHROPIC,
    "azureanthropic": _ANTHROPIC,
    "vertexaianthropic": _ON_VERTEX,
    "gemini": _GEMINI,
    "vertexai": _GEMINI,
    "bedrock": _BEDROCK,
    "mistral": _MISTRAL,
    "cohere": _COHERE,
    "ollama": _OLLAMA,
}

# --- the other roles -------------------------------------------------------------------------------------------------

_TEXTS: Final = frozenset({"text", "document of text", "marked text"})
_ALL: Final = frozenset(PARTS)


class Takes(NamedTuple):
    """The parts that a role takes in the same form as a user's message; all others are refused with this reason."""

    parts: frozenset[str]
    why: str = ""


def _only(vendor: str) -> Mapping[Role, Takes]:
    """Texts, and refusals of assistants: who takes media from users only, as OpenAI does."""
    why = f"{vendor} takes text in a message of role"
    return {
        **dict.fromkeys(("system", "developer", "tool"), Takes(_TEXTS, why)),
        "assistant": Takes(_TEXTS | {"refusal"}, f"{vendor} takes refusal, text in a message of role"),
    }


def _with_system(why: str, **roles: Takes) -> Mapping[Role, Takes]:
    system = Takes(_TEXTS, why)
    return cast("Mapping[Role, Takes]", {"system": system, "developer": system, **roles})


_OF_CLAUDE: Final = _with_system(
    "Anthropic's system prompt takes text only",
    assistant=Takes(_TEXTS | {"refusal"}, "Anthropic takes back only text that an assistant said"),
    tool=Takes(_ALL),
)
_OF_GEMINI: Final = _with_system(
    "Gemini's system instruction takes text only",
    assistant=Takes(_ALL),
    tool=Takes(_ALL),
)
ROLES: Final[Mapping[str, Mapping[Role, Takes]]] = {
    **{vendor: _only(vendor) for vendor in ("openai", "azure", "azure_ai")},
    **dict.fromkeys(("anthropic", "azureanthropic", "vertexaianthropic"), _OF_CLAUDE),
    **dict.fromkeys(("gemini", "vertexai"), _OF_GEMINI),
    "bedrock": _with_system(
        "Bedrock's system prompt takes text only",
        assistant=Takes(_TEXTS | {"refusal"}, "Bedrock takes back only text that an assistant said"),
        tool=Takes(
            _ALL - {"sound", "sound inline", "sound at"},
            "a tool's answer to Bedrock is text, images, documents or videos",
        ),
    ),
    "mistral": _with_system("Mistral's system prompt takes text only", assistant=Takes(_ALL), tool=Takes(_ALL)),
    "cohere": _with_system(
        "Cohere takes text only here",
        assistant=Takes(_TEXTS | {"refusal"}, "Cohere takes text only here"),
        tool=Takes(_TEXTS, "a tool's answer to Cohere is text"),
    ),
    "ollama": dict.fromkeys(("system", "developer", "assistant", "tool"), Takes(_ALL)),
}
_ANSWERED: Final[Forms] = {
    "text": {"output": "A cat."},
    "refusal": {"output": "No."},
    "document of text": {"output": "A cat."},
    "marked text": Less(".cache_control", "caches by itself", {"output": "A cat."}),
}
# Where a role takes a part in another form than a user's message has it.
ELSEWHERE: Final[Mapping[tuple[str, Role, str], Cell]] = {
    **{(vendor, "assistant", "refusal"): PARTS["refusal"] for vendor in ("openai", "azure", "azure_ai")},
    ("cohere", "assistant", "refusal"): {"type": "text", "text": "No."},
    # Only users and tools have documents; the others get the text.
    **{
        (vendor, role, "document of text"): TEXT
        for vendor in ("anthropic", "azureanthropic", "vertexaianthropic")
        for role in ("system", "developer", "assistant")
    },
    # One text: the texts of an answer that is not JSON.
    **{(vendor, "tool", name): form for vendor in ("gemini", "vertexai") for name, form in _ANSWERED.items()},
}


def cell(vendor: str, role: Role, name: str) -> Cell:
    """What is to become of this part in a message of this role."""
    form = ELSEWHERE.get((vendor, role, name))
    if form is not None:
        return form
    if role == "user":
        return FORMS[vendor][name]
    takes = ROLES[vendor][role]
    return FORMS[vendor][name] if name in takes.parts else No(takes.why)


# --- on the wire -----------------------------------------------------------------------------------------------------

MODELS: Final[Mapping[str, str]] = {
    "openai": "gpt-5",
    "azure": "gpt-5",
    "azure_ai": "phi-4-multimodal",
    "anthropic": "claude-sonnet-4-5",
    "azureanthropic": "claude-sonnet-4-5",
    "vertexaianthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "vertexai": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-sonnet-4-5-v1:0",
    "mistral": "mistral-small",
    "cohere": "command-a-vision",
    "ollama": "llava",
}
SETTINGS: Final[Mapping[str, Json]] = {
    **{vendor: {"api_base": "https://r.services.ai.azure.com"} for vendor in ("azure", "azure_ai", "azureanthropic")},
    **{vendor: {"vertex_project": "p", "vertex_location": "global"} for vendor in ("vertexai", "vertexaianthropic")},
    "bedrock": {"aws_region_name": "us-east-1"},
}
LOOK: Final[Json] = {"type": "text", "text": "Look:"}
CALLED: Final[Json] = {
    "role": "assistant",
    "tool_calls": [{"id": "abcdefghi", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
}


def talk(role: Role, part: Json) -> tuple[int, list[Json]]:
    """A conversation whose message at this index has a text, and the part."""
    content = [LOOK, part]
    match role:
        case "user":
            return 0, [{"role": role, "content": content}]
        case "tool":
            return 2, [*HELLO, CALLED, {"role": role, "tool_call_id": "abcdefghi", "content": content}]
        case "assistant":
            return 1, [*HELLO, {"role": role, "content": content}, *HELLO]
        case _:
            return 0, [{"role": role, "content": content}, *HELLO]


def found(vendor: str, role: Role, body: Json) -> object:
    """What stands behind "Look:" in the message of this role."""
    if vendor in ("gemini", "vertexai"):
        return _of_gemini(role, body)
    if vendor in ("openai", "azure", "azure_ai", "mistral", "cohere"):
        return _behind(_last(body, "messages", role)["content"])
    if vendor == "ollama":
        turn = _last(body, "messages", role)
        said = str(turn["content"]).removeprefix("Look:").removeprefix("\n")
        return [{"content": said}] * bool(said) + [{"images": turn.get("images")}] * ("images" in turn)
    if role in ("system", "developer"):
        return _behind(body["system"])
    content = _last(body, "messages", "user" if role == "tool" else role)["content"]
    return _of_tool(content) if role == "tool" else _behind(content)


def _last(body: Json, key: str, role: str) -> Json:
    """The message: the only one of its role, or of the role that stands for it there; of users, the first or last."""
    names = {"developer": ("developer", "system"), "assistant": ("assistant", "model")}.get(role, (role,))
    turns = [turn for turn in cast("list[Json]", body[key]) if turn["role"] in names]
    return turns[-1]


def _behind(content: object) -> object:
    return [] if isinstance(content, str) else cast("list[object]", content)[1:]


def _of_tool(content: object) -> object:
    """Anthropic's and Bedrock's answers of tools, and what stands behind them."""
    blocks = cast("list[Json]", content)
    at = next(
        number for number, block in enumerate(blocks) if block.get("type") == "tool_result" or "toolResult" in block
    )
    result = cast("Json", blocks[at].get("toolResult") or blocks[at])
    return [*cast("list[object]", _behind(result["content"])), *blocks[at + 1 :]]


def _of_gemini(role: Role, body: Json) -> object:
    if role in ("system", "developer"):
        return _behind(cast("Json", body["systemInstruction"])["parts"])
    if role != "tool":
        return _behind(_last(body, "contents", role)["parts"])
    parts = cast("list[Json]", cast("list[Json]", body["contents"])[-1]["parts"])
    said = cast("Json", cast("Json", parts[0]["functionResponse"])["response"])["output"]
    rest = str(said).removeprefix("Look:").removeprefix("\n")
    return [*([{"output": rest}] if rest else []), *parts[1:]]


def test_no_cell_is_missing() -> None:
    assert FORMS.keys() == ROLES.keys() == MODELS.keys()
    assert {vendor: set(PARTS) ^ set(forms) for vendor, forms in FORMS.items()} == {vendor: set() for vendor in FORMS}
    assert {frozenset(roles) for roles in ROLES.values()} == {frozenset(get_args(Role)) - {"user"}}


CELLS: Final = [(vendor, role, name) for vendor, role, name in product(FORMS, get_args(Role), PARTS)]


@pytest.mark.parametrize(("vendor", "role", "name"), CELLS)
def test_part(vendor: str, role: Role, name: str) -> None:
    index, messages = talk(role, PARTS[name])
    place = f"messages[{index}].content[1]"
    match cell(vendor, role, name):
        case No(why):
            _check_refused(vendor, role, messages, f"{place} ({PARTS[name]['type']})", why, [])
        case Less(what, why, sends):
            _check_refused(vendor, role, messages, place + what, why, sends if isinstance(sends, list) else [sends])
        case sends:
            wire = _ask(vendor, messages)
            assert found(vendor, role, wire.body) == (sends if isinstance(sends, list) else [sends])


def _ask(vendor: str, messages: list[Json], **more: object) -> Wire:
    wire = Wire()
    wire.ask(MODELS[vendor], messages, provider=vendor, **SETTINGS.get(vendor, {}), **more)
    return wire


def _check_refused(vendor: str, role: Role, messages: list[Json], what: str, why: str, sends: object) -> None:
    """Before any request, by message, part and reason; with `drop_params` left out and listed."""
    wire = Wire()
    with pytest.raises(UnsupportedParamsError) as caught:
        wire.ask(MODELS[vendor], messages, provider=vendor, **SETTINGS.get(vendor, {}))
    assert caught.value.param == what
    assert why in str(caught.value)
    assert wire.requests == []
    answer = wire.ask(MODELS[vendor], messages, provider=vendor, drop_params=True, **SETTINGS.get(vendor, {}))
    assert answer.dropped_params == (what,)
    assert found(vendor, role, wire.body) == sends


# --- what else a message or a part may say ----------------------------------------------------------------------------

# The vendor's own form for one more key of a part, which only it knows.
BREAKPOINT: Final[Json] = {"prompt_cache_breakpoint": {"mode": "explicit"}}
MISPLACED: Final[Mapping[str, tuple[Json, str]]] = {
    "detail beside its image": ({**PARTS["image inline"], "detail": "low"}, "messages[0].content[1].detail"),
    "a key of another vendor": ({**TEXT, **BREAKPOINT}, "messages[0].content[1].prompt_cache_breakpoint"),
    "citations": (
        {**PARTS["document of text"], "citations": {"enabled": True}},
        "messages[0].content[1].citations",
    ),
    "a title for a text": ({**PARTS["document of text"], "title": "Cats"}, "messages[0].content[1].title"),
}


@pytest.mark.parametrize(("part", "what"), MISPLACED.values(), ids=MISPLACED)
def test_a_key_that_would_be_lost_is_refused(part: Json, what: str) -> None:
    _, messages = talk("user", part)
    with pytest.raises(UnsupportedParamsError) as caught:
        _ask("gemini", messages)
    assert caught.value.param == what
    assert Wire().ask("gemini:m", messages, drop_params=True).dropped_params == (what,)


def test_openai_gets_the_keys_that_it_alone_knows() -> None:
    part = {**TEXT, **BREAKPOINT}
    assert found("openai", "user", _ask("openai", [{"role": "user", "content": [LOOK, part]}]).body) == [part]


@pytest.mark.parametrize("vendor", [vendor for vendor in FORMS if vendor not in ("openai", "azure", "azure_ai")])
def test_a_key_of_a_message_that_would_be_lost_is_refused(vendor: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=r"messages\[0\]\.timestamp: a user message has no such key"):
        _ask(vendor, [{"role": "user", "content": "Hi", "timestamp": 1}])
    wire = _ask(vendor, [{"role": "user", "content": "Hi", "timestamp": None}])
    assert wire.body == _ask(vendor, HELLO).body


# `cache_control` on a message is on its last part.
MARKS: Final = {
    **dict.fromkeys(("anthropic", "azureanthropic", "vertexaianthropic"), '"cache_control": {"type": "ephemeral"}'),
    "bedrock": '"cachePoint": {"type": "default"}',
}
CONTENTS: Final[Mapping[str, object]] = {"text": "A cat.", "parts": [LOOK, TEXT]}


def _marked(role: Role, content: object) -> tuple[int, list[Json]]:
    index, messages = talk(role, TEXT)
    return index, [*messages[:index], {**messages[index], "content": content, **MARK}, *messages[index + 1 :]]


@pytest.mark.parametrize("role", ["system", "user", "tool"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("vendor", MARKS)
def test_a_marked_message(vendor: str, content: object, role: Role) -> None:
    assert json.dumps(_ask(vendor, _marked(role, content)[1]).body).count(MARKS[vendor]) == 1


@pytest.mark.parametrize("role", ["system", "user", "tool"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("vendor", [vendor for vendor in FORMS if vendor not in MARKS])
def test_a_marked_message_where_there_are_no_marks(vendor: str, content: object, role: Role) -> None:
    index, messages = _marked(role, content)
    with pytest.raises(UnsupportedParamsError) as caught:
        _ask(vendor, messages)
    assert re.fullmatch(rf"messages\[{index}\](\.content\[\d\])?\.cache_control", caught.value.param or "")


@pytest.mark.parametrize("vendor", FORMS)
def test_a_misspelt_type(vendor: str) -> None:
    _, messages = talk("user", {"type": "image", "image": {"url": PNG_URL}} if vendor == "openai" else {"type": "txt"})
    with pytest.raises(UnsupportedParamsError, match=r"messages\[0\]\.content\[1\] \(.*\): .* did you mean '\w+'\?"):
        _ask(vendor, messages)


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "ollama"])
def test_a_type_that_is_spelt_right_is_not_corrected(vendor: str) -> None:
    _, messages = talk("user", {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}})
    with pytest.raises(UnsupportedParamsError, match=r"^(?!.*did you mean)"):
        _ask(vendor, messages)

"""What a vendor may change, one thing at a time, in Anthropic's real description; and what a maintainer then sees."""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

SCHEMAS: Final = "#/components/schemas/"

Action: TypeAlias = dict[str, Any]
"""Of an OpenAPI Overlay."""


def update(path: str, value: object) -> Action:
    """`value` is merged into what stands at `path`."""
    return {"target": f"$.components.schemas{path}", "description": "a step of the vendor's", "update": value}


def remove(path: str) -> Action:
    """What stands at `path` goes."""
    return {"target": f"$.components.schemas{path}", "description": "a step of the vendor's", "remove": True}


def replace(path: str, value: object) -> list[Action]:
    """The property at `path` is described anew."""
    outer, _, name = path.rpartition(".")
    return [remove(path), update(outer, {name: value})]


def new_class(name: str, tag: str) -> Action:
    """One more variant of something: an object with that `type`."""
    fields = {"type": {"type": "string", "const": tag}, "note": {"type": "string"}}
    return update("", {name: {"type": "object", "properties": fields, "required": ["type", "note"]}})


def arm(path: str, name: str) -> Action:
    """The union at `path` has one more arm."""
    return update(f"{path}.oneOf", {"$ref": SCHEMAS + name})


def no_arm(path: str, name: str) -> Action:
    """The union at `path` has that arm no more."""
    return remove(f"{path}.oneOf[?@['$ref'] == '{SCHEMAS}{name}']")


@dataclass(frozen=True)
class Change:
    """What the vendor does, and what a maintainer then sees."""

    what: str
    lines: int
    """Of the generated difference, at most."""
    points: dict[str, str]
    """Each function that mypy points at, and the gist of what it says there."""
    actions: list[Action] = field(default_factory=list[Action])
    renamed: tuple[str, str] = ("", "")
    stops: str = ""
    """What stops `generate` until it is decided on."""
    decided: tuple[str, str] = ("", "")
    """The edit of decisions.toml."""
    follow_ups: int = 0
    """What mypy says besides, in the same functions."""


PARAMS: Final = ".BetaCreateMessageParams"
BLOCKS: Final = ".BetaContentBlock"
STARTED: Final = ".BetaContentBlockStartEvent.properties.content_block"
CITATIONS: Final = ".BetaResponseTextBlock.properties.citations.anyOf[0].items"
RESULT: Final = ".BetaRequestToolResultBlock"

REPLY: Final = "dialects/anthropic.py"
REQUEST: Final = "dialects/anthropic_request.py"
MESSAGES: Final = "dialects/anthropic_messages.py"
STREAM: Final = "dialects/anthropic_stream.py"
NEVER: Final = 'Argument 1 to "assert_never" has incompatible type'

CHANGES: Final = [
    Change("nothing", lines=0, points={}),
    Change(
        "request-field-added",
        actions=[update(f"{PARAMS}.properties", {"priority": {"type": "string"}})],
        stops="no verdict on the request field priority: add it to mapped, passthrough or ignored",
        decided=("mapped = [", 'mapped = ["priority", '),
        lines=4,
        points={f"{REQUEST}:request": 'Missing named argument "priority" for "RequestFields"'},
    ),
    Change(
        "request-field-removed",
        actions=[remove(f"{PARAMS}.properties.top_p")],
        stops="mapped: top_p is no field of the request any more",
        decided=('"top_p",', ""),
        lines=2,
        points={f"{REQUEST}:request": 'Unexpected keyword argument "top_p" for "RequestFields"'},
    ),
    Change(
        "request-field-of-another-type",
        actions=replace(f"{PARAMS}.properties.temperature", {"type": "string"}),
        lines=4,
        points={f"{REQUEST}:request": 'Argument 1 to "given" has incompatible type "float | None"; expected "str | '},
    ),
    Change(
        "request-field-required",
        actions=[update(f"{PARAMS}.required", "system")],
        lines=4,
        points={f"{REQUEST}:request": 'Argument "system" to "RequestFields" has incompatible type'},
    ),
    Change(
        "stop-reason-added",
        actions=[update(".BetaStopReason.enum", "budget_exhausted")],
        lines=2,
        points={f"{REPLY}:FINISH_REASONS": 'Missing key "budget_exhausted" for TypedDict "StopReasons['},
    ),
    Change(
        "error-type-added",
        actions=[
            new_class("BetaTeapotError", "teapot_error"),
            arm(".BetaErrorResponse.properties.error", "BetaTeapotError"),
        ],
        lines=7,
        points={f"{REPLY}:ERROR_TYPES": 'Missing key "teapot_error" for TypedDict "ErrorTypes['},
    ),
    Change(
        "block-added",
        actions=[
            new_class("BetaResponseAudioBlock", "audio"),
            arm(BLOCKS, "BetaResponseAudioBlock"),
            arm(STARTED, "BetaResponseAudioBlock"),
        ],
        lines=7,
        points={f"{REPLY}:Parts.add": f'{NEVER} "AudioBlock"'},
    ),
    Change(
        "block-added-to-replies-only",
        actions=[new_class("BetaResponseAudioBlock", "audio"), arm(BLOCKS, "BetaResponseAudioBlock")],
        lines=6,
        points={f"{REPLY}:Parts.add": f'{NEVER} "AudioBlock"'},
    ),
    Change(
        "citation-added",
        actions=[
            new_class("BetaResponseVideoLocationCitation", "video_location"),
            arm(CITATIONS, "BetaResponseVideoLocationCitation"),
            arm(".BetaCitationsDelta.properties.citation", "BetaResponseVideoLocationCitation"),
        ],
        lines=7,
        points={f"{REPLY}:annotation": f'{NEVER} "VideoLocationCitation"'},
    ),
    Change(
        "stream-event-added",
        actions=[new_class("BetaProgressEvent", "progress"), arm(".BetaMessageStreamEvent", "BetaProgressEvent")],
        lines=6,
        points={f"{STREAM}:AnthropicEvents.event": f'{NEVER} "ProgressEvent"'},
    ),
    Change(
        "delta-added",
        actions=[
            new_class("BetaAudioContentBlockDelta", "audio_delta"),
            arm(".BetaContentBlockDeltaEvent.properties.delta", "BetaAudioContentBlockDelta"),
        ],
        lines=6,
        points={f"{STREAM}:AnthropicEvents._delta": f'{NEVER} "AudioContentBlockDelta"'},
    ),
    Change(
        "block-removed",
        actions=[
            no_arm(BLOCKS, "BetaResponseContainerUploadBlock"),
            no_arm(STARTED, "BetaResponseContainerUploadBlock"),
            remove(".BetaResponseContainerUploadBlock"),
        ],
        lines=20,
        points={f"{REPLY}:Parts.add": 'Module has no attribute "ContainerUploadBlock"'},
    ),
    Change(
        "block-class-renamed",
        renamed=("BetaResponseContainerUploadBlock", "BetaResponseFileBlock"),
        lines=36,
        points={f"{REPLY}:Parts.add": 'Module has no attribute "ContainerUploadBlock"'},
        follow_ups=1,  # the block of the new name is not handled either
    ),
    Change(
        "reply-field-removed",
        actions=[remove(".BetaUsage.properties.input_tokens")],
        lines=1,
        points={
            f"{REPLY}:usage": '"Usage" has no attribute "input_tokens"',
            f"{STREAM}:AnthropicEvents._count": '"Usage" has no attribute "input_tokens"',
        },
    ),
    Change(
        "reply-field-of-another-type",
        actions=replace(".BetaMessage.properties.id", {"type": "integer"}),
        lines=2,
        points={
            f"{REPLY}:AnthropicMapping.response": 'Argument "id" to "ChatCompletion" has incompatible type "int | str"',
            f"{STREAM}:AnthropicEvents._begin": 'Incompatible types in assignment (expression has type "int | str"',
        },
    ),
    Change(
        "reply-field-nullable",
        actions=replace(".BetaResponseWebSearchResultLocationCitation.properties.url", {"type": ["string", "null"]}),
        lines=2,
        points={f"{REPLY}:annotation": 'Argument "url" to "UrlCitation" has incompatible type "str | None"'},
    ),
    Change(
        "nested-request-field-required",
        actions=[update(f"{RESULT}.required", "is_error")],
        lines=2,
        points={f"{MESSAGES}:_result": 'Missing key "is_error" for TypedDict "ToolResultBlock"'},
        follow_ups=1,  # what could not be built is returned
    ),
    Change(
        "constant-of-a-nested-request-field",
        actions=replace(f"{RESULT}.properties.type", {"type": "string", "const": "tool_output"}),
        lines=2,
        points={f"{MESSAGES}:_result": 'TypedDict item "type" has type "Literal[\'tool_output\']"'},
    ),
    Change(
        "optional-reply-field-added",
        actions=[update(".BetaUsage.properties", {"energy": {"type": "number"}})],
        lines=1,
        points={},
    ),
    Change(
        "optional-nested-request-field-added",
        actions=[update(f"{RESULT}.properties", {"lang": {"type": "string"}})],
        lines=1,
        points={},
    ),
]

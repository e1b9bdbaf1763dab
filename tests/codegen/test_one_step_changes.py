"""One thing changes in Anthropic's real description: the difference is small, and mypy names the function to change."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from codegen import overlay
from codegen.__main__ import main
from codegen.write import difference

pytestmark = pytest.mark.xdist_group("one step")  # one process, for what mypy remembers
CHECKOUT: Final = Path(__file__).parents[2]
COMMITTED: Final = CHECKOUT / "generated" / "polyvox_wire"
GENERATED: Final = [f"anthropic/{name}.py" for name in ("__init__", "requests", "responses", "options", "stubs")]
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
        points={f"{REQUEST}:_result": 'Missing key "is_error" for TypedDict "ToolResultBlock"'},
        follow_ups=1,  # what could not be built is returned
    ),
    Change(
        "constant-of-a-nested-request-field",
        actions=replace(f"{RESULT}.properties.type", {"type": "string", "const": "tool_output"}),
        lines=2,
        points={f"{REQUEST}:_result": 'TypedDict item "type" has type "Literal[\'tool_output\']"'},
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


@dataclass(frozen=True)
class Complaint:
    """One thing that mypy says, and the function it says it of."""

    place: str
    message: str


class Desk:
    """A maintainer's copy of what counts: Anthropic's description, the hand-written half, the generated half."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "generated" / "polyvox_wire"
        self.vendor = folder / "specs" / "anthropic"
        leftovers = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / "specs" / "anthropic", self.vendor)
        shutil.copytree(CHECKOUT / "runtime", folder / "runtime", ignore=leftovers)
        shutil.copytree(COMMITTED, self.out, ignore=leftovers)
        shutil.copy(CHECKOUT / "pyproject.toml", folder)
        self.description: dict[str, Any] = json.loads((self.vendor / "openapi.json").read_text(encoding="utf-8"))
        self.decisions = (self.vendor / "decisions.toml").read_text(encoding="utf-8")
        self.before = Counter(self.mypy())
        """What is wrong anyway; and mypy now knows what everything looks like."""

    def describe(self, change: Change) -> None:
        """The vendor publishes what it changed; nothing is decided on yet."""
        file = self.folder / "change.yaml"
        step = {"overlay": "1.1.0", "info": {"title": "", "version": ""}, "actions": change.actions}
        file.write_text(json.dumps(step), encoding="utf-8")
        text = json.dumps(overlay.apply(self.description, file))
        (self.vendor / "openapi.json").write_text(text.replace(*change.renamed), encoding="utf-8")
        (self.vendor / "decisions.toml").write_text(self.decisions, encoding="utf-8")

    def decide(self, old: str, new: str) -> None:
        """Edit decisions.toml."""
        assert old in self.decisions
        (self.vendor / "decisions.toml").write_text(self.decisions.replace(old, new), encoding="utf-8")

    def run(self) -> int:
        """Run the compiler as a command."""
        return main(["generate", "anthropic", "--specs", str(self.vendor.parent), "--out", str(self.out)])

    def difference(self) -> list[str]:
        """The lines in which what is generated differs from what is committed."""
        files = {file: (self.out / file).read_text(encoding="utf-8") for file in GENERATED}
        lines = difference(files, COMMITTED, ["anthropic"])
        return [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]

    def news(self) -> dict[str, list[str]]:
        """What mypy says that it did not say before the change, by place."""
        said: dict[str, list[str]] = {}
        for complaint in (Counter(self.mypy()) - self.before).elements():
            said.setdefault(complaint.place, []).append(complaint.message)
        return said

    def mypy(self) -> list[Complaint]:
        """What mypy's daemon says, with the project's settings; quick, as it looks only at what a change touches."""
        said = self.dmypy("run", "--timeout", "600", "--", "--no-error-summary", "runtime", "generated")
        found = [re.fullmatch(r"(\S+?):(\d+): error: (.*)  \[[\w-]+\]", line) for line in said.splitlines()]
        return [self.complaint(each[1], int(each[2]), each[3]) for each in found if each]

    def dmypy(self, *command: str) -> str:
        """Ask mypy's daemon; what it says."""
        own = [sys.executable, "-m", "mypy.dmypy", "--status-file", "dmypy.json"]
        done = subprocess.run([*own, *command], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert not done.stderr, done.stderr
        return done.stdout

    def complaint(self, file: str, line: int, message: str) -> Complaint:
        """With the function in place of the line."""
        tree = ast.parse((self.folder / file).read_text(encoding="utf-8"))
        return Complaint(f"{file.removeprefix('runtime/polyvox/')}:{'.'.join(names_at(line, tree))}", message)


def names_at(line: int, node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """The class and function, or the variable, that `line` stands in."""
    for statement in node.body:
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        match statement:
            case ast.ClassDef(name=name):
                yield name
                yield from names_at(line, statement)
            case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                yield ast.unparse(statement)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all changes, for what mypy remembers."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.dmypy("stop")


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_mypy_names_what_a_change_touches(change: Change, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.describe(change)
    if change.stops:
        assert desk.run() == 1
        assert capsys.readouterr().err == f"codegen: specs/anthropic/decisions.toml: {change.stops}\n"
        desk.decide(*change.decided)
    assert desk.run() == 0
    lines = desk.difference()
    assert len(lines) <= change.lines, "".join(lines)
    said = desk.news()
    assert said.keys() == change.points.keys(), said
    for place, gist in change.points.items():
        assert gist in said[place][0]
    assert sum(map(len, said.values())) == len(change.points) + change.follow_ups, said

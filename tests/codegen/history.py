"""A maintainer without opinions: takes each revision of a vendor's description in turn, and settles what must be."""

import contextlib
import gzip
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml

from codegen.__main__ import generate, main
from codegen.failure import Failure
from codegen.write import Files

CHECKOUT: Final = Path(__file__).parents[2]
SHARED: Final = CHECKOUT.parent / "shared" / "upstream-history"
BEDROCK: Final = Path(__file__).parent / "bedrock_history"
"""Cut by `refresh` from the wheels of botocore 1.34.116 (Converse's first), 1.35.0, 1.36.0, 1.38.0 and 1.40.0."""
VENDORS: Final = ("anthropic", "cohere", "gemini", "mistral", "openai")
ATTEMPTS: Final = 200
NEWEST: Final = 2


def revisions(vendor: str) -> list[Path]:
    """The revisions of a vendor's description, the oldest first; of Bedrock, those of released botocores, and of the
    one that is installed."""
    if vendor == "bedrock":
        installed = find_spec("botocore")
        assert installed
        assert installed.origin
        models = (Path(installed.origin).parent / "data" / "bedrock-runtime").glob("*/service-2.json*")
        return [*sorted(BEDROCK.glob("*.json")), *sorted(models)]
    return sorted((SHARED / vendor).glob("*.gz"))


def replayed_revisions(vendor: str) -> list[Path]:
    """The oldest and the newest; all of them for `make history`, which takes minutes."""
    every = revisions(vendor)
    return every if os.environ.get("HISTORY") == "all" else [*every[:1], *every[1:][-NEWEST:]]


@dataclass
class Desk:
    """A copy of one vendor's specs, and what was settled on the way."""

    folder: Path
    vendor: str
    settled: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        self.specs = self.folder / "specs"
        self.compiled = (self.vendor, "chat") if self.vendor == "openai" else (self.vendor,)
        """What is generated from this description: of OpenAI's, the unified types too."""
        for name in self.compiled:
            shutil.copytree(CHECKOUT / "specs" / name, self.specs / name)
        self.own = self.specs / self.vendor
        """The folder that is settled."""

    def diff(self, file: Path) -> tuple[int, Mapping[str, Any]]:
        """`diff --json` against what is vendored: the exit status, and what it said."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = main(["diff", self.vendor, "--from", str(file), "--json", "--specs", str(self.specs)])
        return status, json.loads(said.getvalue())

    def refresh(self, file: Path) -> None:
        """Vendor that revision."""
        date = re.search(r"\d{4}-\d\d-\d\d", str(file))
        assert date
        command = ["refresh", self.vendor, "--from", str(file), "--date", date[0], "--specs", str(self.specs)]
        assert main(command) == 0

    @property
    def cut(self) -> Mapping[str, Any]:
        """What is vendored."""
        found: dict[str, Any] = json.loads((self.specs / self.vendor / "openapi.json").read_text(encoding="utf-8"))
        return found

    def settle(self) -> Files:
        """What is generated, after as much was settled as stood in its way. Each revision begins as we are today."""
        files: dict[str, str] = {}
        for name in self.compiled:
            self.own = self.specs / name
            for file in ("decisions.toml", "overlay.yaml", "source.toml"):
                if (CHECKOUT / "specs" / name / file).exists() and (file != "source.toml" or name != self.vendor):
                    shutil.copy(CHECKOUT / "specs" / name / file, self.own / file)
            files |= self._settled(name)
        return files

    def _settled(self, name: str) -> Files:
        for _ in range(ATTEMPTS):
            try:
                return generate(self.specs, [name])
            except Failure as failure:
                self._settle(str(failure))
        raise AssertionError(f"{name}: still not settled")

    def _settle(self, said: str) -> None:
        for what, form, settle in (
            ("overlay action dropped", r"overlay\.yaml: action (\d+)", self._drop_action),
            ("name dropped", r"names: nothing is called '(\w+)' any more", self._drop_name),
            ("verdict given", r"no verdict on the request fields? ([^:]*):", self._decide),
            ("verdict dropped", r": (\S+) is no field of the request any more", self._undecide),
            ("word of an overlay dropped", r"(\w+\.\w+) is named in x-keyed-union", self._drop_word),
            ("forgotten type described by overlay", r"refers to (\w+), which is not described", self._describe),
            ("overlay action dropped", r"(\w+): allOf of something that is no object", self._drop_action_on),
        ):
            if found := re.search(form, said):
                settle(found[1])
                self.settled[what] += 1
                return
        raise AssertionError(f"{self.vendor}: nothing can be done about: {said}")

    def _edit(self, name: str, old: str, new: str, count: int = 0) -> None:
        file = self.own / name
        text, edits = re.subn(old, new, file.read_text(encoding="utf-8"), count=count, flags=re.MULTILINE)
        assert edits, (name, old)
        file.write_text(text, encoding="utf-8")

    def _actions(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.own / "overlay.yaml").read_text(encoding="utf-8"))
        return found

    def _keep(self, document: dict[str, Any]) -> None:
        (self.own / "overlay.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")

    def _drop_action(self, number: str) -> None:
        document = self._actions()
        del document["actions"][int(number) - 1]
        self._keep(document)

    def _drop_action_on(self, component: str) -> None:
        """An action that does not stop anything itself, but makes of the old form what nothing can be."""
        document = self._actions()
        on = [each for each in document["actions"] if f".{component}." in each["target"]]
        document["actions"].remove(on[0])
        self._keep(document)

    def _drop_word(self, place: str) -> None:
        """An arm that is listed (what comes first) or has a name of its own."""
        component, _, word = place.partition(".")
        document = self._actions()
        for action in document["actions"]:
            for words in _lists(action):
                if word in words:
                    words.remove(word)
            if f".{component}." in action["target"] and "names" in action["update"]:
                action["update"]["names"].pop(word, None)
        self._keep(document)

    def _describe(self, component: str) -> None:
        document = self._actions()
        action: dict[str, Any] = {
            "target": "$.components.schemas",
            "description": "forgotten",
            "update": {component: {}},
        }
        document["actions"].append(action)
        self._keep(document)

    def _drop_name(self, name: str) -> None:
        self._edit("source.toml", rf"^{name} = .*\n", "")

    def _decide(self, names: str) -> None:
        listed = "".join(f'"{name}", ' for name in names.split(", "))
        self._edit("decisions.toml", r"^passthrough = \[", f"passthrough = [{listed}", count=1)

    def _undecide(self, name: str) -> None:
        self._edit("decisions.toml", rf'"{re.escape(name)}",? ?|^"?{re.escape(name)}"? = .*\n', "")


def _lists(value: Any) -> Iterator[list[Any]]:
    match value:
        case dict():
            for inner in value.values():  # pyright: ignore[reportUnknownVariableType]  # YAML
                yield from _lists(inner)
        case list():
            yield value
            for inner in value:  # pyright: ignore[reportUnknownVariableType]  # YAML
                yield from _lists(inner)
        case _:
            pass


def published(file: Path) -> bytes:
    """What the vendor published."""
    return gzip.decompress(file.read_bytes())

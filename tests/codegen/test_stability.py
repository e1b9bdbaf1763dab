"""What breaks for callers is found, and it is said whether a vendor did it or we did."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from codegen.stability import Broken, broken, main, status

FILES: Final = {
    "runtime/polyvox/__init__.py": """
from polyvox_wire.acme.options import AcmeOptions

__all__ = ["completion", "stop"]


def completion(model: str, *, acme: AcmeOptions | None = None) -> str:
    return model


def stop() -> None: ...
""",
    "runtime/polyvox/py.typed": "",
    "generated/polyvox_wire/__init__.py": "",
    "generated/polyvox_wire/py.typed": "",
    "generated/polyvox_wire/acme/__init__.py": "",
    "generated/polyvox_wire/acme/options.py": """
from typing import Literal
from typing_extensions import TypedDict


class AcmeOptions(TypedDict, total=False):
    speed: Literal["fast", "slow"]
    top_k: int
""",
    "generated/polyvox_wire/chat/responses.py": "class ChatCompletion:\n    id: str\n    moderation: str\n",
    "specs/acme/openapi.json": "{}",
    "specs/openai/openapi.json": "{}",
    "tests/typing/public_api.py": """
import polyvox

polyvox.completion("m", acme={"speed": "slow"})
polyvox.completion(model="m")
""",
}
RUNTIME, OPTIONS, CHAT = (
    path for path in FILES if path.endswith(("polyvox/__init__.py", "options.py", "responses.py"))
)
ACME, OPENAI = (path for path in FILES if path.endswith("openapi.json"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A checkout, as small as can be."""
    for path, text in FILES.items():
        (tmp_path / "old" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "old" / path).write_text(text, encoding="utf-8")
    return tmp_path / "old"


def changed(old: Path, *edits: tuple[str, str, str]) -> list[Broken]:
    """What breaks when files of `old` are edited so."""
    new = old.with_name("new")
    shutil.copytree(old, new)
    for path, one, other in edits:
        text = (new / path).read_text(encoding="utf-8")
        assert one in text
        (new / path).write_text(text.replace(one, other), encoding="utf-8")
    return broken(old, new)


def test_nothing_breaks(old: Path) -> None:
    found = changed(old, (OPTIONS, "top_k: int", "top_k: int\n    seed: int"), (ACME, "{}", '{"a": 1}'))
    assert found == []
    assert status(found) == 0


def test_a_vendor_takes_a_word_away(old: Path) -> None:
    found = changed(old, (OPTIONS, '"fast", "slow"', '"fast"'), (ACME, "{}", '{"a": 1}'))
    assert {each.by for each in found} == {"acme"}
    assert any('public_api.py:4: Argument "acme" to "completion"' in each.what for each in found)
    assert any("AcmeOptions.speed has another type" in each.what for each in found)
    assert status(found) == 1


def test_we_take_the_same_word_away(old: Path) -> None:
    """No vendor's description changed: it was the compiler, an overlay or a decision."""
    found = changed(old, (OPTIONS, '"fast", "slow"', '"fast"'))
    assert {each.by for each in found} == {"us"}
    assert status(found) == 2


def test_we_rename_a_parameter_while_a_vendor_drops_an_option(old: Path) -> None:
    found = changed(
        old,
        (RUNTIME, "model: str", "name: str"),
        (RUNTIME, "return model", "return name"),
        (OPTIONS, "    top_k: int\n", ""),
        (ACME, "{}", '{"a": 1}'),
    )
    assert [str(each).partition(": ")[0] for each in found] == ["breaking, by acme", "breaking, by us"]
    assert "AcmeOptions.top_k is gone" in found[0].what
    assert 'Unexpected keyword argument "model" for "completion"' in found[1].what
    assert status(found) == 2


def test_a_name_is_not_exported_any_more(old: Path) -> None:
    assert changed(old, (RUNTIME, ', "stop"', "")) == [Broken("us", "polyvox.stop is gone")]


def test_a_field_of_the_unified_types_goes_with_openais(old: Path) -> None:
    found = changed(old, (CHAT, "    moderation: str\n", ""), (OPENAI, "{}", '{"a": 1}'))
    assert found == [Broken("openai", "chat: ChatCompletion.moderation is gone")]


def test_a_commit_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--since", "--output=x"[2:] + " y"]) == 3
    assert capsys.readouterr().err == "codegen: 'output=x y' is no commit\n"

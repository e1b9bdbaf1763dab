"""Every provider that another library can chat with, under each of its names: one that answers, or a reason why not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import pytest

from polyvox import LLMProvider, UnknownProviderError
from polyvox.natives import NATIVE
from polyvox_wire.gateways import ALIASES, GATEWAYS, LEFT_OUT
from tests.mapping.asking import HELLO, Wire

FILE: Final = Path(__file__).resolve().parents[3] / "shared" / "research" / "providers.json"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the list of providers (../shared/research) is not here")

Kind: TypeAlias = Literal["native", "row", "alias", "refused"]
NATIVE_ALIASES: Final = {alias: row.name for row in NATIVE.values() for alias in row.aliases}


@dataclass(frozen=True)
class Peer:
    """A provider of other libraries: the name it goes by, and all spellings of it."""

    name: str
    spellings: tuple[str, ...]


def _peers() -> list[Peer]:
    entries: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []
    return [Peer(entry["name"], tuple(sorted(_spellings(entry)))) for entry in entries if entry["chat"]]


def _spellings(entry: dict[str, Any]) -> set[str]:
    return {entry["name"], *entry["aliases"], *(name for names in entry["peer_names"].values() for name in names)}


PEERS: Final = _peers()


def kind(name: str) -> Kind:
    """What a name is to polyvox, by its tables."""
    found: list[Kind] = []
    if name in NATIVE:
        found.append("native")
    if name in GATEWAYS:
        found.append("row")
    if name in NATIVE_ALIASES or name in ALIASES:
        found.append("alias")
    if name in LEFT_OUT:
        found.append("refused")
    assert len(found) == 1, f"{name} is {found or 'forgotten'}"
    return found[0]


def test_every_name_of_any_llms_enum_is_in_ours() -> None:
    entries: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    names = {name for entry in entries if entry["chat"] for name in entry["peer_names"].get("any-llm", ())}
    assert names - LEFT_OUT.keys() <= {member.value for member in LLMProvider}


def meant(name: str) -> str:
    """The provider that a name stands for."""
    return NATIVE_ALIASES.get(name) or ALIASES.get(name, name)


@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_every_spelling_is_answered_or_refused_with_a_reason(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEXAI_PROJECT", "p1")
    for name in peer.spellings:
        wire = Wire()
        if kind(name) == "refused":
            with pytest.raises(UnknownProviderError) as caught:
                wire.ask("m", HELLO, provider=name)
            assert LEFT_OUT[name] in str(caught.value)
            assert wire.requests == []
        else:
            answer = wire.ask("m", HELLO, provider=name, api_base="https://h.test/v1")
            assert (answer.provider, answer.choices[0].message.content) == (meant(name), "Hello")
            assert [request.url.host for request in wire.requests] == ["h.test"]


COUNTS: Final[dict[Kind, int]] = {"native": 27, "row": 115, "alias": 10, "refused": 15}


def test_the_counts() -> None:
    counted = Counter(kind(peer.name) for peer in PEERS)
    works = len(PEERS) - counted["refused"]
    print(f"\n{len(PEERS)} providers of other libraries, {works} of them work:")
    for peer in PEERS:
        known = kind(peer.name)
        print(f"  {peer.name:<24} {known:<8} {LEFT_OUT[peer.name] if known == 'refused' else meant(peer.name)}")
    assert len(PEERS) == 167
    assert works >= 150
    assert {known: counted[known] for known in COUNTS} == COUNTS

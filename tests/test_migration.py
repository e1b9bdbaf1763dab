"""The pages for those who come from another library: every parameter of the peers' documents stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

import polyvox
from docs.migration import ARGUMENTS, PEERS, SIGNATURES, Peer
from polyvox.parameters import CALL_PARAMETERS, MODEL_PARAMETERS

ROOT: Final = Path(__file__).parents[1]
REFERENCE: Final = ROOT.parent / "shared/reference"
KEYWORDS: Final = MODEL_PARAMETERS | CALL_PARAMETERS | ARGUMENTS.keys()
by_peer = pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)


def test_every_document_belongs_to_a_peer() -> None:
    assert sorted(document for peer in PEERS for document in peer.documents) == sorted(SIGNATURES)


@by_peer
def test_every_parameter_is_a_keyword_of_polyvox_under_the_same_name(peer: Peer) -> None:
    assert {name for name in peer.parameters() if not name.startswith("**")} <= KEYWORDS
    assert peer.notes.keys() <= set(peer.parameters()), "a note about what they do not have"


@by_peer
def test_every_parameter_stands_on_the_page_once(peer: Peer) -> None:
    page = (ROOT / f"docs/from-{peer.name.lower()}.md").read_text("utf-8").partition("## What is no parameter")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.MULTILINE)
    assert tuple(name for name, _ in rows) == peer.parameters()
    assert all(len(text) > 5 for _, text in rows)


@by_peer
def test_what_the_pages_name_is_there(peer: Peer) -> None:
    named = " ".join([*peer.notes.values(), *(ours for _, ours in peer.beyond), peer.imports[1]])
    found = re.findall(r"polyvox\.(\w+)", named)
    assert all(hasattr(polyvox, name) for name in found)
    exec(peer.imports[1], {})


# How each document writes the parameters of its signature: where, and each name.
_WHERE: Final = {
    "any-llm-completion": (r"^def completion\((.*?)^\) ->", r"^(\*{0,2}\w+):"),
    "litellm-completion": (r"^def completion \((.*?)^\) ->", r"^(\*{2} ?\w+|\w+)(?= [:=]|$)"),
    "litellm-completion-skill": (r"Essential Params(.*?)^get_supported", r"^(\w+) \|"),
    "onellm-chat-completions": (r"^def create\((.*?)^\) ->", r"^ +(\*{2}\w+|\w+)(?=:|$)"),
    "ritellm": (r"^ritellm\.completion\((.*?)\)$", r"(\w+)(?==|,|$)"),
}


@pytest.mark.parametrize("document", SIGNATURES)
def test_the_table_has_the_parameters_of_the_document(document: str) -> None:
    path = REFERENCE / f"{document}.txt"
    if not path.exists():
        pytest.skip("the peers' documents are not beside this checkout (../shared/reference)")
    where, name = _WHERE[document]
    signature = re.search(where, path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert signature is not None
    named = [found.replace(" ", "") for found in re.findall(name, signature[1], re.MULTILINE)]
    assert tuple(found for found in named if found not in ("self", "None", "False")) == SIGNATURES[document]


@by_peer
def test_what_else_the_documents_name_is_in_them(peer: Peer) -> None:
    texts = [REFERENCE / f"{document}.txt" for document in peer.documents]
    if not all(path.exists() for path in texts):
        pytest.skip("the peers' documents are not beside this checkout (../shared/reference)")
    whole = "".join(path.read_text("utf-8") for path in texts)
    # `mock_response` stands there without its name: "Return a mock response for testing/debugging."
    assert all(name in whole or name.replace("_", " ") in whole for name in peer.also)
    called = set(re.findall(r"(?:^|[(, ])(\w+) ?= ?(?!=)", whole, re.MULTILINE)) & KEYWORDS
    assert called <= set(peer.parameters())

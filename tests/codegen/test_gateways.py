"""specs/gateways.toml: what is refused, what is rendered, and that no name that a peer knows is forgotten."""

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import pytest

from codegen.failure import Failure
from codegen.gateways import render
from polyvox import natives

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "specs/gateways.toml").read_text(encoding="utf-8")
SHARED = ROOT.parent / "shared"
PROVIDERS = SHARED / "research/providers.json"
RECORDINGS = SHARED / "recordings"

ROW = '[[gateway]]\nname = "acme"\nbase_url = "https://api.acme.test/v1"\nkey_variables = ["ACME_API_KEY"]\n'
SELF_HOSTED = '[[gateway]]\nname = "acme"\nself_hosted = true\nkey_variables = ["ACME_API_KEY"]\n'
LEFT_OUT = '[[left_out]]\nnames = ["acme"]\nreason = "closed"\n'

RENDERED = """\
: Final[dict[str, Gateway]] = {
    "acme": Gateway(
        name="acme",
        aliases=("a.c-me",),
        base_url="https://api.acme.test/v1",
        path="/chat/completions",
        key_variables=("ACME_API_KEY",),
        base_variables=(),
        self_hosted=False,
        key_optional=False,
        renames={},
        unsupported={"n": "no", "seed": "no"},
        developer_role=False,
        text_only=False,
        thinking=False,
        think_tags=False,
        counted=False,
        formats=("json_object", "json_schema"),
        headers={"X-Title": "a \\"b\\""},
    ),
}

# Every other spelling -> the name in GATEWAYS.
ALIASES: Final[dict[str, str]] = {
    "a.c-me": "acme",
}

# Names that other libraries know -> why there is no row for them.
LEFT_OUT: Final[dict[str, str]] = {
    "abba": "closed",
    "bebop": "closed",
    "cecil": "open",
}
"""

# With a mapping of their own: names and aliases.
NATIVE = {name for vendor in natives.NATIVE.values() for name in (vendor.name, *vendor.aliases)}


class Row(Protocol):
    """What the tests read of the generated Gateway."""

    name: str
    key_variables: tuple[str, ...]
    unsupported: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wire:
    """The generated module, executed."""

    rows: dict[str, Row]
    aliases: dict[str, str]
    left_out: dict[str, str]

    @property
    def names(self) -> set[str]:
        return {*self.rows, *self.aliases}


def execute(toml: str, folder: Path) -> Wire:
    module = folder / "gateways.py"
    module.write_text(render(toml), encoding="utf-8")
    names = runpy.run_path(str(module))
    return Wire(names["GATEWAYS"], names["ALIASES"], names["LEFT_OUT"])


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Wire:
    return execute(SPEC, tmp_path_factory.mktemp("wire"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "gateway is missing"),
        ("[gateway]\nname = 'acme'\n", "gateway: input should be a valid list, not {'name': 'acme'}"),
        (ROW + "[gateways]\n", "unknown key 'gateways' (did you mean 'gateway'?)"),
        (ROW + "alias = ['a']\n", "gateway 'acme': unknown key 'alias' (did you mean 'aliases'?)"),
        (ROW + "zzz = 1\n", "gateway 'acme': unknown key 'zzz'"),
        (ROW.replace('name = "acme"\n', ""), "gateway number 1: name is missing"),
        (ROW.replace('"acme"', '"Acme"'), "gateway 'Acme': name: 'Acme' is not of the form ^[a-z0-9][a-z0-9_.-]*$"),
        (ROW.replace('"acme"', '"a:b"'), "gateway 'a:b': name: 'a:b' is not of the form ^[a-z0-9][a-z0-9_.-]*$"),
        (ROW + ROW, "'acme' stands there twice"),
        (ROW + "aliases = ['acme']\n", "'acme' stands there twice"),
        (ROW + LEFT_OUT, "'acme' stands there twice"),
        (ROW + ROW.replace("acme", "abba"), "'abba' stands after 'acme': keep the alphabetical order"),
        (ROW.replace("https:", "http:"), "gateway 'acme': base_url: 'http://api.acme.test/v1' is no https address"),
        (ROW.replace("/v1", "/"), "gateway 'acme': base_url: 'https://api.acme.test/' ends with a slash"),
        (
            ROW.replace("/v1", "/{host}"),
            "gateway 'acme': base_url: 'https://api.acme.test/{host}' is more than host, path and {VARIABLE}",
        ),
        (
            ROW.replace("/v1", "?a=b"),
            "gateway 'acme': base_url: 'https://api.acme.test?a=b' is more than host, path and {VARIABLE}",
        ),
        (ROW + "path = 'chat'\n", r"gateway 'acme': path: 'chat' is not of the form ^/[^\s?#{}]+$"),
        (ROW + "self_hosted = true\n", "gateway 'acme': give either base_url or self_hosted = true"),
        (SELF_HOSTED.replace("true", "false"), "gateway 'acme': give either base_url or self_hosted = true"),
        (ROW + "self_hosted = 'no'\n", "gateway 'acme': self_hosted: input should be a valid boolean, not 'no'"),
        (ROW + "key_optional = true\n", "gateway 'acme': key_optional is for self-hosted servers"),
        (
            ROW.replace('["ACME_API_KEY"]', "[]"),
            "gateway 'acme': key_variables is empty",
        ),
        (
            ROW.replace('["ACME_API_KEY"]', '["key"]'),
            "gateway 'acme': key_variables.0: 'key' is not of the form ^[A-Z][A-Z0-9_]*$",
        ),
        (ROW.replace('["ACME_API_KEY"]', '["A", "A"]'), "gateway 'acme': key_variables: 'A' stands there twice"),
        (
            ROW + "renames = { max_token = 'limit' }\n",
            "gateway 'acme': renames.max_token: unknown parameter 'max_token' (did you mean 'max_tokens'?)",
        ),
        (
            ROW + "renames = { seed = 'a b' }\n",
            "gateway 'acme': renames.seed: 'a b' is not of the form ^[a-z][a-z0-9_]*$",
        ),
        (
            ROW + "unsupported = { 'no' = ['sed'] }\n",
            "gateway 'acme': unsupported.no.0: unknown parameter 'sed' (did you mean 'seed'?)",
        ),
        (ROW + "unsupported = { 'a' = ['n'], 'b' = ['n'] }\n", "gateway 'acme': 'n' stands there twice"),
        (
            ROW + "renames = { seed = 'random_seed' }\nunsupported = { 'no' = ['seed'] }\n",
            "gateway 'acme': seed is both renamed and unsupported",
        ),
        (
            ROW + "headers = { Authorization = 'x' }\n",
            "gateway 'acme': headers.Authorization: 'Authorization' would carry a key: rows hold constants only",
        ),
        (ROW + LEFT_OUT.replace("acme", "abba") + "why = 'x'\n", "left_out 'abba': unknown key 'why'"),
        (ROW + LEFT_OUT.replace("acme", "abba").replace("reason", "#"), "left_out 'abba': reason is missing"),
        (ROW + LEFT_OUT.replace('"acme"', ""), "left_out number 1: names is empty"),
        (
            ROW + LEFT_OUT.replace('["acme"]', '"abba"'),
            "left_out number 1: names: input should be a valid list, not 'abba'",
        ),
        (
            ROW + LEFT_OUT.replace('"acme"', '"b", "a"'),
            "left_out 'b': names: 'a' stands after 'b': keep the alphabetical order",
        ),
        (
            ROW + LEFT_OUT.replace("acme", "b") + LEFT_OUT.replace("acme", "a"),
            "'a' stands after 'b': keep the alphabetical order",
        ),
        (ROW + LEFT_OUT.replace('"acme"', '"abba", "abba"'), "'abba' stands there twice"),
    ],
)
def test_a_mistake_is_one_line(text: str, complaint: str) -> None:
    with pytest.raises(Failure) as caught:
        render(text)
    assert str(caught.value) == f"specs/gateways.toml: {complaint}"


def test_what_is_not_toml_is_one_line_too() -> None:
    with pytest.raises(Failure, match=r"^specs/gateways\.toml: not TOML: .*line 1.*$"):
        render("[[gateway]\n")


def test_a_row_is_rendered_whole() -> None:
    extras = 'aliases = ["a.c-me"]\nheaders = { X-Title = "a \\"b\\"" }\nunsupported = { "no" = ["n", "seed"] }\n'
    closed = LEFT_OUT.replace('"acme"', '"abba", "bebop"')
    opened = LEFT_OUT.replace("acme", "cecil").replace("closed", "open")
    assert render(ROW + extras + closed + opened).partition("\n\n\nGATEWAYS")[2] == RENDERED


def test_rendering_is_repeatable_and_formatted() -> None:
    assert render(SPEC) == render(SPEC)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=120", "-"]
    formatted = subprocess.run(command, input=render(SPEC), capture_output=True, text=True, check=True)
    assert formatted.stdout == render(SPEC)


def test_no_host_is_offered_the_key_of_another(wire: Wire) -> None:
    """One variable may serve two rows only where one vendor runs both hosts."""
    owners: dict[str, list[str]] = {}
    for row in wire.rows.values():
        for variable in row.key_variables:
            owners.setdefault(variable, []).append(row.name)
    assert {variable: names for variable, names in owners.items() if len(names) > 1} == {
        "DASHSCOPE_API_KEY": ["dashscope", "qwencloud"]
    }
    assert "OPENAI_API_KEY" not in owners


@pytest.mark.skipif(not PROVIDERS.exists(), reason="needs ../shared/research/providers.json")
def test_every_name_that_a_peer_knows_is_accounted_for(wire: Wire) -> None:
    rest = {name for p in providers() for name in p.names} - wire.names - wire.left_out.keys()
    # The names that no peer has are spellings that are near at hand.
    beside = {"aws_bedrock", "azure_anthropic", "azure_openai", "bedrock_converse", "completions", "vertex"}
    assert (rest - NATIVE, NATIVE - rest) == (set(), beside)


def test_a_name_means_one_thing(wire: Wire) -> None:
    assert not NATIVE & (wire.names | wire.left_out.keys())


@pytest.mark.skipif(not PROVIDERS.exists(), reason="needs ../shared/research/providers.json")
def test_what_cannot_chat_says_so(wire: Wire) -> None:
    cannot = {name for p in providers() if not p.chat for name in p.names}
    assert cannot == {name for name, reason in wire.left_out.items() if reason == "no chat API"}


@pytest.mark.skipif(not PROVIDERS.exists(), reason="needs ../shared/research/providers.json")
def test_no_row_takes_the_name_of_a_native_vendor(wire: Wire) -> None:
    native = {name for p in providers() if p.kind == "native" for name in p.names}
    # LiteLLM's `vllm` runs the model in process; every other peer means the server by it. Its `custom` is a class of
    # the caller's, and it speaks APIs of Bytez and Oracle that are older than those in OpenAI's dialect.
    assert native & wire.names == {"vllm", "custom", "bytez", "oci"}


@pytest.mark.skipif(not RECORDINGS.exists(), reason="needs ../shared/recordings")
def test_every_recorded_vendor_has_a_row(wire: Wire) -> None:
    recorded = {path.name.split(".")[0] for path in RECORDINGS.glob("*.jsonl*")}
    assert recorded <= wire.names | NATIVE


@pytest.mark.skipif(not RECORDINGS.exists(), reason="needs ../shared/recordings")
def test_nothing_is_refused_that_a_vendor_has_accepted(wire: Wire) -> None:
    refused_but_accepted = {
        (name, parameter)
        for name, request in accepted_requests()
        if (row := wire.rows.get(wire.aliases.get(name, name)))
        for parameter in row.unsupported.keys() & request.keys()
        if (parameter, request[parameter]) != ("n", 1)
    }
    assert refused_but_accepted == set()


@dataclass(frozen=True, slots=True)
class Provider:
    """One entry of providers.json: what it is, and every name under which a peer knows it."""

    kind: str
    chat: bool
    names: frozenset[str]


def providers() -> list[Provider]:
    entries = json.loads(PROVIDERS.read_text(encoding="utf-8"))
    return [Provider(entry["kind"], entry["chat"], frozenset(spellings(**entry))) for entry in entries]


def spellings(name: str, aliases: list[str], peer_names: dict[str, list[str]], **_: object) -> Iterator[str]:
    yield from [name, *aliases]
    for names in peer_names.values():
        yield from names


def accepted_requests() -> Iterator[tuple[str, dict[str, object]]]:
    for path in sorted(RECORDINGS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["status"] == HTTPStatus.OK and record["request_json"]:
                yield record["provider"], record["request_json"]

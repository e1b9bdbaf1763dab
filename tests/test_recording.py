"""The committed cassettes as files, and the recorder (`make record`) that writes them: no secret gets there."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Final

import pytest

from polyvox import Client
from tests import record
from tests.scenarios import CASSETTES, KINDS, VENDORS, Kind, Vendor
from tests.server import LocalServer, exchanges

FILES: Final = [path for vendor in sorted(VENDORS) for path in sorted((CASSETTES / vendor).glob("*.yaml"))]
every_conversation: Final = pytest.mark.parametrize(("vendor", "kind"), [*product(VENDORS, KINDS)])

# --- the files -------------------------------------------------------------------------------------------------------


def test_each_vendor_has_a_cassette_of_each_kind() -> None:
    names = {path.relative_to(CASSETTES).as_posix() for path in FILES}
    assert names == {f"{vendor}/{kind}.yaml" for vendor in VENDORS for kind in KINDS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_cassette_says_who_answered_and_holds_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(("# Written by hand, not recorded", f"# Recorded from {path.parent.name} "))
    assert record.leaks(text) == []


# Put together here, so that no scanner takes this file for a leak.
@pytest.mark.parametrize(
    ("kind_of_secret", "line"),
    [
        ("OpenAI and its like", "sk-" + "proj-" + "a1B2" * 10),
        ("Anthropic", "sk-ant-" + "api03-" + "x" * 20),
        ("Google", "AIza" + "Sy" + "D" * 33),
        ("Groq", "gsk_" + "q" * 40),
        ("xAI", "xai-" + "z" * 40),
        ("AWS", "AKIA" + "ABCDEFGH" * 2),
        ("Hugging Face", "hf_" + "h" * 30),
        ("Perplexity", "pplx-" + "p" * 40),
        ("bearer token", "Bearer " + "t" * 20),
        ("JSON web token", "eyJ" + "hbGciOiJI" + "." + "eyJzdWIiOiIx"),
        ("key header", "      x-goog-api-key:"),
        ("key header", "      Authorization:"),
        ("key header", "      set-cookie:"),
        ("account header", "      openai-organization:"),
        ("account", "organization org-" + "A1b2" * 6),
        ("request", "req_" + "0a" * 12),
    ],
)
def test_the_search_finds(kind_of_secret: str, line: str) -> None:
    assert kind_of_secret in record.leaks(f"harmless\n{line}\n")


# --- recording -------------------------------------------------------------------------------------------------------


@every_conversation
def test_recording_leaves_out_what_is_secret(vendor: Vendor, kind: Kind, tmp_path: Path) -> None:
    """The recorder itself, at work on the local server: the same exchanges again, and nothing of the account."""
    secret = "sk-" + "s3cr3t" * 8
    with LocalServer() as server:
        client = Client(
            num_retries=0,
            api_key=secret,
            api_base=server.addresses[vendor],
            extra_headers={"Cookie": f"session={secret}", "OpenAI-Organization": "org-" + "0a" * 12},
            extra_query={"key": secret},
        )
        with client:
            path = record.record(vendor, kind, tmp_path, client)
        assert all(secret in str(request.headers) and secret in request.path for request in server.requests)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# Recorded from {vendor} ")
    assert record.leaks(text) == []
    assert secret not in text
    again = [found[-3:] for found in exchanges(str(path.with_suffix("")))]
    assert again == [found[-3:] for found in exchanges(f"{vendor}/{kind}")]


@every_conversation
def test_the_requests_are_those_of_today(vendor: Vendor, kind: Kind) -> None:
    """`python -m tests.record --requests` would change nothing."""
    assert record.renewed(vendor, kind) == (CASSETTES / vendor / f"{kind}.yaml").read_text(encoding="utf-8")


def test_a_reply_is_cleaned() -> None:
    reply = {
        "status": {"code": 429, "message": "Too Many Requests"},
        "headers": {
            "Content-Type": ["application/json"],
            "Retry-After": ["2"],
            "Set-Cookie": ["__cf_bm=abc"],
            "OpenAI-Organization": ["some-company"],
            "X-Request-ID": ["req_" + "0a" * 16],
            "x-ratelimit-remaining-tokens": ["17"],
        },
        "body": {"string": b'{"error": "for organization org-' + b"A1b2" * 6 + b", see req_" + b"0a" * 12 + b'"}'},
    }
    assert record.clean_response(reply) == {
        "status": {"code": 429, "message": "Too Many Requests"},
        "headers": {"content-type": ["application/json"], "retry-after": ["2"]},
        "body": {"string": b'{"error": "for organization org-hidden, see req_hidden"}'},
    }


def test_a_text_with_a_secret_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "openai" / "plain.yaml"
    with pytest.raises(ValueError, match=r"openai/plain\.yaml was not written: .* \(OpenAI and its like\)"):
        record.write(path, 'string: "Your key is sk-' + "s3cr3t" * 8)
    assert not path.exists()


def test_vendors_without_a_key_are_skipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "openai     skipped: set OPENAI_API_KEY to record it",
        "anthropic  skipped: set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN to record it",
        "gemini     skipped: set GEMINI_API_KEY or GOOGLE_API_KEY to record it",
    ]

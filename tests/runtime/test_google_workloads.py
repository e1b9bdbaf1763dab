"""Workloads outside of Google Cloud (identity federation): what they have is exchanged for a token of Google's.

https://cloud.google.com/iam/docs/workload-identity-federation. The exchange goes to a server on this machine; what AWS
and Google say in it is not tested here.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote

import pytest

from polyvox import MissingApiKeyError
from polyvox.errors import AuthenticationError
from tests.mapping.asking import Json
from tests.runtime.google_server import NUMBERS, Google, Vertex, google

__all__ = ["google"]  # a fixture

POOL: Final = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p"
AWS: Final = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-3"}
SAID: Final = {
    "version": 1,
    "success": True,
    "token_type": "urn:ietf:params:oauth:token-type:jwt",
    "id_token": "jwt-of-a-program",
    "expiration_time": 4102444800,
}


def workload(google: Google, kind: str, source: Json) -> Json:
    """Its credentials, as `gcloud iam workload-identity-pools create-cred-config` writes them."""
    return {
        "type": "external_account",
        "audience": f"{POOL}/providers/{next(NUMBERS)}",
        "subject_token_type": f"urn:ietf:params:{kind}",
        "token_url": f"{google.url}/v1/token",
        "credential_source": source,
    }


def _file(google: Google, folder: Path, _: pytest.MonkeyPatch) -> Json:
    path = folder / "token"
    path.write_text("jwt-of-a-file", encoding="utf-8")
    return workload(google, "oauth:token-type:jwt", {"file": str(path)})


def _program(google: Google, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Json:
    monkeypatch.setenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1")
    path = folder / "program.py"
    path.write_text(f"print({json.dumps(json.dumps(SAID))})", encoding="utf-8")
    command = shlex.join([sys.executable, str(path)])
    return workload(google, "oauth:token-type:jwt", {"executable": {"command": command, "timeout_millis": 120000}})


def _aws(google: Google, _: Path, monkeypatch: pytest.MonkeyPatch) -> Json:
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    source: Json = {
        "environment_id": "aws1",
        "regional_cred_verification_url": "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    }
    return workload(google, "aws:token-type:aws4_request", source)


def _is_signed(subject: str) -> bool:
    """AWS's identity is a request that AWS would answer, signed."""
    request = json.loads(unquote(subject))
    headers = {header["key"].lower(): header["value"] for header in request["headers"]}
    assert request["url"].startswith("https://sts.eu-west-3.amazonaws.com?")
    return "Credential=AKIDEXAMPLE/" in headers["authorization"]


Make = Callable[[Google, Path, pytest.MonkeyPatch], Json]
WORKLOADS: Final[dict[str, tuple[Make, Callable[[str], bool]]]] = {
    "a file (Kubernetes, GitHub)": (_file, lambda subject: subject == "jwt-of-a-file"),
    "a program": (_program, lambda subject: subject == "jwt-of-a-program"),
    "AWS": (_aws, _is_signed),
}


@pytest.mark.parametrize(("make", "is_right"), WORKLOADS.values(), ids=WORKLOADS)
def test_what_a_workload_has_is_exchanged_for_a_token(
    make: Make, is_right: Callable[[str], bool], google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, vertex = make(google, tmp_path, monkeypatch), Vertex("t2")
    for _ in range(3):
        vertex.ask(vertex_credentials=given, vertex_project="p1")
        vertex.refused = () if len(vertex.requests) > 1 else ("t1",)
    assert vertex.tokens == ["t1", "t1", "t2", "t2"]
    assert len(google.requests) == 2
    for asked in map(parse_qs, google.requests):
        assert asked["grant_type"] == ["urn:ietf:params:oauth:grant-type:token-exchange"]
        assert asked["audience"] == [given["audience"]]
        assert is_right(asked["subject_token"][0])


def test_a_program_runs_only_where_that_is_allowed(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = _program(google, tmp_path, monkeypatch)
    monkeypatch.delenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES")
    with pytest.raises((AuthenticationError, MissingApiKeyError), match="GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"):
        Vertex().ask(vertex_credentials=given, vertex_project="p1")


def test_a_workload_that_google_refuses(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    google.refuses = "invalid_grant"
    with pytest.raises(AuthenticationError, match=r"Google Cloud gave no token: .*invalid_grant"):
        Vertex().ask(vertex_credentials=_file(google, tmp_path, monkeypatch), vertex_project="p1")

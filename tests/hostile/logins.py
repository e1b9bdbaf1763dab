"""Every way in which something secret is changed for a token, or for keys, before a call: `LOGINS`.

Each asks a token server, which the test is. Not among them: Google's users, whose server is always Google's own
(`people`); AWS's single sign-on, whose cache stands in the home folder; metadata servers, to which nothing is shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from tests.hostile.dialect import Dialect
from tests.hostile.dialects import BEDROCK, GEMINI, OPENAI
from tests.hostile.leaks import CANARY
from tests.mapping.asking import Json
from tests.runtime.google_server import private_key

NUMBERS: Final = count()
"""Tokens are kept: each test has a secret, and files, of its own."""


@dataclass(frozen=True)
class Place:
    """What a login may be set up with."""

    server: str
    """The token server's address."""
    secret: str
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def file(self, text: str) -> str:
        """A new file with this in it."""
        path = self.folder / str(next(NUMBERS))
        path.write_text(text, encoding="utf-8")
        return str(path)

    def environment(self, **variables: str) -> None:
        """Set variables."""
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)


def given(token: str) -> Json:
    """What every token server would answer, in one."""
    keys = {
        "AccessKeyId": "AKIDEXAMPLE",
        "SecretAccessKey": token,
        "Token": token,
        "Expiration": "2100-01-01T00:00:00Z",
    }
    return {
        "access_token": token,
        "expires_in": 3600,
        "expires_at": 4102444800000,
        "token_type": "Bearer",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "accessToken": token,
        "expireTime": "2100-01-01T00:00:00Z",
        **keys,
    }


# --- IBM, Sber, Microsoft ---------------------------------------------------------------------------------------------


def _ibm(place: Place) -> Json:
    place.environment(WATSONX_IAM_URL=f"{place.server}/token")
    return {"api_key": place.secret, "api_base": "https://h.test"}


def _sber(place: Place) -> Json:
    place.environment(GIGACHAT_AUTH_URL=f"{place.server}/token")
    return {"api_key": place.secret, "api_base": "https://h.test"}


def _entra(place: Place) -> Json:
    place.environment(
        AZURE_TENANT_ID="tenant",
        AZURE_CLIENT_ID="app",
        AZURE_CLIENT_SECRET=place.secret,
        AZURE_AUTHORITY_HOST=place.server,
    )
    return {"api_base": "https://res.openai.azure.com"}


# --- Google -----------------------------------------------------------------------------------------------------------


def _of_google(credentials: Json) -> Json:
    return {"vertex_credentials": credentials, "vertex_project": "p1"}


def _account(place: Place) -> Json:
    credentials: Json = {
        "type": "service_account",
        "private_key_id": str(next(NUMBERS)),
        "private_key": private_key(),
        "client_email": "a@p.iam.gserviceaccount.com",
        "token_uri": f"{place.server}/token",
    }
    return _of_google(credentials)


def people(secret: str) -> dict[str, Json]:
    """Google's users, alone and as a service account: Google itself would be asked."""
    secrets = dict.fromkeys(("client_secret", "refresh_token"), secret)
    alone: Json = {"type": "authorized_user", "client_id": "c", **secrets}
    url = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@p.test:generateAccessToken"
    kind = "impersonated_service_account"
    return {
        "alone": alone,
        "as an account": {"type": kind, "source_credentials": alone, "service_account_impersonation_url": url},
    }


def _workload(place: Place, source: Json, kind: str = "oauth:token-type:jwt", **more: object) -> Json:
    """Identity federation: what a workload has elsewhere."""
    credentials: Json = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/locations/global/workforcePools/p/providers/{next(NUMBERS)}",
        "subject_token_type": f"urn:ietf:params:{kind}",
        "token_url": f"{place.server}/token",
        "credential_source": source,
        "client_id": "c",
        "client_secret": place.secret,
        **more,
    }
    return _of_google(credentials)


def _workload_file(place: Place) -> Json:
    return _workload(place, {"file": place.file(place.secret)})


def _workload_as_account(place: Place) -> Json:
    url = f"{place.server}/v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateAccessToken"
    return _workload(place, {"file": place.file(place.secret)}, service_account_impersonation_url=url)


def _workload_url(place: Place) -> Json:
    kind = {"type": "json", "subject_token_field_name": "access_token"}
    return _workload(place, {"url": f"{place.server}/id", "headers": {"x-key": place.secret}, "format": kind})


def _workload_program(place: Place) -> Json:
    place.environment(GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES="1")
    kind = "urn:ietf:params:oauth:token-type:jwt"
    said = {"version": 1, "success": True, "token_type": kind, "id_token": place.secret, "expiration_time": 4102444800}
    return _workload(place, {"executable": {"command": f"cat {place.file(json.dumps(said))}", "timeout_millis": 60000}})


def _workload_aws(place: Place) -> Json:
    place.environment(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY=place.secret, AWS_REGION="eu-west-3")
    place.environment(AWS_SESSION_TOKEN=place.secret)
    url = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
    source: Json = {"environment_id": "aws1", "regional_cred_verification_url": url}
    return _workload(place, source, "aws:token-type:aws4_request")


def _workforce(place: Place) -> Json:
    credentials: Json = {
        "type": "external_account_authorized_user",
        "audience": "//iam.googleapis.com/locations/global/workforcePools/p/providers/q",
        "token_url": f"{place.server}/token",
        "client_id": "c",
        "client_secret": place.secret,
        "refresh_token": place.secret,
    }
    return _of_google(credentials)


# --- AWS --------------------------------------------------------------------------------------------------------------


def _of_aws(place: Place, profile: str = "") -> Json:
    place.environment(AWS_CONFIG_FILE=place.file(profile), AWS_DEFAULT_REGION="us-east-1", AWS_MAX_ATTEMPTS="1")
    return {}


def _role(place: Place) -> Json:
    place.environment(AWS_ENDPOINT_URL_STS=f"{place.server}/")
    keys = (
        f"aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {place.secret}\naws_session_token = {place.secret}"
    )
    role = "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = own"
    return {**_of_aws(place, f"{role}\n[profile own]\n{keys}\n"), "aws_profile_name": "role"}


def _web_identity(place: Place) -> Json:
    place.environment(
        AWS_ENDPOINT_URL_STS=f"{place.server}/",
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/r",
        AWS_WEB_IDENTITY_TOKEN_FILE=place.file(place.secret),
    )
    return _of_aws(place)


def _container(place: Place) -> Json:
    place.environment(
        AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{place.server}/keys", AWS_CONTAINER_AUTHORIZATION_TOKEN=place.secret
    )
    return _of_aws(place)


@dataclass(frozen=True)
class Login:
    """Who logs in so, and how."""

    model: str
    settings: Callable[[Place], Json]
    """Sets it up; what the call is given beside it."""
    given: Callable[[str], bytes] = lambda token: json.dumps(given(token)).encode()
    """The server's good answer."""
    shows: bool = True
    """Whether the secret itself is shown to the server, which may repeat it."""
    faults: Sequence[str] = ()
    """Only these: botocore takes its time, or waits before it asks again."""

    @property
    def dialect(self) -> Dialect:
        """What is spoken there."""
        kinds = {"vertexai": GEMINI, "bedrock": BEDROCK}
        return replace(kinds.get(self.model.partition(":")[0], OPENAI), model=self.model)


def _of_sts(token: str) -> bytes:
    names = ("AssumeRoleWithWebIdentity", "AssumeRole")
    keys = f"<AccessKeyId>AKIDEXAMPLE</AccessKeyId><SecretAccessKey>{token}</SecretAccessKey>"
    rest = f"<SessionToken>{token}</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>"
    results = "".join(f"<{name}Result><Credentials>{keys}{rest}</Credentials></{name}Result>" for name in names)
    return f"<AssumeRoleResponse>{results}</AssumeRoleResponse>".encode()


_VERTEX: Final = "vertexai:gemini-2.5-flash"
_BEDROCK: Final = "bedrock:anthropic.claude-v2"
LOGINS: Final = {
    "IBM's key": Login("watsonx:ibm/granite-3-8b-instruct", _ibm),
    "Sber's key": Login("gigachat:GigaChat-2", _sber),
    "Entra's application": Login("azure:m", _entra),
    "Google's service account": Login(_VERTEX, _account, shows=False),
    "a workload's file": Login(_VERTEX, _workload_file),
    "a workload's file, as an account": Login(_VERTEX, _workload_as_account),
    "a workload's address": Login(_VERTEX, _workload_url),
    "a workload's program": Login(_VERTEX, _workload_program),
    "a workload on AWS": Login(_VERTEX, _workload_aws),
    "a workforce's person": Login(_VERTEX, _workforce),
    "a role on AWS": Login(_BEDROCK, _role, _of_sts, faults=("refuses", "says no JSON")),
    "a web identity on AWS": Login(_BEDROCK, _web_identity, _of_sts, faults=("refuses", "gives nothing")),
    "a container on AWS": Login(_BEDROCK, _container, faults=("gives no text",)),
}


def secret() -> str:
    """The canary, of a kind that no other test has."""
    return f"{CANARY}-{next(NUMBERS)}"

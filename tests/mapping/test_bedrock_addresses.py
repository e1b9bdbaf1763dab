"""Where Bedrock is asked, with which key, and how requests are signed."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

import httpx2
import pytest

from polyvox import (
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    InvalidRequestError,
    MissingApiKeyError,
)
from polyvox.aws import Keys
from tests.mapping.asking import HELLO, as_bytes
from tests.mapping.bedrock_frames import MODEL, REPLY

if TYPE_CHECKING:
    from polyvox import Parameters

CLAUDE: Final = "bedrock:anthropic.claude-v2"
ARN: Final = "arn:aws:bedrock:eu-west-3:000000000000:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0"
KEYS: Final = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
EXPIRED: Final[Mapping[str, str]] = {"x-amzn-errortype": "ExpiredTokenException:http://internal.amazon.com/coral/"}


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files of AWS's that a test may write."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))


class Bedrock:
    """Answers as told, and keeps what it is asked."""

    def __init__(self, *refusals: tuple[int, Mapping[str, str]]) -> None:
        self.refusals = list(refusals)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.refusals:
            status, headers = self.refusals.pop(0)
            return httpx2.Response(status, headers=dict(headers), content=b'{"message": "No."}')
        return httpx2.Response(200, content=as_bytes(REPLY))

    def ask(self, model: str = CLAUDE, /, **settings: object) -> httpx2.Request:
        """The request that a call makes in the end."""
        client = Client(transport=httpx2.MockTransport(self), num_retries=0)
        client.completion(model, HELLO, **cast("Parameters", settings))
        return self.requests[-1]


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("bedrock/anthropic.claude-v2", "anthropic.claude-v2"),
        ("bedrock:anthropic.claude-v2:1", "anthropic.claude-v2%3A1"),
        ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0"),
        ("bedrock/converse/us.amazon.nova-lite-v1:0", "us.amazon.nova-lite-v1%3A0"),
        ("bedrock/invoke/anthropic.claude-v2", "anthropic.claude-v2"),
        ("bedrock_converse/anthropic.claude-v2", "anthropic.claude-v2"),
        (
            f"bedrock:{ARN}",
            "arn%3Aaws%3Abedrock%3Aeu-west-3%3A000000000000%3Ainference-profile%2F"
            "us.anthropic.claude-3-7-sonnet-20250219-v1%3A0",
        ),
    ],
    ids=["plain", "version", "cross-region", "converse", "invoke", "alias", "arn"],
)
def test_the_model_stands_in_the_path(model: str, path: str) -> None:
    request = Bedrock().ask(model, api_key="k", aws_region_name="us-east-1")
    assert str(request.url) == f"https://bedrock-runtime.us-east-1.amazonaws.com/model/{path}/converse"


@pytest.mark.parametrize(
    ("settings", "environment", "model", "region"),
    [
        ({"aws_region_name": "us-west-2"}, {"AWS_REGION": "eu-west-1"}, CLAUDE, "us-west-2"),
        ({}, {"AWS_REGION_NAME": "eu-west-2", "AWS_REGION": "eu-west-1"}, CLAUDE, "eu-west-2"),
        ({}, {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-2"}, CLAUDE, "eu-west-1"),
        ({}, {"AWS_DEFAULT_REGION": "us-east-2"}, CLAUDE, "us-east-2"),
        ({}, {}, f"bedrock:{ARN}", "eu-west-3"),
        ({}, {}, f"bedrock/converse/{ARN}", "eu-west-3"),
    ],
    ids=["setting", "AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION", "arn", "arn behind a prefix"],
)
def test_the_region(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], environment: dict[str, str], model: str, region: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    request = Bedrock().ask(model, api_key="k", **settings)
    assert request.url.host == f"bedrock-runtime.{region}.amazonaws.com"


def test_no_region_is_an_error_never_a_guess() -> None:
    vendor = Bedrock()
    with pytest.raises(InvalidRequestError, match="AWS_REGION_NAME, AWS_REGION, AWS_DEFAULT_REGION"):
        vendor.ask(api_key="k")
    assert vendor.requests == []


@pytest.mark.parametrize("region", ["evil.org/", "us east", "US-EAST-1"])
def test_a_region_that_is_none_sends_no_key_anywhere(region: str) -> None:
    vendor = Bedrock()
    with pytest.raises(InvalidRequestError, match="aws_region_name is"):
        vendor.ask(api_key="k", aws_region_name=region)
    assert vendor.requests == []


@pytest.mark.parametrize("variable", ["", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_BEDROCK_RUNTIME_ENDPOINT"])
def test_an_address_of_the_callers(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    given = {"api_base": "https://proxy.example/aws/"}
    if variable:
        monkeypatch.setenv(variable, given.pop("api_base"))
    request = Bedrock().ask(api_key="k", **given)
    assert str(request.url) == "https://proxy.example/aws/model/anthropic.claude-v2/converse"


# --- keys of Bedrock --------------------------------------------------------------------------------------------------


def test_a_key_is_a_bearer_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "from-environment")
    environment = Bedrock().ask(aws_region_name="us-east-1")
    assert environment.headers["authorization"] == "Bearer from-environment"
    given = Bedrock().ask(aws_region_name="us-east-1", api_key="given")
    assert given.headers["authorization"] == "Bearer given"
    assert "x-amz-date" not in given.headers


def test_a_callable_gives_a_key_for_each_request() -> None:
    vendor, keys = Bedrock((503, {})), iter(["one", "two"])
    client = Client(transport=httpx2.MockTransport(vendor), num_retries=1)
    client.completion(CLAUDE, HELLO, aws_region_name="us-east-1", api_key=lambda: next(keys))
    assert [request.headers["authorization"] for request in vendor.requests] == ["Bearer one", "Bearer two"]


# --- signatures -------------------------------------------------------------------------------------------------------

AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/\d{8}/(?P<region>[a-z0-9-]+)/bedrock/aws4_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;-]+), Signature=[0-9a-f]{64}"
)


def signed(request: httpx2.Request) -> re.Match[str]:
    """What the signature says."""
    found = AUTHORIZATION.fullmatch(request.headers["authorization"])
    assert found is not None
    return found


class _Request(Protocol):
    context: dict[str, str]


class _Signer(Protocol):
    def canonical_request(self, request: _Request) -> str: ...
    def string_to_sign(self, request: _Request, canonical: str) -> str: ...
    def signature(self, text: str, request: _Request) -> str: ...


def expected(request: httpx2.Request, keys: Keys) -> str:
    """The signature of a request as it was received, by botocore's steps."""
    says = signed(request)
    headers = {name: request.headers[name] for name in says["signed"].split(";")}
    made: _Request = import_module("botocore.awsrequest").AWSRequest(
        method=request.method, url=str(request.url), data=request.content, headers=headers
    )
    made.context["timestamp"] = request.headers["x-amz-date"]
    signer = cast("_Signer", import_module("botocore.auth").SigV4Auth(keys, "bedrock", says["region"]))
    return signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)


@pytest.mark.parametrize("model", [CLAUDE, MODEL, f"bedrock:{ARN}"], ids=["plain", "version", "arn"])
@pytest.mark.parametrize("token", [None, "session"], ids=["keys", "session"])
def test_what_arrives_is_what_was_signed(model: str, token: str | None) -> None:
    settings = {**KEYS, "aws_region_name": "us-east-1"} | ({"aws_session_token": token} if token else {})
    request = Bedrock().ask(model, **settings)
    says = signed(request)
    assert (says["key"], says["region"]) == ("AKIDEXAMPLE", "us-east-1")
    wanted = "content-type;host;x-amz-date" + (";x-amz-security-token" if token else "")
    assert (says["signed"], request.headers.get("x-amz-security-token")) == (wanted, token)
    assert request.headers["authorization"].endswith(expected(request, Keys("AKIDEXAMPLE", "secret", token)))


def test_a_query_is_signed_too() -> None:
    request = Bedrock().ask(aws_region_name="us-east-1", extra_query={"b": "2", "a": "1"}, **KEYS)
    assert request.headers["authorization"].endswith(expected(request, Keys("AKIDEXAMPLE", "secret")))


def test_keys_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t")
    request = Bedrock().ask(aws_region_name="us-east-1")
    assert (signed(request)["key"], request.headers["x-amz-security-token"]) == ("AKIDENV", "t")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDNEW")
    assert signed(Bedrock().ask(aws_region_name="us-east-1"))["key"] == "AKIDNEW"


def write_profile(tmp_path: Path, key: str) -> None:
    (tmp_path / "AWS_SHARED_CREDENTIALS_FILE").write_text(
        f"[work]\naws_access_key_id = {key}\naws_secret_access_key = s\n"
    )
    (tmp_path / "AWS_CONFIG_FILE").write_text("[profile work]\nregion = ap-south-1\n")


@pytest.mark.parametrize("by", ["setting", "AWS_PROFILE"])
def test_a_profile_gives_keys_and_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: str) -> None:
    write_profile(tmp_path, "AKIDWORK")
    if by == "AWS_PROFILE":
        monkeypatch.setenv("AWS_PROFILE", "work")
    request = Bedrock().ask(**({"aws_profile_name": "work"} if by == "setting" else {}))
    assert request.url.host == "bedrock-runtime.ap-south-1.amazonaws.com"
    assert (signed(request)["key"], signed(request)["region"]) == ("AKIDWORK", "ap-south-1")


def test_a_profile_asked_for_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_profile(tmp_path, "AKIDWORK")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bearer")
    assert signed(Bedrock().ask(aws_profile_name="work"))["key"] == "AKIDWORK"


@pytest.mark.parametrize(
    ("base", "region"),
    [
        ("https://bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1"),
        ("https://bedrock-runtime-fips.us-east-2.amazonaws.com", "us-east-2"),
        ("https://vpce-1.bedrock-runtime.eu-west-2.vpce.amazonaws.com", "eu-west-2"),
        ("https://proxy.example", "us-west-2"),
    ],
    ids=["regional", "fips", "private", "proxy"],
)
def test_the_signature_is_for_the_region_of_the_host(monkeypatch: pytest.MonkeyPatch, base: str, region: str) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert signed(Bedrock().ask(api_base=base, **KEYS))["region"] == region


def test_a_second_try_is_signed_for_its_own_time() -> None:
    vendor = Bedrock((503, {"retry-after": "0"}))
    vendor.ask(num_retries=1, aws_region_name="us-east-1", **KEYS)
    assert len(vendor.requests) == 2
    for request in vendor.requests:
        assert request.headers.get_list("x-amz-date") == [request.headers["x-amz-date"]]
        assert request.headers["authorization"].endswith(expected(request, Keys("AKIDEXAMPLE", "secret")))


def test_refused_keys_are_looked_for_once_more(tmp_path: Path) -> None:
    write_profile(tmp_path, "AKIDOLD")
    vendor = Bedrock()
    vendor.ask(aws_profile_name="work")
    write_profile(tmp_path, "AKIDNEW")
    vendor.refusals.append((403, EXPIRED))
    vendor.ask(aws_profile_name="work")
    assert [signed(request)["key"] for request in vendor.requests] == ["AKIDOLD", "AKIDOLD", "AKIDNEW"]


def test_keys_that_are_refused_again_are_an_error(tmp_path: Path) -> None:
    write_profile(tmp_path, "AKIDOLD")
    vendor = Bedrock((403, EXPIRED), (403, EXPIRED))
    with pytest.raises(AuthenticationError, match="ExpiredTokenException"):
        vendor.ask(aws_profile_name="work")
    assert len(vendor.requests) == 2


@pytest.mark.anyio
async def test_an_event_loop_signs_too() -> None:
    vendor = Bedrock()
    settings = cast("Parameters", {**KEYS, "aws_region_name": "us-east-1"})
    async with AsyncClient(transport=httpx2.MockTransport(vendor), num_retries=0) as client:
        await client.completion(CLAUDE, HELLO, **settings)
    (request,) = vendor.requests
    assert request.headers["authorization"].endswith(expected(request, Keys("AKIDEXAMPLE", "secret")))


@pytest.mark.parametrize(
    "settings", [{"aws_access_key_id": "A"}, {"aws_secret_access_key": "s"}, {"aws_session_token": "t"}], ids=str
)
def test_half_of_the_keys_is_an_error(settings: dict[str, str]) -> None:
    vendor = Bedrock()
    with pytest.raises(MissingApiKeyError, match="go together"):
        vendor.ask(aws_region_name="us-east-1", **settings)
    assert vendor.requests == []


def test_no_keys_at_all_is_an_error_that_names_every_way() -> None:
    vendor = Bedrock()
    with pytest.raises(MissingApiKeyError) as caught:
        vendor.ask(aws_region_name="us-east-1")
    for way in ("api_key", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "aws_profile_name"):
        assert way in str(caught.value)
    assert vendor.requests == []


def test_a_profile_that_does_not_exist_is_an_error() -> None:
    vendor = Bedrock()
    with pytest.raises(APIError, match="nobody"):
        vendor.ask(aws_region_name="us-east-1", aws_profile_name="nobody")
    assert vendor.requests == []


def test_without_botocore_only_signing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "botocore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)
    assert Bedrock().ask(api_key="k", aws_region_name="us-east-1").headers["authorization"] == "Bearer k"
    vendor = Bedrock()
    with pytest.raises(MissingApiKeyError, match=r"pip install 'polyvox\[bedrock\]'"):
        vendor.ask(aws_region_name="us-east-1", **KEYS)
    assert vendor.requests == []

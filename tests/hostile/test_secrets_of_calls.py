"""The canary in calls that are more than one request: tried again, elsewhere, at once, in groups; with a key that is
changed for a token; and through a proxy with a password. (`test_secrets.py` has single requests.)"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Final

import httpx2
import pytest

from polyvox import APIError, Deployment, FallbacksExhaustedError, ModelGroup
from tests.hostile.asking import Way, every_way
from tests.hostile.canary import Caller
from tests.hostile.dialect import Dialect
from tests.hostile.dialects import ANTHROPIC, GEMINI, OPENAI
from tests.hostile.leaks import CANARY, shown
from tests.hostile.test_replies import Body
from tests.runtime.google_server import serving
from tests.tokens import TokenServer

pytestmark = pytest.mark.usefixtures("spans_tell_all")
ECHO: Final = b'{"error": {"message": "bad key %s", "code": "%s"}}'.replace(b"%s", CANARY.encode())


class Vendor:
    """Repeats the key as an error, `failures` times; then it answers."""

    def __init__(self, way: Way, failures: int, status: int = 503) -> None:
        self._way = way
        self._failures = failures
        self._status = status
        self.hosts: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert any(CANARY.encode() in value for _, value in request.headers.raw)
        self.hosts.append(request.url.host)
        if len(self.hosts) <= self._failures:
            return httpx2.Response(self._status, headers={"retry-after": "0", "x-key": CANARY}, stream=Body([ECHO]))
        dialect = ANTHROPIC if request.url.path.endswith("/messages") else OPENAI
        return httpx2.Response(200, stream=Body([dialect.stream if self._way.stream else dialect.reply]))


ELSEWHERE: Final[list[object]] = [{"model": "anthropic:claude-sonnet-4-5", "api_key": CANARY, "max_tokens": 9}]


@every_way
@pytest.mark.parametrize("failures", [2, 3], ids=["answered at last", "never answered"])
def test_tried_again(failures: int, way: Way, heard: io.StringIO) -> None:
    vendor, caller = Vendor(way, failures), Caller(way, OPENAI, heard)
    error = caller.ask(httpx2.MockTransport(vendor), num_retries=2)
    assert isinstance(error, APIError) if failures == 3 else error is None
    assert (len(vendor.hosts), caller.spans) == (3, 1)


@every_way
@pytest.mark.parametrize("failures", [1, 2], ids=["answered elsewhere", "answered nowhere"])
def test_a_fallback(failures: int, way: Way, heard: io.StringIO) -> None:
    vendor = Vendor(way, failures, 401)
    error = Caller(way, OPENAI, heard).ask(httpx2.MockTransport(vendor), fallbacks=ELSEWHERE)
    assert isinstance(error, FallbacksExhaustedError) if failures == 2 else error is None
    assert vendor.hosts == ["api.openai.com", "api.anthropic.com"]
    for one in error.attempts if isinstance(error, FallbacksExhaustedError) else ():
        assert CANARY not in shown(one)


@every_way
@pytest.mark.parametrize("failures", [1, 2], ids=["one answers", "none answers"])
def test_several_at_once(failures: int, way: Way, heard: io.StringIO) -> None:
    vendor = Vendor(way, failures, 401)
    error = Caller(way, OPENAI, heard).ask(httpx2.MockTransport(vendor), model_list=["openai:gpt-5", *ELSEWHERE])
    assert isinstance(error, APIError) if failures == 2 else error is None


@every_way
@pytest.mark.parametrize("failures", [1, 2], ids=["one answers", "none answers"])
def test_a_group(failures: int, way: Way, heard: io.StringIO) -> None:
    deployments = [Deployment("openai:a", {"api_key": CANARY}), Deployment("openai:b", {"api_key": CANARY})]
    group, vendor = ModelGroup(deployments), Vendor(way, failures)
    caller = Caller(way, OPENAI, heard, model="chat", groups={"chat": group})
    error = caller.ask(httpx2.MockTransport(vendor), api_key=None, num_retries=1)
    assert isinstance(error, APIError) if failures == 2 else error is None
    assert CANARY not in f"{group!r} {deployments!r} {vars(group)}"
    assert len(vendor.hosts) == 2


# --- a key that is changed for a token (more in test_secrets_of_logins.py) --------------------------------------------


@every_way
@pytest.mark.parametrize("model", ["gigachat:GigaChat-2", "watsonx:ibm/granite-3-8b-instruct"])
@pytest.mark.parametrize("prefix", ["", "down-"])
def test_a_key_that_a_token_is_made_of(
    prefix: str, model: str, way: Way, tokens: TokenServer, heard: io.StringIO
) -> None:
    key = f"{prefix}{CANARY}-{model}-{way}"  # each test has one of its own: tokens are kept

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert key in request.headers["authorization"]
        return httpx2.Response(500, content=ECHO.replace(CANARY.encode(), key.encode()))

    error = Caller(way, replace(OPENAI, model=model), heard).ask(
        httpx2.MockTransport(answer), api_key=key, api_base="https://h.test"
    )
    assert isinstance(error, APIError)
    assert key in [asked.key for asked in tokens.requests], repr(error)


@every_way
@pytest.mark.parametrize("begin", ["MII", "no!"], ids=["good", "no key at all"])
@pytest.mark.parametrize("refuses", ["", "invalid_grant"], ids=["given", "refused"])
def test_a_service_account(begin: str, refuses: str, way: Way, heard: io.StringIO) -> None:
    with serving() as google:
        google.refuses = refuses
        account = google.account()
        secret = str(account["private_key"]).replace("MII", begin)
        account["private_key"] = secret
        dialect: Dialect = replace(GEMINI, model="vertexai:gemini-2.5-flash")
        transport = httpx2.MockTransport(lambda _: httpx2.Response(500, content=b"{}"))
        caller = Caller(way, dialect, heard)
        assert isinstance(caller.ask(transport, api_key=None, vertex_credentials=account), APIError)
        assert caller.lacks(secret.splitlines()[1])


# --- on the way -------------------------------------------------------------------------------------------------------


@every_way
def test_a_proxys_password(way: Way, heard: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{CANARY}@127.0.0.1:9")  # where nobody listens
    assert isinstance(Caller(way, OPENAI, heard).ask(None, api_base="https://h.test"), APIError)


@every_way
@pytest.mark.parametrize(
    "settings",
    [
        {"extra_headers": {"authorization": f"Bearer {CANARY}", "x-number": 1}},
        {"extra_query": {"key": CANARY, "list": []}},
        {"client_args": {"api_key": CANARY, "default_headers": {"x-key": CANARY, "x-number": 1}}},
        {"api_key": [CANARY]},
        {"api_key": {"key": CANARY}},
        {"aws_secret_access_key": [CANARY]},
        {"vertex_credentials": [CANARY]},
        {"fallbacks": {"api_key": CANARY}},
        {"fallbacks": [{"model": "openai:m", "extra_headers": {"x-key": CANARY, "x-number": 1}}]},
        {"additional_params": {"key": CANARY}},
        {"extra_body": [CANARY]},
        {"extra_headers": {"x-key": [CANARY]}},
    ],
    ids=str,
)
def test_a_setting_of_a_wrong_kind(settings: dict[str, object], way: Way, heard: io.StringIO) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(500, content=b"{}"))
    assert isinstance(Caller(way, OPENAI, heard).ask(transport, **settings), APIError)

"""Every shape of error body that vendors send: its class, code, message, parameter, request id and wait."""

from __future__ import annotations

from typing import Final

import httpx2
import pytest

from polyvox import APIConnectionError, APIError, BadRequestError, Client, QuotaExceededError, ServiceUnavailableError
from polyvox.failures import failure
from polyvox.headers import retry_after
from tests.mapping.asking import KEY, Wire, as_bytes
from tests.runtime.error_bodies import CASES, Case


def _raised(case: Case) -> APIError:
    wire = Wire(as_bytes(case.body), case.status, case.headers)
    with pytest.raises(APIError) as caught:
        wire.ask(case.model)
    assert len(wire.requests) == 1
    return caught.value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_reply_and_the_error_that_it_is(case: Case) -> None:
    # 101 (a text), 102 (no `error`), 103 (`detail`), 104 (a number as code), 105, 106 of research/wire-oddities.md
    error = _raised(case)
    assert type(error) is case.kind
    assert (error.message, error.code, error.param) == (case.message, case.code, case.param)
    assert (error.request_id, error.retry_after) == (case.request_id, case.retry_after)
    assert error.status_code == case.status
    assert (error.provider, error.model) == tuple(case.model.split(":"))
    assert error.body == as_bytes(case.body).decode("utf-8", "replace")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_text_says_who_what_and_which(case: Case) -> None:
    text = str(_raised(case))
    assert text.startswith(f"{case.model}: {case.message} (status {case.status}")
    for fact in (case.code, case.request_id):
        assert fact is None or fact in text


def test_a_stream_that_is_refused_is_the_same_error() -> None:
    case = CASES["openai quota"]
    with pytest.raises(QuotaExceededError) as caught:
        Wire(as_bytes(case.body), case.status).open(case.model)
    assert caught.value.message == case.message


def test_a_long_page_is_not_told_whole_but_kept() -> None:
    error = _raised(Case("openai:m", 503, b"<p>" + b"word " * 5000 + b"</p>", ServiceUnavailableError, ""))
    assert len(str(error)) < 500
    assert error.body is not None
    assert len(error.body) > 20000


def test_the_text_is_one_line_that_a_log_can_take() -> None:
    said = "bad\r\n2026-01-01 INFO all is well\x1b[31m\t!"
    error = _raised(Case("openai:m", 400, {"error": {"message": said}}, BadRequestError, ""))
    assert str(error) == "openai:m: bad 2026-01-01 INFO all is well [31m ! (status 400)"
    long = _raised(Case("openai:m", 400, {"error": {"message": "word " * 5000}}, BadRequestError, ""))
    assert long.message.endswith("word word ...")
    assert len(long.message) < 1010


def test_a_key_is_masked_though_the_text_is_cut_in_its_middle() -> None:
    error = _raised(Case("openai:m", 400, {"error": {"message": "x" * 991 + KEY}}, BadRequestError, ""))
    assert error.message == "x" * 991 + "*** ..."
    assert error.body is not None
    assert KEY not in error.body


IDS: Final = ["x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-goog-request-id", "cf-ray"]


@pytest.mark.parametrize("name", IDS)
def test_the_request_id_in_any_header(name: str) -> None:
    error = failure("p", "m", 500, {name: "r1"}, b"")
    assert error.request_id == "r1"
    assert Wire(headers={name: "r2"}).ask("openai:m").request_id == "r2"


def test_a_vendors_id_wins_over_its_networks() -> None:
    assert failure("p", "m", 500, {"cf-ray": "c", "x-request-id": "r"}, b"").request_id == "r"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "5"}, 5),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "500"}, 0.5),
        ({"retry-after-ms": "x", "retry-after": "5"}, 5),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_a_vendor_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


# What the library says -> what an operator is told to look at, with these variables set.
UNREACHABLE: Final[dict[str, tuple[Exception, dict[str, str], str]]] = {
    "https where only http is spoken": (
        httpx2.ConnectError("[SSL: WRONG_VERSION_NUMBER] wrong version number"),
        {},
        "[SSL: WRONG_VERSION_NUMBER] wrong version number; does it speak http instead of https?",
    ),
    "a company's own authority": (
        httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate"),
        {"HTTPS_PROXY": "http://proxy.test:1"},
        "[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate; "
        "name an authority of your own in SSL_CERT_FILE",
    ),
    "a certificate that has run out": (
        httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired"),
        {},
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired",
    ),
    "a proxy that is down": (
        httpx2.ConnectError("Connection refused"),
        {"ALL_PROXY": "http://other.test:1", "https_proxy": "http://user:word@proxy.test:1"},
        "Connection refused; https_proxy names a proxy for it: is that up, and right?",
    ),
    "the only proxy": (
        httpx2.ConnectError("Connection refused"),
        {"ALL_PROXY": "http://proxy.test:1", "HTTPS_PROXY": ""},
        "Connection refused; ALL_PROXY names a proxy for it: is that up, and right?",
    ),
    "a proxy that refuses": (
        httpx2.ProxyError("407 Proxy Authentication Required"),
        {"HTTPS_PROXY": "http://proxy.test:1"},
        "the proxy says 407 Proxy Authentication Required; HTTPS_PROXY names a proxy for it: is that up, and right?",
    ),
    "a proxy for other hosts": (
        httpx2.ConnectError("Connection refused"),
        {"HTTPS_PROXY": "http://proxy.test:1", "NO_PROXY": "h.test"},
        "Connection refused",
    ),
    "a proxy for plain HTTP": (
        httpx2.ConnectError("Connection refused"),
        {"HTTP_PROXY": "http://proxy.test:1"},
        "Connection refused",
    ),
}


@pytest.mark.parametrize(("error", "variables", "says"), UNREACHABLE.values(), ids=UNREACHABLE)
def test_nobody_is_reached(
    error: Exception, variables: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise error

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    client = Client(transport=httpx2.MockTransport(refuse), num_retries=0)
    with pytest.raises(APIConnectionError) as caught:
        client.completion("openai:m", [{"role": "user", "content": "Hi"}], api_key="k", api_base="https://h.test/v1")
    assert str(caught.value) == f"openai:m: could not reach https://h.test: {says}"

"""What real callers sent to OpenAI-dialect vendors, sent through polyvox: the same body, field by field.

Each recorded request is taken apart into what `completion` takes (messages, known parameters as keywords, the vendor's
own keys as `extra_body`). What may differ stands in `DIFFERENCES`, what is refused in `REFUSED`; nothing else does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Final, cast

import pytest

from polyvox import Client, Stream
from polyvox.errors import APIError
from polyvox.parameters import MODEL_PARAMETERS

from .corpus import FILES, JSON, OPENAI_WIRES, Record, needs_corpus, records, report
from .replay import HOST, Vendor, ask, places

pytestmark = [needs_corpus, pytest.mark.block_network]


# --- what is written differently, on purpose --------------------------------------------------------------------------


def no_null(provider: str, body: JSON) -> None:
    """null is "not given", and what is not given is not sent."""
    for key in [key for key, value in body.items() if value is None]:
        del body[key]


def no_stream_false(provider: str, body: JSON) -> None:
    """`stream: false` is every vendor's default."""
    if body.get("stream") is False:
        del body["stream"]


def a_model(provider: str, body: JSON) -> None:
    """There is always a model: Azure has it in the address, OpenRouter takes `models` instead."""
    body.setdefault("model", "the-model-asked-for")


def newer_limit(provider: str, body: JSON) -> None:
    """OpenAI's reasoning models refuse `max_tokens`; every model takes the newer name."""
    if provider == "openai" and "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")


def renamed(provider: str, body: JSON) -> None:
    """The vendor's own name of a parameter."""
    if provider == "deepseek" and "user" in body:
        body["user_id"] = body.pop("user")


def no_single_choice(provider: str, body: JSON) -> None:
    """`n: 1` says nothing, and Groq has no `n`."""
    if provider == "groq" and body.get("n") == 1:
        del body["n"]


def system_for_developer(provider: str, body: JSON) -> None:
    """An unknown server may not know the newer role."""
    for message in body["messages"] if provider == "openai_like" else ():
        if message["role"] == "developer":
            message["role"] = "system"


def no_annotations(provider: str, body: JSON) -> None:
    """Callers give whole answers back; annotations are no part of a request."""
    for message in body["messages"]:
        message.pop("annotations", None)


def one_reasoning(provider: str, body: JSON) -> None:
    """The same thoughts under two names are sent once."""
    for message in body["messages"]:
        if "reasoning" in message:
            message.pop("reasoning_content", None)


DIFFERENCES: Final[tuple[Callable[[str, JSON], None], ...]] = (
    no_null,
    no_stream_false,
    a_model,
    newer_limit,
    renamed,
    no_single_choice,
    system_for_developer,
    no_annotations,
    one_reasoning,
)

# Record -> what the error says. A tool's answer names the call it answers: these two vendors would guess.
REFUSED: Final[Mapping[str, str]] = {
    "fb905fa7dc4bb960": "messages[1].tool_calls[0].id is missing",
    "dcca8e2670f14e5b": "messages[2].tool_call_id is missing",
    "11f1233c23e90c86": "messages[2].tool_call_id is missing",
    "c36ef1250ea2e103": "messages[2].tool_call_id is missing",
    "20f0e578f285e946": "messages[2].tool_call_id is missing",
    "8ead156b2bdcb053": "messages[2].tool_call_id is missing",
    "b8ae4ddcbf303aea": "messages[2].tool_call_id is missing",
}


# The variables that stand in some vendors' addresses, as the corpus has them.
VARIABLES: Final = {
    "CLOUDFLARE_ACCOUNT_ID": "ACCOUNT",
    "DATABRICKS_HOST": "https://example-workspace.cloud.databricks.com",
    "SNOWFLAKE_ACCOUNT_ID": "example-account",
}
# Files whose provider has no host of its own: servers of one's own, and vendors without a row.
NO_HOST: Final = frozenset(
    {"azure", "bedrock", "github_copilot", "heroku", "llamacpp", "local_openai", "ollama", "vertex"}
)
ONLY_ERRORS: Final = frozenset({"fireworks", "sambanova"})
OTHER_HOST: Final = {"moonshot": "the one recording is of the vendor's host for China, api.moonshot.cn"}


# --- the check --------------------------------------------------------------------------------------------------------


def keywords(record: Record, body: JSON) -> JSON:
    """The body as what `completion` takes beside model and messages."""
    known = MODEL_PARAMETERS | {"stream", "response_format"}
    options = ("prompt_cache_retention",) if record.provider == "openai" else ()
    given = {key: body[key] for key in body if key in known or key in options}
    extra = {key: value for key, value in body.items() if key not in given and key not in ("model", "messages")}
    return {**given, "extra_body": extra}


def send(client: Client, vendor: Vendor, record: Record, body: JSON) -> APIError | None:
    """Send it; the error, if it was refused before anything left."""
    vendor.record = record
    vendor.sent.clear()
    complete = cast("Callable[..., object]", client.completion)
    try:
        reply = complete(record.model, body["messages"], provider=record.provider, **keywords(record, body))
        if isinstance(reply, Stream):
            reply.close()
    except APIError as error:
        return None if vendor.sent else error
    return None


def fault(client: Client, vendor: Vendor, record: Record) -> list[str]:
    assert record.request is not None
    given = deepcopy(record.request)
    error = send(client, vendor, record, given)
    if given != record.request:
        return ["the caller's own objects were changed"]
    refusal = REFUSED.get(record.id)
    if error is not None or refusal is not None:
        said = "nothing" if error is None else error.message
        return [] if refusal and refusal in said else [f"refused with {said!r}, not with {refusal!r}"]
    for difference in DIFFERENCES:
        difference(record.provider, given)
    return list(places(json.loads(vendor.sent[-1].content), given))


def requests(file: str) -> list[Record]:
    found = (record for record in records(file) if record.wire in OPENAI_WIRES)
    return [record for record in found if record.request is not None and record.status < 300]


@pytest.mark.parametrize("file", FILES)
def test_body(file: str) -> None:
    vendor = Vendor()
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        found = [f"{record.id} {line}" for record in requests(file) for line in fault(client, vendor, record)]
    assert not found, report(found, len(requests(file)))


@pytest.mark.parametrize("file", [file for file in FILES if file not in NO_HOST | OTHER_HOST.keys()])
def test_address(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `api_base` a call goes where the vendor's other callers send theirs."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    vendor = Vendor()
    vendor.record = next(record for record in records(file) if record.status < 300 or file in ONLY_ERRORS)
    with Client(transport=vendor, api_key="a-key", num_retries=0) as client:
        ask(client, vendor.record)
    url = vendor.sent[-1].url
    assert (url.host, url.path) in {(record.raw["host"], record.raw["path"]) for record in records(file)}


def test_every_difference_occurs() -> None:
    """No rule, no refusal and no host in the tables above has outlived its reason."""
    occurred: set[str] = set()
    for record in (record for file in FILES for record in requests(file)):
        for difference in DIFFERENCES:
            before = deepcopy(record.request)
            after = deepcopy(before)
            assert after is not None
            difference(record.provider, after)
            if after != before:
                occurred.add(difference.__name__)
    assert occurred == {difference.__name__ for difference in DIFFERENCES}

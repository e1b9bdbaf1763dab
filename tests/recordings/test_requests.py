"""What real callers sent to OpenAI-dialect vendors, sent through polyvox: the same body, field by field.

(Mistral's requests are in `test_mistral.py`: it has a mapping of its own.) And to which address.

Each recorded request is taken apart into what `completion` takes (messages, known parameters as keywords, the vendor's
own keys as `extra_body`). What may differ stands in `DIFFERENCES`, what is refused in `REFUSED`; nothing else does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Final, cast
from urllib.parse import unquote

import pytest

from polyvox import Client, Stream
from polyvox.errors import APIError
from polyvox.parameters import MODEL_PARAMETERS
from polyvox.shapes import mapping_of

from .corpus import FILES, JSON, OPENAI_WIRES, Record, needs_corpus, records, report
from .replay import HOST, MESSAGES, Vendor, places

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
    """There is always a model: OpenRouter takes `models` instead, and recorders forget it."""
    body.setdefault("model", "the-model-asked-for")


def a_deployment(provider: str, body: JSON) -> None:
    """Azure's callers have it in the address; it stands in the body too, where a version without dates wants it."""
    if provider == "azure":
        body["model"] = DEPLOYMENT


def newer_limit(provider: str, body: JSON) -> None:
    """OpenAI's reasoning models refuse `max_tokens`; every model takes the newer name."""
    if provider == "openai" and "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")


def renamed(provider: str, body: JSON) -> None:
    """The vendor's own name of a parameter."""
    if provider == "deepseek" and "user" in body:
        body["user_id"] = body.pop("user")


def functions(provider: str, body: JSON) -> None:
    """Functions are asked for as tools."""
    if "functions" in body:
        body["tools"] = [{"type": "function", "function": function} for function in body.pop("functions")]
    if (choice := body.pop("function_call", None)) is not None:
        body["tool_choice"] = choice if isinstance(choice, str) else {"type": "function", "function": choice}


def tool_choice(provider: str, body: JSON) -> None:
    """Other vendors' forms are told in OpenAI's."""
    choice = body.get("tool_choice")
    if choice == "any":
        body["tool_choice"] = "required"
    elif mapping_of(choice).get("type") == "tool":
        body["tool_choice"] = {"type": "function", "function": {"name": mapping_of(choice)["name"]}}


def no_single_choice(provider: str, body: JSON) -> None:
    """`n: 1` says nothing, and neither Groq nor OpenRouter has an `n`."""
    if provider in ("groq", "openrouter") and body.get("n") == 1:
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
    a_deployment,
    newer_limit,
    renamed,
    functions,
    tool_choice,
    no_single_choice,
    system_for_developer,
    no_annotations,
    one_reasoning,
)

DEPLOYMENT: Final = "a-deployment"

# Record -> what the error says.
REFUSED: Final[Mapping[str, str]] = {
    # A tool's answer names the call it answers: these two vendors would guess.
    "fb905fa7dc4bb960": "messages[1].tool_calls[0].id is missing",
    "dcca8e2670f14e5b": "messages[2].tool_call_id is missing",
    "11f1233c23e90c86": "messages[2].tool_call_id is missing",
    "c36ef1250ea2e103": "messages[2].tool_call_id is missing",
    "20f0e578f285e946": "messages[2].tool_call_id is missing",
    "8ead156b2bdcb053": "messages[2].tool_call_id is missing",
    "b8ae4ddcbf303aea": "messages[2].tool_call_id is missing",
    # OpenRouter was asked for two answers, and gave one.
    "d2c63630e3249bb9": "n: no such field",
    "d41d8d6ebbd1170a": "n: no such field",
    "bc664343960b046f": "n: no such field",
    "04c0f5529757a075": "n: no such field",
}


# The variables that stand in some vendors' addresses, as the corpus has them.
VARIABLES: Final = {
    "AWS_REGION": "us-east-1",
    "AZURE_OPENAI_ENDPOINT": "https://example-resource.openai.azure.com",
    "AZURE_AI_CHAT_ENDPOINT": "https://example-resource.services.ai.azure.com",
    "AZURE_ANTHROPIC_RESOURCE": "example-resource",
    "CLOUDFLARE_ACCOUNT_ID": "ACCOUNT",
    "DATABRICKS_HOST": "https://example-workspace.cloud.databricks.com",
    "SNOWFLAKE_ACCOUNT_ID": "example-account",
}
# Providers without a host of their own, by file or by name.
NO_HOST: Final = frozenset({"heroku", "llamacpp", "local_openai", "openai_like"})
# Other places that callers have asked, and why a call does not go there by itself.
OTHER_PLACES: Final[Mapping[str, str]] = {
    r"127\.0\.0\.1:11434/": "localhost, by its number",
    r"aiplatform\.googleapis\.com/v1/.*/google/": "the version with fewer features",
    r"api\.anthropic\.com/api/": "one caller's base that ends with /api",
    r"api\.deepseek\.com/(v1|beta)/": "the same, and one with a few features more",
    r"api\.moonshot\.cn/": "the vendor's host for China",
    r"api\.together\.xyz/": "the vendor's older host",
    r"api\.z\.ai/api/coding/": "a subscription for coding agents",
    r"bedrock-mantle\.aws-region\.": "a region that its source has taken out",
    r"example-resource\.openai\.azure\.com/chat/": "a base without its path, which Azure does not find",
    r"generativelanguage\.googleapis\.com/v1alpha/": "an older version",
    r"router\.huggingface\.co/(?!v1/)": "one of the houses behind the router",
}


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
        model = DEPLOYMENT if record.provider == "azure" else record.model
        reply = complete(model, body["messages"], provider=record.provider, **keywords(record, body))
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
    found = (record for record in records(file) if record.wire in OPENAI_WIRES and file != "mistral")
    return [record for record in found if record.request is not None and record.status < 300]


@pytest.mark.parametrize("file", FILES)
def test_body(file: str) -> None:
    vendor = Vendor()
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        found = [f"{record.id} {line}" for record in requests(file) for line in fault(client, vendor, record)]
    assert not found, report(found, len(requests(file)))


# --- where it goes ----------------------------------------------------------------------------------------------------


def recorded_place(record: Record) -> str:
    """Host and path that were called. (Where a source has taken the location out of the path, the host has it.)"""
    host, path = str(record.raw["host"]), unquote(str(record.raw["path"]))
    location = host.removesuffix("aiplatform.googleapis.com").strip("-") or "global"
    return host + re.sub("/locations/(<.*>|REDACTED)/", f"/locations/{location}/", path)


def settings(record: Record) -> JSON:
    """What the caller of a cloud has said beside the model."""
    called = recorded_place(record)
    if located := re.search("/locations/([^/]+)/", called):
        return {"vertex_project": "PROJECT", "vertex_location": located[1], "api_key": "ya29.token"}
    if record.provider == "bedrock":
        return {"aws_region_name": called.split(".")[1]}
    if deployed := re.search("/deployments/([^/]+)/", called):
        version = record.raw["query"].get("api-version", "2024-10-21")
        return {"api_base": f"https://{record.raw['host']}", "api_version": version, "deployment_id": deployed[1]}
    return {}


def place(client: Client, vendor: Vendor, record: Record) -> str:
    """Host and path that a call like the recorded one goes to."""
    vendor.record = record
    vendor.sent.clear()
    complete = cast("Callable[..., object]", client.completion)
    with suppress(APIError):  # as recorded
        given = {"provider": record.provider, "stream": record.asks_for_stream, "api_key": "a-key", **settings(record)}
        reply = complete(record.model, MESSAGES, **given)
        if isinstance(reply, Stream):
            reply.close()
    url = vendor.sent[-1].url
    return url.netloc.decode() + url.path


def have_hosts(file: str) -> list[Record]:
    return [record for record in records(file) if not NO_HOST & {file, record.provider}]


def other_place(record: Record) -> str | None:
    return next((pattern for pattern in OTHER_PLACES if re.match(f"(.*-)?{pattern}", recorded_place(record))), None)


@pytest.mark.parametrize("file", FILES)
def test_address(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `api_base` a call goes where the vendor's other callers send theirs."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    vendor = Vendor()
    chosen = [record for record in have_hosts(file) if other_place(record) is None]
    with Client(transport=vendor, num_retries=0) as client:
        places = [(record.id, recorded_place(record), place(client, vendor, record)) for record in chosen]
    found = [f"{id}: {ours}, not {theirs}" for id, theirs, ours in places if theirs != ours]
    assert not found, report(found, len(chosen))


def test_every_other_place_was_called() -> None:
    assert {other_place(record) for file in FILES for record in have_hosts(file)} == {None, *OTHER_PLACES}


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

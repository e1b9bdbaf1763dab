"""Junk in each place of a call, for every vendor whose description is compiled: a request that the description accepts,
or an error of ours that names the parameter; and nothing of the caller's is changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from importlib import import_module
from typing import TYPE_CHECKING, Final, Self, cast

import httpx2
import pytest

from polyvox import Client, InvalidRequestError
from polyvox.parameters import VENDOR_OPTIONS
from tests.hostile.asking import each
from tests.hostile.calls import CALLS, FEW, JUNK, Place, spoiled
from tests.hostile.described import SPECS, complaints
from tests.hostile.dialect import Dialect
from tests.hostile.dialects import DESCRIBED, DIALECTS
from tests.mapping.asking import HELLO, KEY, Json, usual_reply

if TYPE_CHECKING:
    from polyvox import Messages, Parameters

MODELS: Final = {
    "openai": "gpt-5",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock": "anthropic.claude-v2",
    "mistral": "mistral-small",
    "cohere": "command-a",
    "ollama": "qwen3",
    # Of whose models the description has a list.
    "ai21": "jamba-large",
    "perplexity": "sonar",
    "zai": "glm-4.6",
    "moonshot": "kimi-k2.5",
}
NATIVE: Final = tuple(MODELS)[:7]
OTHERS: Final = sorted(VENDOR_OPTIONS - {*NATIVE, "completions"})
every_vendor: Final = pytest.mark.parametrize("vendor", [*NATIVE, *OTHERS])


_ELSEWHERE: Final[Json] = {"api_base": "https://h.test"}


class Asked:
    """A client of one vendor's, and what each call through it put on the wire."""

    def __init__(self, model: str, place: Mapping[str, object], reply: bytes | None = None) -> None:
        self._model = model
        self._place = place
        self._reply = reply
        self._sent: list[bytes] = []
        transport = httpx2.MockTransport(self._answer)
        self._client = Client(transport=transport, num_retries=0)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self._sent.append(request.content)
        return httpx2.Response(200, content=self._reply or usual_reply(request.url.path))

    @classmethod
    def of(cls, vendor: str) -> Self:
        """Of one whose description is compiled."""
        place = {"aws_region_name": "us-east-1"} if vendor == "bedrock" else _ELSEWHERE
        return cls(f"{vendor}:{MODELS.get(vendor, 'm')}", place)

    def ask(self, call: Json) -> Json | InvalidRequestError:
        """The body, or why there is none."""
        self._sent.clear()
        given = {"api_key": KEY, **self._place, **call, "drop_params": True}
        messages = cast("Messages", given.pop("messages", None))
        try:
            self._client.completion(self._model, messages, **cast("Parameters", given))
        except InvalidRequestError as error:
            assert self._sent == []
            return error
        (body,) = self._sent
        return cast("Json", json.loads(body))


@every_vendor
def test_in_every_place_of_a_call(vendor: str) -> None:
    asked, wrong, before = Asked.of(vendor), list[str](), deepcopy(CALLS)
    for call in CALLS.values():
        refused = not isinstance(asked.ask(call), dict)  # for what it asks for: junk elsewhere may go unseen
        for place, spoilt in spoiled(call, JUNK if vendor in NATIVE else FEW):
            wrong += _wrong(vendor, asked, () if refused else place, spoilt)
    assert wrong == []
    assert before == CALLS


# A number and an object: here it is only asked that nothing breaks.
@each(dialect=[one for one in DIALECTS if one not in DESCRIBED])
def test_in_every_place_of_a_call_that_no_description_judges(dialect: Dialect) -> None:
    asked, wrong = Asked(dialect.model, {**_ELSEWHERE, **dialect.asked}, dialect.reply), list[str]()
    for call in CALLS.values():
        refused = not isinstance(asked.ask(call), dict)
        for place, spoilt in spoiled(call, [7, {}]):
            wrong += _wrong(None, asked, () if refused else place, spoilt)
    assert wrong == []


def _wrong(vendor: str | None, asked: Asked, place: Place, call: Json) -> list[str]:
    try:
        came = asked.ask(call)
    except Exception as error:
        return [f"{place} {call}: {error!r}"]
    if isinstance(came, InvalidRequestError):
        return [] if not place or str(place[0]) in str(came) else [f"{place} is not named by {came}"]
    return [f"{place}: {said}" for said in (complaints(vendor, came) if vendor else ())]


@every_vendor
def test_in_every_option_of_the_vendors_own(vendor: str) -> None:
    asked, wrong = Asked.of(vendor), list[str]()
    for name in import_module(f"polyvox_wire.{vendor}.options").PATHS:
        for junk in JUNK:
            wrong += _wrong(vendor, asked, (name,), {"messages": HELLO, vendor: {name: junk}})
    assert wrong == []


@pytest.mark.parametrize("name", CALLS)
def test_the_call_is_good_as_long_as_there_is_no_junk_in_it(name: str) -> None:
    sent = [(vendor, came) for vendor in NATIVE if isinstance(came := Asked.of(vendor).ask(CALLS[name]), dict)]
    assert sent != []
    assert [said for vendor, came in sent for said in complaints(vendor, came)] == []


def test_every_description_is_asked() -> None:
    compiled = {path.parent.name for path in SPECS.glob("*/source.toml")}
    # `chat` is what comes back; `completions` are prompts, which tests/mapping/test_completions.py has.
    assert compiled - {"chat", "completions"} == {*NATIVE, *OTHERS}


def test_the_descriptions_know_junk_when_they_see_it() -> None:
    body: Json = {"model": "m", "messages": [{"role": "user", "content": 7}], "contents": 7}
    assert [vendor for vendor in (*NATIVE, *OTHERS) if not complaints(vendor, body)] == ["deepseek", "vllm"]

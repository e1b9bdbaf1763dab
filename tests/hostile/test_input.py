"""Any input at all: a request that the vendor's own description accepts, or one of our errors that names the place."""

from __future__ import annotations

import copy
import json
import string
from collections import ChainMap, UserDict
from collections.abc import Callable, Iterator, Mapping
from errno import EMFILE
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote, urlsplit

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import BaseModel
from typing_extensions import override

from polyvox import APIConnectionError, APIError, Client, InvalidRequestError, completion
from polyvox.transport.targets import target_of
from tests.hostile.asking import each
from tests.hostile.described import complaints
from tests.hostile.dialect import Dialect
from tests.hostile.dialects import DESCRIBED, EVERYBODY, OLLAMA
from tests.mapping.asking import HELLO, Json, usual_reply

if TYPE_CHECKING:
    from polyvox import Messages, Parameters

pytestmark = pytest.mark.filterwarnings("ignore::polyvox.InsecureAddressWarning")
every_dialect = pytest.mark.parametrize("dialect", DESCRIBED, ids=str)

AS_IT_IS: Final = frozenset({"extra_body", "additional_params", "allowed_openai_params"})
"""What a caller sends on his own account, whatever the vendor says."""


class Asked:
    """What one call put on the wire, if anything."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, model: object, messages: object, parameters: Mapping[str, object]) -> InvalidRequestError | None:
        """One call; nothing of the caller's may change by it."""
        before = copy.deepcopy((messages, parameters))
        try:
            with Client(transport=httpx2.MockTransport(self.answer), num_retries=0) as client:
                given = cast("Parameters", {"api_key": "sk-k", **parameters})
                client.completion(cast("str", model), cast("Messages", messages), **given)
        except InvalidRequestError as error:
            return error
        finally:
            assert repr((messages, parameters)) == repr(before)
        return None

    @property
    def body(self) -> object:
        return json.loads(self.requests[0].content, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


# --- anything ---------------------------------------------------------------------------------------------------------

SCALARS: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["user", "text", ""])
)
JSON_LIKE: Final[SearchStrategy[object]] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)
# Keys and words that mean something, with values that may be anything: junk that gets far.
KEYS: Final = [
    "role",
    "content",
    "type",
    "text",
    "image_url",
    "url",
    "file",
    "tool_calls",
    "tool_call_id",
    "name",
    "id",
]
KEYS_OF_TOOLS: Final = ["type", "function", "name", "parameters", "properties", "description", "strict", "custom"]


def nearly(valid: SearchStrategy[object], junk: SearchStrategy[object] = JSON_LIKE) -> SearchStrategy[object]:
    """Mostly as it should be."""
    return st.integers(0, 19).flatmap(lambda one: junk if one == 19 else valid)


def _objects(keys: list[str], values: SearchStrategy[object]) -> SearchStrategy[object]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=5)


def fields(
    fixed: dict[str, SearchStrategy[object]], optional: dict[str, SearchStrategy[object]] | None = None
) -> SearchStrategy[Json]:
    """An object with these keys, and perhaps those."""
    return st.fixed_dictionaries(fixed, optional=optional or {})


TEXT: Final = nearly(st.text(max_size=10))
PARTS: Final = st.one_of(
    fields({"type": st.just("text"), "text": TEXT}),
    fields({"type": st.just("refusal"), "refusal": TEXT}),
    fields(
        {
            "type": st.just("image_url"),
            "image_url": nearly(
                fields(
                    {"url": nearly(st.sampled_from(["https://h.test/a.png", "data:image/png;base64,AAAA", "x"]))},
                    optional={"detail": TEXT},
                )
            ),
        }
    ),
    fields({"type": st.just("input_audio"), "input_audio": nearly(_objects(["data", "format"], TEXT))}),
    fields({"type": st.just("file"), "file": nearly(_objects(["file_data", "file_id", "filename", "format"], TEXT))}),
    fields({"type": st.sampled_from(["video_url", "audio_url"]), "video_url": JSON_LIKE}),
    _objects(KEYS, JSON_LIKE),
)
CONTENT: Final = nearly(st.one_of(st.text(max_size=10), st.lists(PARTS, max_size=3)))
ARGUMENTS: Final = st.sampled_from(['{"a": 1}', "", "{", "[]"])
SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "integer"}}}
CALLS: Final = nearly(
    st.lists(
        fields(
            {
                "id": nearly(st.sampled_from(["call_1", "call_2"])),
                "type": nearly(st.sampled_from(["function", "custom"])),
                "function": nearly(
                    fields(
                        {
                            "name": nearly(st.just("add")),
                            "arguments": nearly(ARGUMENTS),
                        }
                    )
                ),
            }
        ),
        max_size=2,
    )
)
MESSAGES: Final = nearly(
    st.lists(
        st.one_of(
            fields(
                {"role": nearly(st.sampled_from(["user", "system", "developer"])), "content": CONTENT},
                optional={"name": TEXT, "cache_control": JSON_LIKE},
            ),
            fields(
                {"role": st.just("assistant")},
                optional={
                    "content": CONTENT,
                    "tool_calls": CALLS,
                    "refusal": TEXT,
                    "reasoning_content": TEXT,
                    "thinking_blocks": JSON_LIKE,
                    "provider_specific_fields": JSON_LIKE,
                    "function_call": JSON_LIKE,
                    "audio": JSON_LIKE,
                },
            ),
            fields(
                {"role": st.just("tool"), "content": CONTENT, "tool_call_id": nearly(st.sampled_from(["call_1", "x"]))},
                optional={"name": TEXT, "is_error": JSON_LIKE},
            ),
            fields({"role": st.just("function"), "name": TEXT, "content": CONTENT}),
            _objects(KEYS, JSON_LIKE),
        ),
        max_size=4,
    )
)
TOOLS: Final = nearly(
    st.lists(
        nearly(
            fields(
                {
                    "type": nearly(st.just("function")),
                    "function": nearly(
                        fields(
                            {"name": nearly(st.just("add"))},
                            optional={
                                "description": TEXT,
                                "parameters": nearly(
                                    st.just({"type": "object", "properties": {"a": {"type": "integer"}}})
                                ),
                                "strict": nearly(st.booleans()),
                            },
                        )
                    ),
                }
            ),
            _objects(KEYS_OF_TOOLS, JSON_LIKE),
        ),
        max_size=2,
    )
)
NAMES: Final = sorted(
    {
        *("temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "n", "seed", "presence_penalty"),
        *("frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "user", "tool_choice", "parallel_tool_calls"),
        *("reasoning_effort", "thinking", "verbosity", "modalities", "audio", "prediction", "metadata", "store"),
        *("service_tier", "prompt_cache_key", "stream_options", "functions", "function_call", "response_format"),
        *("extra_body", "extra_headers", "extra_query", "timeout", "num_retries", "fallbacks", "api_base", "provider"),
        *("anthropic", "openai", "gemini", "additional_params", "client_args", "allowed_openai_params", "drop_params"),
        *("web_search_options", "safety_identifier", "session_label", "mock_response", "deployment_id", "api_version"),
    }
)


@every_dialect
@given(messages=MESSAGES, tools=TOOLS, parameters=st.dictionaries(st.sampled_from(NAMES), JSON_LIKE, max_size=3))
@example(messages=[{"role": "user", "content": "Hi"}], tools=None, parameters={})
@example(messages=[{"role": "user", "content": "Hi"}], tools=None, parameters={"modalities": 1.0})
@example(messages=[{"role": "user", "content": "Hi"}], tools=None, parameters={"response_format": [[]]})
def test_a_request_or_an_error_of_ours(
    dialect: Dialect, messages: object, tools: object, parameters: dict[str, object]
) -> None:
    asked = Asked()
    given_ = {**dialect.asked, **({} if tools is None else {"tools": tools}), **parameters, "mock_response": None}
    error = asked.ask(dialect.model, messages, given_)
    assert len(asked.requests) == (error is None)
    assert str(error)
    if error is None:
        body = asked.body
        assert isinstance(body, dict)  # and strict JSON
        if AS_IT_IS.isdisjoint(parameters):
            assert complaints(dialect.provider, cast("Json", body)) == []


@given(model=nearly(st.text(max_size=30)), messages=st.just([{"role": "user", "content": "Hi"}]))
def test_any_name_of_a_model(model: object, messages: object) -> None:
    Asked().ask(model, messages, {"max_tokens": 9, "api_base": "https://h.test"})


# --- what the vendor's description says -------------------------------------------------------------------------------

ADD: Final[Json] = {"type": "function", "function": {"name": "add", "parameters": SCHEMA}}
FINE: Final = fields(
    {},
    optional={
        "temperature": st.floats(0, 1),
        "top_p": st.floats(0, 1),
        "max_tokens": st.integers(1, 4096),
        "stop": st.one_of(
            st.text("ab", min_size=1, max_size=3), st.lists(st.text("ab", min_size=1, max_size=3), max_size=3)
        ),
        "seed": st.integers(0, 2**31 - 1),
        "tools": st.just([ADD]),
        "tool_choice": st.sampled_from(["auto", "none", "required"]),
        "user": st.text("ab", min_size=1, max_size=4),
        "reasoning_effort": st.sampled_from(["low", "medium", "high"]),
        "frequency_penalty": st.floats(0, 1),
        "presence_penalty": st.floats(0, 1),
        "parallel_tool_calls": st.booleans(),
    },
)
IMAGE: Final[Json] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
WORDS: Final = st.text(min_size=1, max_size=10)
TALK: Final = st.lists(
    st.one_of(
        fields({"role": st.sampled_from(["user", "system", "developer"]), "content": WORDS}),
        fields({"role": st.just("assistant"), "content": WORDS}),
        fields(
            {
                "role": st.just("user"),
                "content": st.lists(
                    st.one_of(
                        fields({"type": st.just("text"), "text": WORDS}),
                        st.just(IMAGE),
                    ),
                    min_size=1,
                    max_size=2,
                ),
            }
        ),
    ),
    min_size=1,
    max_size=4,
)


@every_dialect
@given(talk=TALK, parameters=FINE)
def test_what_is_sent_fits_the_vendors_description(dialect: Dialect, talk: list[Json], parameters: Json) -> None:
    asked = Asked()
    if asked.ask(dialect.model, talk, {**dialect.asked, **parameters, "drop_params": True}) is None:
        assert complaints(dialect.provider, cast("Json", asked.body)) == []


# --- what no form foresees --------------------------------------------------------------------------------------------


class Failing(Mapping[str, object]):
    """A mapping whose methods fail, as a lazy one does whose file is gone."""

    @override
    def __getitem__(self, name: str) -> object:
        raise ZeroDivisionError

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    @override
    def __len__(self) -> int:
        return 1


def _deep() -> object:
    value: object = "x"
    for _ in range(10_000):
        value = [value]
    return value


def _in_itself() -> object:
    value: list[object] = []
    value.append(value)
    return value


UNFORESEEN: Final[dict[str, Callable[[], object]]] = {
    "deep": _deep,
    "in itself": _in_itself,
    "a huge number": lambda: 10**5000,
    "one that fails": Failing,
    "a class": lambda: BaseModel,
}
# The keywords of a call that holds it in this place.
PLACES: Final[dict[str, Callable[[object], dict[str, object]]]] = {
    "a message": lambda one: {"messages": [one]},
    "a role": lambda one: {"messages": [{"role": one, "content": "x"}]},
    "thoughts": lambda one: {"messages": [{"role": "assistant", "content": "x", "reasoning_content": one}]},
    "a schema": lambda one: {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"x": one}}}]},
    "extra_query": lambda one: {"extra_query": {"q": {"\ud800": one}}},
    "extra_headers": lambda one: {"extra_headers": {"x": one}},
    "additional_params": lambda one: {"additional_params": one},
    "fallbacks": lambda one: {"fallbacks": [{"model": one}]},
    "model_list": lambda one: {"model_list": one},
    "timeout": lambda one: {"timeout": one},
    "n": lambda one: {"n": one, "mock_response": "x"},
    "mock_response": lambda one: {"mock_response": {"choices": one}},
    "stream": lambda one: {"num_retries": one, "stream": True},
}


@pytest.mark.parametrize(
    ("shortage", "kind"), [(OSError(EMFILE, "Too many open files"), APIConnectionError), (MemoryError(), MemoryError)]
)
def test_a_machine_that_has_no_more(shortage: Exception, kind: type[Exception]) -> None:
    """It is nobody's mistake in the call: while a vendor's module is loaded, files may run out."""

    def messages() -> Iterator[Json]:
        yield from HELLO
        raise shortage

    with pytest.raises(kind, match=None if kind is MemoryError else "Too many open files"):
        completion("openai:gpt-5", cast("Messages", messages()), api_key="k")


class Sly(str):
    """A text whose own methods fail."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        raise ZeroDivisionError

    @override
    def __str__(self) -> str:
        raise ZeroDivisionError


UNMEANT: Final[list[tuple[str, object]]] = [
    *((name, value) for name in ("provider", "custom_llm_provider") for value in (Sly("x"), object(), 10**5000, True)),
    *(("timeout", value) for value in (Sly("x"), object(), 10**5000, True)),
    *(("num_retries", value) for value in (Sly("x"), object(), True)),
    *(("stream", value) for value in (Sly("x"), object(), 10**5000)),
]


@pytest.mark.parametrize(("name", "value"), UNMEANT, ids=[name for name, _ in UNMEANT])
def test_a_setting_that_cannot_be_meant(name: str, value: object) -> None:
    given: dict[str, object] = {"api_key": "k", name: value}
    with pytest.raises(InvalidRequestError):
        Client().completion("gpt-5", HELLO, **cast("Parameters", given))


MAPPINGS: Final[dict[str, Callable[[Json], Mapping[str, object]]]] = {
    "a UserDict": UserDict,
    "a ChainMap": ChainMap,
}


@pytest.mark.parametrize("kind", MAPPINGS.values(), ids=MAPPINGS)
@every_dialect
def test_a_mapping_of_any_kind_is_one(dialect: Dialect, kind: Callable[[Json], Mapping[str, object]]) -> None:
    plain, given = Asked(), Asked()
    plain.ask(dialect.model, [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}], dialect.asked)
    given.ask(dialect.model, [kind({"role": "user", "content": [kind({"type": "text", "text": "Hi"})]})], dialect.asked)
    assert given.body == plain.body


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("value", UNFORESEEN.values(), ids=UNFORESEEN)
def test_what_no_form_foresees(value: Callable[[], object], place: Callable[[object], dict[str, object]]) -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(401, json={})

    given: dict[str, object] = {"messages": HELLO, "api_key": "k", **place(value())}
    with Client(transport=httpx2.MockTransport(answer)) as client, pytest.raises(APIError) as caught:
        client.completion("openai:gpt-5", cast("Messages", given.pop("messages")), **cast("Parameters", given))
    assert len(str(caught.value)) < 500
    assert len(asked) <= 1


# --- addresses and headers --------------------------------------------------------------------------------------------

ADDRESSES: Final = [
    "https://h.test/v1\r\nx-evil: 1",
    "https://h.test/v1\nGET /",
    "https://user@h.test/v1",
    "https://user:secret@h.test/v1",
    "https://h.test@evil.test/v1",
    "https://h.test/../admin",
    "https://h.test/v1/..",
    "https://h.test/%2e%2e/admin",
    "https://h.test/v1/.%2E/x",
    "https://h.test/..%2fadmin",
    "https://h.test\\@evil.test/v1",
    "https://h\u00e9.test/v1",
    "https://\u0430pple.test/v1",  # a Cyrillic letter
    "https://h\u3002test/v1",
    "https://h.test\u2044evil.test",
    "https://h.test/v1#@evil.test",
    "https://h.test/#",
    "https://h.test/#/",
    "https://h.test:0/v1",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "//h.test/v1",
    "https://",
    "https://h .test",
    "https://h.test/\x00",
    "https://[::1",
    "https://h..test/v1",
    "https://.h.test/v1",
    f"https://{'h' * 64}.test/v1",
    f"https://{'h.' * 126}test/v1",
]


# Ollama's own tools take a name without a scheme, and more; so does polyvox for it.
_TAKEN_BY_OLLAMA: Final = frozenset(one for one in ADDRESSES if not one.startswith(("https://h", "https://u")))


@each(dialect=EVERYBODY, name=["api_base", "base_url"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_leads_elsewhere_is_refused(dialect: Dialect, address: str, name: str) -> None:
    if dialect is OLLAMA and address in _TAKEN_BY_OLLAMA:
        return
    error = Asked().ask(dialect.model, [{"role": "user", "content": "Hi"}], {**dialect.asked, name: address})
    assert error is not None
    assert "api_base" in str(error)


_HOSTS: Final = st.one_of(st.sampled_from(["h.test", "H.test", "[::1]", "10.0.0.1"]), st.text("h.-:@/%[]é", max_size=6))
_SEGMENTS: Final = st.lists(st.text("av1.%2eE~\\;:@?#&= \r\n\x00é", max_size=6), max_size=3).map("/".join)


@given(
    scheme=nearly(
        st.sampled_from(["https://", "http://"]), st.sampled_from(["", "//", "ftp://", "https:", "HTTPS://"])
    ),
    user=nearly(st.just(""), st.sampled_from(["u@", "u:p@", "@", ":@"])),
    host=_HOSTS,
    port=nearly(st.just(""), st.sampled_from([":", ":1", ":0", ":65536", ":-1", ":x", ":٣"])),
    path=_SEGMENTS.map(lambda path: f"/{path}" if path else path),
)
def test_any_address_is_the_one_that_is_asked_or_refused(
    scheme: str, user: str, host: str, port: str, path: str
) -> None:
    base, asked = f"{scheme}{user}{host}{port}{path}", Asked()
    error = asked.ask("openai:m", HELLO, {"api_base": base})
    if error is not None:
        assert "api_base" in str(error)
        return
    (request,) = asked.requests
    whole, sent = urlsplit(base), str(request.url)
    assert (whole.username, whole.password, whole.fragment) == (None, None, "")
    assert (request.url.host, request.url.port) == ((whole.hostname or "").strip("[]"), whole.port)
    assert set(sent) <= set(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%")
    assert "/../" not in f"{unquote(request.url.path)}/"
    place, _, headers = target_of(sent, ())
    assert (place.host, dict(headers)[b"host"]) == (request.url.host, request.url.netloc)


HEADERS: Final[list[tuple[str, str]]] = [
    ("x-a\r\nx-evil", "1"),
    ("x-a", "1\r\nx-evil: 1"),
    ("x-a", "1\n"),
    ("x-a:", "1"),
    ("x a", "1"),
    ("", "1"),
    ("x-\u00e9", "1"),
    ("x-a", "\u00e9"),
    ("x-a", "a\x00b"),
    ("x-a", " padded "),
    ("content-length", "0"),
    ("Transfer-Encoding", "chunked"),
]


@each(dialect=EVERYBODY)
@pytest.mark.parametrize("header", HEADERS)
def test_a_header_that_carries_another_is_refused(dialect: Dialect, header: tuple[str, str]) -> None:
    given_ = {"api_base": "https://h.test", **dialect.asked, "extra_headers": dict([header])}
    error = Asked().ask(dialect.model, [{"role": "user", "content": "Hi"}], given_)
    assert error is not None
    assert "extra_headers" in str(error)


@given(query=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3))
def test_a_query_stays_a_query(query: dict[str, str]) -> None:
    asked = Asked()
    parameters = {"extra_query": query, "api_base": "https://h.test/v1"}
    if asked.ask("openai:m", [{"role": "user", "content": "Hi"}], parameters) is None:
        url = asked.requests[0].url
        assert (url.host, url.path) == ("h.test", "/v1/chat/completions")
        assert dict(url.params) == query

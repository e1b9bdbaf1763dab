"""Where Vertex AI is asked, for which project, and with which key or token; google-auth is in test_google_tokens."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import APIError, AsyncClient, AuthenticationError, Client, InvalidRequestError, MissingApiKeyError
from tests.mapping.asking import HELLO, Json, as_bytes, parsed, sse, usual_reply
from tests.recordings.corpus import records

if TYPE_CHECKING:
    from polyvox import Parameters

GEMINI: Final = "vertex_ai/gemini-2.5-flash"
CLAUDE: Final = "vertex_ai/claude-sonnet-4-5@20250929"
TOKEN: Final = "ya29.token"
GLOBAL: Final = "https://aiplatform.googleapis.com"
P1: Final = "projects/p1/locations/global/publishers"


class Vertex:
    """Answers everybody, and keeps what it is asked."""

    def __init__(self, *refusals: int) -> None:
        self.refusals = list(refusals)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.refusals:
            error = {"error": {"code": 401, "message": "No.", "status": "UNAUTHENTICATED"}}
            return httpx2.Response(self.refusals.pop(0), content=as_bytes(error))
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, model: str = GEMINI, /, **settings: object) -> httpx2.Request:
        """The request that a call makes."""
        client = Client(transport=httpx2.MockTransport(self), num_retries=0)
        client.completion(model, HELLO, **cast("Parameters", settings))
        return self.requests[-1]


def url(model: str = GEMINI, /, **settings: object) -> str:
    """The address of a call with a token."""
    return str(Vertex().ask(model, **{"api_key": TOKEN, "vertex_project": "p1", **settings}).url)


# --- models -----------------------------------------------------------------------------------------------------------

MODELS: Final = {
    "gemini": (GEMINI, f"/v1beta1/{P1}/google/models/gemini-2.5-flash:generateContent"),
    "canonical": ("vertexai:gemini-2.5-pro", f"/v1beta1/{P1}/google/models/gemini-2.5-pro:generateContent"),
    "another alias": ("vertex_ai_beta/gemini-2.5-pro", f"/v1beta1/{P1}/google/models/gemini-2.5-pro:generateContent"),
    "with its owner": ("vertexai:google/gemini-2.5-pro", f"/v1beta1/{P1}/google/models/gemini-2.5-pro:generateContent"),
    "with its place": ("vertexai:models/gemini-2.5-pro", f"/v1beta1/{P1}/google/models/gemini-2.5-pro:generateContent"),
    "with its path": (
        "vertexai:publishers/google/models/gemini-2.5-pro",
        f"/v1beta1/{P1}/google/models/gemini-2.5-pro:generateContent",
    ),
    "tuned": ("vertexai:endpoints/123", "/v1beta1/projects/p1/locations/global/endpoints/123:generateContent"),
    "tuned, by number": ("vertexai:123", "/v1beta1/projects/p1/locations/global/endpoints/123:generateContent"),
    "claude": (CLAUDE, f"/v1/{P1}/anthropic/models/claude-sonnet-4-5@20250929:rawPredict"),
    "claude, any-llm": ("vertexaianthropic:claude-opus-4-1", f"/v1/{P1}/anthropic/models/claude-opus-4-1:rawPredict"),
    "claude with its owner": (
        "vertexaianthropic:anthropic/claude-opus-4-1",
        f"/v1/{P1}/anthropic/models/claude-opus-4-1:rawPredict",
    ),
}


@pytest.mark.parametrize(("model", "path"), MODELS.values(), ids=MODELS)
def test_the_model_stands_in_the_path(model: str, path: str) -> None:
    assert url(model) == GLOBAL + path


def test_a_model_with_its_whole_path_says_project_and_host() -> None:
    model = "projects/p2/locations/europe-west4/publishers/google/models/gemini-2.5-flash"
    address = url(f"vertexai:{model}", vertex_location="us-central1")
    assert address == f"https://europe-west4-aiplatform.googleapis.com/v1beta1/{model}:generateContent"


OPEN: Final = (
    "meta/llama-4-maverick-17b-128e-instruct-maas",
    "deepseek-ai/deepseek-v3.1-maas",
    "openai/gpt-oss-120b-maas",
)
CHUNK: Final = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}


@pytest.mark.parametrize("model", OPEN)
def test_open_models_speak_openais_dialect(model: str) -> None:
    """The owner stands before the name; the model stands in the body."""
    vertex = Vertex()
    messages: list[Json] = [{"role": "developer", "content": "Be brief."}, *HELLO]
    client = Client(transport=httpx2.MockTransport(vertex), vertex_project="p1")
    answer = client.completion(
        f"vertex_ai/{model}", messages, api_key=TOKEN, vertex_location="us-east5", max_completion_tokens=5
    )
    (request,) = vertex.requests
    host = "https://us-east5-aiplatform.googleapis.com"
    assert str(request.url) == f"{host}/v1/projects/p1/locations/us-east5/endpoints/openapi/chat/completions"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert parsed(request.content) == {
        "model": model,
        "messages": [{"role": "system", "content": "Be brief."}, *HELLO],
        "max_tokens": 5,
    }
    assert (answer.provider, answer.choices[0].message.content) == ("vertexai", "Hello")


def test_an_open_model_is_streamed() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=sse(CHUNK, "[DONE]")))
    with Client(transport=transport) as client:
        stream = client.completion(f"vertexai:{OPEN[0]}", HELLO, stream=True, api_key=TOKEN, vertex_project="p1")
        assert stream.completion().choices[0].message.content == "Hi"


STREAMED: Final = {
    "gemini": (GEMINI, "google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
    "claude": (CLAUDE, "anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict"),
}


@pytest.mark.parametrize(("model", "end"), STREAMED.values(), ids=STREAMED)
def test_a_stream_has_a_verb_of_its_own(model: str, end: str) -> None:
    vertex = Vertex()
    client = Client(transport=httpx2.MockTransport(vertex), vertex_project="p1")
    with pytest.raises(APIError):  # the reply is no stream
        client.completion(model, HELLO, stream=True, api_key=TOKEN)
    assert str(vertex.requests[-1].url).endswith(end)


WRONG: Final[dict[str, tuple[str, Json, str]]] = {
    "mistral's model": ("vertex_ai/mistralai/mistral-medium-3", {}, "mistralai's models .* not mapped"),
    "a model of nobody's": ("vertexaianthropic:meta/llama-4", {}, "meta's models .* not mapped"),
    "no location": (GEMINI, {"vertex_location": "evil.org/"}, "vertex_location is"),
    "a location in capitals": (GEMINI, {"vertex_location": "US-CENTRAL1"}, "vertex_location is"),
    "no project": (GEMINI, {"vertex_project": "p/../q"}, "vertex_project is"),
    "a project above": (CLAUDE, {"vertex_project": ".."}, "vertex_project is"),
    "a model above": ("vertexai:projects/p/locations/l/../../x", {}, "cannot stand in an address"),
}


@pytest.mark.parametrize(("model", "settings", "says"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_right_sends_no_token_anywhere(model: str, settings: Json, says: str) -> None:
    vertex = Vertex()
    with pytest.raises(InvalidRequestError, match=says):
        vertex.ask(model, **{"api_key": TOKEN, "vertex_project": "p1", **settings})
    assert vertex.requests == []


# --- places -----------------------------------------------------------------------------------------------------------

LOCATIONS: Final = {
    "global": GLOBAL,
    "us-central1": "https://us-central1-aiplatform.googleapis.com",
    "europe-west4": "https://europe-west4-aiplatform.googleapis.com",
    "us": "https://aiplatform.us.rep.googleapis.com",
    "eu": "https://aiplatform.eu.rep.googleapis.com",
}


@pytest.mark.parametrize(("location", "host"), LOCATIONS.items(), ids=LOCATIONS)
@pytest.mark.parametrize("model", [GEMINI, CLAUDE], ids=["gemini", "claude"])
def test_a_location_has_a_host(model: str, location: str, host: str) -> None:
    address = url(model, vertex_location=location)
    assert address.startswith(f"{host}/v1")
    assert f"/projects/p1/locations/{location}/publishers/" in address


@pytest.mark.parametrize("name", ["VERTEXAI_LOCATION", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"])
def test_a_location_of_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "us-east5")
    assert url().startswith("https://us-east5-aiplatform.googleapis.com/v1beta1/projects/p1/locations/us-east5/")
    assert url(vertex_location="global").startswith(f"{GLOBAL}/")


@pytest.mark.parametrize("name", ["VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"])
@pytest.mark.parametrize("model", [GEMINI, CLAUDE], ids=["gemini", "claude"])
def test_a_project_of_the_environment(name: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "p-env")
    assert "/projects/p-env/" in url(model, vertex_project=None)
    assert "/projects/example.com:p2/" in url(model, vertex_project="example.com:p2")


@pytest.mark.parametrize("model", [GEMINI, CLAUDE], ids=["gemini", "claude"])
def test_a_token_without_a_project_names_every_way_to_say_it(model: str) -> None:
    vertex = Vertex()
    with pytest.raises(InvalidRequestError) as caught:
        vertex.ask(model, api_key=TOKEN)
    for way in ("vertex_project", "VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT"):
        assert way in str(caught.value)
    assert ("VERTEXAI_API_KEY" in str(caught.value)) == (model == GEMINI)
    assert vertex.requests == []


FLASH: Final = "publishers/google/models/gemini-2.5-flash:generateContent"
# An address of the caller's, and what is asked.
BASES: Final = {
    "host": ("https://h.test", f"https://h.test/v1beta1/{P1}/google/models/gemini-2.5-flash:generateContent"),
    "path": ("https://h.test/gw/", f"https://h.test/gw/v1beta1/{P1}/google/models/gemini-2.5-flash:generateContent"),
    "version": ("https://h.test/v1/", f"https://h.test/v1/{P1}/google/models/gemini-2.5-flash:generateContent"),
    "the same version": (
        "https://h.test/v1beta1",
        f"https://h.test/v1beta1/{P1}/google/models/gemini-2.5-flash:generateContent",
    ),
    "project": (
        "https://h.test/v1/projects/p2/locations/us-east1",
        f"https://h.test/v1/projects/p2/locations/us-east1/{FLASH}",
    ),
    "endpoint": (
        f"https://h.test/v1/projects/p2/locations/us-east1/{FLASH}",
        f"https://h.test/v1/projects/p2/locations/us-east1/{FLASH}",
    ),
    "query": ("https://h.test/v1?a=b", f"https://h.test/v1/{P1}/google/models/gemini-2.5-flash:generateContent?a=b"),
}


@pytest.mark.parametrize(("base", "address"), BASES.values(), ids=BASES)
def test_an_address_of_the_callers(base: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert url(api_base=base) == address
    monkeypatch.setenv("VERTEXAI_API_BASE", base)
    assert url() == address


def test_claude_has_a_variable_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEXAI_API_BASE", "https://both.test")
    assert url(CLAUDE).startswith("https://both.test/v1/projects/")
    monkeypatch.setenv("VERTEXAI_ANTHROPIC_API_BASE", "https://claude.test/v1")
    assert url(CLAUDE).startswith("https://claude.test/v1/projects/")
    assert url().startswith("https://both.test/v1beta1/projects/")


# --- keys and tokens --------------------------------------------------------------------------------------------------

EXPRESS: Final = f"{GLOBAL}/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent"


@pytest.mark.parametrize("key", ["AIzaSyKey", "AQ.key", "some-key", " AIzaSyKey\n"])
def test_a_key_of_express_mode_needs_no_project(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p1")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "us-central1")
    for given in (key, None):
        request = Vertex().ask(api_key=given)
        assert (str(request.url), request.headers["x-goog-api-key"]) == (EXPRESS, key.strip())
        assert "authorization" not in request.headers
        monkeypatch.setenv("VERTEXAI_API_KEY", key)


def test_a_key_with_a_project_is_asked_for_that_project() -> None:
    request = Vertex().ask(api_key="AIzaSyKey", vertex_project="p1", vertex_location="us-central1")
    assert request.url.host == "us-central1-aiplatform.googleapis.com"
    assert "/projects/p1/locations/us-central1/" in request.url.path
    assert request.headers["x-goog-api-key"] == "AIzaSyKey"


# Model, api_key -> a bearer token.
TOKENS: Final = {
    "gemini": (GEMINI, TOKEN),
    "claude": (CLAUDE, TOKEN),
    "jwt": (GEMINI, "eyJhbGciOi.e30.c2ln"),
    "of another form": (GEMINI, "secret-token"),
    "of another form for claude": (CLAUDE, "secret-token"),
}


@pytest.mark.parametrize(("model", "token"), TOKENS.values(), ids=TOKENS)
def test_a_token_is_a_bearer_token(model: str, token: str) -> None:
    headers = Vertex().ask(model, api_key=f" {token} ", vertex_project="p1").headers
    assert headers["authorization"] == f"Bearer {token}"
    assert not {"x-goog-api-key", "x-api-key", "anthropic-version"} & set(headers)


def test_a_token_may_stand_where_a_key_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEXAI_API_KEY", TOKEN)
    request = Vertex().ask(vertex_project="p1")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "/projects/p1/" in request.url.path


async def _later() -> str:
    return "tok"


CALLABLES: Final[dict[str, Callable[[], str | Awaitable[str]]]] = {
    "plain": lambda: "tok",
    "async": _later,
    "awaitable": lambda: _later(),
}


@pytest.mark.anyio
@pytest.mark.parametrize("given", CALLABLES.values(), ids=CALLABLES)
@pytest.mark.parametrize("model", [GEMINI, CLAUDE], ids=["gemini", "claude"])
async def test_a_callable_gives_tokens(model: str, given: Callable[[], str | Awaitable[str]]) -> None:
    vertex = Vertex()
    settings = cast("Parameters", {"api_key": given, "vertex_project": "p1"})
    async with AsyncClient(transport=httpx2.MockTransport(vertex)) as client:
        await client.completion(model, HELLO, **settings)
    assert vertex.requests[-1].headers["authorization"] == "Bearer tok"


def test_a_callable_is_asked_for_each_request() -> None:
    tokens = iter(["one", "two"])
    vertex = Vertex(503)
    vertex.ask(api_key=lambda: next(tokens), vertex_project="p1", num_retries=1, timeout=60)
    assert [request.headers["authorization"] for request in vertex.requests] == ["Bearer one", "Bearer two"]


def test_a_token_that_is_refused_is_an_error_at_once() -> None:
    vertex = Vertex(401)
    with pytest.raises(AuthenticationError) as caught:
        vertex.ask(api_key=TOKEN, vertex_project="p1")
    assert (caught.value.provider, caught.value.status_code, len(vertex.requests)) == ("vertexai", 401, 1)


@pytest.mark.parametrize("project", ["p1", None], ids=["project", "no project"])
@pytest.mark.parametrize(
    ("model", "provider"), [(GEMINI, "vertexai"), (CLAUDE, "vertexaianthropic")], ids=["gemini", "claude"]
)
def test_nothing_at_all_names_every_way(model: str, provider: str, project: str | None) -> None:
    vertex = Vertex()
    with pytest.raises(MissingApiKeyError) as caught:
        vertex.ask(model, vertex_project=project)
    for way in ("api_key", "vertex_credentials", "GOOGLE_APPLICATION_CREDENTIALS"):
        assert way in str(caught.value)
    assert ("VERTEXAI_API_KEY" in str(caught.value)) == (model == GEMINI)
    assert (caught.value.provider, vertex.requests) == (provider, [])


@pytest.mark.parametrize("model", [GEMINI, CLAUDE], ids=["gemini", "claude"])
def test_googles_other_key_is_geminis(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "sk-other")
    with pytest.raises(MissingApiKeyError):
        Vertex().ask(model, vertex_project="p1")


@pytest.mark.parametrize("blank", ["", " ", "\n"])
@pytest.mark.parametrize("model", [GEMINI, CLAUDE], ids=["gemini", "claude"])
def test_a_blank_key_is_none(model: str, blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidRequestError, match="api_key is blank"):
        Vertex().ask(model, api_key=blank, vertex_project="p1")
    monkeypatch.setenv("VERTEXAI_API_KEY", blank)
    with pytest.raises(MissingApiKeyError):
        Vertex().ask(model, vertex_project="p1")


# --- as recorded ------------------------------------------------------------------------------------------------------

RECORDED: Final = re.compile(
    r"/(?P<version>v1|v1beta1)/(projects/PROJECT/locations/(?P<location>[a-z0-9-]+)/)?publishers/.*"
)


def test_the_recorded_addresses() -> None:
    """Gemini was recorded in both versions: the older one is asked for by an address that says so."""
    seen: dict[str, str] = {}
    for record in records("vertex"):
        host, path = str(record.raw["host"]), str(record.raw["path"])
        found = RECORDED.fullmatch(path)
        if found is None:  # the location is blacked out
            continue
        location = found["location"]
        base = f"https://{host}/v1" if found["version"] == "v1" else None
        key = {"api_key": TOKEN, "vertex_project": "PROJECT"} if location else {"api_key": "AIzaSyKey"}
        vertex = Vertex()
        client = Client(transport=httpx2.MockTransport(vertex), api_base=base, vertex_location=location)
        settings = cast("Parameters", {"provider": record.provider, **key})
        if "stream" in path:
            with pytest.raises(APIError):  # the reply is no stream
                client.completion(record.model, HELLO, stream=True, **settings)
        else:
            client.completion(record.model, HELLO, **settings)
        seen[f"https://{host}{path}"] = str(vertex.requests[-1].url).removesuffix("?alt=sse")
    if not seen:
        pytest.skip("the recordings are not here")
    assert list(seen.values()) == list(seen)

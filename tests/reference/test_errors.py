"""The errors that the documents name, for every vendor that they name: each caught by its name there."""

from __future__ import annotations

from typing import Final

import httpx2
import pytest

import polyvox
from polyvox import APIError, Client
from tests.mapping.asking import HELLO, Json, Wire, as_bytes

# A model of each vendor, and its way to say no.
VENDORS: Final[dict[str, Json]] = {
    "openai/gpt-4o": {"error": {"message": "No.", "type": "error", "param": None, "code": None}},
    "anthropic/claude-instant-1": {"type": "error", "error": {"type": "error", "message": "No."}},
    "gemini/gemini-pro": {"error": {"code": 0, "message": "No.", "status": "UNKNOWN"}},
    "vertex_ai/gemini-pro": {"error": {"code": 0, "message": "No.", "status": "UNKNOWN"}},
    "bedrock/anthropic.claude-v2": {"message": "No."},
    "azure/gpt-4": {"error": {"message": "No.", "code": None}},
    "mistral/mistral-large": {"object": "error", "message": "No.", "type": "error", "code": None},
    "groq/llama": {"error": {"message": "No.", "type": "error"}},
    "ollama/llama3": {"error": "No."},
}
SETTINGS: Final[dict[str, Json]] = {
    "azure/gpt-4": {"api_base": "https://r.openai.azure.com"},
    "vertex_ai/gemini-pro": {"vertex_project": "p", "vertex_location": "global"},
    "bedrock/anthropic.claude-v2": {"aws_region_name": "us-east-1"},
}
# Status -> the name in LiteLLM's page and in the skill; an error of the vendor's side is any `APIError`.
NAMES: Final[dict[int, str]] = {401: "AuthenticationError", 429: "RateLimitError", 408: "Timeout", 500: "APIError"}


@pytest.mark.parametrize("model", VENDORS)
@pytest.mark.parametrize(("status", "name"), NAMES.items(), ids=NAMES.values())
def test_by_status(status: int, name: str, model: str) -> None:
    wire = Wire(as_bytes(VENDORS[model]), status=status)
    with pytest.raises(getattr(polyvox, name), match=r"No\.") as caught:
        wire.ask(model, HELLO, **SETTINGS.get(model, {}))
    assert isinstance(caught.value, APIError)
    assert caught.value.status_code == status


@pytest.mark.parametrize("model", VENDORS)
def test_a_vendor_that_does_not_answer_in_time(model: str) -> None:
    def wait(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("The read operation timed out", request=request)

    client = Client(transport=httpx2.MockTransport(wait), api_key="a-key", api_base="https://h.test", num_retries=0)
    with pytest.raises(polyvox.Timeout) as caught:
        client.completion(model, HELLO, **SETTINGS.get(model, {}))  # type: ignore[call-overload]  # a plain dict
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, polyvox.APIError)

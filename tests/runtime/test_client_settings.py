"""What is wrong with a client is said when it is made, not at its first call in the middle of the night."""

from __future__ import annotations

from typing import Final, cast

import pytest

from polyvox import AsyncClient, AsyncOpenAI, Client, InvalidRequestError, ModelGroup, OpenAI, UnknownParameterError

WRONG: Final[dict[str, tuple[dict[str, object], str]]] = {
    "a number for an address": ({"api_base": 80}, "api_base is 80; it must be an address"),
    "an address that was forgotten": ({"base_url": " "}, "base_url is ' '; it must be an address; without one it is"),
    "a number for a text": ({"api_version": 1}, "api_version is 1; it must be a text"),
    "a text for a switch": ({"drop_params": "yes"}, "drop_params is 'yes'; it must be True or False"),
    "a number in a header": ({"extra_headers": {"x-1": 1}}, r"extra_headers\['x-1'\] is an int; it must be a text"),
    "a hook that is none": ({"on_success": 5}, "on_success is an int; it must be a function"),
    "models that are no mapping": ({"models": [ModelGroup(["openai:a"])]}, "models is a list; it must map names"),
    "a group that is a list": ({"models": {"chat": ["openai:a"]}}, r"models\['chat'\] is a list; it must be a Model"),
    "an HTTP client that is none": ({"http_client": 5}, "http_client is an int; it must be"),
    "a transport that is none": ({"transport": "proxy"}, "transport is a str; it must be"),
    "a misspelt setting": ({"api_kye": "k"}, "a client has no setting 'api_kye'; did you mean 'api_key'"),
    "a proxy": ({"proxy": "http://proxy"}, "no setting 'proxy'; a transport has it: transport=httpx2"),
    "a setting of the model's": ({"temperature": 1}, "'temperature'; what is for the model belongs to the call"),
}


@pytest.mark.parametrize("kind", [Client, AsyncClient, OpenAI, AsyncOpenAI])
@pytest.mark.parametrize(("settings", "says"), WRONG.values(), ids=WRONG)
def test_a_client_that_cannot_be_meant(kind: type[Client], settings: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says) as caught:
        kind(**cast("dict[str, None]", settings))
    assert isinstance(caught.value, UnknownParameterError) is ("no setting" in says or "belongs" in says)

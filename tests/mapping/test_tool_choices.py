"""`tool_choice` in every form, at every vendor with an API of its own: what is sent, or why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

import pytest

from polyvox import InvalidRequestError, UnsupportedParamsError
from polyvox.shapes import mapping_of
from tests.mapping.asking import HELLO, Json, Wire, sent

ADD: Final[Json] = {"type": "function", "function": {"name": "add"}}
NOW: Final[Json] = {"type": "function", "function": {"name": "now"}}
TOOLS: Final = [ADD, NOW]
LISTED: Final[list[Json]] = [{"type": "function", "function": {"name": "add"}}]

# What a form means -> the forms.
FORMS: Final[dict[str, list[object]]] = {
    "auto": ["auto", {"type": "auto"}],
    "none": ["none", {"type": "none"}],
    "required": ["required", "any", {"type": "required"}, {"type": "any"}],
    "add": [
        {"type": "function", "function": {"name": "add"}},
        {"type": "function", "name": "add"},
        {"type": "tool", "name": "add"},
        {"name": "add"},
    ],
    "allowed auto": [
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": LISTED}},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "add"}]},
    ],
    "allowed required": [{"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": LISTED}}],
}


def _names(tools: object) -> list[str]:
    """The functions that are offered, however a vendor writes them."""
    found: list[str] = []
    for tool in cast("list[Json]", tools or []):
        for one in cast("list[Json]", tool.get("functionDeclarations", [tool])):
            spec = mapping_of(one.get("function") or one.get("toolSpec") or one)
            found.append(str(spec["name"]))
    return found


def _plain(body: Json) -> tuple[object, list[str]]:
    return body.get("tool_choice"), _names(body.get("tools"))


def _gemini(body: Json) -> tuple[object, list[str]]:
    return mapping_of(body.get("toolConfig")).get("functionCallingConfig"), _names(body.get("tools"))


def _bedrock(body: Json) -> tuple[object, list[str]]:
    config = mapping_of(body.get("toolConfig"))
    return config.get("toolChoice"), _names(config.get("tools"))


BOTH: Final = ["add", "now"]
ONE: Final = ["add"]
Expected = Mapping[str, "tuple[object, list[str]] | str"]

# For each vendor: what its body says and offers, or the reason of the refusal.
VENDORS: Final[dict[str, tuple[str, Callable[[Json], tuple[object, list[str]]], Expected]]] = {
    "anthropic": (
        "anthropic:claude-sonnet-4-5",
        _plain,
        {
            "auto": ({"type": "auto"}, BOTH),
            "none": ({"type": "none"}, BOTH),
            "required": ({"type": "any"}, BOTH),
            "add": ({"type": "tool", "name": "add"}, BOTH),
            "allowed auto": ({"type": "auto"}, ONE),
            "allowed required": ({"type": "any"}, ONE),
        },
    ),
    "gemini": (
        "gemini:gemini-2.5-flash",
        _gemini,
        {
            "auto": ({"mode": "AUTO"}, BOTH),
            "none": ({"mode": "NONE"}, BOTH),
            "required": ({"mode": "ANY"}, BOTH),
            "add": ({"mode": "ANY", "allowedFunctionNames": ["add"]}, BOTH),
            "allowed auto": ({"mode": "AUTO"}, ONE),
            "allowed required": ({"mode": "ANY"}, ONE),
        },
    ),
    "bedrock": (
        "bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0",
        _bedrock,
        {
            "auto": ({"auto": {}}, BOTH),
            "none": "cannot forbid calls",
            "required": ({"any": {}}, BOTH),
            "add": ({"tool": {"name": "add"}}, BOTH),
            "allowed auto": ({"auto": {}}, ONE),
            "allowed required": ({"any": {}}, ONE),
        },
    ),
    "mistral": (
        "mistral:mistral-small-latest",
        _plain,
        {
            "auto": ("auto", BOTH),
            "none": ("none", BOTH),
            "required": ("any", BOTH),
            "add": ({"type": "function", "function": {"name": "add"}}, BOTH),
            "allowed auto": ("auto", ONE),
            "allowed required": ("any", ONE),
        },
    ),
    "cohere": (
        "cohere:command-a-03-2025",
        _plain,
        {
            "auto": (None, BOTH),
            "none": ("NONE", BOTH),
            "required": ("REQUIRED", BOTH),
            "add": "cannot be held to one tool",
            "allowed auto": (None, ONE),
            "allowed required": ("REQUIRED", ONE),
        },
    ),
    "ollama": (
        "ollama:qwen3:4b",
        _plain,
        {
            "auto": (None, BOTH),
            "none": (None, []),
            "required": "leaves it to the model",
            "add": "leaves it to the model",
            "allowed auto": (None, ONE),
            "allowed required": "leaves it to the model",
        },
    ),
    "a gateway": (
        "openrouter:openai/gpt-4o",
        _plain,
        {
            "auto": ("auto", BOTH),
            "none": ("none", BOTH),
            "required": ("required", BOTH),
            "add": ({"type": "function", "function": {"name": "add"}}, BOTH),
            "allowed auto": ("auto", ONE),
            "allowed required": ("required", ONE),
        },
    ),
    "openai": (
        "openai:gpt-5",
        _plain,
        {
            "auto": ("auto", BOTH),
            "none": ("none", BOTH),
            "required": ("required", BOTH),
            "add": ({"type": "function", "function": {"name": "add"}}, BOTH),
        },
    ),
}
CASES: Final = [
    (vendor, meaning, form)
    for vendor, (_, _, expected) in VENDORS.items()
    for meaning in expected
    for form in FORMS[meaning]
]


@pytest.mark.parametrize(("vendor", "meaning", "form"), CASES)
def test_a_form_at_a_vendor(vendor: str, meaning: str, form: object) -> None:
    model, read, expected = VENDORS[vendor]
    outcome = expected[meaning]
    given = {"tools": TOOLS, "tool_choice": form, "aws_region_name": "us-east-1" if vendor == "bedrock" else None}
    if isinstance(outcome, str):
        with pytest.raises(UnsupportedParamsError, match=outcome) as caught:
            sent(model, HELLO, **given)
        assert caught.value.param == "tool_choice"
    else:
        assert read(sent(model, HELLO, **given)) == outcome


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("old", ["auto", "none", {"name": "add"}])
def test_the_deprecated_form_is_the_same(vendor: str, old: object) -> None:
    model, read, expected = VENDORS[vendor]
    outcome = expected[old if isinstance(old, str) else "add"]
    given = {"aws_region_name": "us-east-1" if vendor == "bedrock" else None}
    functions = [tool["function"] for tool in TOOLS]
    if isinstance(outcome, str):
        with pytest.raises(UnsupportedParamsError, match=outcome):
            sent(model, HELLO, functions=functions, function_call=old, **given)
    else:
        assert read(sent(model, HELLO, functions=functions, function_call=old, **given)) == outcome


def test_openai_gets_its_own_forms_as_they_are() -> None:
    custom: Json = {"type": "custom", "custom": {"name": "run"}}
    for choice in (FORMS["allowed required"][0], custom):
        assert sent("openai:gpt-5", HELLO, tools=[*TOOLS, custom], tool_choice=choice)["tool_choice"] == choice


OWN: Final[dict[str, tuple[str, Json, str]]] = {
    "anthropic": ("anthropic:claude-sonnet-4-5", {"type": "any", "disable_parallel_tool_use": True}, "tool_choice"),
    "gemini": ("gemini:gemini-2.5-flash", {"mode": "VALIDATED"}, "toolConfig"),
}


@pytest.mark.parametrize(("model", "choice", "key"), OWN.values(), ids=OWN)
def test_a_vendors_own_form_is_sent_as_it_is(model: str, choice: Json, key: str) -> None:
    body = sent(model, HELLO, tools=TOOLS, tool_choice=choice)
    assert choice in (body[key], mapping_of(body[key]).get("functionCallingConfig"))


@pytest.mark.parametrize("model", ["anthropic:claude-sonnet-4-5", "gemini:gemini-2.5-flash", "mistral:m", "cohere:c"])
def test_a_custom_tool_cannot_be_chosen_elsewhere(model: str) -> None:
    choice: Json = {"type": "custom", "custom": {"name": "run"}}
    with pytest.raises(UnsupportedParamsError, match="no tools with free-text input"):
        sent(model, HELLO, tools=TOOLS, tool_choice=choice)
    answer = Wire().ask(model, HELLO, tools=TOOLS, tool_choice=choice, drop_params=True)
    assert answer.dropped_params == ("tool_choice",)


WRONG: Final[dict[str, tuple[object, str]]] = {
    "a word": ("sometimes", "tool_choice is 'sometimes'"),
    "a tool that is not there": (
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"function": {"name": "mul"}}]}},
        "names 'mul', which `tools` lacks",
    ),
    "no tools": ({"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}, "needs `mode`"),
    "no mode": ({"type": "allowed_tools", "allowed_tools": {"mode": "never", "tools": LISTED}}, "needs `mode`"),
}


@pytest.mark.parametrize(("choice", "says"), WRONG.values(), ids=WRONG)
def test_a_choice_that_is_none(choice: object, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        sent("anthropic:claude-sonnet-4-5", HELLO, tools=TOOLS, tool_choice=choice)


def test_the_callers_tools_are_not_changed() -> None:
    tools = list(TOOLS)
    sent("anthropic:claude-sonnet-4-5", HELLO, tools=tools, tool_choice=FORMS["allowed auto"][0])
    assert tools == TOOLS

"""One `completion()` for three vendors, over real HTTP: `make demo`, or `python -m tests.demo`.

Each vendor is asked the same things in the same words. With a vendor's key in the environment the vendor itself
answers; without, a local server on 127.0.0.1, from the committed cassettes. Exit status 0: everything worked.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import NamedTuple

from polyvox import APIError, ChatCompletion, Message, completion
from polyvox.addressing import base_url
from polyvox.natives import NATIVE
from tests.scenarios import MODELS, VENDORS, CityInfo, Vendor, get_weather
from tests.server import LocalServer

# --- what a user of polyvox writes -----------------------------------------------------------------------------------


def plain(model: str) -> Iterator[ChatCompletion]:
    yield completion(model, [{"role": "user", "content": "What is the capital of France?"}])


def streamed(model: str) -> Iterator[ChatCompletion]:
    question = [{"role": "user", "content": "What is the capital of France?"}]
    with completion(model, question, stream=True, stream_options={"include_usage": True}) as stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
        answer = stream.completion()
    assert text == answer.choices[0].message.content, "the chunks add up to the answer"
    yield answer


def with_tool(model: str) -> Iterator[ChatCompletion]:
    messages: list[Message] = [{"role": "user", "content": "What is the weather in Paris?"}]
    answer = completion(model, messages, tools=[get_weather])
    yield answer
    messages.append(answer.choices[0].message)
    for call in answer.choices[0].message.tool_calls or ():
        result = get_weather(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    yield completion(model, messages, tools=[get_weather])


def structured(model: str) -> Iterator[ChatCompletion]:
    question = [{"role": "user", "content": "Tell me about Paris."}]
    answer = completion(model, question, response_format=CityInfo)
    city = answer.choices[0].message.parsed
    assert city is not None
    assert city.population > 0
    yield answer


# --- the table -------------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A part of the demonstration, and what its answers must end with."""

    ask: Callable[[str], Iterator[ChatCompletion]]
    expected: tuple[tuple[str, str], ...]
    """For each answer: its name in the table, and its finish reason."""


PARTS = (
    Part(plain, (("plain", "stop"),)),
    Part(streamed, (("streamed", "stop"),)),
    Part(with_tool, (("tool call", "tool_calls"), ("tool result", "stop"))),
    Part(structured, (("structured", "stop"),)),
)
LINE = "{:<10} {:<12} {:<60} {:<11} {:>8} {:>6}"


def show(vendor: Vendor, part: Part) -> bool:
    """Print a line for each answer of one part; whether all is as it should be."""
    answers = part.ask(f"{vendor}:{MODELS[vendor]}")
    worked = True
    for what, reason in part.expected:
        started = perf_counter()
        try:
            answer = next(answers)
        except (APIError, AssertionError) as error:
            print(LINE.format(vendor, what, f"failed: {error!r}", "", "", "").rstrip())
            return False
        finish = answer.choices[0].finish_reason or ""
        ms = f"{(perf_counter() - started) * 1000:.0f}"
        print(LINE.format(vendor, what, said(answer), finish, tokens(answer), ms))
        worked = worked and finish == reason
    return worked


def said(answer: ChatCompletion) -> str:
    """The answer in a few words: the parsed object, the calls, or the text."""
    message = answer.choices[0].message
    if (parsed := getattr(message, "parsed", None)) is not None:
        text = repr(parsed)
    elif message.tool_calls:
        text = ", ".join(f"{call.function.name}({call.function.arguments})" for call in message.tool_calls)
    else:
        text = " ".join((message.content or "").split())
    return text if len(text) <= 60 else text[:59] + "…"


def tokens(answer: ChatCompletion) -> str:
    """Of the question and of the answer."""
    usage = answer.usage
    return "" if usage is None else f"{usage.prompt_tokens}+{usage.completion_tokens}"


def choose(vendor: Vendor, server: LocalServer) -> str:
    """Direct this vendor's calls to the vendor or to the local server. Returns who will answer."""
    variables = NATIVE[vendor].key_variables
    found = next((name for name in variables if os.environ.get(name)), None)
    if found is not None:
        return f"the vendor at {base_url(NATIVE[vendor], None)}, with {found}"
    os.environ.update(server.environment(vendor))
    return f"the local server, with the committed cassettes (no {' or '.join(variables)})"


def main() -> int:
    """Ask every vendor everything."""
    os.environ["NO_PROXY"] = f"127.0.0.1,{os.environ.get('NO_PROXY', '')}".rstrip(",")
    with LocalServer() as server:
        for vendor in VENDORS:
            print(f"{vendor:<10} {MODELS[vendor]:<20} answered by {choose(vendor, server)}")
        print()
        print(LINE.format("vendor", "what", "answer", "finish", "tokens", "ms"))
        worked = [show(vendor, part) for vendor in VENDORS for part in PARTS]
    print(f"\n{'everything worked' if all(worked) else 'not everything worked'}")
    return 0 if all(worked) else 1


if __name__ == "__main__":
    sys.exit(main())

# ruff: noqa: B018, F401, I001  (useless expressions are what is checked)
"""Mistakes in the use of the public API. Never run: mypy and pyright must each reject every line marked `# expect:`,
mypy with the codes that follow, and no other line. `test_mistakes.py` compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from pydantic import BaseModel

import polyvox
from polyvox import AsyncClient, ChatCompletion, Client, MessageParam, Parameters, acompletion, completion
from polyvox import complition  # expect: attr-defined


class City(BaseModel):
    name: str


@dataclass
class Country:
    name: str


MESSAGES: list[MessageParam] = [{"role": "user", "content": "Hello!"}]


# --- keywords --------------------------------------------------------------------------------------------------------

completion("gpt-4", MESSAGES, temprature=0.2)  # expect: call-overload
completion("gpt-4", MESSAGES, max_token=10)  # expect: call-overload
completion("gpt-4", MESSAGES, top_k=40)  # expect: call-overload
completion("gpt-4", MESSAGES, 0.2)  # expect: call-overload
completion(MESSAGES)  # expect: call-overload
completion("gpt-4")  # expect: call-overload
completion("gpt-4", message=MESSAGES)  # expect: call-overload
Client().completion("gpt-4", MESSAGES, temprature=0.2)  # expect: call-overload
Client().chat.completions.create(model="gpt-4", messages=MESSAGES, temprature=0.2)  # expect: call-overload
Client(temperature=0.2)  # expect: call-arg
Client(api_keys="...")  # expect: call-arg
Client().create(model="gpt-4", messages=MESSAGES)  # expect: attr-defined
polyvox.complete("gpt-4", MESSAGES)  # expect: attr-defined
polyvox.drop_params = True  # expect: attr-defined
polyvox.configure(temperature=0.2)  # expect: call-arg
polyvox.configure(on_success=lambda event: event.error)  # expect: attr-defined
Client(on_failure="print")  # expect: arg-type
polyvox.OpenAI(organisation="o")  # expect: call-arg
polyvox.OpenAI().chat.completions.create(model="gpt-4", messages=MESSAGES, temprature=0.2)  # expect: call-overload
parameters: Parameters = {"temprature": 0.2}  # expect: typeddict-unknown-key

# --- values ----------------------------------------------------------------------------------------------------------

completion("gpt-4", MESSAGES, temperature="0.2")  # expect: call-overload
completion("gpt-4", MESSAGES, max_tokens=10.5)  # expect: call-overload
completion("gpt-4", MESSAGES, stop=1)  # expect: call-overload
completion("gpt-4", MESSAGES, stream="yes")  # expect: call-overload
completion("gpt-4", MESSAGES, reasoning_effort="maximal")  # expect: call-overload
completion("gpt-4", MESSAGES, verbosity="loud")  # expect: call-overload
completion("gpt-4", MESSAGES, logit_bias={"1": "low"})  # expect: dict-item
completion("gpt-4", MESSAGES, tools="get_weather")  # expect: arg-type
completion("gpt-4", MESSAGES, tools=[1])  # expect: list-item
completion("gpt-4", MESSAGES, provider=1)  # expect: call-overload
completion("gpt-4", MESSAGES, timeout=[1, 2])  # expect: call-overload
completion("gpt-4", MESSAGES, extra_headers={"x-team": 1})  # expect: dict-item
completion("gpt-4", MESSAGES, response_format="json")  # expect: call-overload
completion("gpt-4", MESSAGES, response_format=City(name="Paris"))  # expect: call-overload
completion(4, MESSAGES)  # expect: call-overload

# --- options of a vendor ---------------------------------------------------------------------------------------------

completion("claude-sonnet-4-6", MESSAGES, anthropic={"top_p": 0.4})  # expect: call-overload
completion("claude-sonnet-4-6", MESSAGES, anthropic={"top_k": "40"})  # expect: call-overload
completion("gemini-2.5-flash", MESSAGES, gemini={"top_k": 40})  # expect: call-overload
completion("gpt-4", MESSAGES, openai={"top_k": 40})  # expect: call-overload
completion("mistral:mistral-small", MESSAGES, mistral={"safe_promt": True})  # expect: call-overload
completion("codestral:codestral-latest", MESSAGES, codestral={"safe_prompt": True})  # expect: call-overload
completion("groq:llama", MESSAGES, groq={"reasoning_format": "row"})  # expect: call-overload
completion("bedrock:claude", MESSAGES, bedrock={"top_k": 40})  # expect: call-overload
completion("bedrock:claude", MESSAGES, aws_region="us-east-1")  # expect: call-overload
completion("vertexai:gemini-2.5-flash", MESSAGES, vertex_location=["global"])  # expect: call-overload

# --- messages --------------------------------------------------------------------------------------------------------

completion("gpt-4", "Hello!")  # expect: arg-type
completion("gpt-4", {"role": "user", "content": "Hello!"})  # expect: dict-item
completion("gpt-4", ["Hello!"])  # expect: list-item
completion("gpt-4", completion("gpt-4", MESSAGES))  # expect: arg-type
wrong_role: list[MessageParam] = [{"role": "robot", "content": "Hello!"}]  # expect: list-item, misc
no_role: list[MessageParam] = [{"content": "Hello!"}]  # expect: list-item
no_content: list[MessageParam] = [{"role": "user"}]  # expect: typeddict-item
number: list[MessageParam] = [{"role": "user", "content": 1}]  # expect: list-item, misc
typo: list[MessageParam] = [{"role": "user", "contents": "Hello!"}]  # expect: list-item
no_id: list[MessageParam] = [{"role": "tool", "content": "sunny"}]  # expect: list-item, misc
wrong_part: list[MessageParam] = [{"role": "user", "content": [{"type": "image"}]}]  # expect: list-item, misc

# --- results ---------------------------------------------------------------------------------------------------------

answer = completion("gpt-4", MESSAGES)
answer.text  # expect: attr-defined
answer.choices[0].text  # expect: attr-defined
answer.choices[0].message.parsed  # expect: attr-defined
answer.choices[0].message.content.upper()  # expect: union-attr
answer.choices[0].message.tool_calls[0]  # expect: index
answer.usage.total_tokens  # expect: union-attr
answer.choices[0].message["content"].upper()  # expect: union-attr
answer["usage"]["total_tokens"]  # expect: index
answer["choices"]["message"]  # expect: call-overload
answer[0]  # expect: call-overload
for _ in answer.choices[0].delta:  # expect: attr-defined
    pass
if answer.choices[0].finish_reason == "end_turn":  # expect: comparison-overlap
    print("that is Anthropic's word")

# --- streams ---------------------------------------------------------------------------------------------------------

stream = completion("gpt-4", MESSAGES, stream=True)
stream.choices  # expect: attr-defined
stream["choices"]  # expect: index
stream[0]  # expect: index
len(stream)  # expect: arg-type
for chunk in stream:
    chunk.choices[0].message  # expect: attr-defined
    chunk.choices[0].delta.content.upper()  # expect: union-attr
    chunk["delta"]["content"]  # expect: index
maybe_stream = completion("gpt-4", MESSAGES, stream=bool(MESSAGES))
maybe_stream.choices  # expect: union-attr

# --- structured output -----------------------------------------------------------------------------------------------

city = completion("gpt-4", MESSAGES, response_format=City).choices[0].message
city.parsed.name  # expect: union-attr
country: Country | None = city.parsed  # expect: assignment
assert city.parsed is not None
city.parsed.population  # expect: attr-defined
whole: City = completion("gpt-4", MESSAGES, response_format=City)  # expect: assignment
streamed = completion("gpt-4", MESSAGES, response_format=City, stream=True)
streamed.choices  # expect: attr-defined
assert_type(streamed, ChatCompletion)  # expect: assert-type


# --- asynchronous ----------------------------------------------------------------------------------------------------


async def forgotten_words() -> None:
    (acompletion("gpt-4", MESSAGES)).choices  # expect: attr-defined
    for _ in await acompletion("gpt-4", MESSAGES, stream=True):  # expect: attr-defined
        pass
    async for _ in acompletion("gpt-4", MESSAGES, stream=True):  # expect: attr-defined
        pass
    async with Client():  # expect: attr-defined
        pass
    with AsyncClient():  # expect: attr-defined
        pass
    acompletion("gpt-4", MESSAGES)  # expect: unused-coroutine
    await completion("gpt-4", MESSAGES)  # expect: misc
    await acompletion("gpt-4", MESSAGES, temprature=0.2)  # expect: call-overload


# --- errors ----------------------------------------------------------------------------------------------------------

try:
    completion("gpt-4", MESSAGES)
except polyvox.RateLimitError as error:
    error.retry_after + 1  # expect: operator
    error.status  # expect: attr-defined
    error.attempts  # expect: attr-defined
except polyvox.RateLimit:  # expect: attr-defined
    pass
raise polyvox.APIError(status_code=400)  # expect: call-arg

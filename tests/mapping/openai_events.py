"""Events of a stream in OpenAI's dialect."""

from __future__ import annotations

from typing import Final

from tests.mapping.asking import Json

HEAD: Final[Json] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "gpt-5-x"}
COUNTED: Final[Json] = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
DONE: Final = "[DONE]"


def chunk(delta: object = None, finish: object = None, index: int = 0, **more: object) -> Json:
    """One event with one choice; `more` stands beside the choices."""
    return {**HEAD, "choices": [{"index": index, "delta": delta or {}, "finish_reason": finish}], **more}


ROLE: Final = chunk({"role": "assistant", "content": ""})
HELLO: Final = chunk({"content": "Hello"})
STOP: Final = chunk(finish="stop")
COUNT: Final[Json] = {**HEAD, "choices": [], "usage": COUNTED}

"""A canary in the place of the key, and all of what came out in which it must not be."""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from polyvox import APIError

CANARY: Final = "sk-canary-7f3b9a1c5d2e8f60"
TESTS: Final = str(Path(__file__).parents[1])


def assert_hides(*texts: str) -> None:
    """Nobody's key is in any of these."""
    for text in texts:
        place = text.find(CANARY)
        assert place < 0, f"...{text[max(0, place - 300) : place + 100]}..."


def forget(heard: io.StringIO) -> None:
    """What was heard until now was meant to be."""
    heard.seek(0)
    heard.truncate()


def shown(error: BaseException) -> str:
    """All that a reporter of errors may print: texts, facts, frames with their locals, and a pickle."""
    texts = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    texts += [text for one in _chain(told) for text in one]
    if isinstance(error, APIError):
        texts.append(pickle.dumps(error).decode("latin-1"))
        texts.append(error.partial.model_dump_json() if error.partial else "")
    return "\n".join(texts)


def _chain(told: traceback.TracebackException) -> Iterator[list[str]]:
    # The frames of the test itself know the canary.
    yield [str(frame.locals) for frame in told.stack if not frame.filename.startswith(TESTS)]
    for other in (told.__cause__, told.__context__):
        if other is not None:
            yield from _chain(other)

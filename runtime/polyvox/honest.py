"""What a vendor left out, filled in honestly."""

from __future__ import annotations

from datetime import datetime
from os import urandom
from time import time
from typing import TYPE_CHECKING

from .errors import APIResponseValidationError

if TYPE_CHECKING:
    from .call import Call
    from .results import ChatCompletionMessage


def new_id(prefix: str) -> str:
    """An id of ours, where the vendor gives none."""
    return prefix + urandom(12).hex()


def now() -> int:
    """The time of receipt, in whole seconds, where the vendor gives none."""
    return int(time())


def created(said: str | None) -> int:
    """When a vendor says that the answer was made, in seconds; the time of receipt where it does not say."""
    try:
        found = int(datetime.fromisoformat(said or "").timestamp())
    except (ValueError, OverflowError):
        return now()
    return found if found > 0 else now()  # servers in Go write the year 1 for no time at all


def check_calls(message: ChatCompletionMessage, call: Call) -> None:
    """A tool call without id or name cannot be answered: that is the vendor's error, not an answer."""
    for number, made in enumerate(message.tool_calls or ()):
        check_call(number, made.id, made.function.name, call)


def check_call(number: int, made: str, name: str, call: Call) -> None:
    """The same for one call."""
    if not made or not name:
        lacks = "name" if made else "id"
        raise APIResponseValidationError(
            f"tool call {number} of the reply has no {lacks}", provider=call.vendor.name, model=call.model
        )

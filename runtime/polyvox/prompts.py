"""A conversation as the one prompt that models without conversations continue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from .dialects.parts import ONLY_TEXT, Taken, only_texts
from .errors import UnsupportedParamsError

if TYPE_CHECKING:
    from .call import Call

_KEYS: Final = frozenset({"role", "content"})
_TEXT: Final = Taken(ONLY_TEXT, "a prompt is text")


def prompt_of(call: Call) -> str:
    """The text of the only message.

    A conversation of several has no form here: which words stand between its turns is each model's own, and is not
    guessed. So it is refused, even with `drop_params`.
    """
    if len(call.messages) != 1 or call.messages[0]["role"] != "user":
        raise UnsupportedParamsError(
            "messages: it continues one prompt; give one message, of the user's, written as the model expects it",
            param="messages",
            provider=call.vendor.name,
            model=call.model,
        )
    message = cast("Mapping[str, object]", call.messages[0])
    for key in message.keys() - _KEYS:
        if message[key] is not None:
            call.refuse(f"messages[0].{key}", "a prompt has no such thing")
    return only_texts(call, "messages[0]", message.get("content"), _TEXT)


def refuse_format(call: Call) -> None:
    """Refuse every form of an answer but text, for vendors that cannot be asked for one."""
    if call.format is not None and call.format.kind != "text":
        call.refuse("response_format", f"{call.vendor.name} cannot be asked for it")
        call.format = None

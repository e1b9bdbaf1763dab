"""A conversation as the one prompt that models without conversations continue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from .errors import UnsupportedParamsError
from .shapes import is_list, mapping_of

if TYPE_CHECKING:
    from .call import Call

_KEYS: Final = frozenset({"role", "content"})


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
    return _text(call, message.get("content"))


def _text(call: Call, content: object) -> str:
    if not is_list(content):
        return str(content)
    said: list[str] = []
    for number, part in enumerate(map(mapping_of, content)):
        if part.get("type") == "text":
            said.append(str(part.get("text")))
        else:
            call.refuse(f"messages[0].content[{number}] ({part.get('type')})", "a prompt is text")
    return "\n".join(said)


def refuse_format(call: Call) -> None:
    """Refuse every form of an answer but text, for vendors that cannot be asked for one."""
    if call.format is not None and call.format.kind != "text":
        call.refuse("response_format", f"{call.vendor.name} cannot be asked for it")
        call.format = None

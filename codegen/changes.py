"""One difference between two descriptions."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["field", "word", "arm", "type", "detail"]
Action: TypeAlias = Literal[
    "added", "removed", "renamed", "retyped", "required", "optional", "nullable", "not nullable", "changed"
]
Path: TypeAlias = tuple[str, ...]
"""From a component to what is meant: keys of properties, `[]` for what a list holds, `{}` for what a map holds."""


@dataclass(frozen=True)
class Change:
    """One difference. `place` is the object, union or enum it is in; `name` the field, word or arm."""

    kind: Kind
    action: Action
    component: str
    path: Path
    name: str = ""
    before: str = ""
    after: str = ""
    keyed: bool = False
    """Whether it is a field of an object that only ever has one: its fields are arms."""
    words: tuple[str, ...] = ()
    """All the words that there were, or the constants of the arm."""
    required: bool = False
    wider: bool = False
    """Of what has another type: whether it still may be all that it was."""

    @property
    def place(self) -> str:
        """As people write it."""
        return self.component + "".join(step if step in ("[]", "{}") else f".{step}" for step in self.path)

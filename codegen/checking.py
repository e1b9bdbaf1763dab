"""After `models`: what was emitted must be what was described. Names and keys have both been wrong before."""

from typing import Final

from codegen.emitted import Emitted
from codegen.failure import Failure
from codegen.layout import IMPORTS
from codegen.normalise import Normal
from codegen.schemas import is_bag

RESERVED: Final = frozenset(name for group in IMPORTS for _, names in group for name in names)


def check(emitted: Emitted, normal: Normal) -> None:
    """Emitted names are the component names, and emitted keys are the described ones."""
    if wrong := sorted(RESERVED & set(normal.schemas)):
        raise Failure(f"{normal.side}: {wrong[0]!r} is imported from elsewhere; rename it in source.toml")
    if wrong := sorted(emitted.names ^ set(normal.schemas)):
        raise Failure(f"{normal.side}: {wrong[0]!r} was not emitted as it is named; rename it in source.toml")
    for name, schema in normal.schemas.items():
        described = list(schema["properties"]) if is_bag(schema) else []
        if wrong := sorted(set(emitted.classes.get(name, ())) ^ set(described)):
            raise Failure(f"{normal.side}: {name}.{wrong[0]} was not emitted as it is described; remove it by overlay")

"""Files are read as text or refused, and replaced as a whole or not at all."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from codegen.failure import Failure


def text_of(content: bytes, what: str) -> str:
    """`content`, which must be text; messages call it `what`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{what} is no UTF-8 text") from None


def replace_files(texts: Mapping[Path, str]) -> None:
    """Write each text to its file; whoever reads one sees the old text or the new, never a half.

    All of them or none: they are written beside their files first, which is where a disk is full, and then take their
    places, which an interruption does not stop.
    """
    drafts: dict[Path, Path] = {}
    try:
        for file, text in texts.items():
            _draft(file, text, drafts)
    except BaseException:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        raise
    try:
        _put(drafts)
    except KeyboardInterrupt:
        _put(drafts)
        raise


def _draft(file: Path, text: str, drafts: dict[Path, Path]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    drafts[file] = Path(name)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as temporary:
        temporary.write(text)
    Path(name).chmod(0o644)


def _put(drafts: Mapping[Path, Path]) -> None:
    for file, draft in drafts.items():
        if draft.exists():
            draft.replace(file)

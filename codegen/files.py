"""Files are read as text or refused, and replaced as a whole or not at all."""

import os
import tempfile
from pathlib import Path

from codegen.failure import Failure


def text_of(content: bytes, what: str) -> str:
    """`content`, which must be text; messages call it `what`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{what} is no UTF-8 text") from None


def replace_file(file: Path, text: str) -> None:
    """Write `text` to `file`; whoever reads it sees the old text or the new, never a half."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as temporary:
            temporary.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

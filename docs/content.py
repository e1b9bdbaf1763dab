"""docs/messages.md: what a message may hold, in the words of its types, and which vendor takes it: each is asked."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx2

from polyvox import APIError, Client, UnsupportedParamsError, content
from polyvox.parameters import CallParameters

_PNG: Final = "data:image/png;base64,iVBORw0KGgo="
_WAV: Final = "data:audio/wav;base64,UklGRg=="
_PDF: Final = "data:application/pdf;base64,JVBERi0="
_TEXT: Final[Mapping[str, object]] = {"type": "text", "text": "A cat."}
PARTS: Final[Mapping[str, Mapping[str, object]]] = {
    "`text`": _TEXT,
    "`image_url`, inline": {"type": "image_url", "image_url": {"url": _PNG}},
    "`image_url`, https": {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
    "`image_url`, `detail`": {"type": "image_url", "image_url": {"url": _PNG, "detail": "low"}},
    "`input_audio`": {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
    "`audio_url`, inline": {"type": "audio_url", "audio_url": {"url": _WAV}},
    "`audio_url`, https": {"type": "audio_url", "audio_url": {"url": "https://x.test/a.wav"}},
    "`video_url`, inline": {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}},
    "`video_url`, https": {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}},
    "`file`, inline": {"type": "file", "file": {"file_data": _PDF, "filename": "a.pdf"}},
    "`file`, uploaded": {"type": "file", "file": {"file_id": "file-1"}},
    "`file`, https": {"type": "file", "file": {"file_id": "https://x.test/a.pdf"}},
    "`document`, text": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A."}},
    "`cache_control`": {**_TEXT, "cache_control": {"type": "ephemeral"}},
}
_AZURE: Final[CallParameters] = {"api_base": "https://r.services.ai.azure.com"}
_GOOGLE: Final[CallParameters] = {"vertex_project": "p", "vertex_location": "global"}
VENDORS: Final[Mapping[str, CallParameters]] = {
    "openai": {},
    "azure": _AZURE,
    "azure_ai": _AZURE,
    "anthropic": {},
    "vertexaianthropic": _GOOGLE,
    "gemini": {},
    "vertexai": _GOOGLE,
    "bedrock": {"aws_region_name": "us-east-1"},
    "mistral": {},
    "cohere": {},
    "ollama": {},
}
TEXT: Final = """
A message's `content` is a text, or a list of parts. What a vendor cannot take is refused before any request, naming
message and part (`messages[0].content[1] (video_url)`); with `drop_params=True` it is left out and listed in
`response.dropped_params`. Nothing is downloaded and no file is read: for a vendor that fetches no addresses give a data
URL, `data:<media type>;base64,<data>`. `cache_control` may stand on a part, or on a message for its last part.

Instructions (`system`, `developer`) hold texts only, except for Ollama. What an assistant said goes back as text;
Gemini, Mistral and Ollama take media there too. Media in a tool's answer: Anthropic, Bedrock (no sound), Mistral and
Ollama.

`messages.append(response.choices[0].message)` gives a vendor back what it sent, with thoughts and signatures; a
`model_dump()` of it does, too, and so do the messages of LiteLLM, any-llm and OpenAI's own package.

A picture or a PDF from a file, written out: [how-to.md](how-to.md).
"""


def page() -> str:
    """The page."""
    lines = ["# Messages", TEXT, "## Parts\n", "| type | fields | meaning |", "| --- | --- | --- |", *_types()]
    lines += ["\n## Who takes what from a user\n", "| part | " + " | ".join(VENDORS) + " |"]
    lines.append("| --- " * (len(VENDORS) + 1) + "|")
    for name, part in PARTS.items():
        lines.append(f"| {name} | " + " | ".join(_takes(vendor, part) for vendor in VENDORS) + " |")
    lines.append(
        "\n`azureanthropic` is as `anthropic`. Gemini takes `detail` from Gemini 3 on. Gateways get every part.\n"
    )
    return "\n".join(lines)


def _types() -> list[str]:
    found: list[str] = []
    for node in ast.parse(Path(content.__file__).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            said = " ".join((ast.get_docstring(node) or "").split())
            fields = [ast.unparse(field.target) for field in node.body if isinstance(field, ast.AnnAssign)]
            found.append(f"| `{node.name}` | {', '.join(f'`{field}`' for field in fields)} | {said} |")
    return found


def _takes(vendor: str, part: Mapping[str, object]) -> str:
    """Whether a request is made with this part."""
    nobody = httpx2.MockTransport(lambda _: httpx2.Response(500))
    try:
        with Client(transport=nobody, provider=vendor, api_key="-", num_retries=0) as client:
            client.completion("m", [{"role": "user", "content": [_TEXT, part]}], **VENDORS[vendor])
    except UnsupportedParamsError:
        return "no"
    except APIError as error:
        if error.status_code != 500:
            raise
    return "yes"

"""Models that people deploy on Amazon SageMaker: OpenAI's dialect, at an endpoint's own address.

With a bearer token of SageMaker's as key the address takes and gives what OpenAI's does:
https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-openai-compatible.html
With AWS credentials the same body is signed and goes through InvokeEndpoint, and a stream comes in AWS's frames:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html
No model stands in the body: the address says who is asked, and containers refuse a name that they do not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json
from typing_extensions import override

from ..addressing import path_segment
from ..aws import Service
from ..aws_frames import BrokenFrameError, Frame, FrameDecoder
from ..failures import AWS_ERROR_HEADER
from ..reading import is_whole
from ..shapes import mapping_of
from ..support import takes_only
from .dialect import StreamReader
from .on_aws import OnAWS, broken, told
from .openai import OpenAIDialect

if TYPE_CHECKING:
    from ..call import Call, Vendor
    from ..errors import APIError
    from ..results import ChatCompletionChunk

# What Nova's containers take beside OpenAI's parameters:
# https://docs.aws.amazon.com/nova/latest/nova2-userguide/nova-sagemaker-inference-api-reference.html
_OF_NOVA: Final = ("top_k", "allowed_token_ids", "truncate_prompt_tokens")
NOVA: Final = takes_only(
    "Nova on SageMaker has no such field",
    *("temperature", "top_p", "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs", "reasoning_effort"),
    "stream_options",
)


class SageMakerDialect(OnAWS, OpenAIDialect):
    """An endpoint whose container takes chat completions, as those of vLLM, LMI and TGI do."""

    @property
    @override
    def service(self) -> Service:
        return Service(self.vendor.name, "sagemaker", "pass a bearer token of SageMaker's as api_key")

    @override
    def path(self, call: Call) -> str:
        endpoint = f"/endpoints/{path_segment(call.model)}"
        if self.bearer(call) is not None:
            return f"{endpoint}/openai/v1/chat/completions"
        return f"{endpoint}/invocations{'-response-stream' if call.stream else ''}"

    @override
    def body(self, call: Call) -> dict[str, object]:
        body = super().body(call)
        del body["model"]
        return body

    @override
    def error(self, call: Call, status: int | None, headers: Mapping[str, str], body: bytes) -> APIError:
        """The container's own error, where SageMaker only says that there was one."""
        original, said = _original(body)
        if original is None:
            return super().error(call, status, headers, body)
        plain = {name: value for name, value in headers.items() if name != AWS_ERROR_HEADER}
        error = super().error(call, original, plain, said)
        error.body = body.decode("utf-8", "replace")
        return error

    @override
    def reader(self, call: Call) -> StreamReader:
        inner = super().reader(call)
        return inner if self.bearer(call) is not None else _FramedReader(self, call, inner)


def _original(body: bytes) -> tuple[int | None, bytes]:
    """The status and the body with which a container answered."""
    try:
        told = mapping_of(from_json(body))
    except ValueError:
        return None, body
    status, said = told.get("OriginalStatusCode"), told.get("OriginalMessage")
    return (status, said.encode()) if isinstance(status, int) and isinstance(said, str) and said else (None, body)


class SageMakerNovaDialect(SageMakerDialect):
    """An endpoint with Amazon's Nova in it, whose container says exactly what it takes."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.support = NOVA
        self.option_paths = {name: (name,) for name in _OF_NOVA}

    @override
    def body(self, call: Call) -> dict[str, object]:
        if call.format is not None and call.format.kind != "text":
            call.refuse("response_format", "Nova on SageMaker has no such field")
            call.format = None
        return super().body(call)


class _FramedReader(StreamReader):
    """A stream in AWS's frames, each with a piece of what the container wrote."""

    def __init__(self, dialect: SageMakerDialect, call: Call, inner: StreamReader) -> None:
        self._dialect, self._call, self._inner = dialect, call, inner
        self._frames = FrameDecoder()
        self._rest = bytearray()
        """Of a line whose end has not come: a line may be long, and the frames small."""

    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        try:
            for frame in self._frames.feed(piece):
                self._read(frame, chunks)
        except BrokenFrameError as error:
            raise broken(self._call, error) from error

    def _read(self, frame: Frame, chunks: list[ChatCompletionChunk]) -> None:
        if frame.is_error:
            raise told(self._dialect, self._call, frame)
        *lines, rest = frame.data.split(b"\n")
        if lines:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        self._rest += rest
        for line in lines:
            self._pass_on(line + b"\n", chunks)

    def _pass_on(self, line: bytes, chunks: list[ChatCompletionChunk]) -> None:
        """Some containers write events, others one JSON document on each line."""
        event = b"data: %s\n\n" % line.strip() if line.startswith(b"{") else line
        self._inner.feed(event, chunks)
        self.done = self._inner.done

    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        line = bytes(self._rest)
        if not line.startswith(b"{") or is_whole(line):
            self._pass_on(line, chunks)
        self._inner.finish(chunks)
        self.done = self._inner.done

    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        self._inner.release(chunks)

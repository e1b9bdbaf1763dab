"""Who asks with the canary, and keeps all that comes out."""

from __future__ import annotations

import asyncio
import io
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import httpx2
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from polyvox import AsyncClient, ChatCompletion, Client, ModelGroup
from tests.hostile.asking import Way
from tests.hostile.dialect import Dialect
from tests.hostile.leaks import CANARY, assert_hides, shown
from tests.hostile.test_replies import Body
from tests.mapping.asking import HELLO

if TYPE_CHECKING:
    from polyvox import Parameters

ROOT: Final = Path(__file__).parents[2]


class Caller:
    """Asks with the canary, and keeps all that it gets to see: answers, errors, hooks' events, spans and logs."""

    def __init__(
        self,
        way: Way,
        dialect: Dialect,
        heard: io.StringIO,
        *,
        model: str | None = None,
        groups: dict[str, ModelGroup] | None = None,
    ) -> None:
        self._model = model or dialect.model
        self._groups = groups
        self._way = way
        self._dialect = dialect
        self._heard = heard
        self._seen: list[str] = []
        self._spans = InMemorySpanExporter()
        self._tracers = TracerProvider()
        self._tracers.add_span_processor(SimpleSpanProcessor(self._spans))

    def ask(self, pool: object, **settings: object) -> BaseException | None:
        """One call; its error, which must not show the canary, nor may anything else."""
        given = {"num_retries": 0, "api_key": CANARY, **self._dialect.asked, **settings}
        error: BaseException | None = None
        try:
            if self._way.asynchronous:
                asyncio.run(self._ask_async(cast("httpx2.AsyncBaseTransport", pool), given))
            else:
                self._ask(cast("httpx2.BaseTransport", pool), given)
        except BaseException as caught:
            error = caught
            self._seen.append(shown(caught))
        self._seen += [self._heard.getvalue(), *(span.to_json() for span in self._spans.get_finished_spans())]
        assert_hides(*self._seen)
        return error

    def lacks(self, secret: str) -> bool:
        """Whether this is in nothing of what was seen, either."""
        return secret not in "\n".join(self._seen)

    @property
    def spans(self) -> int:
        """How many have ended."""
        return len(self._spans.get_finished_spans())

    def _keep(self, *events: object) -> None:
        self._seen += [repr(event) for event in events]

    def _answered(self, answer: ChatCompletion) -> None:
        self._keep(answer, answer.model_dump_json(), answer.response_headers)
        self._seen.append(_pickled(answer))

    def _told(self, event: object) -> None:
        self._seen += [repr(event), _pickled(event)]

    def _ask(self, pool: httpx2.BaseTransport, given: dict[str, object]) -> None:
        with Client(
            transport=pool,
            on_success=self._told,
            on_failure=self._told,
            tracer_provider=self._tracers,
            models=self._groups,
        ) as client:
            self._keep(client, client.chat, vars(client))
            if self._way.stream:
                stream = client.completion(self._model, HELLO, stream=True, **cast("Parameters", given))
                self._keep(stream)
                self._keep(*stream, stream.completion())
            else:
                self._answered(client.completion(self._model, HELLO, **cast("Parameters", given)))

    async def _ask_async(self, pool: httpx2.AsyncBaseTransport, given: dict[str, object]) -> None:
        async with AsyncClient(
            transport=pool,
            on_success=self._told,
            on_failure=self._told,
            tracer_provider=self._tracers,
            models=self._groups,
        ) as client:
            self._keep(client, client.chat, vars(client))
            if self._way.stream:
                stream = await client.completion(self._model, HELLO, stream=True, **cast("Parameters", given))
                self._keep(stream)
                self._keep(*[chunk async for chunk in stream], await stream.completion())
            else:
                self._answered(await client.completion(self._model, HELLO, **cast("Parameters", given)))


def _pickled(thing: object) -> str:
    return pickle.dumps(thing).decode("latin-1")


def answering(status: int, body: bytes, **headers: str) -> httpx2.MockTransport:
    """A vendor who always answers so, and whom the canary did reach."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert any(CANARY.encode() in value for _, value in request.headers.raw)
        return httpx2.Response(status, headers=headers, stream=Body([body]))

    return httpx2.MockTransport(answer)

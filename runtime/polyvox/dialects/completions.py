"""OpenAI's legacy completions, a prompt and its continuation: https://platform.openai.com/docs/api-reference/completions.

Others have kept them for code, where a `suffix` says what comes behind:
Inception in the same form (https://docs.inceptionlabs.ai), Mistral with replies of chat
(https://docs.mistral.ai/api/endpoint/fim).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from polyvox_wire.completions import responses as r
from polyvox_wire.completions import stubs
from polyvox_wire.completions.options import PATHS
from polyvox_wire.support import OMIT, Omit, Wire, given

from ..honest import new_id, now
from ..prompts import prompt_of, refuse_format
from ..reading import read_reply, unreadable
from ..results import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    CompletionUsage,
    Delta,
    FinishReason,
    TokenLogprob,
    TopLogprob,
)
from ..support import COUNTED, Renamed, Stance, takes_only
from .dialect import Dialect, StreamReader
from .openai_stream import OpenAIReader, finish_reason
from .parts import one_or_more

if TYPE_CHECKING:
    from polyvox_wire.completions import requests as q

    from ..call import Call, Vendor
    from ..results import Facts
else:
    from .dicts import requests as q

_LIMIT: Final = Renamed("max_tokens")
SUPPORT: Final = takes_only(
    "completions of a prompt have no such field",
    *("temperature", "top_p", "max_tokens", "stop", "n", "seed", "presence_penalty", "frequency_penalty"),
    *("logit_bias", "user", "stream_options"),
    max_completion_tokens=_LIMIT,
    logprobs=Renamed("logprobs: a number of candidates, which is 0 for none but the chosen token"),
    top_logprobs=Renamed("logprobs: a number of candidates"),
)
# Who takes less: by its own description (Mistral's FIMCompletionRequest), or by another library's list (Inception).
_LESS: Final[Mapping[str, Mapping[str, Stance]]] = {
    "text-completion-codestral": takes_only(
        "no such field in its API description",
        *("temperature", "top_p", "max_tokens", "stop", "metadata", "prompt_cache_key"),
        max_completion_tokens=_LIMIT,
        seed=Renamed("random_seed"),
        stream_options=COUNTED,
    ),
    "text-completion-inception": takes_only(
        "not known to be taken",
        *("top_p", "max_tokens", "stop", "presence_penalty", "frequency_penalty", "stream_options"),
        max_completion_tokens=_LIMIT,
    ),
}
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "text-completion-codestral": ("suffix", "min_tokens"),
    "text-completion-inception": ("suffix",),
}
FINISH_REASONS: Final[stubs.StopReasons[FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


class CompletionsMapping(stubs.Mapping["Call", ChatCompletion]):
    """A call to a prompt, and its continuation to an answer."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        refuse_format(call)
        asked = call.given
        return stubs.RequestFields(
            model=call.model,
            prompt=prompt_of(call),
            stream=True if call.stream else OMIT,
            stream_options=given(cast("q.ChatCompletionStreamOptions | None", asked.get("stream_options"))),
            max_tokens=given(call.limit),
            temperature=given(asked.get("temperature")),
            top_p=given(asked.get("top_p")),
            n=given(asked.get("n")),
            stop=one_or_more(asked.get("stop")),
            seed=given(asked.get("seed")),
            presence_penalty=given(asked.get("presence_penalty")),
            frequency_penalty=given(asked.get("frequency_penalty")),
            logit_bias=given(cast("dict[str, int] | None", asked.get("logit_bias"))),
            logprobs=_candidates(call),
            user=given(asked.get("user")),
        )

    @override
    def response(self, call: Call, reply: r.CreateCompletionResponse, /) -> ChatCompletion:
        return ChatCompletion(
            id=reply.id or new_id("cmpl-"),
            created=reply.created or now(),
            model=reply.model or call.model,
            choices=[_choice(choice) for choice in reply.choices],
            usage=usage(reply),
            system_fingerprint=reply.system_fingerprint,
        )


def _candidates(call: Call) -> int | Omit:
    """Chat says whether and how many; here one number says both."""
    wanted, number = call.given.get("logprobs"), call.given.get("top_logprobs")
    return number or 0 if wanted or number else OMIT


def _choice(choice: r.Choice) -> Choice:
    said = choice.finish_reason
    return Choice(
        index=choice.index,
        message=ChatCompletionMessage(role="assistant", content=choice.text),
        finish_reason=_reason(said) or "other",
        logprobs=logprobs(choice.logprobs),
        provider_specific_fields={"native_finish_reason": said},
    )


def _reason(said: str | None) -> FinishReason | None:
    reasons = cast("Mapping[str, FinishReason]", FINISH_REASONS)
    return None if said is None else reasons.get(said) or finish_reason(said)


def logprobs(found: r.Logprobs | None) -> ChoiceLogprobs | None:
    """Log probabilities as chat has them: an object for each token, in the place of a list for each fact."""
    if found is None or not found.tokens:
        return None
    chosen, tops = found.token_logprobs or [], found.top_logprobs or []
    return ChoiceLogprobs(
        content=[
            TokenLogprob(
                token=token,
                # The first token of an echoed prompt has none, and so 0 stands there as in chat.
                logprob=(chosen[place] if place < len(chosen) else None) or 0.0,
                top_logprobs=_tops(tops[place] if place < len(tops) else None),
            )
            for place, token in enumerate(found.tokens)
        ]
    )


def _tops(found: Mapping[str, float] | None) -> list[TopLogprob]:
    likely = sorted((found or {}).items(), key=lambda pair: -pair[1])
    return [TopLogprob(token=token, logprob=probability) for token, probability in likely]


def usage(reply: r.CreateCompletionResponse) -> CompletionUsage | None:
    """What was counted, which has the same form in both APIs."""
    return None if reply.usage is None else CompletionUsage.model_validate(reply.usage.model_dump(exclude_unset=True))


class CompletionsDialect(Dialect):
    """Continuations of a prompt."""

    mapping = CompletionsMapping()

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.support = _LESS.get(vendor.name, SUPPORT)
        self.option_paths = {name: (name,) for name in _OPTIONS.get(vendor.name, PATHS)}
        self.options_name = "completions"

    @override
    def body(self, call: Call) -> dict[str, object]:
        return self.renamed(self.mapping.request(call).wire())

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        reply = read_reply(r.CreateCompletionResponse, body, call)
        if not reply.choices:
            self._explain(call, reply, body)
        completion = self.mapping.response(call, reply)
        facts.native = reply
        completion._facts = facts
        return completion

    def _explain(self, call: Call, reply: Wire, body: bytes) -> None:
        if (reply.model_extra or {}).get("error"):
            raise self.error(call, None, {}, body)
        raise unreadable(call, body, "it has no choices")

    @override
    def reader(self, call: Call) -> StreamReader:
        return _Reader(self, call)


class CompletionsEvents(stubs.StreamMapping[ChatCompletionChunk]):
    """Events of a stream, as chat would send them."""

    @override
    def event(self, event: r.CreateCompletionResponse, /) -> Iterable[ChatCompletionChunk]:
        choices = [
            ChunkChoice(
                index=choice.index,
                delta=Delta(content=choice.text),
                finish_reason=cast(
                    "FinishReason | None", choice.finish_reason
                ),  # the vendor's word, as the reader expects it
                logprobs=logprobs(choice.logprobs),
            )
            for choice in event.choices
        ]
        chunk = ChatCompletionChunk(
            id=event.id, created=event.created, model=event.model, choices=choices, usage=usage(event)
        )
        chunk.system_fingerprint = event.system_fingerprint
        yield chunk


class _Reader(OpenAIReader):
    """The order of OpenAI's streams, around events of another form."""

    _events = CompletionsEvents()

    @override
    def _read(self, data: bytes) -> ChatCompletionChunk:
        event = read_reply(r.CreateCompletionResponse, data, self._call)
        if (event.model_extra or {}).get("error"):
            raise self._dialect.error(self._call, None, {}, data)
        (chunk,) = self._events.event(event)
        return chunk

    @override
    def _reason(self, word: str) -> FinishReason | None:
        return _reason(word)


class FIMDialect(CompletionsDialect):
    """Mistral's completions of code, which answer as its chat does."""

    @override
    def body(self, call: Call) -> dict[str, object]:
        asked = cast("Mapping[str, object]", call.given)
        return {
            **super().body(call),
            **{name: asked[name] for name in ("metadata", "prompt_cache_key") if name in asked},
        }

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        completion = read_reply(ChatCompletion, body, call)
        if not completion.choices:
            self._explain(call, completion, body)
        completion.id = completion.id or new_id("cmpl-")
        completion.created = completion.created or now()
        completion.model = completion.model or call.model
        for choice in completion.choices:
            choice.provider_specific_fields["native_finish_reason"] = choice.finish_reason
            choice.finish_reason = _reason(choice.finish_reason)
            choice.message.role = choice.message.role or "assistant"
        facts.native = partial(Wire.model_validate_json, body)
        completion._facts = facts
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        return OpenAIReader(self, call)

"""IBM watsonx.ai's text generation, a prompt and its continuation: https://cloud.ibm.com/apidocs/watsonx-ai#text-generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from ..prompts import prompt_of, refuse_format
from ..shapes import is_list, is_mapping, mapping_of
from ..support import COUNTED, Renamed, takes_only
from .plain import PlainDialect, Said, counted
from .watsonx import host, log_in, path, whose

if TYPE_CHECKING:
    from ..call import Call
    from ..results import FinishReason
    from .dialect import Credentials

_NAMES: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_new_tokens",
    "max_completion_tokens": "max_new_tokens",
    "stop": "stop_sequences",
    "seed": "random_seed",
}
SUPPORT: Final = takes_only(
    "text generation on watsonx.ai has no such field",
    stream_options=COUNTED,
    **{name: Renamed(f"parameters.{to}") for name, to in _NAMES.items()},
)
# Parameters of generation that no unified parameter says, and who is charged.
_PARAMETERS: Final = (
    "decoding_method",
    "min_new_tokens",
    "top_k",
    "repetition_penalty",
    "length_penalty",
    "time_limit",
    "truncate_input_tokens",
    "include_stop_sequence",
    "return_options",
)
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: ("parameters", name) for name in _PARAMETERS},
    **{name: (name,) for name in ("project_id", "space_id", "moderations")},
}
_REASONS: Final[Mapping[str, FinishReason]] = {
    "eos_token": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "token_limit": "length",
    "time_limit": "length",
}
_GOES_ON: Final = "not_finished"


class WatsonxTextDialect(PlainDialect):
    """Text generation on watsonx.ai."""

    support = SUPPORT
    own_settings = frozenset({"api_version"})
    option_paths = _OPTIONS

    @override
    def base_url(self, call: Call) -> str:
        return host(self, call)

    @override
    def path(self, call: Call) -> str:
        return path(call, "generation")

    @override
    def credentials(self, call: Call) -> Credentials:
        return log_in(self.vendor, call)

    @override
    def body(self, call: Call) -> dict[str, object]:
        refuse_format(call)
        asked = cast("Mapping[str, object]", call.given)
        parameters = {to: asked[name] for name, to in _NAMES.items() if name in asked}
        if "stop_sequences" in parameters:
            stop = parameters["stop_sequences"]
            parameters["stop_sequences"] = [stop] if isinstance(stop, str) else list(cast("Iterable[str]", stop))
        return {"input": prompt_of(call), **whose(call), **({"parameters": parameters} if parameters else {})}

    @override
    def answer(self, call: Call, document: Mapping[str, object]) -> Said | None:
        results = document.get("results")
        if not is_list(results) or not results:
            return None
        result = mapping_of(results[0])
        said = str(result.get("stop_reason") or "")
        reason: FinishReason | None = None if said == _GOES_ON else _REASONS.get(said, "other")
        usage = counted(result.get("input_token_count"), result.get("generated_token_count"))
        return Said(text=str(result.get("generated_text") or ""), reason=reason, native=said, usage=usage)

    @override
    def piece(self, call: Call, name: str, document: object) -> Said | None:
        return self.answer(call, document) if is_mapping(document) else None

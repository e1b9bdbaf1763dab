"""polyvox: one typed `completion()` for every LLM vendor, compiled from the vendors' own API descriptions.

Names are loaded at their first use: `import polyvox` loads neither the HTTP library nor pydantic.
"""

from __future__ import annotations

from importlib import import_module
from sys import modules as _modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answer_streams import AsyncStream as AsyncStream
    from .answer_streams import Stream as Stream
    from .assembling import assemble as assemble
    from .async_client import AsyncClient as AsyncClient
    from .client import Client as Client
    from .completions import acompletion as acompletion
    from .completions import completion as completion
    from .defaults import configure as configure
    from .errors import APIConnectionError as APIConnectionError
    from .errors import APIError as APIError
    from .errors import APIResponseValidationError as APIResponseValidationError
    from .errors import AuthenticationError as AuthenticationError
    from .errors import BadGatewayError as BadGatewayError
    from .errors import BadRequestError as BadRequestError
    from .errors import ConflictError as ConflictError
    from .errors import ContentPolicyViolationError as ContentPolicyViolationError
    from .errors import ContextWindowExceededError as ContextWindowExceededError
    from .errors import FallbacksExhaustedError as FallbacksExhaustedError
    from .errors import GatewayTimeoutError as GatewayTimeoutError
    from .errors import InsufficientFundsError as InsufficientFundsError
    from .errors import InternalServerError as InternalServerError
    from .errors import InvalidMessageError as InvalidMessageError
    from .errors import InvalidRequestError as InvalidRequestError
    from .errors import MissingApiKeyError as MissingApiKeyError
    from .errors import NotFoundError as NotFoundError
    from .errors import OverloadedError as OverloadedError
    from .errors import PermissionDeniedError as PermissionDeniedError
    from .errors import PolyvoxError as PolyvoxError
    from .errors import QuotaExceededError as QuotaExceededError
    from .errors import RateLimitError as RateLimitError
    from .errors import RequestTooLargeError as RequestTooLargeError
    from .errors import ServiceUnavailableError as ServiceUnavailableError
    from .errors import StreamInterruptedError as StreamInterruptedError
    from .errors import StructuredOutputError as StructuredOutputError
    from .errors import Timeout as Timeout
    from .errors import UnknownParameterError as UnknownParameterError
    from .errors import UnknownProviderError as UnknownProviderError
    from .errors import UnprocessableEntityError as UnprocessableEntityError
    from .errors import UnsupportedParamsError as UnsupportedParamsError
    from .events import FailureEvent as FailureEvent
    from .events import RequestEvent as RequestEvent
    from .events import SuccessEvent as SuccessEvent
    from .groups import Deployment as Deployment
    from .groups import ModelGroup as ModelGroup
    from .listing import Provider as Provider
    from .listing import get_supported_openai_params as get_supported_openai_params
    from .listing import providers as providers
    from .messages import Message as Message
    from .messages import MessageParam as MessageParam
    from .messages import Messages as Messages
    from .names import LLMProvider as LLMProvider
    from .openai_clients import AsyncOpenAI as AsyncOpenAI
    from .openai_clients import OpenAI as OpenAI
    from .parameters import CallParameters as CallParameters
    from .parameters import ModelParameters as ModelParameters
    from .parameters import ParameterName as ParameterName
    from .parameters import Parameters as Parameters
    from .parameters import ReasoningEffort as ReasoningEffort
    from .parsed_results import ParsedChatCompletion as ParsedChatCompletion
    from .parsed_streams import AsyncParsedStream as AsyncParsedStream
    from .parsed_streams import ParsedStream as ParsedStream
    from .results import ChatCompletion as ChatCompletion
    from .results import ChatCompletionChunk as ChatCompletionChunk
    from .results import ChatCompletionMessage as ChatCompletionMessage
    from .results import Choice as Choice
    from .results import CompletionUsage as CompletionUsage
    from .results import Delta as Delta
    from .results import FinishReason as FinishReason
    from .results import ThinkingBlock as ThinkingBlock
    from .results import ToolCall as ToolCall
    from .running import arun_tools as arun_tools
    from .running import run_tools as run_tools
    from .secrecy import InsecureAddressWarning as InsecureAddressWarning
    from .support import Emulated as Emulated
    from .support import Native as Native
    from .support import Renamed as Renamed
    from .support import Stance as Stance
    from .support import Unsupported as Unsupported

_HOME = {
    "assemble": "assembling",
    "AsyncClient": "async_client",
    "Client": "client",
    "acompletion": "completions",
    "completion": "completions",
    "configure": "defaults",
    "AsyncStream": "answer_streams",
    "Stream": "answer_streams",
    "Provider": "listing",
    "get_supported_openai_params": "listing",
    "providers": "listing",
    "FailureEvent": "events",
    "RequestEvent": "events",
    "SuccessEvent": "events",
    "Message": "messages",
    "MessageParam": "messages",
    "Messages": "messages",
    "LLMProvider": "names",
    "AsyncOpenAI": "openai_clients",
    "OpenAI": "openai_clients",
    "CallParameters": "parameters",
    "ModelParameters": "parameters",
    "ParameterName": "parameters",
    "Parameters": "parameters",
    "ReasoningEffort": "parameters",
    "AsyncParsedStream": "parsed_streams",
    "ParsedStream": "parsed_streams",
    "ChatCompletion": "results",
    "ChatCompletionChunk": "results",
    "ChatCompletionMessage": "results",
    "Choice": "results",
    "CompletionUsage": "results",
    "Delta": "results",
    "FinishReason": "results",
    "ParsedChatCompletion": "parsed_results",
    "ThinkingBlock": "results",
    "ToolCall": "results",
    "Deployment": "groups",
    "ModelGroup": "groups",
    "arun_tools": "running",
    "run_tools": "running",
    "InsecureAddressWarning": "secrecy",
    "Emulated": "support",
    "Native": "support",
    "Renamed": "support",
    "Stance": "support",
    "Unsupported": "support",
}
_ERRORS = (
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "ConflictError",
    "ContentPolicyViolationError",
    "ContextWindowExceededError",
    "FallbacksExhaustedError",
    "GatewayTimeoutError",
    "InsufficientFundsError",
    "InternalServerError",
    "InvalidMessageError",
    "InvalidRequestError",
    "MissingApiKeyError",
    "NotFoundError",
    "OverloadedError",
    "PermissionDeniedError",
    "PolyvoxError",
    "QuotaExceededError",
    "RateLimitError",
    "RequestTooLargeError",
    "ServiceUnavailableError",
    "StreamInterruptedError",
    "StructuredOutputError",
    "Timeout",
    "UnknownParameterError",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "UnsupportedParamsError",
)

__version__ = "0.1.0"

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "AsyncClient",
    "AsyncOpenAI",
    "AsyncParsedStream",
    "AsyncStream",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "CallParameters",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionMessage",
    "Choice",
    "Client",
    "CompletionUsage",
    "ConflictError",
    "ContentPolicyViolationError",
    "ContextWindowExceededError",
    "Delta",
    "Deployment",
    "Emulated",
    "FailureEvent",
    "FallbacksExhaustedError",
    "FinishReason",
    "GatewayTimeoutError",
    "InsufficientFundsError",
    "InternalServerError",
    "InvalidMessageError",
    "InsecureAddressWarning",
    "InvalidRequestError",
    "LLMProvider",
    "Message",
    "MessageParam",
    "Messages",
    "MissingApiKeyError",
    "ModelGroup",
    "ModelParameters",
    "Native",
    "NotFoundError",
    "OpenAI",
    "OverloadedError",
    "ParameterName",
    "Parameters",
    "ParsedChatCompletion",
    "ParsedStream",
    "PermissionDeniedError",
    "PolyvoxError",
    "Provider",
    "QuotaExceededError",
    "RateLimitError",
    "ReasoningEffort",
    "RequestEvent",
    "Renamed",
    "RequestTooLargeError",
    "ServiceUnavailableError",
    "Stance",
    "Stream",
    "StreamInterruptedError",
    "StructuredOutputError",
    "SuccessEvent",
    "ThinkingBlock",
    "Timeout",
    "ToolCall",
    "UnknownParameterError",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "Unsupported",
    "UnsupportedParamsError",
    "acompletion",
    "arun_tools",
    "assemble",
    "completion",
    "configure",
    "get_supported_openai_params",
    "run_tools",
    "providers",
]


if not TYPE_CHECKING:  # so that a misspelt name is an error to the type checkers

    def __getattr__(name: str) -> object:
        home = _HOME.get(name) or ("errors" if name in _ERRORS else None)
        if home is None:
            raise AttributeError(f"module 'polyvox' has no attribute {name!r}", name=name, obj=_modules[__name__])
        value: object = getattr(import_module(f".{home}", __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted([*_HOME, *_ERRORS, "__version__"])

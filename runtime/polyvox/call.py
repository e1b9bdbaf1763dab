"""One call, as a provider sees it: everything resolved, nothing sent yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from .errors import UnsupportedParamsError
from .parameters import CallParameters

if TYPE_CHECKING:
    from .messages import MessageParam
    from .parameters import ModelParameters
    from .schemas import Rules, Schema


DialectName: TypeAlias = Literal[
    "openai",
    "anthropic",
    "gemini",
    "azure",
    "azure_ai",
    "azureanthropic",
    "vertex",
    "vertexanthropic",
    "vertexopen",
    "bedrock",
    "mistral",
    "cohere",
    "ollama",
    "sagemaker",
    "sagemaker_nova",
    "watsonx",
    "gigachat",
    "completions",
    "fim",
    "azure_text",
    "watsonx_text",
    "predibase",
    "gdc",
    "triton",
    "liner",
    "langgraph",
    "langflow",
    "databricks_agent",
]


@dataclass(frozen=True, slots=True, eq=False)
class Vendor:
    """A provider's row: names, host, where its key is looked up, and its deviations as data."""

    name: str
    base_url: str | None
    path: str
    key_variables: tuple[str, ...] = ()
    base_variables: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    dialect: DialectName = "openai"
    self_hosted: bool = False
    key_optional: bool = False
    renames: Mapping[str, str] = field(default_factory=dict[str, str])
    unsupported: Mapping[str, str] = field(default_factory=dict[str, str])
    developer_role: bool = True
    text_only: bool = False
    formats: tuple[str, ...] = ("json_object", "json_schema")
    thinking: bool = False
    think_tags: bool = False
    counted: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    regional_url: str | None = None
    """Its address where each `{region}` has one of its own, which the call or the environment says."""
    extras: tuple[str, ...] = ()
    """What some ways to log in need to have installed."""

    @property
    def speaks_openai(self) -> bool:
        """Whether requests are OpenAI's, wherever they go."""
        return self.dialect in (
            "openai",
            "azure",
            "azure_ai",
            "vertexopen",
            "sagemaker",
            "sagemaker_nova",
            "completions",
        )


Way: TypeAlias = Literal["json_schema", "tool", "json_object", "instructions"]
"""How an answer gets its form: the vendor's schema mode; a function that the model must call; the vendor's JSON mode,
with the schema in words; or words alone. Whichever it was, a type checks the answer."""


@dataclass(frozen=True, slots=True)
class Format:
    """What the answer must look like."""

    kind: Literal["text", "json_object", "json_schema"]
    name: str = "response"
    schema: Mapping[str, object] = field(default_factory=dict[str, object])
    strict: bool | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """A caller's type, as what reads answers."""

    whole: Callable[[str], object]
    """A text to the object; raises pydantic's ValidationError."""
    partial: Callable[[str], object]
    """The beginning of a text to the object so far; None while nothing fits."""
    schema: Callable[[Rules], Schema | None]
    """Its schema by the rules of a vendor's schema mode; None where the mode cannot express it."""


@dataclass(slots=True, eq=False)
class Call:
    """What to ask, whom, and what has been left out on the caller's wish."""

    vendor: Vendor
    model: str
    messages: list[MessageParam]
    given: ModelParameters
    """Only what the caller gave: no None in it."""
    stream: bool = False
    format: Format | None = None
    """What the vendor is asked for in its own field for it; None where another way is taken."""
    typed: Typed | None = None
    """What reads the answer; None where the caller gave no type."""
    answer_tool: str | None = None
    """The function whose call is the answer, where a call is forced for want of a schema mode."""
    by_functions: bool = False
    """Whether the caller asked in the deprecated way, with `functions`, and looks for a `function_call`."""
    settings: CallParameters = field(default_factory=lambda: CallParameters())
    """What is for polyvox, as far as given."""
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    """The vendor's own fields, by option name."""
    insisted: dict[str, object] = field(default_factory=dict[str, object])
    """Parameters to send as they are, against the vendor's stance, because the caller says so."""
    drop: bool = False
    dropped: dict[str, None] = field(default_factory=dict[str, None])
    """What was left out, each once, in its order."""
    structured_by: Way | None = None

    @property
    def api_base(self) -> str | None:
        """The address the caller gives, under either name."""
        return self.settings.get("api_base") or self.settings.get("base_url")

    @property
    def limit(self) -> int | None:
        """The most tokens to generate, under either name."""
        limit = self.given.get("max_tokens")
        return self.given.get("max_completion_tokens") if limit is None else limit

    def refuse(self, parameter: str, reason: str) -> None:
        """Refuse a parameter or message part; with `drop_params` note it instead, and the caller leaves it out."""
        if not self.drop:
            raise UnsupportedParamsError(
                f"{parameter}: {reason}; leave it out, or pass drop_params=True",
                param=parameter,
                provider=self.vendor.name,
                model=self.model,
            )
        self.dropped[parameter] = None

"""What keywords have to do with each other: names of one parameter, settings of some vendors, settings of one model."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import InvalidRequestError
from .parameters import CALL_PARAMETERS
from .shapes import its_type

OF_SOME_VENDORS = {
    "api_version": "Azure and watsonx",
    "deployment_id": "Azure",
    **{name: "services on AWS" for name in sorted(CALL_PARAMETERS) if name.startswith("aws_")},
    **{name: "Vertex AI and GDC" for name in sorted(CALL_PARAMETERS) if name.startswith("vertex_")},
}
"""Settings that only some vendors know: refused elsewhere."""
WHO_PAYS = {"organization": "OpenAI-Organization", "project": "OpenAI-Project"}
"""Settings of OpenAI's SDK, and the headers that they are."""
OF_ONE_MODEL = frozenset({"provider", "custom_llm_provider", "deployment_id"})
"""Settings that a fallback does not have from the first model."""
OF_ONE_PROVIDER = OF_ONE_MODEL | {
    "api_key",
    "api_base",
    "base_url",
    *OF_SOME_VENDORS,
    "extra_headers",
    "extra_query",
    "extra_body",
    "additional_params",
}
"""Settings that are never carried to another provider."""
RETRIES = ("num_retries", "retries", "max_retries")
FALLBACKS = ("fallbacks", "fallback_models")
SAME: tuple[tuple[str, ...], ...] = (
    ("provider", "custom_llm_provider"),
    ("api_base", "base_url"),
    RETRIES,
    FALLBACKS,
)
"""Names of one parameter each."""
SAME_AS = {name: group for group in SAME for name in group}
"""The group of each of these names."""


def one_of(parameters: Mapping[str, object], *names: str) -> object:
    """The value of a parameter that has several names; different values are an error."""
    found: object = None
    for name in names:
        value = parameters.get(name)
        if value is None:
            continue
        if found is not None and value != found:
            given = " and ".join(each for each in names if parameters.get(each) is not None)
            raise InvalidRequestError(f"{given} are one parameter and differ; give one of them", param=name)
        found = value if found is None else found
    return found


def provider_of(parameters: Mapping[str, object]) -> str | None:
    """The provider that is named beside the model, under either name; LLMProvider's members are texts."""
    named = one_of(parameters, "provider", "custom_llm_provider")
    if named is None:
        return None
    if not isinstance(name := getattr(named, "value", named), str):
        raise InvalidRequestError(f"provider is {its_type(name)}; it must be a text", param="provider")
    return str.__str__(name)

"""IBM watsonx.ai: OpenAI's messages, tools and replies, at IBM's addresses and with IBM's tokens.

https://cloud.ibm.com/apidocs/watsonx-ai#text-chat; requests, tools and replies also stand in
https://www.ibm.com/docs/en/watsonx/saas?topic=solutions-chat, streams in the interfaces of IBM's watsonx-ai-node-sdk,
and parameters are those of its ibm-watsonx-ai.
"""

from __future__ import annotations

import re
from os import environ
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from typing_extensions import override

from ..addressing import base_url, environment_key, from_environment, path_segment
from ..errors import InvalidRequestError
from ..headers import bearer
from ..shapes import is_list
from ..support import COUNTED, Emulated, Renamed, takes_only
from ..token_server import TokenRequest, login
from .dialect import Credentials
from .openai import OpenAIDialect

if TYPE_CHECKING:
    from ..call import Call, Vendor
    from ..parameters import TokenProvider
    from .dialect import Dialect

SUPPORT: Final = takes_only(
    "no such field in IBM's SDK",
    *("temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "n", "seed", "presence_penalty"),
    *("frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "tools", "reasoning_effort"),
    tool_choice=Renamed("tool_choice_option: where it is a word"),
    stream_options=COUNTED,
    functions=Emulated("tools"),
    function_call=Emulated("tool_choice"),
)
# The version that IBM's own examples ask for.
VERSION: Final = "2024-10-08"
PROJECTS: Final = ("WATSONX_PROJECT_ID", "WX_PROJECT_ID")
SPACES: Final = ("WATSONX_SPACE_ID", "WX_SPACE_ID", "WATSONX_DEPLOYMENT_SPACE_ID")
_IAM: Final = "https://iam.cloud.ibm.com/identity/token"
_GRANT: Final = "urn:ibm:params:oauth:grant-type:apikey"
_DEPLOYED: Final = "deployment/"
_API = re.compile(r"/ml(/v1.*)?$")
# Fields of IBM's that no unified parameter says.
_OPTIONS: Final = (
    "project_id",
    "space_id",
    "time_limit",
    "guided_choice",
    "guided_regex",
    "guided_grammar",
    "guided_json",
    "chat_template_kwargs",
    "include_reasoning",
    "repetition_penalty",
    "length_penalty",
)


def host(dialect: Dialect, call: Call) -> str:
    """The address of a region's or an own installation's API, whatever page it was copied from."""
    base, _, query = base_url(dialect.vendor, call.api_base).partition("?")
    plain = _API.sub("", base)
    return f"{plain}?{query}" if query and plain == base else plain


def path(call: Call, verb: str) -> str:
    """Where a model, or one that somebody has deployed, is asked to do something."""
    version = quote(call.settings.get("api_version") or VERSION, safe="")
    if call.model.startswith(_DEPLOYED):
        deployed = f"/deployments/{path_segment(call.model.removeprefix(_DEPLOYED))}"
    else:
        deployed = ""
    return f"/ml/v1{deployed}/text/{verb}{'_stream' if call.stream else ''}?version={version}"


def whose(call: Call) -> dict[str, object]:
    """The model, and the project or the space that is charged; a deployment knows both."""
    if call.model.startswith(_DEPLOYED):
        return {}
    if call.options.get("project_id") or call.options.get("space_id"):
        return {"model_id": call.model}
    for field, names in (("project_id", PROJECTS), ("space_id", SPACES)):
        if found := from_environment(names):
            return {"model_id": call.model, field: found}
    raise InvalidRequestError(
        f"no project: pass project_id or space_id, or set {' or '.join((*PROJECTS, *SPACES))}",
        param="project_id",
        provider=call.vendor.name,
        model=call.model,
    )


def log_in(vendor: Vendor, call: Call) -> Credentials:
    """IBM Cloud's token for a key; tokens, and the keys of an own installation, as they are."""
    key: TokenProvider | None = call.settings.get("api_key")
    variable = None
    if key is None:
        key, variable = environment_key(vendor, call.model)
    if isinstance(key, str):
        key = key.strip()
        if not key:
            raise InvalidRequestError("api_key is blank", param="api_key", provider=vendor.name)
    if variable == "WATSONX_ZENAPIKEY":
        return Credentials(key, lambda given, _: (("authorization", f"ZenApiKey {given}"),))
    if not isinstance(key, str) or variable == "WATSONX_TOKEN" or key.startswith("eyJ"):
        return Credentials(key, lambda token, _: bearer(token))
    form = urlencode({"grant_type": _GRANT, "apikey": key})
    return login(call, TokenRequest(environ.get("WATSONX_IAM_URL") or _IAM, (), form, key))


class WatsonxDialect(OpenAIDialect):
    """Chat on watsonx.ai."""

    own_settings = frozenset({"api_version"})

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.option_paths = {name: (name,) for name in _OPTIONS}
        self.support = SUPPORT

    @override
    def base_url(self, call: Call) -> str:
        return host(self, call)

    @override
    def path(self, call: Call) -> str:
        return path(call, "chat")

    @override
    def credentials(self, call: Call) -> Credentials:
        return log_in(self.vendor, call)

    @override
    def body(self, call: Call) -> dict[str, object]:
        body = super().body(call)
        for name in ("model", "stream"):  # both stand in the address
            body.pop(name, None)
        choice = body.get("tool_choice")
        if isinstance(choice, str):
            body["tool_choice_option"] = body.pop("tool_choice")
        if "stop" in body and not is_list(body["stop"]):
            body["stop"] = [body["stop"]]
        return {**whose(call), **body}

"""Gemini on Google Distributed Cloud: OpenAI's dialect on somebody's own machines, by project and location.

https://cloud.google.com/distributed-cloud/gemini-on-gdcc/latest/docs/endpoints says what runs there; its addresses and
headers are known from the provider of BerriAI/litellm that speaks to it.
"""

from __future__ import annotations

import re
from os import environ
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..addressing import base_url, path_segment
from ..errors import InvalidRequestError
from ..headers import bearer
from .dialect import Credentials
from .openai import OpenAIDialect

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers

_PLACE: Final = re.compile(r"/v1/projects/(?P<project>[^/]+)/locations/[^/]+")
_END: Final = "/chat/completions"


class GDCDialect(OpenAIDialect):
    """Gemini on Google Distributed Cloud, asked with a token."""

    own_settings = frozenset({"vertex_project", "vertex_location"})

    @override
    def path(self, call: Call) -> str:
        if _PLACE.search(base_url(self.vendor, call.api_base)):
            return _END
        project, location = self._setting(call, "project"), self._setting(call, "location")
        return f"/v1/projects/{path_segment(project)}/locations/{path_segment(location)}{_END}"

    def _setting(self, call: Call, what: str) -> str:
        given = call.settings.get("vertex_project") if what == "project" else call.settings.get("vertex_location")
        variable = f"GDC_{what.upper()}"
        found = given or environ.get(variable, "").strip()
        if not found:
            told = f"no {what}: pass vertex_{what}, or set {variable}"
            raise InvalidRequestError(told, param=f"vertex_{what}", provider=self.vendor.name, model=call.model)
        return found

    @override
    def credentials(self, call: Call) -> Credentials:
        found = super().credentials(call)
        if isinstance(found.key, str) and found.key.startswith("{"):
            raise InvalidRequestError(
                "api_key is a service account; give its token, or a callable that gives one",
                param="api_key",
                provider=self.vendor.name,
            )
        place = _PLACE.search(base_url(self.vendor, call.api_base))
        project = place["project"] if place else self._setting(call, "project")
        return Credentials(found.key, lambda token, _: _headers(token, project))


def _headers(token: str, project: str) -> Headers:
    return (*bearer(token), ("x-goog-user-project", f"projects/{project}"))

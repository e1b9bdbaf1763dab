"""Where on Vertex AI a call goes, and who asks: for all the dialects that are spoken there.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ..addressing import base_url, from_environment, model_path
from ..errors import InvalidRequestError, MissingApiKeyError, Timeout
from ..google_tokens import NoTokenError, Tokens, project_of, tokens_for
from ..headers import bearer
from ..token_server import time_for
from .dialect import Credentials, Dialect

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers, Request
    from ..parameters import TokenProvider

SETTINGS: Final = frozenset({"vertex_project", "vertex_location", "vertex_credentials"})
PROJECTS: Final = ("VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT")
CREDENTIALS: Final = "VERTEXAI_CREDENTIALS"
LOCATIONS: Final = ("VERTEXAI_LOCATION", "VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION")
# Stands in an address until the credentials have said their project; no address can hold braces of its own.
_UNTOLD: Final = "{project}"
# An address may be a host, may say the version, the project, or be whole, as a vendor's page shows it.
_ADDRESS = re.compile(
    r"(?P<host>.*?)"
    r"(?:(?P<version>/v1(?:beta1)?)(?P<place>/projects/[^/]+/locations/[^/]+)?(?:/(?:publishers|endpoints)/.*)?)?"
)
_WHOLE_MODEL = re.compile(r"projects/[^/]+/locations/(?P<location>[^/]+)/.+")
_LOCATION = re.compile(r"[a-z][a-z0-9-]*")
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]*")
# A bearer token (of an account, or an OIDC one), and Google's keys; whatever else is given, the call tells.
_TOKENS: Final = ("ya29.", "eyJ")
_KEYS: Final = ("AIza", "AQ.")


class Place:
    """Where on Vertex AI a call goes, and with what."""

    def __init__(self, dialect: Dialect, call: Call, publisher: str, version: str) -> None:
        self.vendor, self.call, self.publisher = dialect.vendor, call, publisher
        self._settings = call.settings
        self.key = self._key()
        self._is_key = isinstance(self.key, str) and self._looks_like_a_key(self.key)
        whole = _WHOLE_MODEL.fullmatch(call.model)
        express = self._is_key and publisher == "google" and not self._settings.get("vertex_project") and not whole
        self.location = whole["location"] if whole else self._location(express)
        given, _, self._query = (call.api_base or from_environment(self.vendor.base_variables) or "").partition("?")
        found = _ADDRESS.fullmatch(base_url(self.vendor, given or self._host()))
        assert found is not None  # any text matches
        self.base, stands = found["host"] + (found["version"] or ""), found["version"] is not None
        self._version = "" if stands else version
        self._where = "" if whole or express else found["place"] or self._project_and_location()

    def _key(self) -> TokenProvider | None:
        given = self._settings.get("api_key")
        if given is None and self._settings.get("vertex_credentials") is None:
            return from_environment(self.vendor.key_variables)
        if isinstance(given, str) and not given.strip():
            raise InvalidRequestError("api_key is blank", param="api_key", provider=self.vendor.name)
        return given.strip() if isinstance(given, str) else given

    def _looks_like_a_key(self, given: str) -> bool:
        """Express mode needs no project: who names one beside something unknown has a token."""
        if given.startswith(_TOKENS):
            return False
        return given.startswith(_KEYS) or (self.publisher == "google" and not self._settings.get("vertex_project"))

    def _location(self, express: bool) -> str:
        asked = self._settings.get("vertex_location")
        found = asked or (None if express else from_environment(LOCATIONS)) or "global"
        if not _LOCATION.fullmatch(found):
            raise InvalidRequestError(
                f"vertex_location is {found!r}; it is e.g. 'us-central1' or 'global'",
                param="vertex_location",
                provider=self.vendor.name,
            )
        return found

    def _host(self) -> str:
        match self.location:
            case "global":
                return "https://aiplatform.googleapis.com"
            case "us" | "eu":
                return f"https://aiplatform.{self.location}.rep.googleapis.com"
            case _:
                return str(self.vendor.regional_url).format(region=self.location)

    def _project_and_location(self) -> str:
        return f"/projects/{self._project()}/locations/{self.location}"

    def _project(self) -> str:
        """The caller's, the environment's, the service account's; else it comes with the first token."""
        found = self._settings.get("vertex_project") or from_environment(PROJECTS)
        if not found and self.login and self.key is None:
            found = project_of(self.login)
        if found:
            return self.checked(found)
        if self.key is None:
            return _UNTOLD
        raise self.no_project()

    @property
    def login(self) -> str | Mapping[str, object] | None:
        """The service account that is named; None where google-auth finds one."""
        return self._settings.get("vertex_credentials") or from_environment([CREDENTIALS])

    def checked(self, project: str) -> str:
        """A project as a part of a path."""
        if not _PROJECT.fullmatch(project):
            raise InvalidRequestError(
                f"vertex_project is {project!r}; it is a project's id or number",
                param="vertex_project",
                provider=self.vendor.name,
            )
        return quote(project, safe=":")

    def no_project(self) -> InvalidRequestError:
        """The error that names every way to say it."""
        express = f", or use a key of express mode ({self._variables()})" if self.vendor.key_variables else ""
        return InvalidRequestError(
            f"no project: pass vertex_project, or set {' or '.join(PROJECTS)}{express}",
            param="vertex_project",
            provider=self.vendor.name,
            model=self.call.model,
        )

    def _variables(self) -> str:
        return " or ".join(self.vendor.key_variables)

    def path(self, verb: str) -> str:
        """What follows the base."""
        query = f"&{self._query}" if "?" in verb and self._query else f"?{self._query}" if self._query else ""
        return f"{self._version}{self._where}{self._model()}:{verb}{query}"

    def _model(self) -> str:
        model = self.call.model
        if model.isdecimal():  # a tuned model's or the model garden's
            return f"/endpoints/{model}"
        if model.startswith(("projects/", "publishers/", "endpoints/")):
            return f"/{model_path(model)}"
        owner, _, name = model.rpartition("/")
        if owner not in ("", "models", self.publisher):
            model_path(model)
            raise InvalidRequestError(
                f"{owner}'s models are asked by an API of their own, which is not mapped",
                provider=self.vendor.name,
                model=model,
            )
        return f"/publishers/{self.publisher}/models/{model_path(name)}"

    def open_path(self) -> str:
        """What follows the base, for models that speak OpenAI's dialect: they stand in the body."""
        return f"{self._version}{self._where}/endpoints/openapi/chat/completions"

    def credentials(self) -> Credentials:
        """The key or token that was given, else Google's own login."""
        if self.key is None:
            login = _Login(self)
            return Credentials(login.token, login.headers, blocking=True, renew=login.forget)
        if self._is_key:
            return Credentials(self.key, lambda key, _: (("x-goog-api-key", key),))
        return Credentials(self.key, lambda key, _: bearer(key))

    def explained(self, error: NoTokenError) -> Exception:
        """As what the caller sees that there is no token."""
        ways = f"; pass api_key or vertex_credentials, or set {self._variables() + ' or ' if self._variables() else ''}"
        more = f"{ways}{CREDENTIALS} or GOOGLE_APPLICATION_CREDENTIALS" if error.kind is MissingApiKeyError else ""
        return error.kind(f"{str(error).rstrip('.')}{more}", provider=self.vendor.name, model=self.call.model)


class _Login:
    """Google's own login, for one call: nothing is read, and nobody asked, before a request needs it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._used = ""

    @property
    def _tokens(self) -> Tokens:
        return tokens_for(self._place.login)

    def token(self) -> str:
        """A token that is good now."""
        try:
            self._used = self._tokens.token(time_for(self._place.call))
        except NoTokenError as error:
            failed = self._place.explained(error)
        except Timeout as error:  # another call waited for it already
            error.provider, error.model = self._place.vendor.name, self._place.call.model
            raise
        else:
            return self._used
        raise failed  # without what it comes from, whose frames hold the credentials

    def headers(self, key: str, request: Request) -> Headers:
        """The headers that carry it; the address now gets the project that came with it."""
        if _UNTOLD in request.url:
            project = self._tokens.project()
            if not project:
                raise self._place.no_project()
            request.url = request.url.replace(_UNTOLD, self._place.checked(project))
        return bearer(key)

    def forget(self) -> None:
        """It was refused."""
        self._tokens.forget(self._used)

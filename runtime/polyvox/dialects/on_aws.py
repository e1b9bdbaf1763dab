"""What services on AWS share: regions, addresses, and requests that are signed where no key is given."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic_core import to_json
from typing_extensions import override

from ..addressing import base_url, from_environment
from ..aws import Identity, Keys, Service, clock_error, identity, profile_region, signature
from ..errors import APIResponseValidationError, AuthenticationError, InvalidRequestError, MissingApiKeyError
from ..failures import AWS_ERROR_HEADER
from .dialect import Credentials, Dialect

if TYPE_CHECKING:
    from ..aws_frames import BrokenFrameError, Frame
    from ..call import Call
    from ..errors import APIError
    from ..exchange import Headers, Request

_REGION = re.compile(r"[a-z0-9-]+")
_REGION_IN_HOST = re.compile(r"(?:^|\.)(?:bedrock-runtime(?:-fips)?|runtime(?:-fips)?\.sagemaker)\.([a-z0-9-]+)\.")
_REGION_IN_ARN = re.compile(r"arn:[^:]+:[^:]+:([a-z0-9-]+):")
_REGION_VARIABLES: Final = ("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION")
SETTINGS: Final = frozenset(
    {"aws_region_name", "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_profile_name"}
)


class OnAWS(Dialect):
    """A service on AWS: with its own key or token, or with requests signed by somebody's AWS credentials."""

    own_settings = SETTINGS

    @property
    @abstractmethod
    def service(self) -> Service:
        """Who is asked."""

    @override
    def base_url(self, call: Call) -> str:
        if call.api_base or from_environment(self.vendor.base_variables):
            return base_url(self.vendor, call.api_base)
        return str(self.vendor.regional_url).replace("{region}", self._region(call))

    def resource(self, call: Call) -> str:
        """What is asked, as the service names it: perhaps an ARN."""
        return call.model

    def _region(self, call: Call) -> str:
        """The region asked for, else the environment's, the ARN's own, or that of the profile that signs."""
        region = call.settings.get("aws_region_name") or from_environment(_REGION_VARIABLES)
        provider = self.vendor.name
        if not region and (found := _REGION_IN_ARN.match(self.resource(call))):
            region = found[1]
        if not region and self.bearer(call) is None:
            region = profile_region(call.settings.get("aws_profile_name"), self.service)
        if not region:
            tried = ", ".join(_REGION_VARIABLES)
            raise InvalidRequestError(f"no region: pass aws_region_name, or set one of {tried}", provider=provider)
        if not _REGION.fullmatch(region):
            raise InvalidRequestError(f"aws_region_name is {region!r}; it is e.g. 'us-east-1'", provider=provider)
        return region

    def bearer(self, call: Call) -> object:
        """The service's own key; what the call says of AWS keys comes before the environment's key."""
        given = call.settings.get("api_key")
        if given is not None or call.settings.get("aws_access_key_id") or call.settings.get("aws_profile_name"):
            return given
        return from_environment(self.vendor.key_variables)

    @override
    def credentials(self, call: Call) -> Credentials:
        if self.bearer(call) is not None:
            return super().credentials(call)
        signer = identity(self._given_keys(call), call.settings.get("aws_profile_name"), self.service)
        return self._signing(call, signer)

    def _given_keys(self, call: Call) -> Keys | None:
        settings: Mapping[str, object] = call.settings
        key, secret, token = (
            settings.get(f"aws_{name}") for name in ("access_key_id", "secret_access_key", "session_token")
        )
        if key and secret:
            return Keys(str(key), str(secret), str(token) if token else None)
        if key or secret or token:
            told = "aws_access_key_id and aws_secret_access_key go together"
            raise MissingApiKeyError(told, provider=self.vendor.name)
        return None

    def _signing(self, call: Call, signer: Identity) -> Credentials:
        """Every request is signed when it is sent, a second try anew."""

        def headers(_: str, request: Request) -> Headers:
            host = urlsplit(request.url).netloc
            found = None if call.settings.get("aws_region_name") else _REGION_IN_HOST.search(host)
            return signature(request, signer.keys(), found[1] if found else self._region(call), self.service)

        return Credentials(lambda: signer.keys().access_key, headers, blocking=True, renew=signer.forget)

    @override
    def error(self, call: Call, status: int | None, headers: Mapping[str, str], body: bytes) -> APIError:
        error = super().error(call, status, headers, body)
        if isinstance(error, AuthenticationError) and self.bearer(call) is None and (off := clock_error(headers)):
            side = "ahead of" if off > 0 else "behind"
            error.message += f"; this machine's clock is {abs(off)} minutes {side} AWS's: set it right"
            error.args = (error.message,)
        return error


def broken(call: Call, error: BrokenFrameError) -> APIResponseValidationError:
    """The error for a stream whose frames are none."""
    return APIResponseValidationError(
        f"the vendor's stream cannot be read: {error}", provider=call.vendor.name, model=call.model
    )


def told(dialect: Dialect, call: Call, frame: Frame) -> APIError:
    """The error that a frame of a stream tells."""
    body = frame.data or to_json({"message": frame.headers.get(":error-message")})
    return dialect.error(call, None, {AWS_ERROR_HEADER: frame.event}, body)

"""A request outside of a call: to a token server."""

from __future__ import annotations

from collections.abc import Mapping

from ..exchange import Timeouts
from ..limits import phases_of
from ..secrecy import unheard


def fetch(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout: float
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the reply, all within `timeout` seconds. Raises what httpx2 raises."""
    import httpx2

    phases = phases_of(Timeouts(timeout, timeout, timeout, timeout, total=timeout))
    with httpx2.Client() as client, unheard("httpx2", "httpcore2"):
        reply = client.request(method, url, content=body, headers=dict(headers), extensions={"timeout": phases})
        return reply.status_code, reply.headers, reply.content

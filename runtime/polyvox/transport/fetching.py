"""A request outside of a call: to a token server."""

from __future__ import annotations

from collections.abc import Mapping


def fetch(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout: float
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of the reply. Raises what httpx2 raises."""
    import httpx2

    with httpx2.Client(timeout=timeout) as client:
        reply = client.request(method, url, content=body, headers=dict(headers))
        return reply.status_code, reply.headers, reply.content

"""The clients behind `completion()` and `acompletion()`: the only global state of polyvox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from .async_client import AsyncClient
from .client import Client
from .forking import Lock
from .parameters import CallParameters

if TYPE_CHECKING:
    from .events import OnFailure, OnSuccess

__all__ = ["configure", "default_clients"]

_clients: tuple[Client, AsyncClient] | None = None
_making = Lock()


def default_clients() -> tuple[Client, AsyncClient]:
    """One each per process, closed at exit."""
    global _clients
    if _clients is None:
        import atexit

        with _making.held:
            if _clients is None:
                _clients = Client(), AsyncClient()
                atexit.register(_clients[0].close)
    return _clients


def configure(
    *,
    on_success: OnSuccess | None = None,
    on_failure: OnFailure | None = None,
    **settings: Unpack[CallParameters],
) -> None:
    """Settings and hooks for every later `completion()` and `acompletion()` of the process.

    `configure(drop_params=True)` is what LiteLLM writes as `litellm.drop_params = True`. The settings take the place
    of those of an earlier `configure`; without any, all are gone. What a call says itself wins. Clients of your own
    have their own settings: `Client(drop_params=True)`.

    Raises:
        UnknownParameterError: a keyword that is no setting of a client.
    """
    for client in default_clients():
        client._configure(settings, on_success, on_failure)

"""Why a request got no answer, in words of this machine."""

from __future__ import annotations

import socket


def innermost(error: BaseException) -> BaseException:
    """Return the innermost reason; the outer ones repeat addresses and pools."""
    seen = 0
    while (inner := _inner(error)) is not None and seen < 10:
        error, seen = inner, seen + 1
    return error


def own_words(error: BaseException) -> str:
    """Return a reason in words of this machine; other texts may quote the server."""
    if isinstance(error, TimeoutError):
        return "no reply in time"
    if isinstance(error, socket.gaierror):
        is_later = error.errno == socket.EAI_AGAIN
        return "DNS gives no answer" if is_later else "DNS knows no such host"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: nothing listens there"
    words = getattr(error, "strerror", None)
    name = type(error).__name__
    return f"{name}: {words}" if words else name


def _inner(error: BaseException) -> BaseException | None:
    reasons = (getattr(error, "reason", None), *error.args)
    found = (each for each in reasons if isinstance(each, BaseException))
    return next(found, None) or error.__cause__ or error.__context__

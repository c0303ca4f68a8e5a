"""Event loops in threads of their own, so that signals end what they run.

An exception that a signal's handler raises inside a loop may land in a callback of the
loop, which only logs it. In a thread beside it none is ever raised.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_logger = logging.getLogger(__name__)


def run_apart(work: Callable[[], Awaitable[None]]) -> None:
    """Run what is awaitable in a loop beside this thread, and wait for it.

    Whatever is raised here meanwhile cancels it, and leaves when that is done. It runs
    nothing of the caller's at the same time as the caller.
    """
    apart = _Apart(work)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(asyncio.run, apart.run())
        try:
            future.result()
        except BaseException:
            apart.cancel()
            raise


class _Apart:
    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._is_cancelled = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._loop.set_exception_handler(_note)
        if not self._is_cancelled:
            await self._work()

    def cancel(self) -> None:
        """Cancel it, whether it has begun, will begin, or is over."""
        self._is_cancelled = True
        if self._loop is not None and self._task is not None:
            try:
                self._loop.call_soon_threadsafe(self._task.cancel)
            except RuntimeError:  # the loop is closed: it is over
                return


def _note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Note an error that nobody waits for any more.

    Requests that were on their way when a connection ended have one each. What was
    waited for has raised it; asyncio would print the others, with words of the server.
    """
    _logger.debug("left alone: %s", type(context.get("exception")).__name__)

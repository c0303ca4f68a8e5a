"""Putting a mutant into a module that is imported already: its function's new code.

Whoever imported the function before sees the wrong too, so nothing is imported anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutants import Mutant


class NotInPlaceError(Exception):
    """The function of a mutant is not to be found, or has other variables."""


def put_in_place(module_name: str, mutant: Mutant) -> None:
    """Give a function the code of its mutant; raise NotInPlaceError if it has none."""
    function = _function(module_name, mutant.function or "")
    path = function.__code__.co_filename
    found = [
        code
        for code in _codes(compile(mutant.source, path, "exec"))
        if code.co_qualname == mutant.function
    ]
    if len(found) != 1 or found[0].co_freevars != function.__code__.co_freevars:
        raise NotInPlaceError(mutant.function)
    function.__code__ = found[0]


def _function(module_name: str, qualified: str) -> FunctionType:
    found: object = sys.modules.get(module_name)
    for name in qualified.split("."):
        found = vars(found).get(name) if hasattr(found, "__dict__") else None
        found = _unwrapped(found)
    if not isinstance(found, FunctionType) or found.__qualname__ != qualified:
        raise NotInPlaceError(qualified)
    return found


def _unwrapped(found: object) -> object:
    for inner in ("fget", "func", "__func__", "__wrapped__"):
        wrapped = getattr(found, inner, None)
        if wrapped is not None:
            return _unwrapped(wrapped)
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)

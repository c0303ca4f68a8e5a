"""How the cells of an import are read, by the data type of their column.

The docs name the types and give no grammar. Inferred (I): how many bits an integer has,
that numbers are written as in JSON, and that booleans are `true` and `false`.
"""

import math
import re
from collections.abc import Callable, Mapping

from ctsync.sandbox.keys import Json

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_FRACTION = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_BOOLEANS = {"true": True, "false": False}


def read_cell(text: str, data_type: str) -> Json:
    """Return the value that a cell holds.

    Raises:
        ValueError: text of this type is written otherwise.
    """
    return _READERS[data_type](text)


def _read_whole(bits: int) -> Callable[[str], Json]:
    def read(text: str) -> Json:
        number = int(text) if _WHOLE.fullmatch(text) else None
        if number is None or not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            raise ValueError(f"no whole number of {bits} bits")
        return number

    return read


def _read_fraction(text: str) -> Json:
    number = float(text) if _FRACTION.fullmatch(text) else math.inf
    if not math.isfinite(number):
        raise ValueError("no number")
    return number


def _read_boolean(text: str) -> Json:
    if text not in _BOOLEANS:
        raise ValueError("neither true nor false")
    return _BOOLEANS[text]


_READERS: Mapping[str, Callable[[str], Json]] = {
    "STRING": lambda text: text,
    "INTEGER": _read_whole(32),
    "LONG": _read_whole(64),
    "FLOAT": _read_fraction,
    "BOOLEAN": _read_boolean,
}

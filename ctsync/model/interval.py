"""How sure a sample makes: the interval of Clopper and Pearson, in a few lines.

It is exact: whatever the true share is, an interval made so misses it in at most the
given part of all samples, also where next to nothing or nearly all was found.
"""

from __future__ import annotations

import math

from msgspec import Struct

# At 95 % an interval misses in up to five of a hundred samples, and by chance in more.
CONFIDENCE = 0.99
_ROUNDS = 60  # of halving: more than a double can tell apart
_TERMS = 500
_TINY = 1e-300


class Interval(Struct, frozen=True):
    """A share of 0 to 1 lies between these, as far as a sample can tell."""

    low: float
    high: float


def clopper_pearson(
    hits: int, size: int, *, confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of a share of which `hits` of `size` were found."""
    if size == 0:
        return Interval(0.0, 1.0)
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _quantile(tail, hits, size - hits + 1)
    high = 1.0 if hits == size else _quantile(1 - tail, hits + 1, size - hits)
    return Interval(low, high)


def _quantile(share: float, a: int, b: int) -> float:
    """Return where a beta distribution reaches a share, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        if _beta(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta(x: float, a: int, b: int) -> float:
    """Return the regularised incomplete beta function.

    Its continued fraction converges fast on one side of the mean; the other side
    follows by symmetry.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    log = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(log + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: int, b: int) -> float:
    """Return the continued fraction, by the method of Lentz."""
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS + int(math.sqrt(a + b))):
        for term in _terms(x, a, b, m):
            d = 1 / _apart(1 + term * d)
            c = _apart(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return value


def _terms(x: float, a: int, b: int, m: int) -> tuple[float, float]:
    even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return even, odd


def _apart(number: float) -> float:
    return number if abs(number) > _TINY else _TINY

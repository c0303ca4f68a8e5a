"""Digests of rows, as SQL of DuckDB: MD5 over values of which none runs into the next.

DuckDB makes keys for sorting of all values of a row at once, sooner than texts behind
their lengths, and they differ where values do. Were one of its versions to make other
keys, each profile would be looked at once more.
"""

from __future__ import annotations


def row_digest(salt: bytes, *values: str) -> str:
    """Return the expression of a digest, a UHUGEINT: MD5's bytes, the lowest first.

    Blank values differ from all others; -0.0 is 0.0, and every NaN is one.
    """
    salted = f"unhex('{salt.hex()}')"
    keyed = ", ".join(f"{value}, 'ASC NULLS FIRST'" for value in (salted, *values))
    return f"md5_number(create_sort_key({keyed}))"

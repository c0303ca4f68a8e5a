"""What a source is, and how one is added.

Write one file in this package with a function that takes a `Project` and yields a
`Contribution` for every profile it speaks of, and a module constant `SOURCE` that
holds a `Source` with it. It is then found by name, and asked after those of lower
rank, so the rank decides which place of a profile is named first.

A source yields in an order that depends on its files alone. It takes each digest from
the words without understanding them, salted with `Project.salt`: equal words give equal
digests on every machine, and the place where they stand never counts. `read` is asked
only for candidates, so it does the parsing. What a source cannot use it leaves out; the
finding was made when the project was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ctsync.model.contribution import Contribution
from ctsync.model.contribution_batch import Batch
from ctsync.model.row_source import RowSource
from ctsync.project.project import Project

DIGEST_BYTES = 16


class Source(NamedTuple):
    """One sort of place that speaks of profiles.

    Who can give many contributions at once gives `batches`, and in `unbatched` those
    that are in none: together they are the same as `contributions`. Who reads rows of
    files gives these as `row_sources`, and in `loose` the contributions of none.
    """

    rank: int
    contributions: Callable[[Project], Iterator[Contribution]]
    batches: Callable[[Project], Iterator[Batch]] | None = None
    unbatched: Callable[[Project], Iterator[Contribution]] | None = None
    row_sources: Callable[[Project], Iterator[RowSource]] | None = None
    loose: Callable[[Project], Iterator[Contribution]] | None = None

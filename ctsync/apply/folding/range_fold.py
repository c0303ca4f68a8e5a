"""Folding one range of keys, in whatever process: the work of one worker."""

from __future__ import annotations

from uuid import uuid4

from msgspec import Struct, json

from ctsync import __version__
from ctsync.apply.folding.fold import edit_runs
from ctsync.apply.folding.replayed_effects import effect_runs
from ctsync.apply.gc_tuning import collected_seldom
from ctsync.apply.journal.journal_slices import JournalSlice
from ctsync.errors import CtsyncError
from ctsync.kinds import KINDS
from ctsync.state.edit_stream import EditStream
from ctsync.state.range_writing import OddRanges, RangeTerms, WrittenRange

_OTHER = "workers have another version of ctsync, or other kinds"
_FAILED = "workers could not fold a range"


class _Folded(Struct, frozen=True):
    """What came of a range, or why nothing did."""

    written: WrittenRange | None = None
    fault: str = ""


class RangeFold(Struct, frozen=True):
    """Folds slices of the journal of a run; the same for all, and may be pickled.

    `version` and `kinds` are what whoever folds has to have: others might make
    something else of the same lines. Called with a slice it tells what came of it.
    """

    terms: RangeTerms
    run: str
    version: str = __version__
    kinds: tuple[str, ...] = tuple(KINDS)

    def __call__(self, piece: bytes) -> bytes:
        """Fold a slice."""
        with collected_seldom():
            return json.encode(self._folded(json.decode(piece, type=JournalSlice)))

    def _folded(self, part: JournalSlice) -> _Folded:
        if (self.version, self.kinds) != (__version__, tuple(KINDS)):
            return _Folded(fault=_OTHER)
        try:
            runs = effect_runs(part.fates(), part.lines(), self.run)
            edits = EditStream(edit_runs(runs))
            # A name that nobody else gives: this range may be folded twice at once.
            written = self.terms.write(part.within, edits, str(uuid4().int))
        except (CtsyncError, OSError, ValueError):
            return _Folded(fault=_FAILED)
        return _Folded(written)


def written_range(said: bytes) -> WrittenRange:
    """Return what came of a range.

    Raises:
        OddRanges: nothing did.
    """
    folded = json.decode(said, type=_Folded)
    if folded.written is None:
        raise OddRanges(folded.fault)
    return folded.written

"""Keys of rows that differ from another key only in case or spaces.

Keys in YAML are compared where they are read; those of rows are too many to remember,
so only candidates are compared, and only if they come in the order of their keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from ctsync.canonical_json import fold_id
from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Origin
from ctsync.model.decided_records import has_capitals
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.weighed_run import WeighedRun

# Of a key and its folded form the former comes first, as capitals and spaces sort
# before letters: what is folded need not be remembered. The rest is bounded.
REMEMBERED = 200_000


class SimilarKeys(Struct):
    """Sees candidates, and warns of two keys that may be one person's."""

    _odd: dict[tuple[str, str], Origin] = field(default_factory=dict)

    def decided_seen(self, decided: DecidedRows, mask: Mask) -> Iterator[Diagnostic]:
        """Yield what there is of rows that were decided in columns."""
        # Ids that are their own folded form, after none that is not, resemble no other
        # id.
        if not self._odd and not has_capitals(decided):
            return
        kind = decided.key_type
        for number, identifier in enumerate(decided.ids()):
            folded = identifier.lower()
            if identifier != folded or (kind, folded) in self._odd:
                key = ProfileKey(kind, identifier)
                yield from self.key_seen(key, decided.origin(number), mask)

    def weighed_seen(self, run: WeighedRun, mask: Mask) -> Iterator[Diagnostic]:
        """Yield the same of candidates that were weighed elsewhere."""
        text = "".join(key.id for key in run.keys)
        if not self._odd and text.isascii() and text == text.lower():
            return
        for key, origin in zip(run.keys, run.origins, strict=True):
            yield from self.key_seen(key, origin, mask)

    def key_seen(
        self, key: ProfileKey, origin: Origin, mask: Mask
    ) -> Iterator[Diagnostic]:
        """Yield a warning if an earlier key is easily confused with this one."""
        kind, text = key
        folded = fold_id(text)
        first = self._odd.get((kind, folded))
        # Two keys in YAML have been compared where they were read.
        if first is not None and (origin.row is not None or first.row is not None):
            yield _twin(key, origin, first, mask)
        elif first is None and text != folded and len(self._odd) < REMEMBERED:
            self._odd[kind, folded] = origin


def _twin(key: ProfileKey, origin: Origin, first: Origin, mask: Mask) -> Diagnostic:
    message = (
        f"this identifier and the one at {first.place} differ only in letter case, "
        "accents or outer spaces"
    )
    return Diagnostic(
        "warning",
        "CT312",
        message,
        "write both alike if they are one person",
        file=origin.file,
        line=origin.line,
        row=origin.row,
        key=mask.key_at(key, origin),
    )

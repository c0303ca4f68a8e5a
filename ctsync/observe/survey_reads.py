"""Taking in what is read of one profile after the other: counts, findings, drift.

What drifted, and what the state may then know, waits in files: there may be millions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator
from functools import partial
from typing import BinaryIO

from msgspec import to_builtins
from msgspec.json import Decoder

from ctsync.canonical_json import canonical
from ctsync.diagnostic_codes import severity_of
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.model.drift import ProfileDrift, ReadCounts
from ctsync.model.entry import Entry, entry_from_line, entry_line
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.compare import Standing
from ctsync.observe.differences import drift_of, names_of
from ctsync.observe.examine import Examined, examine
from ctsync.observe.profile_reply import Found, Reading
from ctsync.observe.read_profiles import is_readable
from ctsync.state.entry_edits import Edit

_DRIFTS = Decoder(ProfileDrift)


class ReadSurvey:
    """What reading comes to. Both files are empty, private, and go with the survey.

    `files` are those of which the platform may still tell.
    """

    def __init__(
        self,
        drifts: BinaryIO,
        afters: BinaryIO,
        is_sensitive: Callable[[str], bool],
        mask: Mask,
        files: Container[str] = frozenset(),
    ) -> None:
        self.counts = ReadCounts()
        self.findings = Findings()
        self.changed = 0
        self._drifts = drifts
        self._afters = afters
        self._is_sensitive = is_sensitive
        self._mask = mask
        self._files = files
        self._notes: dict[tuple[Standing, str], int] = Counter()
        self._held: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()

    def add(self, entry: Entry, reading: Reading) -> Examined | None:
        """Take in what was read of an entry; None where nobody knows."""
        if reading.found not in {Found.FOUND, Found.GONE}:
            self._note_failure(reading)
            return None
        examined = examine(entry, reading, self._files)
        self._count(examined)
        if examined.is_merged:
            self._report("CT701", _MERGED, "see all_identities of its page", entry.key)
        if examined.has_drifted:
            drift = drift_of(examined, self._is_sensitive)
            self.counts.differences.update(names_of(drift))
            self._drifts.write(canonical(to_builtins(drift)) + b"\n")
        if examined.after is not entry:
            self.changed += 1
            self._afters.write(entry_line(examined.after))
        return examined

    def drifts(self) -> Iterator[ProfileDrift]:
        """Yield the profiles that drifted, by key. May be called again."""
        return map(_DRIFTS.decode, _lines_of(self._drifts))

    def edits(self) -> Iterator[tuple[ProfileKey, Edit]]:
        """Yield what is to stand in the state, by key.

        May be called again, also while an earlier call has not come to its end.
        """
        for after in map(entry_from_line, _lines_of(self._afters)):
            yield after.key, partial(_instead, after)

    def close(self) -> None:
        """Report what was noted over all profiles."""
        for (standing, name), count in sorted(self._notes.items()):
            code, one, many, hint = _NOTES[standing]
            words = f"{name}: {one if count == 1 else many.format(count=count)}"
            self._report(code, words, hint, attribute=name)
        for name, missing in sorted(self._missing.items()):
            if missing == self._held[name] >= _ENOUGH:
                message = f"{name}: none of {missing} profiles read has it, all should"
                self._report("CT707", message, _SCHEMA, attribute=name)
        if self.counts.gone == self.counts.read >= _ENOUGH:
            message = f"all {self.counts.gone} profiles that were read are gone"
            self._report("CT708", message, "see that this is the right account")

    def _count(self, examined: Examined) -> None:
        counts = self.counts
        if examined.turn == "gone":
            counts.gone += 1
        elif examined.has_drifted:
            counts.drifted += 1
        else:
            counts.same += 1
        for name, look in examined.looks.items():
            self._count_attribute(examined, name, look.standing)

    def _count_attribute(
        self, examined: Examined, name: str, standing: Standing
    ) -> None:
        known, after = examined.entry.attributes[name], examined.looks[name].after
        if standing is Standing.WRITE_ONLY:
            self.counts.write_only[known.name] += 1
            return
        if standing in _NOTES:
            self._notes[standing, known.name] += 1
        if standing in {Standing.UNREADABLE, Standing.AGEING, Standing.PENDING}:
            return
        self.counts.compared += 1
        self.counts.settled += standing is Standing.SETTLED
        self.counts.differing += standing is Standing.DRIFTED
        if known.owned and (known.value is not None or known.present):
            self._held[known.name] += 1
            self._missing[known.name] += after.value is None and not after.present

    def _note_failure(self, reading: Reading) -> None:
        if is_readable(reading.key):
            self.counts.failed += 1
            self._report("CT703", reading.message, _AGAIN, reading.key)
        else:
            self.counts.unaskable += 1
            self._report("CT702", reading.message, None, reading.key)

    def _report(
        self,
        code: str,
        message: str,
        hint: str | None,
        key: ProfileKey | None = None,
        *,
        attribute: str | None = None,
    ) -> None:
        shown = None if key is None else self._mask.key_json(key)
        found = Diagnostic(
            severity_of(code), code, message, hint, key=shown, attribute=attribute
        )
        self.findings.add(found)


def _lines_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines from a place of one's own: others may read the file in between."""
    at, rest = 0, b""
    while chunk := _chunk_at(file, at):
        at += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _chunk_at(file: BinaryIO, at: int) -> bytes:
    file.seek(at)
    return file.read(_CHUNK_BYTES)


_CHUNK_BYTES = 1 << 16


def _instead(after: Entry, _before: Entry | None) -> Entry:
    return after


_ENOUGH = 3  # profiles from which on "all of them" says something
_MERGED = "several identities share this profile on the platform"
_AGAIN = "run the command again"
_SCHEMA = (
    "the account's schema may drop it although uploads are acknowledged; see the Error "
    "Stream of the dashboard"
)
_NOTES = {
    Standing.UNSTABLE: (
        "CT704",
        "1 value is equal but stored as something else",
        "{count} values are equal but stored as something else",
        "text of digits may become a number, and outer spaces go",
    ),
    Standing.UNREADABLE: (
        "CT705",
        "1 value cannot be compared: an object, or two of one name",
        "{count} values cannot be compared: objects, or two of one name",
        "it is left alone",
    ),
    Standing.PENDING: (
        "CT709",
        "1 value is in a file of which the platform may still tell",
        "{count} values are in files of which the platform may still tell",
        "look again later, or give the reports to ctsync receipts",
    ),
    Standing.AGEING: (
        "CT706",
        "1 value differs; Age moves on birthdays where there is a DOB",
        "{count} values differ; Age moves on birthdays where there is a DOB",
        "leave Age to the platform",
    ),
}

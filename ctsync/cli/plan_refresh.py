"""What `plan --refresh` knows beyond the state: what was read just now, in memory.

The state is not touched, so whatever was read anew has to be compared anew by the next
plan too: no fingerprint is kept of a profile that a read changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ctsync.cli.project_session import ProjectSession
from ctsync.cli.read_platform import Choice, survey_known
from ctsync.cli.terminal.output import print_message
from ctsync.model.entry import Entry
from ctsync.model.profile_key import ID_TYPES

if TYPE_CHECKING:
    from ctsync.apply.recover import CurrentSnapshot
    from ctsync.engines.base import Candidate, Engine, ProfileCounts, Search
    from ctsync.observe.survey_reads import ReadSurvey
    from ctsync.plan.selection import Selector


class Refresh(Struct, frozen=True):
    """What was read, and what it makes of the state in memory."""

    survey: ReadSurvey

    @property
    def counts(self) -> Mapping[str, int]:
        """What reading came to, for the head of the plan."""
        counts = self.survey.counts
        names = ("read", "drifted", "gone", "failed")
        return {name: getattr(counts, name) for name in names}

    def view(self, present: CurrentSnapshot) -> CurrentSnapshot:
        """Return the state as it would be, had it been refreshed."""
        from ctsync.state.entry_edits import changed_entry

        return replace(
            present,
            read=lambda: changed_entry(present.entries(), self.survey.edits()),
            columns=None,
            find=None,
        )

    def unsettling(self, engine: Engine) -> Engine:
        """Return an engine that keeps no fingerprint of whom a read changed."""

        def find(search: Search, tally: ProfileCounts) -> Iterator[Candidate]:
            changed = (key for key, _ in self.survey.edits())
            at = next(changed, None)
            for candidate in engine.find_candidates(search, tally):
                while at is not None and at < candidate.key:
                    at = next(changed, None)
                is_changed = at == candidate.key
                yield replace(candidate, fingerprint=None) if is_changed else candidate

        # What is decided in columns has its fingerprint in the text: nobody decides so.
        return engine._replace(find_candidates=find, find_decided=None)


def read_before_planning(
    session: ProjectSession,
    present: CurrentSnapshot,
    targets: tuple[str, ...],
    stack: ExitStack,
) -> Refresh:
    """Read the known profiles that the targets mean, as far as the state can tell.

    Raises:
        TransportError: the platform cannot be read.
        Interrupted: a signal asked to end.
    """
    from ctsync.counted import counted
    from ctsync.plan.selection import parse_selector

    chosen = [parse_selector(word) for word in targets]
    choice = Choice()
    if any(each.kind in _KINDS for each in chosen):
        entries = present.entries()
        found = tuple(entry.key for entry in entries if _is_meant(entry, chosen))
        choice = Choice(found, is_all=False)
    survey = survey_known(session, present, choice, stack)
    if survey.counts.failed:
        words = f"{counted(survey.counts.failed, 'profile')} could not be read"
        print_message(f"warning: {words}; there the plan goes by the state")
    return Refresh(survey)


_KINDS = {*ID_TYPES, "attribute", "cohort"}


def _is_meant(entry: Entry, chosen: list[Selector]) -> bool:
    """Return whether an entry can be meant; files, tables and actions say nothing."""
    kinds = {each.kind for each in chosen if each.kind in _KINDS}
    return all(
        any(fnmatchcase(n, s.glob) for s in chosen if s.kind == kind for n in names)
        for kind in kinds
        for names in (_names(entry, kind),)
    )


def _names(entry: Entry, kind: str) -> tuple[str, ...]:
    if kind == "attribute":
        return tuple(known.name for known in entry.attributes.values())
    if kind == "cohort":
        return entry.cohorts
    return (entry.key.id,) if entry.key.type == kind else ()

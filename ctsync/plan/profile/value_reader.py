"""What the words of one place mean: the targets of its attributes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TypeAlias

from ctsync.canonical_json import fold_name
from ctsync.kinds import KINDS, kind_of
from ctsync.kinds.base import Kind
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.scalar_value import Literal, Raw
from ctsync.plan.findings.value_diagnostics import Place, PlacedFault
from ctsync.project.project import Project
from ctsync.project.spoiled_parts import UNSPOILED
from ctsync.sources.doubtful_cells import doubtful_words, lost_digits

Words: TypeAlias = "Mapping[str, Raw | Fault]"

_AS_TEXT = "write it in quotes, and declare it as type: string in the catalog"
REMEMBERED = 1_000  # of an attribute's words, in the hope that others use them too


class ValueReader:
    """Reads words of one project, each that was read before at a look."""

    def __init__(self, project_view: Project) -> None:
        self._project_view = project_view
        self._judges_all = project_view.spoiled == UNSPOILED
        # What a spec may say in so many words is odd in a cell, so they are kept apart.
        self._flawless: defaultdict[tuple[str, bool], dict[Literal, DesiredValue]] = (
            defaultdict(dict)
        )
        self._asked: dict[str, tuple[str, Attribute, Kind | None]] = {}

    def judgeable(self, words: Words) -> tuple[Words, list[str]]:
        """Part words from the folded names of those of which no rule is known.

        Their rules have findings, and what a value lacks would follow from those.
        """
        if self._judges_all:
            return words, []
        is_judged = self._project_view.is_judged
        unjudged = [fold_name(name) for name in words if not is_judged(name)]
        return {n: raw for n, raw in words.items() if is_judged(n)}, unjudged

    def parted(
        self, words: Words, known: Mapping[str, KnownValue] | None
    ) -> tuple[Words, list[str]]:
        """Part words from the folded names of those that say just what is known."""
        standing: list[str] = []
        if known is None:
            return words, standing
        rest, frame = {}, self._project_view.frame
        for name, raw in words.items():
            folded, rule, kind = self._asked.get(name) or self._ask(name)
            if not isinstance(raw, Fault):
                kind = kind or kind_of(raw)
                stored = known.get(folded)
                held = None if stored is None else stored.held(kind.name)
                if held is not None and kind.is_unchanged(raw, held, rule, frame):
                    standing.append(folded)
                    continue
            rest[name] = raw
        return rest, standing

    def _ask(self, name: str) -> tuple[str, Attribute, Kind | None]:
        """Return the folded name, the rule and, if that has one, the kind of a name."""
        rule = self._project_view.rule_for(name)
        kind = None if rule.kind is None else KINDS[rule.kind]
        asked = self._asked[name] = fold_name(name), rule, kind
        return asked

    def target(
        self,
        name: str,
        raw: Raw | Fault,
        among: Place,
        faults: list[PlacedFault],
    ) -> DesiredValue | None:
        """Return the target that a raw value means, None where it has faults.

        Add what is wrong with it, or only odd, to `faults`.
        """
        flawless = self._flawless[name, among.origin.table is not None]
        known = flawless.get(raw) if isinstance(raw, Literal) else None
        if known is not None:
            return known
        target, found = self._understood(name, raw, among)
        faults += found
        has_room = len(flawless) < REMEMBERED and not found
        if has_room and isinstance(raw, Literal) and target is not None:
            flawless[raw] = target
        return target

    def _understood(
        self, name: str, raw: Raw | Fault, among: Place
    ) -> tuple[DesiredValue | None, list[PlacedFault]]:
        """Return the target of a raw value, if it has one, and all that is to say."""
        _, rule, kind = self._asked.get(name) or self._ask(name)
        if isinstance(raw, Fault):
            return None, [PlacedFault(raw, rule, among.of(name))]
        try:
            kind = kind or kind_of(raw)
            target = kind.normalize(raw, rule, self._project_view.frame)
        except Faults as wrong:
            place = among.of(name)
            return None, [PlacedFault(fault, rule, place) for fault in wrong.faults]
        odd = (
            doubtful_words(rule.attribute, raw)
            if among.origin.table
            else lost_digits(rule.attribute, raw, _AS_TEXT)
        )
        said = (*kind.lint(target), *odd)
        return target, [PlacedFault(fault, rule, among.of(name)) for fault in said]

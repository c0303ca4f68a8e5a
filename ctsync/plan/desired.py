"""What all places together want of one profile: merged, normalised, checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ctsync.canon import fold_name
from ctsync.diagnostics import Diagnostic, Findings
from ctsync.kinds import KINDS, kind_of
from ctsync.kinds.base import Fault, Faults
from ctsync.kinds.words import not_removable
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution, Path
from ctsync.model.key import NOBODY, Key
from ctsync.model.mask import SENSITIVE_TEXT, Mask
from ctsync.model.record import GROUP_PREFIX
from ctsync.model.rule import Rule
from ctsync.model.target import Target
from ctsync.model.value import Literal, Raw
from ctsync.plan.ground import Ground


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word about one attribute of one profile stands."""

    origin: Origin
    path: Path
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """A target and the first place that wants it."""

    target: Target
    place: Place


class Reader:
    """Reads contributions, and turns what is wrong with them into findings."""

    def __init__(self, ground: Ground, mask: Mask, findings: Findings) -> None:
        self._ground = ground
        self._mask = mask
        self._findings = findings

    def desired(
        self, key: Key, contributions: Iterable[Contribution]
    ) -> dict[str, Declared]:
        """Give the targets of a profile by folded attribute name."""
        merged: dict[str, Declared] = {}
        for contribution in contributions:
            for name, raw in contribution.read().items():
                path = _path_of(contribution.path, name)
                place = Place(contribution.origin, path, key)
                target = self.target(name, raw, place)
                if target is not None:
                    self.merge(merged, Declared(target, place))
        self._check_age(merged)
        return merged

    def leave(self, name: str) -> dict[str, Declared]:
        """Give what a cohort gives to those who leave it."""
        cohort = self._ground.cohorts[name]
        merged: dict[str, Declared] = {}
        for attribute, raw in cohort.leave().items():
            path = _path_of(cohort.leave_path, attribute)
            place = Place(cohort.origin, path)
            target = self.target(attribute, raw, place)
            if target is not None:
                leaving = Declared(replace(target, leaving=True), place)
                merged[fold_name(attribute)] = leaving
        return merged

    def target(self, name: str, raw: Raw, place: Place) -> Target | None:
        """Give the target that a raw value means; None where it has faults."""
        rule = self._ground.rule_for(name)
        try:
            target = _normalize(raw, rule, self._ground)
        except Faults as wrong:
            for fault in wrong.faults:
                self.report(fault, rule, place)
            return None
        for fault in KINDS[target.kind].lint(target):
            self.report(fault, rule, place, is_warning=True)
        return target

    def report(
        self, fault: Fault, rule: Rule, place: Place, *, is_warning: bool = False
    ) -> None:
        """Make a finding of a fault, with its value masked where it has to be."""
        hidden = self._mask.hides_value(sensitive=rule.sensitive)
        message, hint = fault.say(shown=SENSITIVE_TEXT if hidden else None)
        line, column = self._ground.locate(place.origin.file, place.path)
        key = None
        # What a cohort says wrongly, it says once and not of each member.
        if place.key not in (None, NOBODY) and place.origin.cohort is None:
            key = self._mask.key_json(place.key, (place.origin,))
        self._findings.add(
            Diagnostic(
                "warning" if is_warning else "error",
                fault.code,
                message,
                hint,
                file=place.origin.file,
                line=line,
                column=column,
                row=place.origin.row,
                key=key,
                attribute=rule.attribute,
            )
        )

    def merge(self, merged: dict[str, Declared], new: Declared) -> None:
        """Join what another place wants to what was wanted before."""
        folded = fold_name(new.target.attribute)
        first = merged.get(folded)
        if first is None:
            merged[folded] = new
            return
        fault = _disagreement(first, new)
        if fault is not None:
            rule = self._ground.rule_for(new.target.attribute)
            self.report(fault, rule, new.place)
        else:
            merged[folded] = replace(first, target=_united(first.target, new.target))

    def _check_age(self, merged: Mapping[str, Declared]) -> None:
        if "age" in merged and "dob" in merged:
            declared = merged["age"]
            rule = self._ground.rule_for(declared.target.attribute)
            self.report(_AGE_BESIDE_DOB, rule, declared.place)


_AGE_BESIDE_DOB = Fault(
    "CT308",
    "Age stands beside DOB, from which the platform computes it",
    "declare DOB alone",
)


def _normalize(raw: Raw, rule: Rule, ground: Ground) -> Target:
    if rule.kind is not None:
        return KINDS[rule.kind].normalize(raw, rule, ground.frame)
    if isinstance(raw, Literal) and raw.type == "null":
        raise Faults(not_removable(rule.attribute))
    return kind_of(raw).normalize(raw, rule, ground.frame)


def _path_of(path: Path, name: str) -> Path:
    if not name.startswith(GROUP_PREFIX):
        return (*path, name)
    return (*path[:-1], *name.split(".", 2))


def _disagreement(first: Declared, second: Declared) -> Fault | None:
    one, two = first.target, second.target
    other = first.place.origin.place
    if one.kind != "list" or two.kind != "list":
        if (one.kind, one.value) == (two.kind, two.value):
            return None
        return Fault(
            "CT309",
            f"{two.attribute} has another value here than in {other}",
            "declare it in one place, or make the values equal",
        )
    if one.exact is not None or two.exact is not None:
        return Fault(
            "CT311",
            f"{two.attribute} is declared in {other} too, and an exact list has "
            "one place",
            "use {include: [...]} in all places, or keep one",
        )
    return _crossing(one, two, other) or _crossing(two, one, other)


def _crossing(one: Target, two: Target, other: str) -> Fault | None:
    both = sorted(frozenset(one.include) & frozenset(two.exclude))
    if not both:
        return None
    return Fault(
        "CT310",
        f"{{value}} is included in one and excluded in another place ({other})",
        "keep it in one of the two",
        ", ".join(both),
    )


def _united(one: Target, two: Target) -> Target:
    if one.kind != "list":
        return one
    return replace(
        one,
        include=tuple(sorted({*one.include, *two.include})),
        exclude=tuple(sorted({*one.exclude, *two.exclude})),
    )


def targets_of(declared: Mapping[str, Declared]) -> Iterator[tuple[str, Target]]:
    """Yield folded name and target, by the attribute's name."""
    for folded, found in sorted(
        declared.items(), key=lambda item: item[1].target.attribute
    ):
        yield folded, found.target

"""What all files declare together: catalog, profiles, cohorts, tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.project.attribute_name_checks import AttributeNameChecks
from ctsync.project.catalog import entry_faults, rule_of
from ctsync.project.cohorts import Cohort, cohort_digest, member_keys
from ctsync.project.identifier_checks import IdentifierChecks
from ctsync.project.profile_checks import ProfileChecks, ProfileSection
from ctsync.project.project_settings import ProjectSettings
from ctsync.project.source_positions import FindingCollector, Place, SourcePositions
from ctsync.project.spec_file import SpecFile, catalog_of, cohorts_of, tables_of
from ctsync.project.spoiled_parts import SpoiledParts
from ctsync.project.table_checks import TableReader, member_file_of
from ctsync.project.tables import Table
from ctsync.yaml.profile_columns import ProfileColumns, profile_columns_of
from ctsync.yaml.scalars import Node

T = TypeVar("T")


class DeclaredCatalog:
    """The rules of all catalogs, by name as spelled, and where each stands.

    `doubtful` are the names of entries that contradict others, or the platform.
    """

    def __init__(self, sections: Iterable[SpecFile], report: FindingCollector) -> None:
        self.rules: dict[str, Attribute] = {}
        self.doubtful: set[str] = set()
        self._report = report
        self._places: dict[str, Place] = {}
        for section in sections:
            for name, entry in catalog_of(section):
                place = Place(section.file, ("catalog", name))
                first = self._places.setdefault(fold_name(name), place)
                if first is not place:
                    _report_twice(report, "attribute", name, place, first)
                    self.doubtful.add(name)
                    continue
                self.rules[name] = rule_of(name, entry)
                faults = [*entry_faults(name, entry)]
                report.add(place, *faults, attribute=name)
                self.doubtful.update([name] if faults else ())

    def checks(self, settings: ProjectSettings, spoiled: SpoiledParts) -> ProfileChecks:
        """Return what judges the names and keys of this project."""

        def show(place: Place) -> str:
            return self._report.locator.place(place.file, place.path)

        names = AttributeNameChecks(
            {fold_name(name): name for name in self.rules},
            settings.frame.limits,
            show,
            spoiled,
            is_open=settings.policy.unknown_attributes == "allow",
        )
        for name in self.rules:
            place = self._places[fold_name(name)]
            self._report.add(place, *names.judge(name, place), attribute=name)
        return ProfileChecks(names, IdentifierChecks(show), self._report)


def _report_twice(
    report: FindingCollector, noun: str, name: str, place: Place, first: Place
) -> None:
    where = report.locator.place(first.file, first.path)
    message = f'{noun} "{name}" is declared in two places, first at {where}'
    fault = Fault("CT111", message, "keep one of them")
    attribute = name if noun == "attribute" else None
    report.add(place, fault, attribute=attribute)


def profiles_of(
    sections: Iterable[SpecFile], checks: ProfileChecks
) -> Iterator[ProfileSection]:
    """Yield the profiles of every file, judged."""
    for section in sections:
        entries = section.tree.get("profiles")
        if isinstance(entries, list):
            profile_columns = _profile_columns(section, entries, checks.report.locator)
            found = ProfileSection(section.file, ("profiles",), profile_columns)
            yield replace(found, keyless=checks.keyless(found))


def _profile_columns(
    section: SpecFile, entries: list[Node], locator: SourcePositions
) -> ProfileColumns:
    """Return the columns that were read in place of a list, or make them."""
    profile_columns = section.document.profiles.get(id(entries))
    if profile_columns is None:
        lines = section.lines_of(entries, ("profiles",), locator)
        profile_columns = profile_columns_of(entries, lines)
    return profile_columns


def all_cohorts(
    sections: Iterable[SpecFile], checks: ProfileChecks
) -> Iterator[tuple[str, Cohort]]:
    """Yield the cohorts of every file by name, judged."""
    found = ((section, *named) for section in sections for named in cohorts_of(section))
    for section, name, node in _once("cohort", found, checks.report):
        yield name, _cohort(section, name, node, checks)


def _cohort(
    section: SpecFile, name: str, node: Mapping[str, Node], checks: ProfileChecks
) -> Cohort:
    path = ("cohorts", name)
    for part in ("attributes", "leave"):
        words = node.get(part)
        if isinstance(words, dict):
            checks.attributes(Place(section.file, (*path, part)), words)
    members = node.get("members")
    listed = members if isinstance(members, list) else []
    locator: SourcePositions = checks.report.locator
    cohort = Cohort(
        name,
        section.file,
        path,
        node,
        section.line_of(path, locator),
        listed,
        section.lines_of(listed, (*path, "members"), locator),
        digest=cohort_digest(name, node),
        member_file=member_file_of(section, name, checks.report),
    )
    return replace(cohort, keys=member_keys(cohort, checks))


def all_tables(
    sections: Iterable[SpecFile], reader: TableReader, report: FindingCollector
) -> Iterator[tuple[str, Table]]:
    """Yield the well-shaped tables of every file by name, judged."""
    found = ((section, *named) for section in sections for named in tables_of(section))
    for section, name, view in _once("table", found, report):
        yield name, reader.table(section, name, view)


def _once(
    noun: str, found: Iterable[tuple[SpecFile, str, T]], report: FindingCollector
) -> Iterator[tuple[SpecFile, str, T]]:
    """Yield each named thing where it stands first; the same name again is told."""
    places: dict[str, Place] = {}
    for section, name, said in found:
        place = Place(section.file, (f"{noun}s", name))
        first = places.setdefault(name, place)
        if first is place:
            yield section, name, said
        else:
            _report_twice(report, noun, name, place, first)


def report_surplus(names: AttributeNameChecks, report: FindingCollector) -> None:
    """Report that the project has more custom attributes than an account holds."""
    surplus = names.surplus()
    if surplus is not None:
        place, fault = surplus
        report.add(place, fault, attribute=str(place.path[-1]))

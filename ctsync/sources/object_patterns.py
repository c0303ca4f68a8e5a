"""The objects that a pattern with the address of a bucket means.

A bucket that was not allowed by hand is asked nothing, and neither is a folder beside
one that was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from ctsync.bucket_address import is_address
from ctsync.files.bucket_folders import BUCKET_HINT, BucketFolder, bucket_folder
from ctsync.files.found_objects import FoundObject
from ctsync.project.environment_variables import refused
from ctsync.project.project import Project
from ctsync.project.tables import FileText
from ctsync.sources.pattern_steps import ANY_DEPTH, Step, steps_of, told_apart

_MOST_CHARACTERS = 2048  # twice what a name may have
_BEFORE_NAMES = 2  # the scheme and the bucket
Shown: TypeAlias = "tuple[str, ...] | None"  # the parts of a name; None is not met


class MeantObject(NamedTuple):
    """An object that a pattern means, and its name for people."""

    found: FoundObject
    name: str


def names_a_bucket(project: Project, words: FileText) -> bool:
    """Return whether a pattern begins with the address of a bucket.

    Raises:
        SpecError: a variable is not set.
    """
    return is_address(words.resolve(project.variables))


def objects_of(project: Project, words: FileText) -> list[MeantObject]:
    """Return what a pattern means, in the order of the bytes of the real names.

    It is as with files: a pattern that is itself the name of an object means that one,
    and names that start with a dot are met only by patterns that do.

    Raises:
        SpecError: a variable is not set, the address cannot be read, or it leads out
            of the roots.
        Unreachable: the bucket does not tell what is in it.
        TooMany: there is more in it than anybody means.
    """
    place = _place_of(project, words)
    steps = steps_of(words, project.variables)
    names = steps[_BEFORE_NAMES:]
    plain = [*takewhile(lambda step: step.is_plain, names)]
    folder = BucketFolder(place.scheme, place.bucket, place.parts[: len(plain)])
    if not project.roots.allows(folder):
        shown = _name(tuple(_shown_of(steps[: _BEFORE_NAMES + len(plain)])))
        message = f'"{shown}" lies outside the project\'s roots'
        raise refused(words.finding("CT015", message, BUCKET_HINT))
    if len(plain) == len(names):
        found = project.copies.object_at(place)
        met = [] if found is None else [(found, tuple(_shown_of(names)))]
    else:
        met = [*_met(project.copies.objects_in(folder), place, names)]
    met.sort(key=lambda each: each[0].place.path.encode())
    start = tuple(_shown_of(steps[:_BEFORE_NAMES]))
    told = told_apart([_name((*start, *shown)) for _, shown in met])
    return [
        MeantObject(found, name) for (found, _), name in zip(met, told, strict=True)
    ]


def _place_of(project: Project, words: FileText) -> BucketFolder:
    """Return the place of a pattern, in which signs of patterns are still to be met."""
    text = words.resolve(project.variables)
    place = bucket_folder(text) if len(text) <= _MOST_CHARACTERS else None
    if place is None:
        scheme = text.partition("://")[0]
        message = f"the address {scheme}://... cannot be read"
        hint = (
            f"write {scheme}://BUCKET/FOLDER/NAME, with * for what differs and without "
            "`..`, `?`, `#` and `@`; credentials come from the environment"
        )
        raise refused(words.finding("CT015", message, hint))
    return place


def _met(
    listed: Sequence[FoundObject], place: BucketFolder, steps: Sequence[Step]
) -> Iterator[tuple[FoundObject, tuple[str, ...]]]:
    same = next((found for found in listed if found.place == place), None)
    if same is not None:
        yield same, tuple(_shown_of(steps))
        return
    for found in listed:
        shown = shown_by(steps, found.place.parts)
        if shown is not None and not _is_marker(found):
            yield found, shown


def _is_marker(found: FoundObject) -> bool:
    """Return whether an object holds nothing but the place of a folder, or a sign."""
    return not found.size and "." not in found.place.parts[-1]


def shown_by(steps: Sequence[Step], parts: Sequence[str]) -> Shown:
    """Return what people read for a name that steps meet; None if they do not.

    It is worked out from the end, place by place: to try each way by itself would take
    for ever where many steps reach down.
    """
    rest: list[Shown] = [None] * len(parts) + [()]
    is_last = True
    for step in reversed(steps):
        if step.text == ANY_DEPTH:
            rest = _after_descent(step, parts, rest)
            if is_last:
                rest[-1] = None  # what lies in a folder is met, and no folder
        else:
            rest = [*_after_step(step, parts, rest), None]
        is_last = False
    return rest[0]


def _after_step(
    step: Step, parts: Sequence[str], rest: Sequence[Shown]
) -> Iterator[Shown]:
    for part, shown in zip(parts, rest[1:], strict=True):
        is_met = shown is not None and step.meets(part)
        yield (*step(part), *shown) if is_met and shown is not None else None


def _after_descent(
    step: Step, parts: Sequence[str], rest: Sequence[Shown]
) -> list[Shown]:
    found = [*rest]
    for place in range(len(parts) - 1, -1, -1):
        deeper, part = found[place + 1], parts[place]
        if found[place] is None and deeper is not None and not part.startswith("."):
            found[place] = (*step(part), *deeper)
    return found


def _shown_of(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        yield from step(step.text)


def _name(shown: tuple[str, ...]) -> str:
    """Return the name of these parts; the first may be a scheme."""
    if shown and shown[0].endswith(":"):
        return f"{shown[0]}//{'/'.join(shown[1:])}"
    return "/".join(shown)

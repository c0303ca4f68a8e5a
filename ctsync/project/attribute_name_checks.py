"""Attribute names: what the platform refuses, keeps for itself, or takes for another.

A book holds the names of one project, so that every name is judged once and the
profiles that follow cost one set comparison.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping

from ctsync.canonical_json import fold_name
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.limits import PlatformLimits
from ctsync.model.fault import Fault
from ctsync.model.record import GROUP_PREFIX
from ctsync.other_words import attribute_meant_by, loose
from ctsync.project.source_positions import Place
from ctsync.project.spoiled_parts import UNSPOILED, SpoiledParts
from ctsync.suggestions import did_you_mean

FORBIDDEN = "%><!|&.:;$'\"\\#"  # public docs, platform considerations

# Of the platform's own properties, commands and operators (client code, founding
# document).
_PREFIXES = ("wzrk_", "ct_", "category-", "$", "msg-")
# Names that public docs and client code reserve, and properties that only the
# platform itself writes; folded.
_RESERVED = frozenset(
    {"fbid", "gpid", "birthday", "objectid", "clevertapid", "all_identities"}
    | {"badks", "platforminfo", "firstseen", "lastseen"}
)
# The platform fills these (public docs); a custom name may be meant all the same.
_FILLED = frozenset(
    {"device", "os", "model", "location", "language", "carrier", "sessions"}
)
_NO_BREAK = re.compile("[\u00a0\u2007\u202f]")
_SAID_ONCE = frozenset(
    {"CT317", "CT319", "CT320"}
)  # a warning about a name, not about a place

_BY_FOLD = {fold_name(name): name for name in SYSTEM}
_BY_SOUND = {loose(name): name for name in SYSTEM if name.startswith("MSG-")}


def name_faults(name: str, limits: PlatformLimits) -> Iterator[Fault]:
    """Yield everything wrong with a name by itself."""
    if name in SYSTEM:
        return
    kept = _kept_for_the_platform(name)
    if kept is not None:
        yield kept
    yield from _unsendable(name)
    yield from odd_spaces(name)
    # By one page these are bytes (founding document), by another characters: bytes are
    # more.
    size = len(name.encode())
    if size > limits.key_bytes:
        message = f"a name has {size} bytes, the platform takes {limits.key_bytes}"
        yield Fault("CT305", message, "shorten it")


def odd_spaces(name: str, what: str = "name") -> Iterator[Fault]:
    """Yield what is odd about a name with a space that looks like another."""
    if _NO_BREAK.search(name):
        message = f'the {what} "{name}" holds a no-break space'
        yield Fault("CT319", message, "write a plain space, unless it is meant")


def _kept_for_the_platform(name: str) -> Fault | None:
    folded = fold_name(name)
    right = _BY_FOLD.get(folded) or _BY_SOUND.get(loose(name))
    if folded == "identity":
        message = f"{name} as an attribute would re-attach the person"
        return Fault("CT307", message, "write identity beside attributes")
    if right is not None:
        message = f'"{name}" is not the system attribute {right}'
        return Fault("CT303", message, f"write {right}")
    if folded in _RESERVED:
        message = f'the platform keeps the name "{name}" for itself'
        meant = attribute_meant_by(name)
        hint = f"write {meant}" if meant else "choose another name"
        return Fault("CT302", message, hint)
    if folded in _FILLED:
        message = f'the platform fills a property "{name}" itself'
        return Fault("CT317", message, "choose another name if yours differs")
    return _reserved_prefix(name)


def _reserved_prefix(name: str) -> Fault | None:
    low = name.casefold()
    prefix = next((prefix for prefix in _PREFIXES if low.startswith(prefix)), None)
    if prefix is None:
        return None
    hint: str | None = "choose another name"
    if prefix == "category-":
        hint = "write subscriptions: {email: {<group>: true}} beside attributes"
    elif prefix == "msg-":
        flags = [known for known in SYSTEM if known.startswith("MSG-")]
        hint = did_you_mean(name, flags) or f"known are {', '.join(flags)}"
    message = f'names that start with {name[: len(prefix)]} are reserved: "{name}"'
    return Fault("CT302", message, hint)


def _unsendable(name: str) -> Iterator[Fault]:
    if name.startswith(GROUP_PREFIX):
        message = f'"{name}" is no attribute but a subscription group'
        hint = "write subscriptions: {email: {<group>: true}} beside attributes"
        yield Fault("CT301", message, hint)
        return
    # A "$" in front is told as a prefix.
    found = [char for char in FORBIDDEN if char in name.removeprefix("$")]
    if found:
        message = f'the name "{name}" holds {" ".join(found)}'
        yield Fault("CT301", message, _without_forbidden(name))
    yield from _invisible(name, "name")


def _without_forbidden(name: str) -> str:
    plain = "".join(" " if char in FORBIDDEN else char for char in name)
    offer = " ".join(plain.split())
    write = f'write "{offer}": ' if offer else ""
    return f"{write}the platform takes none of {FORBIDDEN}"


def _invisible(name: str, what: str) -> Iterator[Fault]:
    if not name.strip():
        yield Fault("CT301", f"a {what} is empty", f"write a {what}")
    elif name != name.strip():
        message = f'the {what} "{name}" starts or ends with a space'
        yield Fault("CT301", message, "remove it")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
        yield Fault("CT301", f"a {what} holds control characters", "remove them")


def group_faults(group: str, limits: PlatformLimits) -> Iterator[Fault]:
    """Yield everything wrong with the name of a subscription group."""
    yield from _invisible(group, "group")
    yield from odd_spaces(group, "group")
    size = len(group.encode())
    if size > limits.value_bytes:
        message = f"a group has {size} bytes, the platform takes {limits.value_bytes}"
        yield Fault("CT305", message, "shorten it")


class AttributeNameChecks:
    """The names of one project. `sound` are those that need no second look."""

    def __init__(
        self,
        catalog: Mapping[str, str],
        limits: PlatformLimits,
        show: Callable[[Place], str],
        spoiled: SpoiledParts = UNSPOILED,
        *,
        is_open: bool,
    ) -> None:
        """`catalog` gives the spelling by folded name; `show` puts a place in words.

        What the `spoiled` parts may say of a name, nobody knows.
        """
        self.sound: set[str] = set()
        self._catalog = catalog
        self._limits = limits
        self._show = show
        self._spoiled = spoiled
        self._is_open = is_open
        self._own: dict[str, tuple[Fault, ...]] = {}
        self._spellings: dict[str, tuple[str, Place]] = {}
        self._customs: dict[str, Place] = {}

    def judge(self, name: str, place: Place) -> Collection[Fault]:
        """Return everything wrong with a name where it stands; x- names are ignored."""
        if name.startswith("x-"):
            self.sound.add(name)
            return ()
        own = self._own.get(name)
        if own is None:
            own = self._own[name] = tuple(name_faults(name, self._limits))
        faults = [*own, *self._in_project(name, place)]
        if all(fault.code in _SAID_ONCE for fault in faults):
            self.sound.add(name)
        return faults

    def check_group(self, group: str, place: Place) -> Collection[Fault]:
        """Return everything wrong with a subscription group where it stands."""
        faults = [*group_faults(group, self._limits)]
        return faults or [*self._twin(f"{GROUP_PREFIX}email.{group}", group, place)]

    def _in_project(self, name: str, place: Place) -> Iterator[Fault]:
        if name in SYSTEM or self._is_refused(name):
            return
        folded = fold_name(name)
        self._customs.setdefault(folded, place)
        yield from self._twin(name, name, place)
        is_declared = folded in self._catalog
        if is_declared or self._spoiled.hides_rule(folded, is_declared=is_declared):
            return
        meant = attribute_meant_by(name)
        if meant is not None:
            message = f'"{name}" is not the system attribute {meant}'
            hint = f"write {meant}, or put {name} into the catalog if it is another"
            yield Fault("CT320", message, hint)
        if not self._is_open:
            spellings = (*self._catalog.values(), *SYSTEM)
            message = f'unknown attribute "{name}"'
            hint = did_you_mean(name, spellings) or "add it to the catalog"
            yield Fault("CT313", message, hint)

    def _is_refused(self, name: str) -> bool:
        return any(f.code in {"CT302", "CT303", "CT307"} for f in self._own[name])

    def _twin(self, name: str, shown: str, place: Place) -> Iterator[Fault]:
        first, where = self._spellings.setdefault(fold_name(name), (name, place))
        if first != name:
            first = first.removeprefix(name[: len(name) - len(shown)])
            message = (
                f'"{shown}" and "{first}" ({self._show(where)}) '
                "are one name to the platform"
            )
            yield Fault("CT304", message, f'write "{first}" in both places')

    @property
    def folded(self) -> frozenset[str]:
        """The folded names of all attributes that stand anywhere."""
        return frozenset(map(fold_name, self._own))

    def surplus(self) -> tuple[Place, Fault] | None:
        """Return the first custom name beyond what an account holds."""
        # Whether a profile or an account holds so many, the founding document leaves
        # open; all names of a project count, which is safe in both cases (inferred).
        count, limit = len(self._customs), self._limits.custom_keys
        if count <= limit:
            return None
        message = f"the project has {count} custom attributes, an account {limit}"
        place = list(self._customs.values())[limit]
        return place, Fault("CT306", message, "use fewer names")

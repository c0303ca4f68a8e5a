"""What the columns of an export become: an attribute each, or why one is left out.

A column is left out as soon as one of its cells speaks against what it would become.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ctsync.canonical_json import fold_name
from ctsync.formats.survey import SeenColumn
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.limits import PlatformLimits
from ctsync.model.attribute import Attribute
from ctsync.model.kind_shape import LIST, holds_sets
from ctsync.project.attribute_name_checks import name_faults
from ctsync.sources.cell_guesses import (
    COMMA,
    forms_of,
    international_sql,
    list_sql,
    meant_of,
    moment_sql,
    phone_sql,
)
from ctsync.sources.export_survey import words_in

_SYSTEM: Mapping[str, tuple[str, ...]] = {
    "Name": ("name", "full name", "customer name", "display name"),
    "Email": ("email", "e mail", "mail", "email address"),
    "Phone": ("phone", "mobile", "phone number", "mobile number", "msisdn", "handy"),
    "Gender": ("gender", "sex", "geschlecht"),
    "DOB": (
        *("dob", "birthday", "birth date", "date of birth", "birthdate"),
        *("geburtstag", "geburtsdatum"),
    ),
}
_PERSONAL = frozenset(
    {"name", "email", "mail", "phone", "mobile", "address", "street", "zip", "postcode"}
    | {"birth", "birthday", "dob", "ssn", "pan", "passport", "iban", "account", "ip"}
    | {"telefon", "telephone", "handy", "adresse", "strasse", "straße", "plz", "nome"}
    | {"vorname", "nachname", "surname", "geburtstag", "geburtsdatum", "nom", "nombre"}
)
_CODES = frozenset(
    {"id", "code", "zip", "pin", "postcode", "phone", "mobile", "sku", "number", "no"}
)
_GENDERS = {"w": "F", "weiblich": "F", "femme": "F", "h": "M", "homme": "M"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)?)?")
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})")
_FRACTION = re.compile(r"-?(0|[1-9]\d{0,8})\.\d{1,6}")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_LIST = re.compile(r"\[.*\]")
_SWITCHES = {
    **dict.fromkeys(("true", "yes", "ja", "oui"), True),
    **dict.fromkeys(("false", "no", "nein", "non"), False),
}
# What reaches somebody is personal, whatever its column is called.
_REACHES = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[+0(][0-9 ()/.-]{6,20}")
_FORBIDDEN = re.compile(r"[%><!|&.:;$'\"\\#]")
_KINDS_OF_SORTS = {"number": "number", "boolean": "boolean", LIST: LIST}
_MOST_WORDS = 50  # of a map

Rules = Callable[[str], Attribute | None]


class DraftColumn(Struct):
    """What a column becomes: `options` beside its attribute, or why it is left out.

    With `computed` an expression over the column gives the attribute.
    """

    column: str
    attribute: str
    kind: str | None = None
    options: dict[str, object] = {}
    doubt: str | None = None
    is_left_out: bool = False
    is_sensitive: bool = False
    is_declared: bool = False
    computed: str | None = None

    def leave_out(self, doubt: str) -> None:
        """Put it behind `#`."""
        self.is_left_out, self.doubt = True, doubt


class Drafter(Struct, frozen=True):
    """How columns become attributes, beside what a project declares already."""

    rule_of: Rules
    limits: PlatformLimits
    has_types: bool

    def draft(self, column: SeenColumn) -> DraftColumn:
        """Return what a column becomes."""
        draft = self._named(column)
        faults = [*name_faults(draft.attribute, self.limits)]
        if not column.count or not column.sort:
            draft.leave_out("no values" if column.sort else "maps are no values")
        elif column.sort == "mixed":
            draft.leave_out("cells of several types: compute: text of them")
        elif any(len(word.encode()) > self.limits.value_bytes for word in column.words):
            draft.leave_out(f"some cells have over {self.limits.value_bytes} bytes")
        elif faults:
            draft.leave_out("the platform has a rule for this name: choose another")
        elif draft.attribute in _AS_SYSTEM:
            _AS_SYSTEM[draft.attribute](draft, column)
        elif column.sort == "text":
            self._as_text(draft, column)
        else:
            self._as_typed(draft, column)
        if draft.kind == "string" or holds_sets(
            draft.kind
        ):  # dates look like phone numbers
            reaching = sum(map(_reaches, column.words))
            draft.is_sensitive |= reaching * 2 > len(column.words)
        return draft

    def _named(self, column: SeenColumn) -> DraftColumn:
        words = words_in(column.name)
        said = " ".join(words)
        system = next((a for a, names in _SYSTEM.items() if said in names), None)
        system = system or _BY_FOLD.get(fold_name(column.name))
        rule = self.rule_of(fold_name(column.name))
        rule = rule or self.rule_of(fold_name(_attribute_of(column.name)))
        if system is None and rule is not None:
            return DraftColumn(
                column.name, rule.attribute, rule.kind, {}, is_declared=True
            )
        draft = DraftColumn(column.name, system or _attribute_of(column.name), None, {})
        draft.is_declared = system is not None
        draft.is_sensitive = not _PERSONAL.isdisjoint(words)
        return draft

    def _as_typed(self, draft: DraftColumn, column: SeenColumn) -> None:
        kind = _KINDS_OF_SORTS.get(column.sort, "date")
        wanted = "number" if draft.kind == "counter" else draft.kind
        if wanted not in {None, kind}:
            draft.leave_out(f"holds another type than the catalog's {draft.kind}")
        draft.kind = draft.kind or kind
        if column.sort in {"moment", "instant"}:
            _as_date(draft, [*column.words])

    def _as_text(self, draft: DraftColumn, column: SeenColumn) -> None:
        words = [*column.words]
        kind = draft.kind or self._guessed(draft, column, words)
        made = _AS_KINDS.get(kind)
        if made is not None:
            made(draft, words)
        elif kind in {"number", "counter"} and (
            self.has_types or not all(map(_is_number, words))
        ):
            draft.leave_out("some cells are no numbers: see compute: in the reference")
        draft.kind = kind

    def _guessed(
        self, draft: DraftColumn, column: SeenColumn, words: Sequence[str]
    ) -> str:
        folded = {word.lower() for word in words}
        is_code = not _CODES.isdisjoint(words_in(draft.column))
        if folded <= _SWITCHES.keys():
            return "boolean"
        if all(map(_DAY.fullmatch, words)) or moment_sql(column.name, words):
            return "date"
        if forms_of(words) and not all(map(str.isdigit, words)):
            return "date"
        if all(map(_is_number, words)) and not (is_code or self.has_types):
            return "number"
        if all(map(_LIST.fullmatch, words)):
            return LIST
        return LIST if sum(";" in w for w in words) * 4 > len(words) else "string"


_BY_FOLD = {fold_name(name): name for name in SYSTEM}


def _attribute_of(name: str) -> str:
    words = [word.capitalize() for word in words_in(_FORBIDDEN.sub(" ", name))]
    return " ".join(words) or "Column"


def _reaches(word: str) -> bool:
    """Return whether a word looks like an address or a phone number."""
    is_long = sum(map(str.isdigit, word)) >= 7 and not word.isdigit()
    return _REACHES.fullmatch(word) is not None and (is_long or "@" in word)


def _is_number(word: str) -> bool:
    return any(p.fullmatch(word) for p in (_WHOLE, _FRACTION, COMMA))


def _as_enum(draft: DraftColumn, column: SeenColumn) -> None:
    """Let words mean the values of a system attribute that they begin with."""
    allowed = SYSTEM[draft.attribute].enum
    words = [*column.words][:_MOST_WORDS]
    others = _GENDERS if draft.attribute == "Gender" else {}
    meant = {w: meant_of(w, allowed) or others.get(w.strip().lower()) for w in words}
    if set(column.words) - {*allowed}:
        known = {word: value for word, value in meant.items() if value}
        draft.options["map"] = known or None
    if None in meant.values() or len(column.words) > len(words):
        draft.leave_out(f"some words are none of {', '.join(allowed)}: add them to map")


def _as_birthday(draft: DraftColumn, column: SeenColumn) -> None:
    if column.sort == "text":
        _as_date(draft, [*column.words])
    elif column.sort not in {"date", "moment", "instant"}:
        draft.leave_out("holds no dates")


def _as_address(draft: DraftColumn, column: SeenColumn) -> None:
    if column.sort != "text" or not all(map(_ADDRESS.fullmatch, column.words)):
        draft.leave_out("some cells are no addresses")


def _as_phone(draft: DraftColumn, column: SeenColumn) -> None:
    words = [*column.words]
    if column.sort == "text" and all(map(_PHONE.fullmatch, words)):
        return
    draft.computed = international_sql(column.name, words)
    if draft.computed is None:
        draft.computed = phone_sql(column.name, "00")
        draft.leave_out("numbers need a country code: write yours in place of 00")


def _as_number(draft: DraftColumn, column: SeenColumn) -> None:
    is_plain = column.sort == "number" or all(map(_WHOLE.fullmatch, column.words))
    if not is_plain or any(not w.isdigit() for w in column.words):
        draft.leave_out("some cells are no whole numbers")


def _as_plain(draft: DraftColumn, column: SeenColumn) -> None:
    if column.sort != "text":
        draft.leave_out("holds no text")


_AS_SYSTEM: Mapping[str, Callable[[DraftColumn, SeenColumn], None]] = {
    **{name: _as_enum for name, rule in SYSTEM.items() if rule.enum},
    **dict.fromkeys(("Name", "Customer Type", "Photo", "Tz", "Timezone"), _as_plain),
    "Email": _as_address,
    "Phone": _as_phone,
    "DOB": _as_birthday,
    "Age": _as_number,
}


def _as_switch(draft: DraftColumn, words: Sequence[str]) -> None:
    meant = {w: _SWITCHES.get(w.lower()) for w in sorted(words)}
    if None in meant.values():
        draft.leave_out("some words are neither true nor false: see map:")
    elif not {*words} <= {"true", "false"}:
        draft.options["map"] = meant


def _as_date(draft: DraftColumn, words: Sequence[str]) -> None:
    draft.computed = moment_sql(draft.column, words)
    if draft.computed is not None or all(map(_DAY.fullmatch, words)):
        return
    forms = forms_of(words)
    if not forms:
        draft.leave_out("not one form: see format: and compute:")
        return
    draft.options["format"] = forms[0]
    if len(forms) > 1:
        draft.doubt = f'or "{forms[1]}"? both read every cell'


def _as_list(draft: DraftColumn, words: Sequence[str]) -> None:
    if all(map(_LIST.fullmatch, words)):
        draft.computed = list_sql(draft.column)
    else:
        between = (c for c in ";|," if any(c in word for word in words))
        draft.options["split"] = next(between, ";")


_AS_KINDS: Mapping[str, Callable[[DraftColumn, Sequence[str]], None]] = {
    "boolean": _as_switch,
    "date": _as_date,
    LIST: _as_list,
}


def part_names(drafts: Sequence[DraftColumn]) -> None:
    """Let no two columns give one attribute, in any letter case or spacing.

    A later column for a system attribute, or one that is declared, is left out.
    """
    met: set[str] = set()
    for draft in drafts:
        name, number = draft.attribute, 2
        if fold_name(name) in met and draft.is_declared:
            draft.leave_out(f"another column gives {name} already")
            continue
        while fold_name(draft.attribute) in met:
            draft.attribute = f"{name} {number}"
            number += 1
        if not draft.is_left_out:
            met.add(fold_name(draft.attribute))
    if {"age", "dob"} <= met:
        age = next(draft for draft in drafts if draft.attribute == "Age")
        age.leave_out("the platform makes it of DOB")

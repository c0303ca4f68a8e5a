"""Faults of a written value, each with the right spelling."""

from __future__ import annotations

from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal, Raw

_ARTICLES = {
    "text": "text",
    "number": "a number",
    "boolean": "a boolean",
    "date": "a date",
    "null": "null",
    "list": "a list",
    "map": "a map",
}
_MEANT = {"true": "true", "yes": "true", "on": "true", "null": "null"}


def type_of(raw: Raw) -> str:
    """Return what a raw value is, in the words of the language."""
    if isinstance(raw, Literal):
        return raw.type
    return "list" if isinstance(raw, list) else "map"


def is_null(raw: Raw) -> bool:
    """Return whether a raw value asks for removal."""
    return isinstance(raw, Literal) and raw.type == "null"


def raw_text(raw: Raw) -> str:
    """Return the text of a scalar as written; nothing for lists and maps."""
    return raw.text if isinstance(raw, Literal) else ""


def wrong_type(raw: Raw, rule: Attribute, wanted: str, spelling: str) -> Fault:
    """Return the fault of a value that is not of the attribute's type.

    `spelling` is the hint; `{value}` in it stands for the text as written.
    """
    if isinstance(raw, Literal) and raw.type in {"trap", "empty"}:
        return trap(raw, rule) if raw.type == "trap" else empty(raw)
    text = raw_text(raw)
    found = _ARTICLES[type_of(raw)]
    shown = " {value}" if text and type_of(raw) != "null" else ""
    return Fault(
        "CT203", f"{rule.attribute} takes {wanted}, not {found}{shown}", spelling, text
    )


def trap(raw: Literal, rule: Attribute) -> Fault:
    """Return the fault of a word that YAML readers take for different things."""
    if raw.text in rule.enum:
        hint = 'write "{value}", with quotes'
    elif rule.enum:
        hint = f"write {choices(rule.enum)}"
    else:
        hint = f"write {_MEANT.get(raw.text.lower(), 'false')} or quote it"
    return Fault(
        "CT201", "plain {value} means different things to YAML readers", hint, raw.text
    )


def empty(raw: Literal) -> Fault:
    """Return the fault of a value that is not there."""
    return Fault(
        "CT202",
        "no value stands here",
        "write a value, write null to remove, or leave the line out",
        raw.text,
    )


def choices(values: tuple[str, ...]) -> str:
    """Give `A, B or C`."""
    *most, last = values
    return f"{', '.join(most)} or {last}" if most else last


def not_removable(attribute: str) -> Fault:
    """Return the fault of a null that the upload API cannot carry out.

    `$delete` covers Name and Gender only (founding document), and a list goes when
    its last value is removed (public docs); an SFTP import deletes any property (public
    docs), and is asked for in the project file.
    """
    return Fault(
        "CT204",
        f"{attribute} cannot be removed: the upload API removes only Name, Gender "
        "and lists",
        "set another value, stop managing it by leaving the line out, or write "
        "channels: {removals: sftp} in the project file to have it deleted by SFTP "
        "import; a list needs type: list in the catalog",
    )


def not_in_files(attribute: str, id_type: str) -> Fault:
    """Return the fault of a removal by file of a profile that no file can name."""
    return Fault(
        "CT204",
        f"{attribute} cannot be removed: the upload API removes only Name, Gender and "
        f"lists, and an SFTP import finds no profile by {id_type}",
        "set another value, or stop managing it by leaving the line out",
    )


def never_removable(attribute: str) -> Fault:
    """Return the fault of a null on what neither the API nor a file takes away."""
    return Fault(
        "CT204",
        f"{attribute} cannot be removed: the platform has no way to",
        "set another value, or stop managing it by leaving the line out",
    )

"""What a terminal or a pipeline's log would act on is spelled out, not obeyed.

A terminal obeys control characters; marks of direction and invisible characters show
other words than there are; a runner takes `##[...]`, and `::...` at the start of a
line, for commands to itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

# Control and format characters, halves of surrogate pairs, and separators of lines.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks that are drawn as nothing (Unicode: default ignorable), and the
# Braille pattern without dots.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Azure's `##vso[`, GitHub's old `##[`, and `::word` wherever it stands: what is cut or
# joined later must not begin a line with it.
_COMMAND = re.compile(r"##(?=\w*\[)|::(?=[A-Za-z])")
_AT_START = re.compile(r"(?m)^([^\S\n]*):(?=:)")
_PLAIN = re.compile(r"[\n\x20-\x7e]*")


def escape(text: str) -> str:
    """Return the text with everything that would be acted on spelled out."""
    if text.isascii() and text.isprintable() and "::" not in text and "##" not in text:
        return text
    shown = "".join(map(_escape_one, text))
    return without_commands(shown, "\\x{:02x}".format)


def is_unprintable(char: str) -> bool:
    """Return whether a terminal would act on the character instead of showing it."""
    return unicodedata.category(char) in _OBEYED or bool(_INVISIBLE.match(char))


def without_commands(text: str, spell: Callable[[int], str]) -> str:
    """Return the text with a character of each workflow command spelled out."""
    if "::" not in text and "##" not in text:
        return text
    text = _AT_START.sub(lambda found: found[1] + spell(ord(":")), text)
    return _COMMAND.sub(lambda found: found[0][0] + spell(ord(found[0][1])), text)


def inert(text: str) -> str:
    """Return lines of any document so that nothing acts on them.

    What is spelled out is so in JSON's way, which leaves JSON what it was.
    """
    if not _PLAIN.fullmatch(text):
        text = "".join(c if c == "\n" else _inert_one(c) for c in text)
    return without_commands(text, json_escape)


def json_escape(number: int) -> str:
    """Return a character, by its number, as JSON can spell it."""
    if number < 0x10000:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


@lru_cache(maxsize=4096)
def _inert_one(char: str) -> str:
    return json_escape(ord(char)) if is_unprintable(char) else char


@lru_cache(maxsize=4096)
def _escape_one(char: str) -> str:
    if not is_unprintable(char):
        return char
    if char in _SHORT:
        return _SHORT[char]
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

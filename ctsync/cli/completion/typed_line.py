"""A command line that somebody is typing: its words as a shell reads them so far."""

from __future__ import annotations

from msgspec import Struct

_ESCAPED_IN_DOUBLE = '"\\$`'


class TypedLine(Struct, frozen=True):
    """What stands before the cursor.

    `words` are the whole words after the program's name, `last` the one at the cursor,
    without its quotes. `quote` is the quote that is still open there. `start` says how
    many characters of `last` the shell holds for words of their own: what stands before
    the last of `breaks`, or before a quote.
    """

    words: tuple[str, ...]
    last: str = ""
    quote: str = ""
    start: int = 0


def read_line(text: str, breaks: str = "") -> TypedLine:
    """Read what stands before the cursor; `breaks` end a word for the shell alone."""
    reader = _LineReader(breaks)
    for char in text:
        reader.take(char)
    words = reader.words
    while words and "=" in words[0]:  # variables that the command alone is given
        words = words[1:]
    return TypedLine(tuple(words[1:]), reader.word or "", reader.quote, reader.start)


class _LineReader:
    def __init__(self, breaks: str) -> None:
        self.words: list[str] = []
        self.word: str | None = None
        self.quote = ""
        self.start = 0
        self._breaks = breaks
        self._escaping = False

    def take(self, char: str) -> None:
        if self._escaping:
            self._take_escaped(char)
        elif char == "\\" and self.quote != "'":
            self._escaping = True
        elif self.quote:
            self._take_quoted(char)
        elif char in "\"'":
            self.quote = char
            self._add("", is_break=True)
        elif char.isspace():
            self._end()
        else:
            self._add(char, is_break=char in self._breaks)

    def _take_escaped(self, char: str) -> None:
        self._escaping = False
        is_kept = self.quote == '"' and char not in _ESCAPED_IN_DOUBLE
        self._add(f"\\{char}" if is_kept else char)

    def _take_quoted(self, char: str) -> None:
        if char == self.quote:
            self.quote = ""
            self._add("", is_break=True)
        else:
            self._add(char)

    def _add(self, text: str, *, is_break: bool = False) -> None:
        self.word = (self.word or "") + text
        if is_break:
            self.start = len(self.word)

    def _end(self) -> None:
        if self.word is not None:
            self.words.append(self.word)
        self.word, self.start = None, 0

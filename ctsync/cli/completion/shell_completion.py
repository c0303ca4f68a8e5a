"""What a shell asks while somebody types, and how it is answered.

A shell gives the text before the cursor in `COMP_LINE`. Each offer is a line
`TYPE,VALUE` and a line that says what the value means: `plain` ends a word, `open` goes
on, and `file` and `dir` leave it to the shell.
"""

from __future__ import annotations

import os
import re

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

from ctsync.cli.completion.typed_line import TypedLine, read_line

VARIABLE = "_CTSYNC_COMPLETE"

_OPTION = re.compile(r"(--[a-z-]+=)(.*)", re.DOTALL)
_BY_THEMSELVES = re.compile(r"[^\w./,:=@%+-]")
_IN_DOUBLE_QUOTES = re.compile(r'["\\$`]')


class Shell(ShellComplete):
    """One shell: its script, and how it wants words."""

    def source(self) -> str:
        """Return the script that completes commands in this shell."""
        from importlib.resources import files

        script = files("ctsync.templates").joinpath(f"completion.{self.name}")
        return script.read_text(encoding="utf-8")

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one at the cursor, and that one."""
        line = self._line()
        return list(line.words), line.last

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return what fits; `--option=` stands before the value where it was typed."""
        found = super().get_completions(args, incomplete)
        typed = _OPTION.fullmatch(incomplete)
        shown = [item for item in found if str(item.value).isprintable()]
        if typed is None:
            return shown
        return [
            CompletionItem(typed[1] + str(item.value), item.type, item.help)
            for item in shown
        ]

    def format_completion(self, item: CompletionItem) -> str:
        """Return the two lines of one offer."""
        value = self._written(str(item.value), self._line())
        help_words = " ".join((item.help or "").split())
        return f"{item.type},{value}\n{help_words}"

    def _line(self) -> TypedLine:
        return read_line(os.environ.get("COMP_LINE", ""), self.breaks())

    def breaks(self) -> str:
        """Return the characters after which this shell begins a word of its own."""
        return ""

    def _written(self, value: str, line: TypedLine) -> str:  # noqa: ARG002 - Bash asks
        return value


class Bash(Shell):
    """Bash replaces what follows the last `=` or `:`, and quotes nothing itself."""

    name = "bash"

    def breaks(self) -> str:
        """Return those of `=` and `:` that Bash has not been told to leave alone."""
        return "".join(c for c in "=:" if c in os.environ.get("COMP_WORDBREAKS", "=:"))

    def _written(self, value: str, line: TypedLine) -> str:
        rest = value[line.start :]
        if line.quote == "'":
            return rest.replace("'", "'\\''")
        special = _IN_DOUBLE_QUOTES if line.quote else _BY_THEMSELVES
        return special.sub(r"\\\g<0>", rest)


class Zsh(Shell):
    """Zsh quotes words itself."""

    name = "zsh"


class Fish(Shell):
    """Fish quotes words itself."""

    name = "fish"


SHELLS = {shell.name: shell for shell in (Bash, Zsh, Fish)}


def answer_shells() -> None:
    """Let click answer the shells of this module, if one of them is asking."""
    for shell in SHELLS.values():
        add_completion_class(shell)

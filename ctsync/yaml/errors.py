"""What PyYAML says of a broken file, in words for whoever wrote it."""

from __future__ import annotations

from ctsync.model.fault import Fault
from ctsync.yaml.tree import Position, fault_at

_TAB = "a tab stands where YAML wants spaces"
_PLACE = "the indentation does not fit, or a bracket or quote is missing"

# The first pair whose words occur in PyYAML's problem (or context) speaks for it;
# libyaml and the pure parser word the same problem differently.
_WORDS: tuple[tuple[str, str, str | None], ...] = (
    ("mapping values are not allowed", 'a ":" cannot stand here', "quote the text"),
    ("unexpected end of stream", "the file ends too early", "close what is open"),
    ("escape c", "unknown escape after a backslash", "use single quotes"),
    ("hexdecimal", "unknown escape after a backslash", "use single quotes"),
    ("escape sequence", "unknown escape after a backslash", "use single quotes"),
    ("cannot start any token", "this character cannot start a value", "quote the text"),
    ("expected ':'", 'a ":" is missing after a key', "write key: value"),
    ("expected ',' or ']'", "a list in brackets is not closed", "add , or ]"),
    ("expected ',' or '}'", "a map in braces is not closed", "add , or }"),
    ("tag", "a tag stands here", "leave it out"),
    ("anchor or alias", "an anchor or alias needs a name", "quote a text with & or *"),
    ("alias", "an anchor or alias needs a name", "quote a text with & or *"),
    ("block sequence entries", 'a "- " cannot stand here', _PLACE),
    ("directive", "a line with % cannot stand here", "quote the text"),
    ("<document start>", "the text goes on after its end", _PLACE),
    ("node content", "a value is missing", "write null to remove, or a value"),
    ("key", _PLACE, "align keys of one map in one column"),
    ("'-' indicator", _PLACE, "align the items of one list in one column"),
    ("block end", _PLACE, "align keys of one map in one column"),
)


def explain_syntax(
    problem: str, context: str, line: str, position: Position, opened: Position
) -> Fault:
    """Turn PyYAML's complaint into a finding of ours.

    `line` is the text at `position`; `opened` is where the broken part begins.
    """
    if "\t" in line[: len(line) - len(line.lstrip())]:
        column = line.index("\t") + 1
        return fault_at((position[0], column), "CT009", _TAB, "indent with spaces")
    if "invalid Unicode character escape" in problem:
        message = "an escape gives half a character"
        return fault_at(position, "CT008", message, "write the character itself")
    if "end of stream" in problem and "quoted scalar" in context:
        return fault_at(opened, "CT001", "a quote is never closed", "close it")
    for source in (problem, context):
        for words, message, hint in _WORDS:
            if words in source:
                at = opened if words.startswith("expected ',") else position
                return fault_at(at, "CT001", message, hint)
    return fault_at(position, "CT001", problem or "this is not YAML", None)

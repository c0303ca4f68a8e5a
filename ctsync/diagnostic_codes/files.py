"""Codes of files and YAML."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT001": Code(
        "YAML syntax",
        "The file is not YAML, so nothing in it can be read.",
        "Quote text that holds : or #, and align keys of one map in one column.",
    ),
    "CT002": Code(
        "not UTF-8",
        "Specs are UTF-8, with or without a byte order mark.",
        "Save the file as UTF-8.",
    ),
    "CT003": Code(
        "file cannot be read",
        "A file is missing, is a folder, or may not be read.",
        "Check the name and its permissions.",
    ),
    "CT004": Code(
        "duplicate key",
        "One map holds a key twice; most YAML readers keep the last without a word.",
        "Keep one of them.",
    ),
    "CT005": Code(
        "tag",
        "Tags such as !!str change the type of a value where nobody looks for it.",
        "Leave the tag out; quote what has to be text.",
    ),
    "CT006": Code(
        "alias",
        "An alias has no anchor, stands inside its own, or repeats without bounds.",
        "Define the anchor above its first use.",
    ),
    "CT007": Code(
        "several documents",
        "A spec file is one document.",
        "Put what follows --- in a file of its own.",
    ),
    "CT008": Code(
        "forbidden character",
        "The file holds a control character, NUL or half of a surrogate pair.",
        "Remove it, or write the character itself.",
    ),
    "CT009": Code(
        "tab indentation",
        "YAML indents with spaces only.",
        "Replace the tab with spaces.",
    ),
    "CT010": Code(
        "key is not text",
        "A key is a list, a map, null or nothing.",
        "Write text; quote it where it is one of YAML's words.",
    ),
    "CT011": Code(
        "not a map",
        "A file of a project is a map with keys such as profiles and cohorts.",
        "profiles: [{identity: u1, attributes: {Plan: Gold}}]",
    ),
    "CT012": Code(
        "nested too deep",
        "The file nests deeper than any spec needs.",
        "Flatten it.",
    ),
    "CT013": Code(
        "named spec is missing",
        "`specs:` names a file or folder that does not exist.",
        "Correct the name; it is relative to the project file.",
    ),
    "CT014": Code(
        "merge without a map",
        "<< takes a map or a list of maps.",
        "<<: *defaults",
    ),
    "CT015": Code(
        "file that is not the project's",
        "A spec or data file leads out of the git work tree, or else the project's "
        "folder, into .git, .ctsync, /proc and the like, is a state or plan, or lies "
        "in a bucket that nobody allowed.",
        "Copy the data into the project, or allow its folder or bucket with "
        "--data-root.",
    ),
    "CT016": Code(
        "file is too large",
        "A spec file has more bytes than any that people write.",
        "Put so many profiles into a table.",
    ),
}

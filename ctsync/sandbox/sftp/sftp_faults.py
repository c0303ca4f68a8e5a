"""The faults that a file may meet on its way in, and those that an import may meet."""

from collections.abc import Mapping

TRANSFER_FAULTS: Mapping[str, str] = {
    "none": "takes the file as it comes: no fault",
    "cut": "takes half of the first block, then cuts the connection",
    "cut-at-close": "takes the file, then cuts the connection without a reply",
    "cut-before-rename": "cuts the connection instead of renaming the file",
    "cut-after-rename": "renames the file, then cuts the connection without a reply",
    "hang": "takes half of the first block, then never replies",
    "hang-after-rename": "renames the file, then never replies",
    "no-space": "refuses the first block, as a disk that is full",
    "denied": "refuses to open the file",
}
"""What becomes of a file that is opened to be written."""

IMPORT_FAULTS: Mapping[str, str] = {
    "none": "imports as documented: no fault",
    "before-data": "looks before the data file is there: reports that there is none",
    "twice": "imports the file and does so again, as of a manifest put twice",
    "late": "imports the file later than others would be",
    "taken-away": "imports the file, and takes it and its manifest away",
    "silent": "imports the file and reports nothing",
    "unreadable": "reports that the file is unreadable, and does nothing",
    "refuse-row": "refuses one random row",
    "half": "refuses every other row",
}
"""What becomes of an import whose manifest was put."""

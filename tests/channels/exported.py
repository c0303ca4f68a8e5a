"""Operations made by hand, and what files say of them, read by the letter."""

import csv
import json
from collections import defaultdict

from ctsync.channels.part_files import PartWriter
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey

SUFFIX = ".operation"


def key(identity, id_type="identity"):
    return ProfileKey(id_type, identity)


def operation(attribute, operand, operator="set", kind="string", step=1):
    after = None if operator == "$delete" else operand
    return Operation(attribute, kind, operator, operand, "unknown", None, after, step)


def written(channel, folder, profiles, **limits):
    """Write profiles, pairs of identity and operations, and return the parts."""
    folder.mkdir(exist_ok=True)
    with PartWriter(channel, folder, "ctsync-test", **limits) as writer:
        for identity, operations in profiles:
            writer.add(identity, operations)
        return writer.keep()


def rows_of(path):
    """Return header and rows of a data file, as RFC 4180 reads it."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, strict=True)
    return header, rows


def manifest_of(path):
    return json.loads(path.read_bytes())


def said_by(folder, parts):
    """Return what the files say of each profile, in the order of their upload.

    A list of (attribute, operator, value) without those that are said again.
    """
    said = defaultdict(dict)
    for part in parts:
        columns = manifest_of(folder / part.companion)["columns"]
        header, rows = rows_of(folder / part.name)
        for row in rows:
            cells = dict(zip(header, row, strict=True))
            for name, column in columns.items():
                if name != "identity":
                    word = column["ctName"], cells[name + SUFFIX], cells[name]
                    said[cells["identity"]][word] = None
    return {identity: [*words] for identity, words in said.items()}

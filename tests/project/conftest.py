"""Projects in a folder of their own, written by the test."""

import pytest

from ctsync.errors import SpecError
from ctsync.project import load_project

BASE = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"


class Folder:
    """A project folder that grows as a test writes into it."""

    def __init__(self, root):
        self.root = root
        self.write("ctsync.yaml", BASE)

    def write(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        file.write_bytes(data)
        return self

    def more(self, text):
        """Add to the project file; its first line is then line 4."""
        return self.write("ctsync.yaml", BASE + text)

    def load(self, **options):
        return load_project(self.root, **options)

    def found(self, **options):
        """Give code, line and column of every finding."""
        return [(f.code, f.line, f.column) for f in self.findings(**options)]

    def findings(self, **options):
        try:
            return list(self.load(**options).findings)
        except SpecError as error:
            return list(error.findings)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)

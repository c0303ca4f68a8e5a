"""Every code that can be met is in the catalogue, and none that cannot."""

import re
from pathlib import Path

from ctsync.diagnostic_codes import CODES, severity_of

PACKAGE = Path(__file__).parents[1] / "ctsync"


def _used():
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "diagnostic_codes":
            yield from re.findall(r'"(CT\d{3})"', path.read_text())


def test_the_catalogue_holds_exactly_the_codes_in_use():
    assert set(_used()) == set(CODES)


def test_every_code_says_what_it_means_and_what_to_do():
    for code in CODES.values():
        assert code.title
        assert code.meaning.endswith(".")
        assert code.hint


def test_a_finding_is_as_serious_as_its_code_says():
    written = r'Diagnostic\(\s*"(error|warning|info)",\s*"(CT\d{3})"'
    texts = [path.read_text() for path in PACKAGE.rglob("*.py")]
    said = [found for text in texts for found in re.findall(written, text)]
    assert said
    assert [found for found in said if found[0] != severity_of(found[1])] == []

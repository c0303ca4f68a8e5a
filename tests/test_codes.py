"""Every code that can be met is in the catalogue, and none that cannot."""

import re
from pathlib import Path

from ctsync.diagnostic_codes import CODES

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

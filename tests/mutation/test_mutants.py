"""A mutant is one change that runs, and never one of words for people."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from mutants import mutants_of

SOURCE = '''
"""Words."""
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import sys

def least(a: int, b: int = 1) -> int | None:
    """More words."""
    if not a or a < b:
        a += 1
        return min(a, b)
    return None
'''


def test_every_mutant_is_another_module_that_compiles():
    found = list(mutants_of(SOURCE))
    assert len({mutant.source for mutant in found}) == len(found)
    for mutant in found:
        compile(mutant.source, "mutant", "exec")
        assert '"""More words."""' in mutant.source


def test_what_can_go_wrong_is_put_wrong_once_each():
    said = sorted(mutant.what.partition("  =>  ")[2] for mutant in mutants_of(SOURCE))
    assert said == sorted(
        [
            "2", "2", "And", "GtE", "LtE", "left out", "max", "nothing",
            "the condition denied", "without not",
        ]
    )  # fmt: skip

"""A mutant is one change that runs, and never one of words for people."""

import sys
from itertools import groupby
from pathlib import Path

import pytest

import ctsync

sys.path.insert(0, str(Path(__file__).parent))

from by_hand import BY_HAND, by_hand
from explained import explained
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


def test_every_mutant_knows_the_function_and_the_lines_that_run_it():
    known = {(each.function, each.lines) for each in mutants_of(SOURCE)}
    assert known == {
        (None, range(7, 8)),  # a default is met while the module is imported
        ("least", range(9, 10)),
        ("least", range(10, 11)),
        ("least", range(11, 12)),
    }


@pytest.mark.parametrize("module", sorted({each.module for each in BY_HAND}))
def test_what_was_written_by_hand_is_about_what_the_module_says(module):
    path = Path(ctsync.__file__).parent / module
    for mutant in by_hand(path, path.read_text()):
        assert mutant.function is not None
        compile(mutant.source, "mutant", "exec")


def test_every_explained_mutant_can_still_be_put_into_the_tree():
    """Who changes a statement takes the explanation of its mutants away, or anew."""
    gone = []
    for module, lines in groupby(sorted(explained()), key=lambda n: n.split("\t")[0]):
        path = Path(ctsync.__file__).parent / module
        source = path.read_text() if path.exists() else ""
        there = {mutant.name for mutant in mutants_of(source)}
        gone += [line for line in lines if line.partition("\t")[2] not in there]
    assert gone == []


def test_no_two_mutants_of_a_module_have_one_name():
    for path in Path(ctsync.__file__).parent.rglob("*.py"):
        names = [mutant.name for mutant in mutants_of(path.read_text())]
        assert len(names) == len(set(names)), path

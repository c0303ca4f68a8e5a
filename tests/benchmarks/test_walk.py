"""How far a word walks through a plan: the way gets no longer unseen."""

import importlib
from pathlib import Path

import pytest

from ctsync.model.profile_key import ProfileKey

MOST_FUNCTIONS, MOST_FILES, MOST_SHAPES = 136, 50, 9


@pytest.fixture
def walk(monkeypatch):
    return script("walk", monkeypatch)


def script(name, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module(name)


@pytest.mark.parametrize("source", ["yaml", "table"])
def test_a_key_and_a_value_walk_no_farther_than_is_written_down(walk, source):
    for word, met in walk.walks_of(source).items():
        assert 0 < len(met.codes) <= MOST_FUNCTIONS, word
        assert 0 < len(met.files) <= MOST_FILES, word
        assert 0 < len(met.shapes) <= MOST_SHAPES, sorted(met.shapes)


def test_a_shape_is_what_holds_the_word_itself(walk):
    key, shapes_in = ProfileKey("identity", walk.KEY), walk.shapes_in
    assert [*shapes_in((key, walk.VALUE), walk.KEY)] == ["ProfileKey"]
    assert [*shapes_in({"a": [walk.VALUE]}, walk.VALUE)] == ["list"]
    assert [*shapes_in(f"{walk.KEY},x", walk.KEY)] == ["str …"]
    assert not [*shapes_in((key, 7, None), walk.VALUE)]


def test_a_function_that_holds_no_word_is_not_met(walk):
    met = walk.Walk(walk.KEY)
    met.meet(script.__code__, [walk.VALUE, 7])
    assert met.codes == {}
    met.meet(script.__code__, [walk.KEY])
    assert [*met.codes] == [script.__code__]


def test_a_tree_is_counted(monkeypatch, tmp_path):
    (tmp_path / "a.py").write_text("# why\ndef f():\n    return 1  # no\n\n")
    assert script("tree_figures", monkeypatch).figures_of(tmp_path) == {
        "files": "1",
        "lines": "4",
        "lines a file": "median 4, p90 4, max 4",
        "functions": "1",
        "lines a function": "median 2, p90 2, max 2",
        "comments": "25.0 %",
    }

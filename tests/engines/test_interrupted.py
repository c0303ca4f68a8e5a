"""An engine that is interrupted ends as it was told to, with nothing under way."""

import pytest

from ctsync.engines import duckdb, duckdb_candidates, found_rows
from ctsync.engines.base import ProfileCounts, Search, SearchCallbacks

LONG = "SELECT sum(i * i) FROM range(50_000_000) AS counted(i)"


@pytest.fixture
def slow(monkeypatch):
    """Ranges of few keys, each of which takes its time."""
    in_range = duckdb_candidates.DuckdbCandidates._in_range

    def late(candidates, condition):
        candidates.met.connection.execute(LONG).fetchall()
        return in_range(candidates, condition)

    monkeypatch.setattr(duckdb_candidates, "_RANGE", 4)
    monkeypatch.setattr(duckdb_candidates.DuckdbCandidates, "_in_range", late)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("place", ["entry", "contribution", "on_unchanged"])
def test_what_is_raised_while_the_next_range_comes_is_raised(
    lab, slow, monkeypatch, place, error
):
    def stop(*_):
        raise error

    words = "a" if place == "on_unchanged" else "b"
    names = [f"u{number:02}" for number in range(40)]
    rows = lab.Rows(0, [(name, "a") for name in names], streams=True)
    entries = [lab.known(name, words, names=["plan"]) for name in names]
    watch = SearchCallbacks(frozenset({"plan"}))
    search = {"row_sources": (rows,), "entries": lambda: entries, "watch": watch}
    if place == "entry":
        monkeypatch.setattr(found_rows, "entry_from_line", stop)
    elif place == "contribution":
        rows.contribution = stop
    else:
        search["watch"] = SearchCallbacks(frozenset({"plan"}), on_unchanged=stop)
    with pytest.raises(error):
        list(duckdb.ENGINE.find_candidates(Search(**search), ProfileCounts()))

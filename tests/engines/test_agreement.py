"""Every engine finds what the one in memory finds, and in the same order."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctsync import duckdb_connection
from ctsync.engines import duckdb, duckdb_comparison, memory
from ctsync.engines.base import ProfileCounts
from ctsync.errors import CtsyncError
from ctsync.model.entry import entry_line
from ctsync.model.snapshot_columns import SnapshotColumns
from ctsync.sql_text import quoted

IDS = st.sampled_from(
    [
        "u1",
        "u2",
        "u10",
        "U1",
        "é",
        "e\u0301",
        "\U0001f600",
        "a'b",
        'a"b',
        "a b",
        "0",
        "~",
    ]
)
WORDS = st.sampled_from(["gold", "free", "vip"])
TYPES = st.sampled_from(["identity", "objectId", "GPID"])
NAMES = st.lists(st.sampled_from(["plan", "msg-dnd", "xmsg-dnd"]), unique=True)
SETTINGS = [{}, {"memory_mib": 40, "threads": 1}, {"memory_mib": 60, "threads": 2}]


@st.composite
def worlds(draw, lab):
    """Loose places, entries, and the rows of up to three sources."""
    sources = []
    for number in range(draw(st.integers(0, 3))):
        ids = draw(st.lists(IDS, unique=True, max_size=9))
        rows = [(each, draw(WORDS)) for each in ids]
        rows += [("", draw(WORDS)) for _ in range(draw(st.integers(0, 2)))]
        rows = draw(st.permutations(rows))
        file = draw(st.sampled_from(["t{}.csv", "same.csv", "a.yaml"]))
        sources.append(lab.Rows(number, rows, draw(TYPES), file))
    keys = st.builds("{}={}".format, TYPES, IDS)
    lines = st.integers(1, 3)
    files = st.sampled_from(["a.yaml", "b.yaml"])
    places = st.builds(lab.said, keys, WORDS, files, lines)
    loose = draw(st.lists(places, max_size=8))
    entries = draw(st.lists(keys, unique=True, max_size=20))
    snapshot = [draw(entry_of(lab, key, loose, sources)) for key in entries]
    return loose, snapshot, sources


@st.composite
def entry_of(draw, lab, key, loose, sources):
    """An entry that is, more often than not, as its places desire."""
    words = [c.digest for c in loose if str(c.key) == str(lab.parse_key(key))]
    for source in sources:
        found = source.contributions()
        words += [c.digest for c in found if str(c.key) == str(lab.parse_key(key))]
    words = [each.decode().rstrip(".") for each in words]
    said = draw(st.just(words) | st.just(words) | st.lists(WORDS, max_size=2))
    return lab.known(
        key,
        *said,
        names=draw(NAMES),
        ours=draw(st.sampled_from([(), (), ("a",)])),
        cohorts=draw(st.sampled_from([(), (), ("vip",)])),
        gone=draw(st.sampled_from([False, False, False, True])),
    )


def columns_of(entries, path):
    """Write entries as a store with columns would."""
    lines = [entry_line(entry).decode() for entry in entries]
    rows = [
        [
            *entry.key,
            entry.fingerprint,
            entry.gone,
            "\n".join(["", *sorted(entry.attributes), ""]),
            entry.is_bound,
            line,
        ]
        for entry, line in zip(entries, lines, strict=True)
    ]
    aside = path.with_name(f"tmp_{path.name}")  # where DuckDB writes it first
    with duckdb_connection.open_connection(files=[path, aside]) as connection:
        connection.execute(
            "CREATE TABLE t (type VARCHAR, id VARCHAR, fingerprint VARCHAR, "
            "gone BOOLEAN, names VARCHAR, bound BOOLEAN, body VARCHAR)"
        )
        for row in rows:
            connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute(
            "COPY (SELECT * REPLACE (unhex(fingerprint) AS fingerprint) FROM t) "
            f"TO {quoted(str(path))} (FORMAT parquet)"
        )
    query = f"SELECT * FROM read_parquet({quoted(str(path))})"
    return SnapshotColumns(query, (path,))


@pytest.mark.parametrize("limits", SETTINGS, ids=str)
@pytest.mark.parametrize("has_columns", [False, True])
def test_both_engines_find_the_same(lab, limits, has_columns, monkeypatch, tmp_path):
    monkeypatch.setattr(
        duckdb, "open_connection", partial(duckdb_connection.open_connection, **limits)
    )
    monkeypatch.setattr(duckdb_comparison, "_MOST_MIB", limits.get("memory_mib", 1024))

    @settings(
        deadline=None,
        max_examples=25,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        world=worlds(lab),
        everyone=st.booleans(),
        undeclared=st.booleans(),
        attributes=st.sampled_from([frozenset(), frozenset({"msg-dnd"})]),
    )
    def agree(world, everyone, undeclared, attributes):
        watch = {
            "everyone": everyone,
            "undeclared": undeclared or everyone,
            "attributes": attributes,
        }
        columns = columns_of(world[1], tmp_path / "s.parquet") if has_columns else None
        expected = lab.duckdb_search(memory.ENGINE, *world, **watch)
        found = lab.duckdb_search(duckdb.ENGINE, *world, columns=columns, **watch)
        assert found.told() == expected.told()

    agree()


def test_what_does_not_fit_in_memory_goes_to_the_disk(lab, monkeypatch):
    """A hundred thousand rows, all of them candidates."""
    monkeypatch.setattr(
        duckdb,
        "open_connection",
        partial(duckdb_connection.open_connection, memory_mib=128, threads=1),
    )
    monkeypatch.setattr(duckdb_comparison, "_MOST_MIB", 128)
    source = lab.Many(100_000)
    found = lab.Found()
    search = duckdb.Search(row_sources=(source,))
    keys = [c.key.id for c in duckdb.ENGINE.find_candidates(search, found.tally)]
    assert keys == sorted(keys)
    assert len(keys) == 100_000


def test_too_little_memory_is_told_with_what_to_do(lab, monkeypatch):
    monkeypatch.setattr(
        duckdb,
        "open_connection",
        partial(duckdb_connection.open_connection, memory_mib=8),
    )
    monkeypatch.setattr(duckdb_comparison, "_MOST_MIB", 8)
    search = duckdb.Search(row_sources=(lab.Many(200_000),))
    with pytest.raises(CtsyncError, match="out of memory") as caught:
        list(duckdb.ENGINE.find_candidates(search, ProfileCounts()))
    assert caught.value.code == "engine"
    assert "TMPDIR" in caught.value.hint

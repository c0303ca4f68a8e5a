"""Places, entries and row sources made of Python, and every engine of the registry."""

from dataclasses import dataclass, field, replace

import pytest

from ctsync.discovery import discover
from ctsync.engines.base import ProfileCounts, Search, SearchCallbacks, fingerprint
from ctsync.model.change import Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry, KnownValue, entry_line
from ctsync.model.profile_key import NOBODY, ProfileKey, parse_key
from ctsync.model.row_source import RowPiece, Stream
from ctsync.sql_text import quoted

ENGINES = {engine.name: engine for engine in discover("ctsync.engines", "ENGINE")}


PIECE = """
SELECT id, digest, file::INTEGER AS file, row::BIGINT AS row, cells::VARCHAR[] AS cells
FROM {rows}"""


def said(key, words, file="a.yaml", line=1, **origin):
    """What a place in YAML says."""
    return Contribution(parse_key(key), Origin(file, line, **origin), mark(words), dict)


def mark(words):
    return words.encode().ljust(16, b".")


@dataclass
class Rows:
    """A row source: (id, words) a row, in files of two rows each.

    It `streams` where its rows can be read as they stand.
    """

    number: int
    told: list[tuple[str, str]]
    key_type: str = "identity"
    file: str = "t{}.csv"
    check: list[int] = field(default_factory=list)
    streams: bool = False
    warnings = ()
    reads = ()
    keeps = None

    @property
    def name(self):
        return f"table t{self.number}"

    @property
    def rows(self):
        return len(self.told)

    def origin(self, file, row):
        name = self.file.format(self.number)
        return Origin(f"{file}-{name}", row=row, table=f"t{self.number}")

    def lines(self):
        for place, (identifier, words) in enumerate(self.told):
            yield identifier, words, place // 2, place % 2 + 1

    def open(self, connection):
        if not self.streams:
            return None
        self.load(connection)
        names = "id AS key, digest AS mark, cells AS words, file, row"
        relation = f"SELECT {names} FROM fake_{self.number}"
        return Stream(relation, "mark", "words", "key <> ''")

    def load(self, connection):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE fake_{self.number} "
            "(id VARCHAR, digest UHUGEINT, file INTEGER, row BIGINT, cells VARCHAR[])"
        )
        for identifier, words, file, row in self.lines():
            connection.execute(
                f"INSERT INTO fake_{self.number} VALUES (?, ?, ?, ?, ?)",
                [identifier, int.from_bytes(mark(words)), file, row, [words, None]],
            )

    @property
    def keys(self):
        return f"SELECT id, digest, file, row FROM fake_{self.number}"

    def cells(self, wanted):
        return (
            f"SELECT f.file, f.row, f.cells FROM fake_{self.number} f "
            f"JOIN {wanted} w ON f.file = w.file AND f.row = w.row"
        )

    def contribution(self, identifier, digest, file, row, cells):
        key = ProfileKey(self.key_type, identifier) if identifier else NOBODY
        words = tuple(cells)
        return Contribution(key, self.origin(file, row), digest, lambda: {"W": words})

    def reader(self):
        return self

    def pieces(self, connection, most_rows):
        for start in range(0, self.rows, 3):
            yield RowPiece(PIECE.format(rows=self.values(start, start + 3)), ())

    def values(self, start, end):
        rows = ", ".join(
            f"({quoted(key)}, unhex('{mark(words).hex()}'), {file}, {row}, "
            f"[{quoted(words)}, NULL])"
            for key, words, file, row in [*self.lines()][start:end]
        )
        return f"(VALUES {rows}) t(id, digest, file, row, cells)"

    def take_count(self, rows, twins=None):
        assert rows == self.rows

    def contributions(self):
        for identifier, words, file, row in self.lines():
            cells = [words, None]
            yield self.contribution(identifier, mark(words), file, row, cells)

    def check_unchanged(self):
        self.check.append(1)

    def inputs(self):
        return iter(())


@dataclass
class Many(Rows):
    """Rows that DuckDB makes up: 200 bytes each, in no order."""

    def __init__(self, count):
        super().__init__(0, [], streams=True)
        self.count = count

    @property
    def rows(self):
        return self.count

    def load(self, connection):
        connection.execute(
            "CREATE OR REPLACE TEMP VIEW fake_0 AS "
            "SELECT (row * 7919 % 1000003)::VARCHAR AS id, "
            "md5_number(row::VARCHAR) AS digest, 0 AS file, row, "
            "[repeat(row::VARCHAR, 40)] AS cells "
            f"FROM (SELECT range AS row FROM range({self.count}))"
        )


def known(key, *words, ours=(), names=(), **fields):
    """An entry that is as these words desire."""
    places = [said(key, each) for each in words]
    attributes = {name: KnownValue(name, "string", "x") for name in names}
    if ours:
        attributes["tags"] = KnownValue("Tags", "list", present=ours, ours=ours)
    return Entry(
        parse_key(key),
        attributes,
        fingerprint=fingerprint(places) if words else None,
        **fields,
    )


@dataclass
class Found:
    """What an engine made of a search."""

    candidates: list = field(default_factory=list)
    tally: ProfileCounts = field(default_factory=ProfileCounts)
    passed: list = field(default_factory=list)
    nobody: list = field(default_factory=list)
    places: set = field(default_factory=set)
    seen: list = field(default_factory=list)

    @property
    def keys(self):
        return [str(candidate.key) for candidate in self.candidates]

    @property
    def counts(self):
        return (self.tally.entries, self.tally.unchanged, self.tally.undeclared)

    def told(self):
        """Everything, with words read, so that two engines can be compared."""
        return (self.counts, self.seen, sorted(map(str, self.nobody)), self.places)


def duckdb_search(engine, loose=(), entries=(), sources=(), **options):
    """Let an engine look for candidates, in rows that it loads or streams."""
    found = searched(engine, loose, entries, sources, **options)
    streams = [replace(source, streams=True, check=[]) for source in sources]
    streamed = searched(engine, loose, entries, streams, **options)
    assert (streamed.told(), streamed.passed) == (found.told(), found.passed)
    return found


def searched(engine, loose=(), entries=(), sources=(), *, columns=None, **watch):
    """Let an engine look for candidates once."""
    found = Found()
    loose, entries = list(loose), sorted(entries, key=lambda entry: entry.key)

    def contributions():
        yield from loose
        for source in sources:
            yield from source.contributions()

    def on_unchanged(entry):
        found.passed.append(entry.key)
        found.seen.append(("unchanged", plain(entry)))

    search = Search(
        contributions,
        lambda: loose,
        tuple(sources),
        lambda: entries,
        columns,
        watch=SearchCallbacks(
            on_unchanged=on_unchanged,
            on_nobody=lambda place: found.nobody.append((place.origin, place.read())),
            on_place=lambda place: found.places.add(place.origin.file),
            **watch,
        ),
    )
    for candidate in engine.find_candidates(search, found.tally):
        found.candidates.append(candidate)
        found.seen.append(
            (
                candidate.key,
                [
                    (c.key, c.origin, c.digest, c.read())
                    for c in candidate.contributions
                ],
                plain(candidate.entry),
                candidate.fingerprint,
            )
        )
    return found


def plain(entry):
    return None if entry is None else entry_line(entry)


@pytest.fixture(scope="session", params=sorted(ENGINES))
def engine(request):
    """Each engine of the registry."""
    return ENGINES[request.param]


@pytest.fixture(scope="session")
def lab():
    """Everything above, for tests that cannot import it."""
    from types import SimpleNamespace

    return SimpleNamespace(**globals())


@pytest.fixture(scope="session")
def find(engine):
    """Look for candidates with each engine of the registry."""
    return lambda *args, **options: duckdb_search(engine, *args, **options)

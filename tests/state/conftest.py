"""One bench for each store: how to make one, and how to harm what it keeps.

A package that adds a store announces its bench as an entry point of the group
`ctsync.benches.stores`, named as the store: a function from this module to a class.
"""

import contextlib
import errno
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import obstore
import obstore.exceptions
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

import ctsync
from ctsync.canonical_json import canonical, parse
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.entry_bodies import lines_of
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Header
from ctsync.state.base import Store
from ctsync.state.journal_lines import seal_lines
from ctsync.state.lock_holder import Holder
from ctsync.state.manifest import Compaction
from ctsync.state.object_store.store import ObjectStore
from ctsync.state.open_store import open_store, stores
from ctsync.state.parquet_store import ParquetStore

from object_server import BUCKET, ObjectServer  # isort: skip - beside this folder
from postgres_server import PostgresServer  # isort: skip

TERM_SECONDS = 1.5  # of a lease: what is waited for once its holder is killed


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class Bench:
    """A store, looked at from beside it; every `open` is another process's view."""

    folder: Path
    location: str
    state_name: str | None = None
    seams: tuple[tuple[object, str], ...]  # what it writes by
    failure: Exception  # what may come of that
    servers: tuple[str, ...] = ()  # fixtures that it needs, in order

    @property
    def shown(self) -> str:
        """What messages call the place."""
        return self.location

    @property
    def words(self) -> tuple[object, ...]:
        """What another interpreter needs to open it."""
        return self.folder, self.location, self.state_name or ""

    def edit_header(self, **fields: object) -> None:
        """Write other words into the header of the snapshot."""
        raise NotImplementedError

    def open(self) -> Store:
        return open_store(self.location, folder=self.folder, name=self.state_name)


def newer(journal: bytes) -> bytes:
    """Give a journal of one line as a later version would begin it."""
    head = {**parse(journal), "format": "ctsync.journal/2"}
    del head["sum"]
    return seal_lines([canonical(head)], 0)[0]


class FileBench(Bench):
    """A store in files."""

    journal_path: Path
    failure = OSError(errno.EIO, os.strerror(errno.EIO))
    seams = tuple(
        (os, name)
        for name in ("write", "pwrite", "fsync", "replace", "unlink", "fchmod")
    )

    def make_newer(self) -> None:
        self.edit_header(format="ctsync.state/2", novelty=True)

    def make_journal_newer(self) -> None:
        self.journal_path.write_bytes(newer(self.journal_bytes()))

    def cut_journal(self, count: int) -> None:
        """Leave the first `count` bytes."""
        os.truncate(self.journal_path, count)

    def journal_bytes(self) -> bytes:
        return self.journal_path.read_bytes()

    def damage_journal_line(self, number: int) -> None:
        lines = self.journal_path.read_bytes().splitlines(keepends=True)
        lines[number - 1] = b'{"torn\n'
        self.journal_path.write_bytes(b"".join(lines))


class JsonlBench(FileBench):
    location = "state.jsonl"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / self.location
        self.journal_path = folder / f"{self.location}.journal"

    def private_paths(self) -> list[Path]:
        return files_under(self.folder)

    def names(self) -> set[str]:
        return {path.name for path in self.private_paths()}

    def edit_entry(self, before: str, after: str) -> None:
        head, _, rest = self.path.read_text().partition("\n")
        assert before in rest
        self.path.write_text(f"{head}\n{rest.replace(before, after)}")

    def swap_entries(self) -> None:
        head, *entries = self.path.read_text().splitlines()
        self.path.write_text("\n".join([head, *reversed(entries)]) + "\n")

    def repeat_entry(self) -> None:
        head, *entries = self.path.read_text().splitlines()
        self.path.write_text("\n".join([head, *entries, entries[0]]) + "\n")

    def drop_last_entry(self) -> None:
        *kept, _ = self.path.read_text().splitlines()
        self.path.write_text("\n".join(kept) + "\n")

    def edit_header(self, **fields: object) -> None:
        head, _, rest = self.path.read_bytes().partition(b"\n")
        head = canonical({**parse(head), **fields})
        self.path.write_bytes(head + b"\n" + rest)

    def leave_leftover(self) -> None:
        (self.folder / f"{self.location}.tmp").write_bytes(b"half a snap")


class ParquetBench(FileBench):
    """Everything in one base."""

    compaction = Compaction()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.location = "state/"
        self.path = folder / self.location
        self.journal_path = self.path / "journal"

    def open(self) -> ParquetStore:
        store = super().open()
        assert isinstance(store, ParquetStore)
        store.compaction = self.compaction
        return store

    def private_paths(self) -> list[Path]:
        return files_under(self.path)

    def names(self) -> set[str]:
        return {re.sub(r"[0-9]+", "N", path.name) for path in self.private_paths()}

    def parquet_files(self) -> list[Path]:
        return sorted(self.path.glob("*.parquet"))

    def edit_rows(self, edit: Callable[[pa.Table], pa.Table]) -> None:
        """Let another tool write the first data file anew."""
        path = self.parquet_files()[0]
        table = edit(pq.read_table(path))
        path.unlink()
        pq.write_table(table, path)

    def edit_entry(self, before: str, after: str) -> None:
        def edit(table: pa.Table) -> pa.Table:
            # Whole lines are bodies too, so that whatever they say can be edited.
            lines = [line.decode()[:-1] for line in lines_of(table) if line]
            bodies = [line.replace(before, after) for line in lines]
            assert bodies != lines
            place = table.column_names.index("body")
            return table.set_column(place, "body", pa.array(bodies))

        self.edit_rows(edit)

    def swap_entries(self) -> None:
        self.edit_rows(lambda table: table.take([*range(len(table))][::-1]))

    def repeat_entry(self) -> None:
        self.edit_rows(lambda table: table.take([*range(len(table)), 0]))

    def drop_last_entry(self) -> None:
        self.edit_rows(lambda table: table.slice(0, len(table) - 1))

    def edit_header(self, **fields: object) -> None:
        path = self.path / "manifest.json"
        path.write_bytes(canonical({**parse(path.read_bytes()), **fields}))

    def leave_leftover(self) -> None:
        (self.path / "manifest.json.tmp").write_bytes(b"half a mani")
        (self.path / "ctsync-segment-77.parquet").write_bytes(b"half a segm")


class SegmentsBench(ParquetBench):
    """Whatever is amended stays beside the base."""

    compaction = Compaction(small_rows=0, share=0)


class CompactingBench(ParquetBench):
    """Segments become a base again and again."""

    compaction = Compaction(small_rows=0, share=1)


class PostgresBench(Bench):
    """A state of its own in a database that all benches share."""

    servers = ("postgres_server",)
    failure = psycopg.OperationalError("the connection was cut")
    seams = (
        (psycopg.Cursor, "execute"),
        (psycopg.Cursor, "copy"),
        (psycopg.Copy, "write_row"),
    )
    numbers = itertools.count()

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self.folder, self.server = folder, server
        self.location = server.url()
        self.state_name = f"state-{next(self.numbers)}-{os.getpid()}"

    @property
    def shown(self) -> str:
        return "postgresql://127.0.0.1"

    def sql(self, statement: str, *values: object) -> list:
        """Run a statement over `mine`, the number of this state."""
        mine = f"(SELECT id FROM ctsync.states WHERE name = '{self.state_name}')"
        return self.server.run(statement.replace("mine", mine), *values)

    def private_paths(self) -> list[Path]:
        if self.server.run("SELECT to_regclass('ctsync.states')") == [(None,)]:
            return []
        rows = [
            *self.sql(
                "SELECT 'entries', encode(key, 'hex') FROM ctsync.entries "
                "WHERE state = mine"
            ),
            *self.sql(
                "SELECT 'journal', number FROM ctsync.journal WHERE state = mine"
            ),
            *self.sql("SELECT 'runs', run FROM ctsync.runs WHERE state = mine"),
        ]
        return [Path(table) / str(key) for table, key in rows]

    def names(self) -> set[str]:
        return {path.parent.name for path in self.private_paths()}

    def bodies(self) -> list[tuple[bytes, bytes]]:
        rows = "SELECT key, body FROM ctsync.entries WHERE state = mine ORDER BY key"
        return self.sql(rows)

    def put_body(self, key: bytes, body: bytes) -> None:
        self.sql("DELETE FROM ctsync.entries WHERE state = mine AND key = %s", key)
        self.sql("INSERT INTO ctsync.entries SELECT mine, %s, %s", key, body)

    def edit_entry(self, before: str, after: str) -> None:
        rows = self.bodies()
        assert any(before.encode() in body for _, body in rows)
        for key, body in rows:
            self.put_body(key, body.replace(before.encode(), after.encode()))

    def swap_entries(self) -> None:
        rows = self.bodies()
        for (key, _), (_, body) in zip(rows, reversed(rows), strict=True):
            self.put_body(key, body)

    def repeat_entry(self) -> None:
        (_, body), *_ = self.bodies()
        self.put_body(b"identity\0zz", body)

    def drop_last_entry(self) -> None:
        key, _ = self.bodies()[-1]
        self.sql("DELETE FROM ctsync.entries WHERE state = mine AND key = %s", key)

    def edit_header(self, **fields: object) -> None:
        ((line,),) = self.sql("SELECT header FROM ctsync.states WHERE id = mine")
        line = canonical({**parse(line), **fields})
        self.sql("UPDATE ctsync.states SET header = %s WHERE id = mine", line)

    def make_newer(self) -> None:
        self.edit_header(format="ctsync.state/2", novelty=True)

    def leave_leftover(self) -> None:
        """A transaction leaves none."""

    def journal_bytes(self) -> bytes:
        rows = "SELECT lines FROM ctsync.journal WHERE state = mine ORDER BY number"
        return b"".join(lines for (lines,) in self.sql(rows))

    def put_journal(self, lines: bytes) -> None:
        self.sql("DELETE FROM ctsync.journal WHERE state = mine")
        self.sql("INSERT INTO ctsync.journal SELECT mine, 0, %s", lines)

    def cut_journal(self, count: int) -> None:
        self.put_journal(self.journal_bytes()[:count])

    def damage_journal_line(self, number: int) -> None:
        lines = self.journal_bytes().splitlines(keepends=True)
        lines[number - 1] = b'{"torn\n'
        self.put_journal(b"".join(lines))

    def make_journal_newer(self) -> None:
        self.put_journal(newer(self.journal_bytes()))


class ObjectBench(Bench):
    """A state of its own in a bucket that all benches share."""

    servers = ("object_server",)
    numbers = itertools.count()
    failure = obstore.exceptions.GenericError("the connection was cut")
    seams = ((obstore, "put"), (obstore, "delete"))
    compaction = Compaction()

    def __init__(self, folder: Path, server: ObjectServer) -> None:
        self.folder = folder
        place = f"crm/{next(self.numbers)}-{os.getpid()}"
        self.location = f"s3://{BUCKET}/{place}/"
        self.bucket = server.store(BUCKET, place)

    @property
    def shown(self) -> str:
        return f"s3://{BUCKET}"

    def open(self) -> ObjectStore:
        store = super().open()
        assert isinstance(store, ObjectStore)
        store.compaction, store.term_seconds = self.compaction, TERM_SECONDS
        return store

    def private_paths(self) -> list[Path]:
        """Give all that is there but the head, whose content tells."""
        return [Path(name) for name in self.object_names() if name != "head.json"]

    def names(self) -> set[str]:
        return {re.sub(r"[0-9]+", "N", name) for name in self.object_names()}

    def object_names(self) -> list[str]:
        pages = obstore.list(self.bucket)
        return sorted(meta["path"] for page in pages for meta in page)

    def get(self, name: str) -> bytes:
        return bytes(obstore.get(self.bucket, name).bytes())

    def edit_head(self, **fields: object) -> None:
        head = canonical({**parse(self.get("head.json")), **fields})
        obstore.put(self.bucket, "head.json", head)

    def edit_header(self, **fields: object) -> None:
        manifest = parse(parse(self.get("head.json"))["manifest"])
        self.edit_head(manifest=canonical({**manifest, **fields}).decode())

    def make_newer(self) -> None:
        self.edit_header(format="ctsync.state/2", novelty=True)

    def edit_rows(self, edit: Callable[[pa.Table], pa.Table]) -> None:
        """Let another tool write the first data file anew."""
        name = next(name for name in self.object_names() if "parquet" in name)
        path = self.folder / "edited.parquet"
        path.write_bytes(self.get(name))
        pq.write_table(edit(pq.read_table(path)), path)
        obstore.put(self.bucket, name, path.read_bytes())

    edit_entry = ParquetBench.edit_entry
    swap_entries = ParquetBench.swap_entries
    repeat_entry = ParquetBench.repeat_entry
    drop_last_entry = ParquetBench.drop_last_entry

    def leave_leftover(self) -> None:
        for name in ("ctsync-segment-77.parquet", "journal/77/00000000"):
            obstore.put(self.bucket, name, b"half")

    @property
    def journal_folder(self) -> str:
        return f"journal/{parse(self.get('head.json'))['journal']}/"

    def groups(self) -> list[str]:
        folder = self.journal_folder
        return [name for name in self.object_names() if name.startswith(folder)]

    def journal_bytes(self) -> bytes:
        return b"".join(map(self.get, self.groups()))

    def put_journal(self, lines: bytes) -> None:
        groups = self.groups()
        obstore.delete(self.bucket, groups)
        obstore.put(self.bucket, groups[0], lines)

    cut_journal = PostgresBench.cut_journal
    damage_journal_line = PostgresBench.damage_journal_line
    make_journal_newer = PostgresBench.make_journal_newer


class ObjectSegmentsBench(ObjectBench):
    """Whatever is amended stays beside the base."""

    compaction = Compaction(small_rows=0, share=0)


class ObjectCompactingBench(ObjectBench):
    """Segments become a base again and again."""

    compaction = Compaction(small_rows=0, share=1)


BENCHES: dict[str, type[Bench]] = {
    "jsonl": JsonlBench,
    "object-store": ObjectBench,
    "parquet": ParquetBench,
    "postgres": PostgresBench,
    **{
        point.name: point.load()(SimpleNamespace(**globals()))
        for point in entry_points(group="ctsync.benches.stores")
    },
}
AMENDED: dict[str, type[Bench]] = {
    **BENCHES,
    "parquet-segments": SegmentsBench,
    "parquet-compacting": CompactingBench,
    "object-store-segments": ObjectSegmentsBench,
    "object-store-compacting": ObjectCompactingBench,
}


@pytest.fixture(scope="session", params=AMENDED)
def amended_type(request):
    """As `bench_type`; a store that amends in several ways has several."""
    return made_by(AMENDED[request.param], request)


@pytest.fixture
def amended_bench(amended_type, tmp_path):
    return amended_type(tmp_path)


@pytest.fixture
def segments(tmp_path):
    return SegmentsBench(tmp_path)


@pytest.fixture(scope="session")
def amended_types(request):
    return tuple(made_by(kind, request) for kind in AMENDED.values())


@pytest.fixture(scope="session", params=[store.name for store in stores()])
def bench_type(request):
    """What makes benches, each from a folder of its own."""
    return made_by(BENCHES[request.param], request)


def made_by(kind: type[Any], request: pytest.FixtureRequest) -> Callable[..., Bench]:
    """Bind a bench to the servers that it needs, which are started by now."""
    servers = [request.getfixturevalue(name) for name in kind.servers]
    return lambda folder: kind(folder, *servers)


@pytest.fixture(params=[name for name, kind in BENCHES.items() if not kind.servers])
def file_bench(request, tmp_path):
    return BENCHES[request.param](tmp_path)


@pytest.fixture
def bench(bench_type, tmp_path):
    return bench_type(tmp_path)


@pytest.fixture
def store(bench):
    return bench.open()


@pytest.fixture(scope="session")
def entry():
    def build(identity: str, *, kind: str = "identity", **values: str) -> Entry:
        known = {
            name: KnownValue(name, "string", value) for name, value in values.items()
        }
        return Entry(ProfileKey(kind, identity), known)

    return build


@pytest.fixture(scope="session")
def header():
    def build(serial: int = 1, **fields: object) -> Header:
        plain = Header("lineage-1", serial, Account("WR8-9K6-7Z5Z", "in1"))
        return replace(plain, tool_version="0.1.0", **fields)

    return build


@pytest.fixture(scope="session")
def holder():
    return Holder("anna", "ci-7", 4711, "ctsync apply", "2030-01-02T03:04:05Z")


@pytest.fixture(scope="session")
def python():
    """Start another interpreter on a script, with the package at hand."""

    @contextlib.contextmanager
    def start(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
        before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        path = [str(Path(ctsync.__file__).parent.parent), *filter(None, before)]
        with subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    return start

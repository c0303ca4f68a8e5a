"""One bench for each store: how to make one, and how to harm what it keeps."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

import ctsync
from ctsync.canon import canonical, parse
from ctsync.model.entry import Entry, Known
from ctsync.model.key import Key
from ctsync.model.snapshot import Account, Header
from ctsync.state.address import open_store, stores
from ctsync.state.base import Store
from ctsync.state.holder import Holder
from ctsync.state.manifest import Compaction
from ctsync.state.parquet import ParquetStore


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class FileBench:
    """A store in files; every `open` is another process's view of it."""

    folder: Path
    location: str
    journal_path: Path

    def open(self) -> Store:
        return open_store(self.location, folder=self.folder)

    def make_newer(self) -> None:
        self.edit_header(format="ctsync.state/2", novelty=True)

    def make_journal_newer(self) -> None:
        text = self.journal_path.read_text()
        self.journal_path.write_text(
            text.replace("ctsync.journal/1", "ctsync.journal/2")
        )

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
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.location = "state.jsonl"
        self.path = folder / self.location
        self.journal_path = folder / "state.jsonl.journal"

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
        (self.folder / "state.jsonl.tmp").write_bytes(b"half a snap")


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

    def sheets(self) -> list[Path]:
        return sorted(self.path.glob("*.parquet"))

    def edit_rows(self, edit: Callable[[pa.Table], pa.Table]) -> None:
        """Let another tool write the first data file anew."""
        path = self.sheets()[0]
        table = edit(pq.read_table(path))
        path.unlink()
        pq.write_table(table, path)

    def edit_entry(self, before: str, after: str) -> None:
        def edit(table: pa.Table) -> pa.Table:
            bodies = [body.replace(before, after) for body in table["body"].to_pylist()]
            assert bodies != table["body"].to_pylist()
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


BENCHES: dict[str, type[FileBench]] = {"jsonl": JsonlBench, "parquet": ParquetBench}
AMENDED: dict[str, type[FileBench]] = {
    **BENCHES,
    "parquet-segments": SegmentsBench,
    "parquet-compacting": CompactingBench,
}


@pytest.fixture(scope="session", params=AMENDED)
def amended_type(request):
    """As `bench_type`; a store that amends in several ways has several."""
    return AMENDED[request.param]


@pytest.fixture
def amended_bench(amended_type, tmp_path):
    return amended_type(tmp_path)


@pytest.fixture
def segments(tmp_path):
    return SegmentsBench(tmp_path)


@pytest.fixture(scope="session")
def amended_types():
    return tuple(AMENDED.values())


@pytest.fixture(scope="session", params=[store.name for store in stores()])
def bench_type(request):
    """A class whose instances sit on a folder."""
    return BENCHES[request.param]


@pytest.fixture
def bench(bench_type, tmp_path):
    return bench_type(tmp_path)


@pytest.fixture
def store(bench):
    return bench.open()


@pytest.fixture(scope="session")
def entry():
    def build(identity: str, *, kind: str = "identity", **values: str) -> Entry:
        known = {name: Known(name, "string", value) for name, value in values.items()}
        return Entry(Key(kind, identity), known)

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
        root = Path(ctsync.__file__).parent.parent
        with subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    return start

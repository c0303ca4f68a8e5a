"""Planning an export of a gigabyte, in every form, packed or not, in one file or more.

One row in a hundred counts, so that reading is what takes the time; every row is read
by the engine and within the memory that ctsync chooses by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from big_files import FORMS
from stopwatch import Command, Unexpected, run
from tables import NoRoom, Setting, Table, built, ctsync, python, sizes

_SIZES = (3_700_000,)
_MOST = 100_000_000
_BYTES_A_ROW = 1_600  # of all forms together, and of the copies of packed ones
_HEAD = ("file", "n", "MiB", "seconds", "cpu s", "peak MiB")
_PROJECT = """\
version: 1
account: {{id: BENCH, region: in1}}
state: state.jsonl
policy: {{limits: {{create: 100000000}}}}
tables:
  rows:
    file: "{file}"
    key: {{identity: customer_id}}
    where: "CAST(segment AS INTEGER) = 7"
    columns: {{name: Name, email: Email, address: Address, note: Note, score: Score}}
catalog: {{Score: {{type: number}}}}
"""


def measure_reading(setting: Setting) -> Iterator[Table]:
    """Plan the same rows from every form that they may be exported in."""
    rows: list[tuple[str, ...]] = []
    fault = ""
    for count in sizes(setting, _SIZES, _MOST):
        try:
            rows += _rows(setting, count)
        except (Unexpected, NoRoom) as error:
            fault = str(error)
    note = "One run each. One row in a hundred is planned as new."
    yield Table("Exports in every form", _HEAD, tuple(rows), note, fault)


def _rows(setting: Setting, count: int) -> Iterator[tuple[str, ...]]:
    setting.require_room(count * _BYTES_A_ROW)
    folder = setting.data / f"exports-{count}"
    script = str(Path(__file__).with_name("big_files.py"))
    built(folder, lambda at: run_once(python(script, str(at), str(count))))
    for name in (*FORMS, "part*.csv.gz"):
        yield _row(folder, name, count)


def _row(folder: Path, name: str, count: int) -> tuple[str, ...]:
    project = folder / name.replace("*", "s").replace(".", "-")
    project.mkdir(exist_ok=True)
    (project / "ctsync.yaml").write_text(_PROJECT.format(file=f"../{name}"))
    lap = run(ctsync("plan", "--summary", folder=project))
    size = sum(file.stat().st_size for file in folder.glob(name))
    return (
        name,
        f"{count:,}",
        f"{size / 2**20:,.0f}",
        f"{lap.seconds:.1f}",
        f"{lap.cpu_seconds:.1f}",
        f"{lap.peak_mib:.0f}",
    )


def run_once(command: Command) -> None:
    """Run a command for what it leaves."""
    run(command)

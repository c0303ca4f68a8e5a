"""Which engine looks for candidates where nobody names one."""

import subprocess
import sys

import pytest

from ctsync.engines import MANY_ENTRIES, choose_engine

FEW, MANY = MANY_ENTRIES - 1, MANY_ENTRIES


@pytest.mark.parametrize(
    ("entries", "has_columns", "has_rows", "name"),
    [
        (0, False, False, "memory"),
        (FEW, True, False, "memory"),
        (MANY, True, False, "duckdb"),
        (MANY, False, False, "memory"),
        (0, False, True, "duckdb"),
        (FEW, True, True, "duckdb"),
    ],
)
def test_tables_and_big_states_of_columns_are_for_duckdb(
    entries, has_columns, has_rows, name
):
    chosen = choose_engine(
        None, entries=entries, has_columns=has_columns, has_rows=has_rows
    )
    assert chosen.name == name


@pytest.mark.parametrize("name", ["memory", "duckdb"])
@pytest.mark.parametrize("is_big", [False, True])
def test_who_names_an_engine_gets_it(name, is_big):
    chosen = choose_engine(name, entries=MANY, has_columns=is_big, has_rows=is_big)
    assert chosen.name == name


def test_knowing_the_engines_loads_no_duckdb():
    words = "import sys, ctsync.engines as e; e.built_in(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=True
    )
    assert not {"duckdb", "pyarrow"} & set(done.stdout.split())

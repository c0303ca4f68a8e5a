"""What a pull request brings is bounded: a small file does not become a large one."""

import gzip
import io
import json
import resource
import subprocess
import sys
import zlib

import pyarrow as pa
import pytest
from pyarrow import parquet

HEAD = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"
TABLE = HEAD + "tables: {t: {file: FILE, key: {identity: id}, columns: {a: Plan}%s}}\n"
GIB = 1 << 30


@pytest.fixture
def judge(desk):
    """Validate in a process that may have a gigabyte or two, and no more."""
    (desk.folder / "people.yaml").unlink()

    def run(text, name="x.csv", data=b"id,a\nu1,Gold\n"):
        (desk.folder / name).write_bytes(data)
        desk.write("ctsync.yaml", text.replace("FILE", name))
        ended = subprocess.run(
            [sys.executable, "-m", "ctsync", "validate"],
            cwd=desk.folder,
            capture_output=True,
            text=True,
            timeout=120,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (3 * GIB,) * 2),
            check=False,
        )
        assert "Traceback" not in ended.stderr
        return ended.returncode, ended.stdout + ended.stderr

    return run


TOO_MUCH = [
    "length(repeat('x', 2000000000)) > 0",
    "length(repeat(a, length(a) * 1000000000)) > 0",
    "length(repeat(repeat(repeat('x', 1000), 1000), 1000)) > 0",
    "length(lpad(a, 2000000000, 'x')) > 0",
    "length(rpad(a, 1000 * 1000 * 1000, 'x')) > 0",
    "length(format('{:>1999999999}', a)) > 0",
    "length(format(repeat('{:>99999}', 9), a)) > 0",
    "length(" + "replace(" * 12 + "a" + ", 'x', 'xxxxxxxxxx')" * 12 + ") > 0",
    "length(regexp_replace(a, '(.*)', '" + "\\1" * 99 + "')) > 0 AND "
    "length(regexp_replace(regexp_replace(a, '(.*)', '\\1\\1\\1'), '(.*)', '"
    + "\\1" * 99 + "')) > 0",
]  # fmt: skip


@pytest.mark.parametrize("where", TOO_MUCH)
def test_no_condition_makes_much_of_a_row(judge, where):
    code, said = judge(TABLE % f', where: "{where}"'.replace("\\", "\\\\"))
    assert code == 1
    assert "CT604 the condition makes too much text of a row" in said


@pytest.mark.parametrize("deep", ["(" * 5000 + "1" + ")" * 5000, "NOT " * 950 + "TRUE"])
def test_no_condition_is_too_deep_to_judge(judge, deep):
    code, said = judge(TABLE % f', where: "{deep}"')
    assert code == 1
    assert "CT604" in said


@pytest.mark.parametrize(
    "where",
    ["lpad(id, 10, '0') > '0'", "regexp_replace(a, '[^0-9]', '', 'g') = ''",
     "replace(replace(upper(a), 'X', ''), 'Y', 'Z') = 'GOLD'",
     "repeat(a, 3) = 'GoldGoldGold'", "format('{}-{}', id, a) = 'u1-Gold'",
     "coalesce(a, 'none') IN ('Gold', 'Silver') AND length(a) < 10"],
)  # fmt: skip
def test_honest_conditions_are_small(judge, where):
    code, said = judge(TABLE % f', where: "{where}"')
    assert (code, "valid" in said) == (0, True)


def packed_rows(millions):
    packer = zlib.compressobj(9, wbits=31)
    data = packer.compress(b"id,a\n")
    million = b"u,1\n" * 1_000_000
    return b"".join([data, *(packer.compress(million) for _ in range(millions))]) + (
        packer.flush()
    )


BOMBS = {
    "gzip": ("x.csv.gz", lambda: packed_rows(50)),
    "zstd": (
        "x.csv.zst",
        lambda: pa.compress(b"u,1\n" * 50_000_000, "zstd", asbytes=True),
    ),
    "gzip without lines": ("x.csv.gz", lambda: gzip.compress(bytes(200_000_000), 9)),
    "JSON": ("x.jsonl.gz", lambda: gzip.compress(b'{"id":"u"}\n' * 20_000_000, 9)),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_packed_file_stays_small(judge, bomb):
    name, make = BOMBS[bomb]
    data = make()
    assert len(data) < 1_000_000
    code, said = judge(TABLE % "", name, data)
    assert code == 1
    assert "CT640 unpacks to more than 200 times its size" in said


def test_a_parquet_file_of_millions_of_rows_has_some_bytes(judge):
    sink = io.BytesIO()
    column = pa.array(["u"] * 3_000_000).dictionary_encode()
    parquet.write_table(pa.table({"id": column, "a": column}), sink)
    code, said = judge(TABLE % "", "x.parquet", sink.getvalue())
    assert code == 1
    assert "CT640 has 3,000,000 rows in" in said


def test_a_line_without_an_end_is_not_read_into_memory(judge):
    code, said = judge(TABLE % "", "x.csv", b"x" * (40 << 20))
    assert (code, "CT617 has a line of more than 32 MiB" in said) == (1, True)


def test_a_deep_row_is_a_bad_row(judge):
    deep = '{"id": "u1", "a": ' + "[" * 200_000 + "]" * 200_000 + "}\n"
    code, said = judge(TABLE % "", "x.jsonl", deep.encode())
    assert (code, "CT6" in said) == (1, True)


def test_a_spec_beyond_all_size_is_not_read(judge, desk):
    with (desk.folder / "big.yaml").open("wb") as file:
        file.truncate(64 << 30)
    code, said = judge(HEAD)
    assert (code, "CT016 the file has more than 1 GiB" in said) == (1, True)


def test_what_exports_are_like_is_far_from_the_limit(judge):
    """Rows of few words, with keys of their own: packed to a fiftieth at the best."""
    text = "id,a,b,c,d,e,f\n" + "".join(f"{n},Gold,,,,,\n" for n in range(200_000))
    code, _ = judge(TABLE % "", "x.csv.gz", gzip.compress(text.encode(), 9))
    assert code == 0
    rows = [
        json.dumps({"id": f"u{n}", "a": "Gold", "many_words": None})
        for n in range(9999)
    ]
    code, _ = judge(
        TABLE % "",
        "x.jsonl.zst",
        pa.compress("\n".join(rows).encode(), "zstd", asbytes=True),
    )
    assert code == 0

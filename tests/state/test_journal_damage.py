"""Whatever becomes of a journal's bytes, it is whole, torn at the end, or refused."""

from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import canonical, parse
from ctsync.errors import StateError
from ctsync.state import journal_file, packed_lines
from ctsync.state.journal_lines import checksum_of, head_line, open_line, seal_lines
from ctsync.state.jsonl_store import JsonlStore

HEAD = {"lineage": "lineage-1", "serial": 3, "run": "r1"}
# Words in which one bit makes a newline, a quote, a brace or a digit.
LINES = [
    {"change": {"key": {"identity": "J*JZ\n"}}, "does": [1, 1, 3]},
    {"settled": {"entry": [None, [], []], "key": {"identity": "ä{}"}}},
    {"intent": {"call": 1, "spans": [[0, 2]], "wave": 3}},
    {"left": {"at": 12.5, "call": 1}},
    {"receipt": {"call": 1, "outcomes": [[2, "acknowledged"]]}},
    {"end": {"may_land": False, "open": False}},
]


class Kept:
    """A journal in a file, whose bytes are put wrong."""

    def __init__(self, folder):
        self.folder = folder
        self.path = folder / "state.jsonl.journal"
        self.write(LINES)
        self.whole = self.path.read_bytes()

    def write(self, lines, head=HEAD):
        store = self._store()
        store.discard_journal()
        with store.open_journal(head) as writer:
            texts = [canonical(line) + b"\n" for line in lines[:2]]
            writer.append_plan([b"".join(texts)[:30], b"".join(texts)[30:]])
            for line in lines[2:]:
                writer.append(line, sync=False)

    def read(self, data):
        """Give head and lines; None where there is no journal."""
        self.path.write_bytes(data)
        journal = self._store().journal()
        return journal and [journal.head, *journal.lines()]

    def is_refused(self, data):
        error = None
        try:
            self.read(data)
        except StateError as damage:
            error = damage
        if error is not None:
            assert error.code == "journal_damaged"
            assert "state doubt --all" in error.hint
        return error is not None

    def _store(self):
        return JsonlStore.at("state.jsonl", folder=self.folder, name=None)


@pytest.fixture(params=[packed_lines.WORTH_BYTES, 1], ids=["plain", "packed"])
def kept(request, tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: None)
    monkeypatch.setattr(packed_lines, "WORTH_BYTES", request.param)
    monkeypatch.setattr(journal_file, "WORTH_BYTES", request.param)
    return Kept(tmp_path)


def test_lines_come_back_as_they_were_and_are_json(kept):
    head, *lines = kept.read(kept.whole)
    assert HEAD.items() <= head.items()
    assert [dict(line) for line in lines] == LINES
    for line, text in zip(lines[:2], LINES, strict=False):
        assert line.text == canonical(text) + b"\n"
    for text in kept.whole.splitlines():
        if not text.startswith(b'{"packed":'):
            assert len(parse(text)["sum"]) == 8


def test_every_bit_that_flips_is_seen(kept):
    for place in range(len(kept.whole)):
        for bit in range(8):
            data = bytearray(kept.whole)
            data[place] ^= 1 << bit
            assert kept.is_refused(bytes(data)), (place, bit)


def test_a_last_line_whose_newline_is_damaged_was_not_torn(kept):
    assert kept.is_refused(kept.whole[:-1] + b"\v")


def test_what_is_cut_off_anywhere_leaves_the_lines_before(kept):
    whole = kept.read(kept.whole)
    more = len(whole) - kept.whole.count(b"\n")  # what is packed stands in one line
    for length in range(len(kept.whole)):
        data = kept.whole[:length]
        count = data.count(b"\n")
        assert kept.read(data) == (whole[: count + more * (count > 1)] or None)


def orders(count):
    """Yield so many lines in every wrong order that one move makes, but a lost end."""
    for at in range(count):
        yield [n for n in range(count) if n != at] if at < count - 1 else []
        for other in range(count + 1):
            once_more = [*range(count)]
            once_more.insert(other, at)
            yield once_more
        for other in range(at + 1, count):
            swapped = [*range(count)]
            swapped[at], swapped[other] = other, at
            yield swapped


def test_lines_that_come_twice_or_go_or_move_are_seen(kept):
    lines = kept.whole.splitlines(keepends=True)
    for order in filter(None, orders(len(lines))):
        assert kept.is_refused(b"".join(lines[n] for n in order)), order


def test_two_journals_are_not_one(kept):
    kept.write(LINES, {**HEAD, "run": "r2"})
    other = kept.path.read_bytes()
    both = (kept.whole, other)
    assert kept.is_refused(both[0] + both[1])
    lines = [data.splitlines(keepends=True) for data in both]
    for cut in range(1, len(lines[0])):  # the beginning of one, the end of the other
        assert kept.is_refused(b"".join([*lines[0][:cut], *lines[1][cut:]]))


@settings(deadline=None, max_examples=400)
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 900), st.binary(max_size=9)),
        min_size=1,
        max_size=3,
    )
)
def test_bytes_put_anywhere_are_a_journal_a_torn_one_or_refused(tmp_path_factory, puts):
    kept = Kept(tmp_path_factory.mktemp("journal"))
    data = kept.whole
    for start, end, put in puts:
        data = data[:start] + put + data[max(start, end) :]
    if not kept.is_refused(data):
        found = kept.read(data)
        assert found is None or found == kept.read(kept.whole)[: len(found)]


ODD = (b'9,"zstd":"AAAA"', b'9,"zstd":""', b'"9"', b"", b'9,"zstd":7', b'1e9,"zstd":""')
ODD_ESCAPES = (rb'9,"zstd":"\x"', rb'9,"zstd":"\"')


@pytest.mark.parametrize("odd", [*ODD, *ODD_ESCAPES])
def test_what_was_packed_otherwise_is_refused(kept, odd):
    head = kept.whole.splitlines(keepends=True)[0]
    line = seal_lines([b'{"packed":%b}' % odd], checksum_of(head))[0]
    assert kept.is_refused(head + line)


@given(st.binary(max_size=40) | st.text("\\\n\rbnr").map(str.encode))
def test_bytes_of_any_sort_stand_in_one_line(data):
    spelled = packed_lines._spelled(data)
    assert len(spelled.splitlines()) == bool(data)
    assert packed_lines._read(spelled) == data


def test_a_plan_of_a_few_lines_stays_as_it_is_and_people_can_read_it():
    lines = [canonical(line) for line in LINES]
    assert [*packed_lines.packed([b"\n".join([*lines, b""])])] == [lines]
    short = b"x" * (packed_lines.WORTH_BYTES - 3)
    assert [*packed_lines.packed([b"{}\n%b\n" % short])] != [[b"{}", short]]
    assert [*packed_lines.packed([b"{\n%b\n" % short])] == [[b"{", short]]


def test_what_follows_lines_that_were_packed_is_packed_too():
    few, many = b"{}\n{}\n", b"{}\n" * packed_lines.WORTH_BYTES
    plain, first, last = packed_lines.packed([few, many, few])
    assert plain == [b"{}", b"{}"]
    for lines, text in ((first, many), (last, few)):
        (line,) = lines
        assert packed_lines.unpacked(line + b"\n") == text


def test_a_large_plan_takes_a_quarter_in_a_journal(tmp_path):
    lines = [
        {"change": [n, sha256(b"%d" % n).hexdigest()[:12], ["Plan", "=?", "Gold"] * 9]}
        for n in range(9_000)
    ]
    text = b"".join(canonical(line) + b"\n" for line in lines)
    assert len(text) > 2 * packed_lines.WORTH_BYTES
    store = JsonlStore.at("state.jsonl", folder=tmp_path, name=None)
    with store.open_journal(HEAD) as writer:
        writer.append_plan([text[:700_000], text[700_000:]])
    assert [dict(line) for line in store.journal().lines()] == lines
    kept_bytes = (tmp_path / "state.jsonl.journal").stat().st_size
    assert kept_bytes < len(text) / 4


def test_a_checksum_is_of_all_lines_so_far():
    texts = [canonical(line) for line in LINES]
    first = head_line(HEAD)
    at_once, last = seal_lines(texts, checksum_of(first))
    one_by_one, checksum = b"", checksum_of(first)
    for text in texts:
        sealed, checksum = seal_lines([text], checksum)
        one_by_one += sealed
    assert (at_once, last) == (one_by_one, checksum)
    sums = [checksum_of(line) for line in at_once.splitlines(keepends=True)]
    assert len(set(sums)) == len(LINES)
    for (before, _), line in zip(
        pairwise([checksum_of(first), *sums]),
        at_once.splitlines(keepends=True),
        strict=True,
    ):
        assert open_line(line, before) is not None
        assert open_line(line, before ^ 1) is None

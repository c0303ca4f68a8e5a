"""Every end of a call that `specs/outcomes.md` tells of, against real servers.

The page holds what is expected, this file how each end comes about.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "specs" / "outcomes.md"
KINDS = ("plain", "counter")
OUTCOMES = ("acknowledged", "rejected", "unknown", "not sent")
BEFORE = {"plain": "Free", "counter": 100}
AFTER = {"plain": "Gold", "counter": 107}
ATTRIBUTES = {"plain": "Plan", "counter": "Points"}


# --- What the page says


@dataclass(frozen=True)
class Told:
    """A row, for one kind of record: profiles by outcome, calls, exit, and words."""

    counts: Counter[str]
    calls: int
    exit_code: int
    words: str


def table(title: str) -> list[list[str]]:
    text = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [row for row in rows if not row[0].startswith("**")]


def told(cell: str, exit_code: str, words: str) -> Told:
    *parts, calls = cell.split(", ")
    counts: Counter[str] = Counter()
    for part in parts:
        found = re.fullmatch(r"(?:(\d) )?(.+)", part)
        assert found, cell
        assert found[2] in OUTCOMES, cell
        counts[found[2]] += int(found[1] or 2)
    assert counts.total() == 2, cell
    found = re.fullmatch(r"(\d) calls?", calls)
    assert found, cell
    return Told(counts, int(found[1]), int(exit_code), words)


ROWS = {
    row[0]: dict(zip(KINDS, (told(c, row[3], row[4]) for c in row[1:3]), strict=True))
    for row in table("Every end of a call")
}
NEVER_ARRIVE = [*ROWS][:4]
TLS = {"no TLS where https is spoken", "a certificate that nobody vouches for"}
# What is wrong with TLS does not mend itself while a run waits.
AGAIN = [
    (name, kind)
    for name, row in ROWS.items()
    for kind in KINDS
    if row[kind].calls > 1 and name not in TLS
]


# --- How each end comes about

Arrange = Callable[[Any, int], None]  # a stage, and how often it is to happen


def fault(name: str, *, patience: bool = True) -> Arrange:
    """Have the sandbox misbehave."""

    def arrange(stage: Any, times: int) -> None:
        if not patience:
            stage.impatient()
        stage.sandbox.script(*[name] * times)

    return arrange


def stranger(act: Callable[[Any], None], *, patience: bool = True) -> Arrange:
    """Put another server in the platform's place."""

    def arrange(stage: Any, times: int) -> None:
        if not patience:
            stage.impatient()
        stage.stand_in(act, times)

    return arrange


def status(number: int, **headers: str) -> Arrange:
    return stranger(lambda exchange: exchange.say(number, **headers))


def body(data: Any, number: int = 200, **headers: str) -> Arrange:
    return stranger(lambda exchange: exchange.say(number, data, **headers))


def answer(processed: int, *items: dict[str, Any], number: int = 200) -> Arrange:
    said = {"status": "partial", "processed": processed, "unprocessed": items}
    return body(said, number)


def item(code: int, text: str) -> dict[str, Any]:
    return {"status": "fail", "code": code, "error": text, "record": {}}


def refused(stage: Any, times: int) -> None:
    stage.sandbox.stop()
    stage.clock.at_first = stage.sandbox.start if times == 1 else None


def nameless(stage: Any, times: int) -> None:
    stage.retarget(f"http://localhost:{stage.port}")
    real = socket.getaddrinfo

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def mend() -> None:
        stage.monkeypatch.setattr("socket.getaddrinfo", real)

    stage.monkeypatch.setattr("socket.getaddrinfo", fail)
    stage.mend = mend
    stage.clock.at_first = mend if times == 1 else None


def without_tls(stage: Any, _times: int) -> None:
    stage.retarget(stage.url.replace("http:", "https:"))


def unvouched(stage: Any, _times: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stage.certificate)
    stage.stand_in(taken, None, context)
    stage.retarget(stage.url.replace("http:", "https:"))


def silent(exchange: Any) -> None:
    exchange.connection.settimeout(5)
    exchange.connection.recv(1)


def dripping_head(exchange: Any) -> None:
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(exchange)


def dripping_body(exchange: Any) -> None:
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
    drip(exchange)


def drip(exchange: Any) -> None:
    while not exchange.server.ending.wait(0.02):
        exchange.wfile.write(b" ")


def many_headers(exchange: Any) -> None:
    exchange.say(200, b"{}", **{f"X-{number}": "y" for number in range(150)})
    exchange.close_connection = True


def hinting(exchange: Any) -> None:
    exchange.say(103, Link="</style.css>")
    exchange.server.ending.wait(0.05)
    exchange.say(200, {"status": "success", "processed": exchange.sent})


def taken(exchange: Any) -> None:
    said = {"status": "success", "processed": exchange.sent, "unprocessed": []}
    exchange.say(201, {**said, "id": "f81d4fae"})


ENDS: dict[str, Arrange] = {
    "connection refused": refused,
    "no address for the name": nameless,
    "no TLS where https is spoken": without_tls,
    "a certificate that nobody vouches for": unvouched,
    "timeout, not written": stranger(silent, patience=False),
    "timeout, written": fault("hang", patience=False),
    "timeout, written later": fault("late", patience=False),
    "a head that drips": stranger(dripping_head, patience=False),
    "a body that drips": stranger(dripping_body, patience=False),
    "cut before the reply, not written": fault("dropped"),
    "cut before the reply, written": fault("lost"),
    "reset in the middle of the reply, written": fault("reset-body"),
    "more headers than anyone needs": stranger(many_headers),
    "200 without a body, written": fault("empty"),
    "200 with a page of HTML, written": fault("html"),
    "200 with JSON cut short, written": fault("truncated"),
    "200 with bytes that are no UTF-8": body(b'{"processed":2,"x":"\xff\xfe"}'),
    "200 without counts": body({"status": "success"}),
    "200 with a body without end, written": fault("endless"),
    "200 with a body that unpacks without end, written": fault("gzip-bomb"),
    "200 packed in a way nobody asked for": body(b"\x0b\x02", Content_Encoding="br"),
    "200 packed and broken": body(b"no gzip", Content_Encoding="gzip"),
    "204": status(204),
    "taken, called text/plain": fault("wrong-type"),
    "taken, after a hint (103)": stranger(hinting),
    "taken, with an id of its own (201)": stranger(taken),
    "`partial`, one record refused": fault("reject"),
    "`partial`, the record as JSON text": fault("text-record"),
    "`partial`, `{record as text: error}`": fault("keyed-record"),
    "an item without a number, but with its record": fault("unnumbered"),
    "an item that names nobody": answer(1, item(516, "Phone is wrong.")),
    "an item with a number beyond the call": answer(
        1, item(516, "Phone is wrong. Skipped record number : 3")
    ),
    "one record refused twice": answer(
        0, *[item(516, "Phone is wrong. Skipped record number : 1")] * 2
    ),
    "counts that do not add up": fault("miscount"),
    "`fail` that names no record": fault("fail-empty"),
    "`success` although all were refused": fault("lying-status"),
    "a code that nobody knows": answer(
        1, item(9999, "Something new.Skipped record number : 2")
    ),
    "code 555 for one record": fault("code555"),
    "302": fault("redirect"),
    "302 to an address that is none": status(302, Location="http://[::1"),
    "303": status(303, Location="/elsewhere"),
    "307": status(307, Location="/elsewhere"),
    "308": status(308, Location="/elsewhere"),
    "400": fault("malformed"),
    "401": fault("unauthorised"),
    "402": status(402),
    "403": fault("forbidden"),
    "404": status(404),
    "405": status(405),
    "408": status(408),
    "409": status(409),
    "413": fault("too-large"),
    "429": fault("throttle"),
    "429 with Retry-After": fault("throttle-retry-after"),
    "500, not written": fault("error500"),
    "500, written": fault("error500-applied"),
    "503, not written": fault("unavailable"),
    "503, written": fault("unavailable-applied"),
}


# --- Page and tests are one list


def test_the_page_tells_of_every_end_that_is_tested_and_of_no_other():
    assert [*ROWS] == [*ENDS]
    assert len(ROWS) == len(table("Every end of a call"))


def test_the_page_tells_of_every_outcome():
    assert [row[0] for row in table("What an outcome means")] == [*OUTCOMES]


# --- The tests


@pytest.fixture
def set_stage(stage_of, certificate):
    def make(kind):
        stage = stage_of(kind)
        stage.certificate = certificate
        return stage

    return make


def begin(stage, name, times):
    """Want something new, and have a call end in a certain way."""
    stage.declare(AFTER)
    ENDS[name](stage, times)
    before = stage.state()
    ended = stage.apply("--report", "report.jsonl")
    lines = (stage.folder / "report.jsonl").read_text().splitlines()
    return ended, [json.loads(line) for line in lines], before


def counted(outcomes):
    return Counter({name.replace("_", " "): n for name, n in outcomes.items() if n})


def planned(stage, identity):
    changes = stage.json("plan").document["changes"]
    found = [c["operations"] for c in changes if c["key"] == {"identity": identity}]
    return found[0][0] if found else None


def check_told(report, document, words):
    said = [f"{line['code']} {line['error']}" for line in report]
    error = document["error"]
    said += [error["message"], error["hint"]] if error else []
    assert any(words in each for each in said), said


def check_known(stage, identity, outcome, run):
    """State and next plan are what the outcome means."""
    (meant,) = (r for r in table("What an outcome means") if r[0] == outcome)
    entry = stage.json("state", "show", identity).document["entry"]
    (known,) = entry["attributes"]
    is_new, is_certain = "new" in meant[2], "uncertain" not in meant[2]
    assert known["value"] == (AFTER if is_new else BEFORE)[stage.kind]
    assert known["certain"] == is_certain
    assert known["since"] == (None if is_certain else run)
    cell, operation = meant[3 + KINDS.index(stage.kind)], planned(stage, identity)
    if cell == "nothing":
        assert operation is None
        return
    assert f"`{operation['operator']}`" == cell
    assert operation["prior"] == ("known" if is_certain else "uncertain")
    assert operation["operand"] == (7 if cell == "`$incr`" else AFTER[stage.kind])


def check_converges(stage, *, is_late):
    """One more apply reaches what is wanted, and no counter is moved twice."""
    stage.restore()
    if is_late:
        Event().wait(0.35)  # until what is written late has been written
    assert stage.apply().code == 0
    assert stage.json("plan").document["changes"] == []
    assert stage.on_platform() == dict.fromkeys(("u1", "u2"), AFTER[stage.kind])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ENDS)
def test_a_call_that_ends_so(set_stage, name, kind):
    row = ROWS[name][kind]
    stage = set_stage(kind)
    ended, report, before = begin(stage, name, row.calls)
    document = ended.document
    assert counted(document["counts"]) == row.counts
    assert (ended.code, document["calls"]) == (row.exit_code, row.calls)
    assert stage.calls() == (0 if name in NEVER_ARRIVE else row.calls)
    assert counted(Counter(line["outcome"] for line in report)) == row.counts
    check_told(report, document, row.words)
    if row.exit_code == 1:
        assert stage.state() == before
    assert not (stage.folder / "state.jsonl.journal").exists()
    if kind == "counter" and row.counts["unknown"]:
        assert document["seconds"] >= stage.seconds * 0.9
    for line in report:
        outcome = line["outcome"].replace("_", " ")
        check_known(stage, line["key"]["identity"], outcome, document["run"])
    # A stranger that takes a record writes it nowhere.
    if not (row.counts["acknowledged"] and stage.has_stranger):
        check_converges(stage, is_late="later" in name)


@pytest.mark.parametrize(("name", "kind"), AGAIN)
def test_a_call_that_ends_so_once_is_tried_again(set_stage, name, kind):
    stage = set_stage(kind)
    ended, report, _ = begin(stage, name, 1)
    # A 413 that happens once refuses the whole call, and takes both its halves.
    assert ended.code == 0
    assert {line["outcome"] for line in report} == {"acknowledged"}


def test_a_retry_after_is_waited_for(set_stage):
    stage = set_stage("plain")
    stage.declare(AFTER)
    stage.stand_in(lambda exchange: exchange.say(429, Retry_After="120"), 2)
    before = stage.clock.skipped
    assert stage.apply().code == 0
    assert stage.clock.skipped - before >= 239

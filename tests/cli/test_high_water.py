"""A state that went back is noticed before a counter moves, wherever either lies."""

import itertools
import json
import stat

import obstore
import pytest
from http_proxy import HttpProxy
from object_server import BUCKET

from ctsync.state.high_water import HighWater, mark_place

NUMBERS = itertools.count()
VARIABLE = "CTSYNC_HIGH_WATER"


def in_file(request):
    return str(request.getfixturevalue("tmp_path") / "mark.json")


def in_object(request):
    request.getfixturevalue("object_server")
    return f"s3://{BUCKET}/marks/{next(NUMBERS)}.json"


@pytest.fixture(params=[in_file, in_object])
def place(request, monkeypatch, tmp_path):
    """Where the mark lies; the variable names it."""
    words = request.param(request)
    monkeypatch.setenv(VARIABLE, words)
    return mark_place(words, tmp_path)


@pytest.fixture
def marked(desk, monkeypatch, tmp_path):
    """A project that was applied twice, a mark in a file, and the first state kept."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mark.json"))
    return twice(desk)


def twice(desk):
    desk.begun({"u1": {"Points": 1}})
    desk.earlier = desk.home.backup()
    desk.people({"u1": {"Points": 5}})
    assert desk.apply().code == 0
    return desk


def restore(desk):
    desk.home.restore(desk.earlier)


def header(desk):
    return desk.home.open().read().header


def test_the_mark_follows_the_state_and_is_private(marked, tmp_path):
    mark = tmp_path / "mark.json"
    found = header(marked)
    names = ("lineage", "serial", "digest")
    assert json.loads(mark.read_text()) == {n: getattr(found, n) for n in names}
    assert stat.S_IMODE(mark.stat().st_mode) == 0o600
    marked.ok("state", "doubt", "u1", "--auto-approve")
    assert json.loads(mark.read_text())["serial"] == 3
    assert marked.apply().code == 0


def test_a_restored_state_moves_no_counter(housed, place):
    desk = twice(housed)
    assert place.read().serial == 2
    restore(desk)
    calls = desk.calls
    ended = desk.json("apply", "--auto-approve")
    assert ended["error"]["code"] == "state_went_back"
    assert (ended["exit_code"], desk.calls) == (1, calls)
    assert desk.run("state", "forget", "u1", "--auto-approve").code == 1
    assert place.read().serial == 2


def test_a_state_that_is_lost_is_no_first_run(housed, place):
    desk = twice(housed)
    desk.home.lose()
    assert desk.run("apply", "--auto-approve", "--first-run").code == 1
    desk.ok("import", "spec", "--auto-approve")
    assert desk.apply().code == 0
    assert desk.platform("u1")["Points"] == 5


def test_a_restored_state_that_is_doubted_goes_on_without_counting(housed, place):
    desk = twice(housed)
    restore(desk)
    desk.ok("state", "doubt", "--all", "--auto-approve")
    assert header(desk).serial == place.read().serial == 3
    assert desk.apply().code == 0
    assert desk.platform("u1")["Points"] == 5


def test_another_truth_of_the_same_serial_is_refused(marked, monkeypatch):
    text = marked.state()
    restore(marked)
    monkeypatch.setenv(VARIABLE, "elsewhere.json")
    marked.people({"u1": {"Points": 9}})
    assert marked.apply().code == 0
    monkeypatch.setenv(VARIABLE, str(marked.folder.parent / "mark.json"))
    assert marked.state() != text
    assert marked.run("apply", "--auto-approve").code == 1


def test_reading_and_the_sandbox_know_no_mark(marked):
    restore(marked)
    marked.ok("plan")
    marked.ok("state", "list")
    marked.ok("apply", "--sandbox", "--auto-approve")


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"serial": "x"}', "{}"])
def test_a_mark_that_cannot_be_read_is_an_error(marked, tmp_path, text):
    (tmp_path / "mark.json").write_text(text)
    ended = marked.json("apply", "--auto-approve")
    assert (ended["exit_code"], ended["error"]["code"]) == (1, "high_water_unreadable")


@pytest.mark.parametrize(
    "words",
    [
        "https://example.com/s3cret",
        "postgresql://ada:s3cret@db/crm",
        "s3://bucket/s3cret/",
        "s3://bucket/s3cret?x",
        "s3://s3cret@bucket/mark",
        "s3://s3cret",
        "12:s3cret",
        "12",
        "sha256:s3cret",
    ],
)
def test_an_address_of_no_object_is_refused_and_not_shown(marked, monkeypatch, words):
    monkeypatch.setenv(VARIABLE, words)
    ended = marked.run("apply", "--auto-approve")
    assert ended.code == 64
    assert VARIABLE in ended.said
    assert "s3cret" not in ended.said


# Given as it is, by a variable of the pipeline


def test_a_mark_in_a_variable_is_checked_and_the_next_one_told(desk, monkeypatch):
    twice(desk)
    found = header(desk)
    monkeypatch.setenv(VARIABLE, f"2:sha256:{found.digest}")
    assert VARIABLE not in desk.apply().err
    desk.people({"u1": {"Points": 6}})
    ended = desk.apply()
    assert (ended.code, found.lineage in ended.said) == (0, False)
    assert f"set {VARIABLE}=3:sha256:{header(desk).digest}" in ended.err


@pytest.mark.parametrize("digest", ["0" * 64, None])
def test_a_mark_in_a_variable_refuses_what_went_back(desk, monkeypatch, digest):
    twice(desk)
    serial = 2 if digest else 3
    digest = digest or header(desk).digest
    monkeypatch.setenv(VARIABLE, f"{serial}:sha256:{digest}")
    calls = desk.calls
    assert desk.run("apply", "--auto-approve").code == 1
    assert desk.calls == calls


# In an object that many reach


def test_a_mark_never_moves_back(place):
    marks = [HighWater("l", serial, f"sha256:{serial:064}") for serial in range(3)]
    for serial in (1, 0, 2, 1):
        assert place.keep(marks[serial])
    assert place.read() == marks[2]
    assert place.keep(HighWater("another", 0, "sha256:0"))
    assert place.read().lineage == "another"


def test_who_was_overtaken_between_look_and_put_does_not_take_the_mark_back(
    monkeypatch, request, tmp_path
):
    place = mark_place(in_object(request), tmp_path)
    slow, quick = (HighWater("l", serial, "sha256:0") for serial in (1, 2))
    put, late = obstore.put, mark_place(in_object(request), tmp_path)
    late.place, late._name = place.place, place._name

    def overtaken(*words, **options):
        monkeypatch.setattr(obstore, "put", put)
        place.keep(quick)
        return put(*words, **options)

    monkeypatch.setattr(obstore, "put", overtaken)
    assert late.keep(slow)
    assert place.read() == quick


def test_a_mark_whose_answer_is_lost_was_kept(object_server, monkeypatch, tmp_path):
    proxy = HttpProxy(object_server.port)
    for name, value in object_server.variables(proxy.port).items():
        monkeypatch.setenv(name, value)
    answers = itertools.chain(["pass", "lost"], itertools.repeat("pass"))
    proxy.fate = lambda method, path: next(answers)
    place = mark_place(f"s3://{BUCKET}/marks/{next(NUMBERS)}.json", tmp_path)
    mark = HighWater("l", 1, "sha256:0")
    assert place.keep(mark)
    assert place.read() == mark
    proxy.close()


def test_a_mark_that_cannot_be_written_is_told_and_changes_no_exit_code(
    desk, object_server, monkeypatch
):
    proxy = HttpProxy(object_server.port)
    proxy.fate = lambda method, path: "no bucket" if method == "PUT" else "pass"
    for name, value in object_server.variables(proxy.port).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(VARIABLE, f"s3://{BUCKET}/marks/{next(NUMBERS)}.json")
    desk.people({"u1": {"Points": 1}})
    ended = desk.apply()
    assert ended.code == 0
    assert "the high-water mark was not written" in ended.err
    proxy.close()


# What doctor says


def found_by_doctor(desk):
    checks = desk.json("doctor", "--offline")["checks"]
    return next(each for each in checks if each["check"] == "high_water")


def test_doctor_tells_of_the_mark(marked, monkeypatch):
    assert found_by_doctor(marked)["status"] == "ok"
    restore(marked)
    assert found_by_doctor(marked)["status"] == "error"
    monkeypatch.delenv(VARIABLE)
    assert found_by_doctor(marked)["status"] == "skipped"
    assert VARIABLE in found_by_doctor(marked)["hint"]


def test_doctor_does_not_look_for_a_mark_in_a_variable_beside_the_state(
    marked, monkeypatch
):
    found = header(marked)
    monkeypatch.setenv(VARIABLE, f"{found.serial}:sha256:{found.digest}")
    assert found_by_doctor(marked)["status"] == "ok"


def test_doctor_warns_of_a_mark_that_is_restored_with_the_state(housed, monkeypatch):
    twice(housed)
    home = housed.home.location
    beside = "mark.json" if home == "state.jsonl" else f"{home}mark.json"
    if home.startswith("postgresql://"):
        return  # no mark lies in a database
    monkeypatch.setenv(VARIABLE, beside)
    found = found_by_doctor(housed)
    assert (found["status"], found["hint"]) == (
        "warning",
        "keep it in another folder, bucket or prefix",
    )

import json

from ctsync.render.apply_text import applied_json, applied_text


def result(**rest):
    return {
        "format": "ctsync.apply/1",
        "exit_code": 3,
        "error": None,
        "diagnostics": [],
        "diagnostic_totals": {},
        "run": "r1",
        "digest": "sha256:0",
        "environment": None,
        "dry_run": False,
        "counts": {"acknowledged": 412, "rejected": 0, "unknown": 0, "not_sent": 0},
        "rejected": [],
        "unknown": [],
        "calls": 6,
        "seconds": 2.9,
        "stopped": None,
        "retryable": False,
        "next": "ctsync verify --run r1",
    } | rest


def rejection(number, **rest):
    return {
        "key": {"identity": f"u{number}"},
        "code": 523,
        "error": "Phone is not valid",
        "origins": [{"file": "people/jack.yaml", "line": number, "row": None}],
    } | rest


def text(**rest):
    return "".join(applied_text(result(**rest)))


def test_what_was_acknowledged_is_never_called_applied():
    shown = text()
    assert shown == (
        "Next: ctsync verify --run r1\n"
        "6 calls in 3 s\n"
        "Apply: 412 acknowledged, 0 rejected, 0 unknown, 0 not sent\n"
    )
    assert "applied" not in shown


def test_the_first_rejected_are_named_and_the_rest_counted():
    shown = text(
        counts={"acknowledged": 0, "rejected": 30, "unknown": 1, "not_sent": 2},
        rejected=[rejection(n) for n in range(1, 31)],
        unknown=[{"key": {"identity": "a.yaml:3", "masked": True}, "origins": []}],
        next="ctsync plan",
    )
    lines = shown.splitlines()
    assert lines[0] == (
        "rejected identity u1: code 523: Phone is not valid (people/jack.yaml:1)"
    )
    assert lines[20] == "… and 10 more rejected (--report FILE lists them all)"
    assert lines[21:] == [
        "unknown identity a.yaml:3",
        "What was rejected is planned again; correct the spec first.",
        "Where the outcome is unknown, the next plan assigns the values.",
        "Next: ctsync plan",
        "6 calls in 3 s",
        "Apply: 0 acknowledged, 30 rejected, 1 unknown, 2 not sent",
    ]


def test_a_dry_run_says_that_nothing_was_written():
    assert text(dry_run=True, next=None).splitlines()[-1] == (
        "Dry run, nothing stored: 412 acknowledged, 0 rejected, 0 unknown, 0 not sent"
    )


def test_a_run_that_stopped_says_why():
    shown = text(stopped="unauthorised")
    assert "Stopped: the platform refused the credentials\n" in shown


def test_server_text_cannot_act_on_the_terminal():
    shown = text(
        counts={"acknowledged": 0, "rejected": 1, "unknown": 0, "not_sent": 0},
        rejected=[rejection(1, error="\x1b[2J\nApply: 1 acknowledged")],
    )
    assert "\x1b" not in shown
    assert "\\x1b[2J\\nApply: 1 acknowledged" in shown


def test_the_summary_is_the_only_bold_line():
    *_, last = applied_text(result(), colour=True)
    assert last.startswith("\x1b[1mApply: 412 acknowledged")


def test_the_document_is_printed_whole():
    assert json.loads(applied_json(result())) == result()

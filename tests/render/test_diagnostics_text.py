import json

import pytest

from ctsync.diagnostics import Diagnostic, Findings
from ctsync.render.diagnostics_text import annotations, findings_text, render_findings
from ctsync.render.error_document import error_document

TYPO = Diagnostic(
    "error", "CT101", 'unknown type "lst" for attribute "Tags"', 'did you mean "list"?',
    file="specs/loyalty.yaml", line=14, column=5,
)  # fmt: skip
ROW = Diagnostic("warning", "CT312", "keys differ only in case", file="a.csv", row=7)


def faults(count):
    return [
        Diagnostic("error", "CT203", "bad", file="a.yaml", line=n + 1)
        for n in range(count)
    ]


def test_findings_are_shown_by_place_and_counted():
    assert "".join(findings_text(Findings([TYPO, ROW]))) == (
        "a.csv row 7: warning CT312 keys differ only in case\n"
        'specs/loyalty.yaml:14:5: error CT101 unknown type "lst" for attribute "Tags" '
        '(did you mean "list"?)\n'
        "1 error, 1 warning\n"
        '"ctsync explain CT101" tells more; all codes: '
        "specs/README.md#diagnostic-codes\n"
    )


def test_twenty_of_a_code_are_shown_and_the_rest_counted():
    lines = "".join(findings_text(Findings([*faults(2500), ROW]))).splitlines()
    assert len(lines) == 20 + 1 + 1 + 1 + 1
    assert lines[-3:-1] == ["… and 2,480 more CT203", "2,500 errors, 1 warning"]


def test_colour_is_on_the_severity_alone():
    (line, *_) = findings_text(Findings([TYPO]), colour=True)
    assert line.startswith("specs/loyalty.yaml:14:5: \x1b[31merror\x1b[0m CT101 ")


def test_annotations_stand_beside_the_line():
    assert list(annotations(Findings([TYPO, ROW]))) == [
        "::warning file=a.csv,title=CT312::row 7: keys differ only in case\n",
        (
            "::error file=specs/loyalty.yaml,line=14,col=5,title=CT101::"
            'unknown type "lst" for attribute "Tags" (did you mean "list"?)\n'
        ),
    ]


def test_annotations_cannot_be_ended_or_forged():
    forged = Diagnostic(
        "info", "CT404", "50%\r\n::error::x", file="a,b:c%\n.yaml", line=1
    )
    assert list(annotations(Findings([forged]))) == [
        "::notice file=a%2Cb%3Ac%25%0A.yaml,line=1,title=CT404::50%25%0D%0A::error::x\n"
    ]


def test_annotations_say_how_many_are_left_out():
    *shown, last = annotations(Findings(faults(25)))
    assert len(shown) == 20
    assert last == "::notice::… and 5 more CT203\n"


def test_validation_without_findings_says_so():
    assert list(render_findings(Findings(), "text", exit_code=0)) == [
        "The project is valid.\n"
    ]


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_validation_as_a_document(name):
    shown = "".join(render_findings(Findings(faults(1200)), name, exit_code=1))
    data = json.loads(shown)
    assert list(map(data.pop, ("format", "exit_code", "error"))) == [
        "ctsync.validate/1", 1, None,
    ]  # fmt: skip
    assert len(data["diagnostics"]) == 1000
    assert data["diagnostic_totals"] == {"CT203": 1200}


def test_an_error_is_a_document_too():
    shown = error_document(
        "ctsync.apply/1",
        exit_code=5,
        code="state_locked",
        message="the state is locked",
        hint="wait",
        findings=Findings([ROW]),
        run=None,
    )
    assert json.loads(shown) == {
        "format": "ctsync.apply/1",
        "exit_code": 5,
        "error": {
            "code": "state_locked",
            "message": "the state is locked",
            "hint": "wait",
        },
        "diagnostics": [ROW.as_json()],
        "diagnostic_totals": {"CT312": 1},
        "run": None,
    }


def test_a_plan_as_annotations_says_what_blocks_it(a, whole):
    rule = a.rule(rule="limits.opt_in", limit="0", actual=2, accept="--accept opt_in=2")
    view = a.view(blocked=(rule,), targets=("cohort=vip",), left_out=3)
    assert whole("github", view) == (
        "::error title=PLAN BLOCKED::limits.opt_in is 0, this plan has 2 "
        "(--accept opt_in=2 allows it)\n"
        "::warning title=PARTIAL::PARTIAL: 0 of 3 changes (--target cohort=vip)\n"
        "::notice title=ctsync plan::Nothing chosen: the selection leaves all changes "
        "out.\n"
    )

"""GitLab shows findings beside the lines of a merge; see its docs on Code Quality."""

import json
from pathlib import PurePosixPath

import pytest

from ctsync.diagnostics import Diagnostic, Findings
from ctsync.render.gitlab_code_quality import code_quality

TYPO = Diagnostic(
    "error", "CT101", 'unknown type "lst"', 'did you mean "list"?',
    file="people/jack.yaml", line=14, column=5,
)  # fmt: skip
ROW = Diagnostic("warning", "CT312", "keys differ only in case", file="a.csv", row=7)


@pytest.fixture
def report():
    def made(*findings, project="crm/ctsync.yaml"):
        pieces = code_quality(Findings(findings), PurePosixPath(project))
        return json.loads("".join(pieces))

    return made


def test_an_issue_stands_where_its_finding_does(report):
    (issue,) = report(TYPO)
    fingerprint = issue.pop("fingerprint")
    assert len(fingerprint) == 64
    assert issue == {
        "check_name": "CT101",
        "description": 'CT101 unknown type "lst" (did you mean "list"?)',
        "location": {"path": "crm/people/jack.yaml", "lines": {"begin": 14}},
        "severity": "major",
    }


def test_a_valid_project_has_an_empty_report(report):
    assert report() == []


def test_a_row_is_named_in_words_since_its_line_is_not_known(report):
    (issue,) = report(ROW, project="ctsync.yaml")
    assert issue["description"] == "CT312 row 7: keys differ only in case"
    assert issue["location"] == {"path": "a.csv", "lines": {"begin": 1}}
    assert issue["severity"] == "minor"


def test_what_stands_in_no_file_is_shown_with_the_project(report):
    nowhere = Diagnostic("info", "CT404", "x", key={"identity": "u1"})
    (issue,) = report(nowhere, project="ctsync.yaml")
    assert issue["location"]["path"] == "ctsync.yaml"
    assert issue["severity"] == "info"


def test_a_file_beside_the_project_keeps_its_own_path(report):
    outside = Diagnostic("error", "CT013", "no such file", file="../shared/a.csv")
    (issue,) = report(outside)
    assert issue["location"]["path"] == "shared/a.csv"


def test_an_issue_is_known_again_when_its_line_moves(report):
    moved = Diagnostic(**{**TYPO.as_json(), "line": 99})
    assert report(TYPO)[0]["fingerprint"] == report(moved)[0]["fingerprint"]


def test_no_two_issues_share_a_fingerprint(report):
    again = Diagnostic(**{**TYPO.as_json(), "line": 99})
    other = Diagnostic(**{**TYPO.as_json(), "code": "CT102"})
    issues = report(TYPO, again, other, ROW)
    assert len({issue["fingerprint"] for issue in issues}) == 4


def test_nothing_in_it_moves_a_cursor(report):
    (issue,) = report(Diagnostic("error", "CT101", "a\x1b[31m\u202eb"))
    assert issue["description"] == "CT101 a\\x1b[31m\\u202eb"

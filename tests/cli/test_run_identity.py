"""How a run names itself to those that it keeps waiting."""

import sys

import pytest

from ctsync.cli.run_identity import pipeline_page, run_identity

GITHUB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "crm/people",
    "GITHUB_RUN_ID": "42",
}


@pytest.mark.parametrize(
    ("variables", "page"),
    [
        ({}, None),
        (GITHUB, "https://github.com/crm/people/actions/runs/42"),
        ({**GITHUB, "GITHUB_RUN_ID": ""}, None),
        ({"CI_JOB_URL": "https://gitlab/j/7"}, "https://gitlab/j/7"),
        ({"BUILD_URL": "https://jenkins/7/"}, "https://jenkins/7/"),
    ],
)
def test_a_run_names_the_page_of_its_job(variables, page):
    assert pipeline_page(variables) == page


def test_no_password_of_the_command_line_is_told(monkeypatch):
    words = ["ctsync", "state", "copy", "postgresql://ada:s3cret@db/crm"]
    monkeypatch.setattr(sys, "argv", words)
    assert run_identity().command == "ctsync state copy postgresql://..."


def test_who_waits_reads_the_page_of_the_job(monkeypatch):
    for name in ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    assert str(run_identity()).endswith(
        ", in https://github.com/crm/people/actions/runs/42"
    )

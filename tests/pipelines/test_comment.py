"""One comment for each project and environment, and nothing fails without it."""

import pytest

BOT = "github-actions[bot]"
OTHER = "sha256:" + "2" * 64


def _update(runner, **variables):
    report = runner.folder / "report.md"
    if not report.exists():
        runner.report()
    return runner.script("comment.py", "update", report, 7, "a" * 40, **variables)


def _warned(ended):
    assert ended.code == 0
    assert len(ended.commands) == 1
    assert ended.commands[0].startswith("::warning title=ctsync::the plan is not in")
    assert "CANARY" not in ended.said
    return ended.commands[0]


def test_the_first_plan_creates_a_comment(runner, github):
    ended = _update(runner)
    assert (ended.code, ended.commands) == (0, [])
    assert github.requests == [
        ("GET", "/repos/acme/people/issues/7/comments?per_page=100"),
        ("POST", "/repos/acme/people/issues/7/comments"),
    ]
    (body,) = github.bodies
    assert body.startswith("<!-- ctsync:plan project=crm env=- digest=sha256:1")
    assert "### 2 changes" in body


def test_the_comment_names_the_commit_and_the_run(runner, github):
    _update(runner)
    run = "https://github.example/acme/people/actions/runs/42"
    assert github.bodies[0].endswith(f"\n\nCommit {'a' * 12} · [run]({run})\n")


def test_later_plans_update_it_in_place(runner, github):
    for digest in ("3", "4", "5"):
        runner.report("sha256:" + digest * 64)
        assert _update(runner).code == 0
    assert github.writes == ["POST", "PATCH", "PATCH"]
    (body,) = github.bodies
    assert "sha256:" + "5" * 64 in body


def test_an_equal_comment_is_not_sent_again(runner, github):
    _update(runner)
    github.comments[0]["body"] = github.bodies[0].replace("\n", "\r\n")
    assert "unchanged" in _update(runner).out
    assert github.writes == ["POST"]


@pytest.mark.parametrize("before", [99, 100, 250])
def test_it_is_found_behind_many_pages_of_comments(runner, github, before):
    for number in range(before):
        github.add(f"remark {number}", "ann")
    _update(runner)
    runner.report(OTHER)
    for _ in range(3):
        github.add("and another", "ann")
    _update(runner)
    assert github.writes == ["POST", "PATCH"]
    assert OTHER in github.bodies[before]


@pytest.mark.parametrize(
    "others", [{"project": "crm2"}, {"env": "prod"}, {"project": "cr"}]
)
def test_other_projects_and_environments_keep_theirs(runner, github, others):
    runner.report(**others)
    _update(runner)
    theirs = github.bodies[0]
    runner.report()
    _update(runner)
    assert github.bodies[0] == theirs
    assert len(github.bodies) == 2


def test_a_marker_in_a_strangers_comment_is_not_ours(runner, github):
    text = runner.report().read_text()
    github.add(text, "mallory")
    github.add(f"as it says: {text}", BOT)
    _update(runner)
    assert github.bodies[:2] == [text, f"as it says: {text}"]
    assert len(github.bodies) == 3


def test_comments_of_another_token_have_its_author(runner, github):
    github.add(runner.report(OTHER).read_text(), "robot-of-acme")
    runner.report()
    _update(runner, CTSYNC_ACTION_COMMENT_AUTHOR="robot-of-acme")
    assert github.writes == ["PATCH"]


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *(("GET", n) for n in (401, 403, 404, 500)),
        *(("POST", n) for n in (403, 422, 503)),
    ],
)
def test_a_refusal_only_warns(runner, github, method, status):
    github.statuses[method] = status
    said = _warned(_update(runner))
    assert f"GitHub answered {method} with {status}" in said
    assert github.bodies == []


def test_a_refused_update_only_warns(runner, github):
    _update(runner)
    runner.report(OTHER)
    github.statuses["PATCH"] = 403
    assert "lacks `pull-requests: write`" in _warned(_update(runner))
    assert len(github.bodies) == 1


def test_a_server_that_hangs_only_warns(runner, github):
    github.hangs = True
    ended = _update(runner, CTSYNC_ACTION_TIMEOUT_SECONDS="0.1")
    assert "cannot be reached" in _warned(ended)


def test_a_server_that_is_away_only_warns(runner):
    ended = _update(runner, GITHUB_API_URL="http://127.0.0.1:9")
    assert "cannot be reached" in _warned(ended)


@pytest.mark.parametrize(
    "body", [b"<html>", b"{}", b"[1]", b"null", b"\xff", b'[{"user": 3}]']
)
def test_an_answer_of_another_shape_only_warns(runner, github, body):
    github.body = body
    _warned(_update(runner))
    assert github.writes == []


def test_redirects_are_not_followed(runner, github):
    github.statuses["GET"] = 302
    github.headers["Location"] = f"{github.url}/elsewhere"
    assert "302" in _warned(_update(runner))
    assert len(github.requests) == 1


def test_the_next_page_is_on_the_same_server(runner, github):
    github.headers["Link"] = '<https://evil.example/repos/x>; rel="next"'
    assert "another server" in _warned(_update(runner))


def test_the_token_goes_to_https_only(runner):
    ended = _update(runner, GITHUB_API_URL="http://api.example")
    assert "https only" in _warned(ended)


@pytest.mark.parametrize("name", ["", "acme", "acme/../x", "acme/people/issues"])
def test_a_repository_has_an_owner_and_a_name(runner, github, name):
    assert "no repository" in _warned(_update(runner, GITHUB_REPOSITORY=name))
    assert github.requests == []


def test_without_a_token_there_is_a_warning(runner):
    assert "no github-token" in _warned(_update(runner, CTSYNC_ACTION_TOKEN=""))


def test_the_token_travels_as_a_header(runner, github):
    _update(runner)
    assert github.tokens == {"Bearer CANARY-TOKEN-91c2"}
    assert "CANARY" not in str(github.requests) + github.bodies[0]


def test_a_report_without_a_marker_is_no_comment(runner, github):
    runner.write("report.md", "### 2 changes\n")
    assert "marker" in _warned(_update(runner))
    assert github.writes == []


def test_a_comment_is_never_longer_than_github_takes(runner, github):
    runner.write("report.md", runner.report().read_text() + "x" * 65_000)
    assert "too long" in _warned(_update(runner))
    assert github.requests == []

"""A digest is approved by the comment on the pull request that was merged, or not."""

import pytest

DIGEST = "sha256:" + "1" * 64


@pytest.fixture
def reviewed(runner, github):
    """A merged pull request whose comment says which digest was reviewed."""
    github.add_pull()
    github.add("looks good", "ann")
    github.add(runner.report().read_text())
    runner.report("sha256:" + "9" * 64)
    return github


def _approved(runner, **variables):
    report = runner.folder / "report.md"
    return runner.script("comment.py", "approved", report, **variables)


def _refused(runner, why, **variables):
    ended = _approved(runner, **variables)
    assert (ended.code, ended.out) == (1, "")
    assert why in ended.err
    assert "CANARY" not in ended.said


def test_the_digest_is_that_of_the_merged_pull_request(runner, reviewed):
    ended = _approved(runner)
    assert (ended.code, ended.out) == (0, DIGEST)
    assert [path for _, path in reviewed.requests] == [
        f"/repos/acme/people/commits/{'b' * 40}/pulls?per_page=100",
        "/repos/acme/people/issues/7/comments?per_page=100",
    ]


def test_the_pull_request_that_made_the_commit_wins(runner, reviewed):
    reviewed.pulls.insert(0, reviewed.pulls[0] | {"merge_commit_sha": "c" * 40})
    reviewed.pulls[0]["number"] = 8
    assert _approved(runner).out == DIGEST
    assert "/issues/7/" in reviewed.requests[-1][1]


def test_a_rebased_commit_has_the_one_pull_request_that_brought_it(runner, reviewed):
    reviewed.pulls[0]["merge_commit_sha"] = "c" * 40
    assert _approved(runner).out == DIGEST


@pytest.mark.parametrize(
    "differing", [{"merged_at": None}, {"base": {"ref": "release"}}]
)
def test_only_a_merge_into_this_branch_counts(runner, reviewed, differing):
    reviewed.pulls[0] |= differing
    _refused(runner, "0 merged pull requests")


def test_a_push_without_a_pull_request_has_no_approval(runner, reviewed):
    reviewed.pulls.clear()
    _refused(runner, "0 merged pull requests")


def test_two_candidates_are_no_approval(runner, reviewed):
    reviewed.pulls[0]["merge_commit_sha"] = "c" * 40
    reviewed.add_pull(8, merge_commit_sha="d" * 40)
    _refused(runner, "2 merged pull requests")


def test_a_strangers_comment_approves_nothing(runner, reviewed):
    reviewed.comments[1]["user"] = {"login": "mallory"}
    _refused(runner, "wrote no plan on pull request 7")


def test_a_comment_without_an_author_approves_nothing(runner, reviewed):
    reviewed.comments[1]["user"] = None
    _refused(runner, "wrote no plan")


def test_another_environments_plan_approves_nothing(runner, reviewed):
    runner.report(env="prod")
    _refused(runner, "wrote no plan")


def test_what_changed_after_the_merge_was_not_reviewed(runner, reviewed):
    reviewed.comments[1]["updated_at"] = "2026-01-02T00:00:01Z"
    _refused(runner, "changed after the merge")


@pytest.mark.parametrize("digest", ["sha256:1", "", "sha256:" + "g" * 64])
def test_a_comment_without_a_whole_digest_approves_nothing(runner, reviewed, digest):
    body = reviewed.comments[1]["body"]
    reviewed.comments[1]["body"] = body.replace(DIGEST, digest)
    _refused(runner, "marker")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_no_answer_is_no_approval(runner, reviewed, status):
    reviewed.statuses["GET"] = status
    _refused(runner, str(status))


@pytest.mark.parametrize("sha", ["", "main", "../../x", "b" * 39])
def test_a_commit_is_a_whole_id(runner, reviewed, sha):
    _refused(runner, "no commit", GITHUB_SHA=sha)

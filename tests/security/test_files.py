"""Files with clear values: who may read them, and what a planted link can do."""

import os
import stat

import pytest

VICTIM = "precious\n"


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim"
    path.write_text(VICTIM)
    path.chmod(0o644)
    return path


def unharmed(victim):
    status = victim.lstat()
    is_file = stat.S_ISREG(status.st_mode)
    return is_file and stat.S_IMODE(status.st_mode) == 0o644 and (
        victim.read_text() == VICTIM
    )  # fmt: skip


def is_private(path):
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o600


@pytest.fixture
def begun(desk):
    assert desk.apply().code == 0
    desk.people("Gold")
    return desk


def test_a_plan_takes_no_link_s_place_and_is_not_written_through_it(begun, victim):
    (begun.folder / "p.plan").symlink_to(victim)
    ended = begun.run("plan", "--out", "p.plan")
    assert ended.code == 1
    assert "it is a link" in ended.err
    assert (begun.folder / "p.plan").is_symlink()
    assert unharmed(victim)


@pytest.mark.parametrize("is_link", [True, False])
def test_a_plan_is_not_written_to_what_waits_beside_it(begun, victim, is_link):
    """A file that was there before would keep its mode, or whoever has it open."""
    aside = begun.folder / f".p.plan.{os.getpid()}"
    if is_link:
        aside.symlink_to(victim)
    else:
        aside.touch()
        aside.chmod(0o666)
    assert begun.run("plan", "--out", "p.plan").code == 0
    assert is_private(begun.folder / "p.plan")
    assert unharmed(victim)


def test_a_plan_that_was_readable_is_private_when_written_anew(begun):
    assert begun.run("plan", "--out", "p.plan").code == 0
    (begun.folder / "p.plan").chmod(0o666)
    assert begun.run("plan", "--out", "p.plan").code == 0
    assert is_private(begun.folder / "p.plan")


@pytest.mark.parametrize("dangling", [True, False])
def test_a_report_is_not_written_through_a_link(begun, victim, dangling):
    target = victim.with_name("absent") if dangling else victim
    (begun.folder / "r.jsonl").symlink_to(target)
    calls = begun.sandbox.platform.call_count
    ended = begun.apply("--report", "r.jsonl")
    assert ended.code == 1
    assert "--report" in ended.err
    assert begun.sandbox.platform.call_count == calls
    assert unharmed(victim)
    assert not victim.with_name("absent").exists()


def test_a_report_that_was_readable_is_private_when_written_anew(begun):
    (begun.folder / "r.jsonl").write_text("old")
    (begun.folder / "r.jsonl").chmod(0o666)
    assert begun.apply("--report", "r.jsonl").code == 0
    assert is_private(begun.folder / "r.jsonl")
    assert "old" not in (begun.folder / "r.jsonl").read_text()


@pytest.mark.parametrize("ending", ["tmp", "lock", "holder", "holder.tmp"])
def test_links_beside_a_state_harm_nothing(begun, victim, ending):
    path = begun.folder / f"state.jsonl.{ending}"
    path.unlink(missing_ok=True)
    path.symlink_to(victim)
    begun.apply()
    assert unharmed(victim)
    assert is_private(begun.folder / "state.jsonl")


def test_a_journal_is_not_begun_through_a_link(begun, tmp_path):
    absent = tmp_path / "absent"
    (begun.folder / "state.jsonl.journal").symlink_to(absent)
    assert begun.apply().code == 0
    assert not absent.exists()


def test_a_state_may_be_a_link_which_then_stays(begun):
    """It is the user's own layout; what the link points to is replaced, privately."""
    state, real = begun.folder / "state.jsonl", begun.folder / "real.jsonl"
    state.rename(real)
    real.chmod(0o644)
    state.symlink_to(real)
    before = real.read_bytes()
    assert begun.apply().code == 0
    assert state.is_symlink()
    assert is_private(real)
    assert real.read_bytes() != before


def test_everything_written_is_private_whatever_the_umask(begun):
    words = ["--auto-approve", "--report", "r.jsonl"]
    for command in (["plan", "--out", "p.plan"],
                    ["export", "p.plan", "--channel", "sftp", "--out", "files"],
                    ["apply", "p.plan", *words],
                    ["apply", "--sandbox", "--auto-approve"]):  # fmt: skip
        with begun.spawn(*command, umask=0) as process:
            said = process.communicate(timeout=60)
            assert process.returncode == 0, said
    for name, path in begun.written().items():
        if path.name != ".gitignore":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, name

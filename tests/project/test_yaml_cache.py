"""Files are parsed once, and nothing but time depends on what is kept of them."""

import fcntl
import os
import stat

import pytest

from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources
from ctsync.yaml import cache, cache_file

PEOPLE = """\
x-all: &all {Plan: Gold}
profiles:
- identity: u1
  attributes: {<<: *all, Name: Jack, Interests: [a, b]}
- objectId: abc
  attributes: {Name: null}
  subscriptions: {email: {News: true}}
cohorts: {vip: {members: [u1, u2], attributes: {Tier: VIP}}}
"""


@pytest.fixture(autouse=True)
def _keep_small_files(monkeypatch):
    monkeypatch.setattr(cache, "LEAST_BYTES", 0)


@pytest.fixture
def parsed(monkeypatch):
    """The sizes of what was parsed since the last look."""
    sizes = []

    def parse(data, **options):
        sizes.append(len(data))
        return cache_parse(data, **options)

    cache_parse = cache.parse_document
    monkeypatch.setattr(cache, "parse_document", parse)

    def look():
        found = list(sizes)
        sizes.clear()
        return found

    return look


@pytest.fixture
def people(folder):
    return folder.write("people.yaml", PEOPLE)


def said(folder, **options):
    """Give all that a project says, and what is wrong with it."""
    project = folder.load(**options)
    places = [
        (c.key, c.origin, c.digest, dict(c.read()), c.path)
        for c in ProjectSources(project).contributions()
    ]
    findings = [finding.as_text() for finding in project.findings]
    return places, findings, project.inputs, sorted(project.catalog)


def the_file(folder):
    (path,) = (folder.root / ".ctsync" / "cache").glob("*.read")
    return path


def test_an_unchanged_file_is_not_parsed_again(people, parsed):
    first = said(people)
    assert len(parsed()) == 2
    assert said(people) == first
    assert parsed() == []


def test_only_a_changed_file_is_parsed_again(people, parsed):
    said(people)
    parsed()
    people.write("more.yaml", "profiles: [{identity: u9}]\n")
    assert len(said(people)[0]) == 5
    assert parsed() == [27]


def test_what_is_kept_is_copied_from_whatever_descriptor_it_has(
    people, parsed, monkeypatch
):
    said(people)
    parsed()
    opened, standard_input = cache_file._open, os.dup(0)

    def opened_as_first(path):
        file = opened(path)
        os.dup2(file, 0)
        os.close(file)
        return 0

    people.write("more.yaml", "profiles: [{identity: u9}]\n")
    with monkeypatch.context() as patch:
        patch.setattr(cache_file, "_open", opened_as_first)
        said(people)
    os.dup2(standard_input, 0)
    os.close(standard_input)
    said(people)
    assert parsed() == [27]


def test_a_file_is_known_by_its_bytes_wherever_it_stands(people, parsed):
    said(people)
    parsed()
    (people.root / "people.yaml").rename(people.root / "others.yaml")
    places = said(people)[0]
    assert {origin.file for _, origin, *_ in places} == {"others.yaml"}
    assert parsed() == []


def test_what_no_file_holds_any_more_is_dropped(people):
    people.write("more.yaml", "profiles: [{identity: planted}]\n")
    said(people)
    assert b"planted" in the_file(people).read_bytes()
    (people.root / "more.yaml").unlink()
    said(people)
    assert b"planted" not in the_file(people).read_bytes()


def test_an_environment_has_a_file_of_its_own(people, parsed):
    people.more("environments: {prod: {catalog: {Plan: {}}}}\n")
    for environment in (None, "prod"):
        said(people, environment=environment)
    parsed()
    for environment in (None, "prod"):
        said(people, environment=environment)
    assert parsed() == []


def test_so_many_files_are_kept_at_most(people):
    names = [f"e{number}" for number in range(cache_file.MOST_FILES + 3)]
    people.more(f"environments: {{{', '.join(f'{n}: {{}}' for n in names)}}}\n")
    for name in names:
        said(people, environment=name)
    kept = list((people.root / ".ctsync" / "cache").iterdir())
    assert len(kept) == cache_file.MOST_FILES


def test_another_catalog_takes_other_digests_from_the_same_words(people, parsed):
    before = said(people)[0]
    people.more("catalog: {Plan: {type: string}}\n")
    parsed()
    after = said(people)[0]
    assert len(parsed()) == 1
    assert [place[2] for place in after] != [place[2] for place in before]
    assert [place[3] for place in after] == [place[3] for place in before]
    assert said(people)[0] == after


def test_a_small_project_has_no_cache(people, monkeypatch):
    monkeypatch.setattr(cache, "LEAST_BYTES", 65_536)
    said(people)
    assert not (people.root / ".ctsync").exists()


def test_a_project_that_became_small_has_none_any_more(people, monkeypatch):
    said(people)
    monkeypatch.setattr(cache, "LEAST_BYTES", 65_536)
    said(people)
    assert list((people.root / ".ctsync" / "cache").iterdir()) == []


# Privacy


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_nobody_else_can_read_it(people):
    before = os.umask(0)
    try:
        said(people)
    finally:
        os.umask(before)
    path = the_file(people)
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_file_that_others_can_reach_is_not_believed(people, parsed, mode):
    first = said(people)
    the_file(people).chmod(mode)
    parsed()
    assert said(people) == first
    assert len(parsed()) == 2
    assert mode_of(the_file(people)) == 0o600


def test_a_folder_that_others_can_enter_is_not_believed(people, parsed):
    said(people)
    the_file(people).parent.chmod(0o755)
    parsed()
    said(people)
    assert len(parsed()) == 2
    assert mode_of(the_file(people).parent) == 0o700


def test_a_file_of_somebody_else_is_not_believed(people, parsed, monkeypatch):
    first = said(people)
    parsed()
    monkeypatch.setattr(cache_file.os, "geteuid", lambda: os.getuid() + 1)
    assert said(people) == first
    assert len(parsed()) == 2


@pytest.mark.parametrize("name", [".ctsync", ".ctsync/cache"])
def test_a_link_is_not_followed(people, tmp_path_factory, name):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    link = people.root / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    said(people)
    assert list(elsewhere.rglob("*")) == []


# Damage


def test_without_a_folder_to_write_to_there_is_no_cache(people, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    first = said(people)
    (people.root / ".ctsync").rename(people.root / ".away")
    monkeypatch.setattr(cache_file.Path, "mkdir", refuse)
    assert said(people) == first


def test_while_another_run_writes_this_one_does_not(people):
    said(people)
    path = the_file(people)
    before = path.read_bytes()
    people.write("more.yaml", "profiles: [{identity: u9}]\n")
    with path.with_name(f"{path.name}.tmp").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert len(said(people)[0]) == 5
        assert path.read_bytes() == before


def test_what_a_kill_left_is_written_over(people):
    said(people)
    path = the_file(people)
    whole = path.read_bytes()
    path.rename(path.with_name(f"{path.name}.tmp"))
    with path.with_name(f"{path.name}.tmp").open("ab") as file:
        file.write(b"rest")
    said(people)
    assert path.read_bytes() == whole
    assert not path.with_name(f"{path.name}.tmp").exists()


def test_a_cache_of_another_version_is_not_used(people, parsed, monkeypatch):
    first = said(people)
    written = the_file(people).read_bytes()
    parsed()
    monkeypatch.setattr(cache_file, "stamp", lambda: "another")
    assert said(people) == first
    assert len(parsed()) == 2
    assert the_file(people).read_bytes() != written


def test_every_damage_is_passed_over_and_mended(people):
    first = said(people)
    path = the_file(people)
    whole = path.read_bytes()
    damages = [b"", b"\n", whole[:-1], whole + b"x", whole[:100], b"{}" * 500]
    damages += (
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        for at in range(0, len(whole), 7)
    )
    for damaged in damages:
        path.write_bytes(damaged)
        assert said(people) == first
        load_project(people.root)
        assert path.read_bytes() == whole


def test_damaged_words_are_read_from_the_file_again(people, parsed):
    first = said(people)
    path = the_file(people)
    whole = path.read_bytes()
    at = whole.rindex(b"Jack")
    path.write_bytes(whole[:at] + b"Jock" + whole[at + 4 :])
    parsed()
    assert said(people) == first
    assert parsed() == [len(PEOPLE)]


def test_a_file_with_problems_is_read_every_time(people, parsed):
    people.write("bad.yaml", "profiles: [{identity: a, odd: 1}, {identity: ''}]\n")
    first = said(people)
    assert first[1]
    parsed()
    assert said(people) == first
    assert len(parsed()) == 1


def test_a_file_that_says_things_many_times_over_is_not_kept(people, parsed):
    text = "x-a: &a {A: [" + "long, " * 200 + "]}\nprofiles:\n"
    items = (f"- {{identity: u{n}, attributes: *a}}\n" for n in range(60))
    people.write("big.yaml", text + "".join(items))
    said(people)
    parsed()
    said(people)
    assert len(parsed()) == 1

"""No spec can have a bucket read that nobody allowed by hand, however it spells it.

Whoever opens a pull request writes the address; the credentials are those of the
pipeline, and may open more than the project should see.
"""

import obstore
import pytest
from obstore.store import MemoryStore

from ctsync.files import bucket_reader
from ctsync.files.bucket_folders import BucketFolder, bucket_folder

HEAD = "version: 1\naccount: {id: A1, region: in1}\nstate: state.jsonl\n"
TABLE = "tables:\n  t:\n    file: '%s'\n    key: {identity: id}\n    columns: {a: A}\n"
ROOT = "s3://crm/exports/"
SECRET = "CANARY-SECRET-55e1"


@pytest.fixture
def asked(monkeypatch):
    """What was asked of any bucket; each holds all names, and a secret in each."""
    met = []

    def opened(client, place, variables):
        store = MemoryStore()
        for name in ("exports/a.csv", "exports-x/a.csv", "other/a.csv", "a.csv"):
            obstore.put(store, name, f"id,a\n{SECRET},x\n".encode())
        met.append(place.shown)
        return store

    monkeypatch.setattr(bucket_reader, "open_objects", opened)
    return met


def validated(desk, file, *words):
    (desk.folder / "people.yaml").unlink(missing_ok=True)
    (desk.folder / "ctsync.yaml").write_text(HEAD + TABLE % file)
    return desk.run("validate", *words)


def test_an_allowed_folder_is_read(desk, asked):
    for file in (
        f"{ROOT}a.csv",
        f"{ROOT}*.csv",
        f"{ROOT}**",
        "s3://crm//exports///a.csv",
    ):
        assert validated(desk, file, "--data-root", ROOT).code == 0
    assert {*asked} == {"s3://crm"}


@pytest.mark.parametrize(
    "file",
    [
        "s3://crm/a.csv",
        "s3://crm/exports-x/a.csv",
        "s3://crm/export*/a.csv",
        "s3://crm/*/a.csv",
        "s3://crm/**",
        "s3://crm/Exports/a.csv",
        "s3://crm/other/../exports/a.csv",
        "s3://crm/exports/../other/a.csv",
        "s3://crm/exports/./a.csv",
        "s3://crm/../evil/exports/a.csv",
        "s3://crm/exports%2f..%2fother/a.csv",
        "s3://crm/%65xports/a.csv",
        "s3://crm%2fexports/a.csv",
        "s3://CRM/exports/a.csv",
        "s3://crm-evil/exports/a.csv",
        "s3://crm.evil/exports/a.csv",
        "s3://evil/crm/exports/a.csv",
        "s3:///crm/exports/a.csv",
        "s3://crm@evil/exports/a.csv",
        "s3://crm:80/exports/a.csv",
        "s3://crm\\\\evil/exports/a.csv",
        "gs://crm/exports/a.csv",
        "az://crm/exports/a.csv",
        "s3://*/exports/a.csv",
        "s3://crm/exports?/a.csv",
        "s3://crm/exports/a.csv?versionId=1",
        "s3://crm/exports/a.csv#x",
    ],
)
def test_what_is_not_in_an_allowed_folder_is_not_even_asked_for(desk, asked, file):
    ended = validated(desk, file, "--data-root", ROOT)
    assert ended.code == 1
    assert "error CT015" in ended.out
    assert asked == []
    assert ended.crash == ""


@pytest.mark.parametrize("file", ["S3://crm/exports/a.csv", "s3:/crm/exports/a.csv"])
def test_what_is_no_address_is_a_path(desk, asked, file):
    ended = validated(desk, file, "--data-root", ROOT)
    assert ended.code == 1
    assert "does not exist" in ended.out
    assert asked == []


def test_without_a_root_the_finding_says_how_to_allow_it(desk, asked):
    ended = validated(desk, f"{ROOT}a.csv")
    assert '"s3://crm/exports/a.csv" lies outside the project\'s roots' in ended.out
    assert "--data-root s3://BUCKET/FOLDER/" in ended.out
    assert asked == []


def test_a_folder_that_is_allowed_allows_no_bucket(desk, asked):
    ended = validated(desk, f"{ROOT}a.csv", "--data-root", "/")
    assert "error CT015" in ended.out
    assert asked == []


def test_a_bucket_that_is_allowed_allows_no_folder(desk, asked, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "s.csv"
    outside.write_text(f"id,a\n{SECRET},x\n")
    ended = validated(desk, outside, "--data-root", ROOT)
    assert "error CT015" in ended.out


def test_a_signed_address_is_not_shown(desk, asked):
    """Who pastes one has pasted a key to the bucket."""
    ended = validated(
        desk, f"{ROOT}a.csv?X-Amz-Signature={SECRET}", "--data-root", ROOT
    )
    assert ended.code == 1
    assert SECRET not in ended.said


def test_what_a_variable_gives_is_held_to_the_roots_and_not_shown(
    desk, asked, monkeypatch
):
    monkeypatch.setenv("WHERE", "s3://other-bucket/private")
    ended = validated(desk, "${WHERE}/a.csv", "--data-root", ROOT)
    assert '"${WHERE}/a.csv" lies outside' in ended.out
    assert "other-bucket" not in ended.said
    assert asked == []


def test_a_link_in_the_project_leads_to_no_bucket(desk, asked):
    (desk.folder / "s3:").mkdir()
    (desk.folder / "s3:" / "a.csv").write_text("id,a\nu1,x\n")
    assert validated(desk, "s3:/a.csv").code == 0
    assert "CT015" in validated(desk, "s3://a.csv").out
    assert asked == []


# --- What allows them


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("s3://crm", ("s3", "crm", ())),
        ("s3://crm/", ("s3", "crm", ())),
        ("gs://crm/a/b", ("gs", "crm", ("a", "b"))),
        ("az://crm//a//", ("az", "crm", ("a",))),
    ],
)
def test_a_root_is_a_bucket_or_a_folder_of_one(text, folder):
    assert bucket_folder(text) == BucketFolder(*folder)


@pytest.mark.parametrize(
    "root", ["s3://", "s3://crm/../x/", "s3://crm/x?y", "s3://a@b/", "s3:///x"]
)
@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_root_that_is_no_address_is_refused(desk, asked, monkeypatch, root, by):
    words = ["--data-root", root] if by == "option" else []
    if by == "variable":
        monkeypatch.setenv("CTSYNC_DATA_ROOTS", root)
    ended = validated(desk, "s3://crm/x/a.csv", *words)
    assert ended.code == 64
    assert "the data root s3://... cannot be read" in ended.err
    assert "write s3://BUCKET/FOLDER/" in ended.err


@pytest.mark.parametrize(
    "roots",
    ["{0}:s3://crm/exports/", "s3://crm/exports/:{0}", "gs://x:s3://crm/exports:az://y",
     ":s3://crm/exports/:"],
)  # fmt: skip
def test_the_variable_takes_addresses_between_folders(desk, asked, monkeypatch, roots):
    monkeypatch.setenv("CTSYNC_DATA_ROOTS", roots.format(desk.folder))
    assert validated(desk, f"{ROOT}a.csv").code == 0


def test_a_folder_that_is_called_like_a_scheme_is_a_folder(desk, asked, monkeypatch):
    monkeypatch.chdir(desk.folder)
    for names in ("s3", "gs:s3", "s3:gs"):
        monkeypatch.setenv("CTSYNC_DATA_ROOTS", names)
        ended = validated(desk, f"{ROOT}a.csv")
        assert ended.code == 64
        assert "is no folder" in ended.err


def test_the_next_command_has_the_bucket_again(desk, asked):
    validated(desk, f"{ROOT}a.csv")
    ended = desk.run("plan", "--out", "p.plan", "--data-root", ROOT)
    assert f"ctsync apply p.plan --data-root {ROOT}" in ended.err

import sys

import pytest

from ctsync.discovery import Member
from ctsync.errors import CtsyncError, UsageError
from ctsync.state import open_store
from ctsync.state.jsonl_store import JsonlStore
from ctsync.state.object_store.store import ObjectStore
from ctsync.state.open_store import stores
from ctsync.state.parquet_store import ParquetStore
from ctsync.state.postgres.store import PostgresStore


def test_these_stores_are_built():
    assert [store.name for store in stores()] == [
        "jsonl",
        "object-store",
        "parquet",
        "postgres",
    ]


def test_only_in_files_a_line_outlives_its_process_unforced():
    assert {store.name: store.keeps_unsynced for store in stores()} == {
        "jsonl": True,
        "object-store": False,
        "parquet": True,
        "postgres": False,
    }


def test_a_path_that_ends_in_jsonl_is_a_file_under_the_folder(tmp_path):
    store = open_store("states/prod.jsonl", folder=tmp_path)
    assert isinstance(store, JsonlStore)
    assert store.location == "states/prod.jsonl"
    assert store.path == tmp_path.resolve() / "states" / "prod.jsonl"


def test_a_path_that_ends_in_a_slash_is_a_folder_under_the_folder(tmp_path):
    store = open_store("states/prod/", folder=tmp_path)
    assert isinstance(store, ParquetStore)
    assert store.location == "states/prod/"
    assert store.path == tmp_path.resolve() / "states" / "prod"


def test_an_absolute_path_stands_for_itself(tmp_path):
    store = open_store(str(tmp_path / "prod.jsonl"), folder="/elsewhere")
    assert store.path == tmp_path.resolve() / "prod.jsonl"


class Ledger(JsonlStore):
    """A store of an installed package."""

    form = "a file that ends in .ledger"

    @classmethod
    def takes(cls, location):
        return location.endswith((".ledger", "both.jsonl"))


def test_an_added_store_takes_its_own_locations_and_none_that_is_taken(
    tmp_path, monkeypatch
):
    added, module = Member(Ledger, "acme-ledger"), sys.modules[stores.__module__]
    monkeypatch.setattr(module, "_added", lambda: iter([added]))
    assert isinstance(open_store("state.ledger", folder=tmp_path), Ledger)
    assert type(open_store("state.jsonl", folder=tmp_path)) is JsonlStore
    with pytest.raises(CtsyncError, match="acme-ledger"):
        open_store("both.jsonl", folder=tmp_path)
    monkeypatch.setattr(module, "_added", lambda: iter([added, added]))
    with pytest.raises(CtsyncError, match="acme-ledger"):
        open_store("state.ledger", folder=tmp_path)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_database_holds_states_by_name(scheme):
    store = open_store(f"{scheme}://ada:secret@db/crm", name="prod")
    assert isinstance(store, PostgresStore)
    assert store.location == "postgresql://db"


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_a_bucket_holds_states_in_folders(scheme):
    store = open_store(f"{scheme}://bucket/crm/prod/", name="eu")
    assert isinstance(store, ObjectStore)
    assert store.location == f"{scheme}://bucket"


@pytest.mark.parametrize(
    "location",
    [
        "",
        "state",
        "state.json",
        "ftp://secret@b/",
        "s3://key:secret@bucket/state.jsonl",
        "s3://secret@b/",
        "s3://bucket/secret",
        "s3:///secret/",
        "gs://bucket/?secret=secret",
    ],
)
def test_other_locations_are_refused_with_the_forms(location):
    with pytest.raises(UsageError) as caught:
        open_store(location)
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"
    assert ".jsonl" in caught.value.hint or "BUCKET/PREFIX/" in caught.value.hint

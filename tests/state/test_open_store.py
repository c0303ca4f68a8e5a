import pytest

from ctsync.errors import UsageError
from ctsync.state import open_store
from ctsync.state.jsonl_store import JsonlStore
from ctsync.state.open_store import stores
from ctsync.state.parquet_store import ParquetStore
from ctsync.state.postgres import PostgresStore


def test_these_stores_are_built():
    assert [store.name for store in stores()] == ["jsonl", "parquet", "postgres"]


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


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_database_holds_states_by_name(scheme):
    store = open_store(f"{scheme}://ada:secret@db/crm", name="prod")
    assert isinstance(store, PostgresStore)
    assert store.location == "postgresql://db"


@pytest.mark.parametrize(
    "location",
    ["", "state", "state.json", "s3://key:secret@bucket/state.jsonl", "s3://secret@b/"],
)
def test_other_locations_are_refused_with_the_forms(location):
    with pytest.raises(UsageError) as caught:
        open_store(location)
    assert "secret" not in caught.value.message
    assert ".jsonl" in caught.value.hint

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.duckdb_connection import open_connection
from ctsync.kinds.identifier_rules import HARMLESS
from ctsync.model.profile_key import ID_TYPES, ProfileKey
from ctsync.sources.row_keys import faults_of, is_plain, is_sound

SPACES = [chr(n) for n in range(0x3001) if chr(n).isspace()]
ODD = [
    "", " ", "a b", " a", "a ", "a\x00", "\x7f", "\x85", "é", "e\u0301", "😀" * 119,
    "😀" * 120, "x" * 119, "x" * 120, "é" * 119, "é" * 120, "\u200b", "\u00ad", "\ufeff",  # noqa: E501
    "__i", "__iabc", "__h", "__habc", "__h" + "x" * 64, "__h" + "x" * 65, "__g-_$", "__ga.b",  # noqa: E501
    "a.b", "a@b", "(x)", "a+b", "__", "__x", "\n", "a\n", *SPACES,
]  # fmt: skip
TEXTS = st.lists(st.text(max_size=6) | st.sampled_from(ODD), min_size=1, max_size=50)


def judged(connection, key_type, texts):
    connection.execute("CREATE OR REPLACE TEMP TABLE keys (key VARCHAR)")
    connection.executemany("INSERT INTO keys VALUES (?)", [[text] for text in texts])
    query = f"SELECT {is_sound(key_type)} FROM keys ORDER BY rowid"
    return [sound for (sound,) in connection.execute(query).fetchall()]


def expected(key_type, text):
    return all(
        fault.code in HARMLESS for fault in faults_of(ProfileKey(key_type, text))
    )


@pytest.mark.parametrize("key_type", ID_TYPES)
def test_sql_and_python_agree_on_odd_identifiers(connection, key_type):
    wanted = [expected(key_type, text) for text in ODD]
    found = judged(connection, key_type, ODD)
    assert dict(zip(ODD, found, strict=True)) == dict(zip(ODD, wanted, strict=True))
    assert judged(connection, key_type, [None]) == [False]


@settings(max_examples=20)
@given(st.sampled_from(ID_TYPES), TEXTS)
def test_sql_and_python_agree_on_any_identifiers(key_type, texts):
    with open_connection() as connection:
        found = judged(connection, key_type, texts)
    assert found == [expected(key_type, text) for text in texts]


def test_every_character_is_judged_alike(connection):
    chars = [chr(n) for n in range(0x3100) if unicodedata.category(chr(n)) != "Cs"]
    found = judged(connection, "identity", chars)
    assert [
        c for c, s in zip(chars, found, strict=True) if s != expected("identity", c)
    ] == []


@given(st.text(max_size=8) | st.sampled_from(ODD))
def test_a_plain_key_has_no_faults(text):
    key = ProfileKey("identity", text)
    if is_plain(key) and expected("identity", text):
        assert faults_of(key) == ()

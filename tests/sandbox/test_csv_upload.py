"""A CSV file uploaded as in the dashboard: what its public docs say becomes of it."""

import re
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.sandbox.dashboard.csv_upload import LIMIT_BYTES
from ctsync.sandbox.dashboard.date_cells import FORMS, read_date

KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def upload(client):
    def send(*lines, platform=client, **types):
        target = "/sandbox/csv?" + urlencode(types)
        return platform.call("POST", target, "\n".join(lines).encode(), headers={})

    return send


def refusal(response):
    assert response.status == 400
    return response.json()["error"]


def reasons(response):
    report = response.json()
    assert report["failed"] == len(report["failures"])
    assert report["processed"] == report["rows"] - report["failed"]
    return {each["row"]: each["reason"] for each in report["failures"]}


def test_profiles_are_created_and_overwritten(client, upload):
    client.platform.edit("identity", "u1", {"Plan": "Free", "City": "Pune"})
    answer = upload("identity,Plan", "u1,Gold", '"u,2","a ""b"""')
    assert answer.json() == {
        "status": "success",
        "rows": 2,
        "processed": 2,
        "failed": 0,
        "failures": [],
    }
    assert client.attributes("u1") == {"Plan": "Gold", "City": "Pune"}
    assert client.attributes("u,2") == {"Plan": 'a "b"'}
    assert client.rules() == []
    assert client.platform.call_count == 0


def test_a_value_takes_the_place_of_a_list(client, upload):
    client.platform.edit("identity", "u1", {"Tags": ["a", "b"]})
    upload("identity,Tags", "u1,c")
    assert client.attributes("u1") == {"Tags": "c"}


@pytest.mark.parametrize("text", ["$delete", "{'$add': ['a']}", "$D_1767225600"])
def test_no_cell_is_an_operator(client, upload, text):
    client.platform.edit("identity", "u1", {"Plan": "Free"})
    upload("identity,Plan", f'u1,"{text}"')
    assert client.attributes("u1") == {"Plan": text}


@pytest.mark.parametrize("kind", ["identity", "objectId"])
def test_the_key_column_may_stand_anywhere(client, upload, kind):
    assert reasons(upload(f"Plan,{kind}", "Gold,u1")) == {}
    assert client.attributes("u1", kind) == {"Plan": "Gold"}


@pytest.mark.parametrize(
    "header",
    ["Identity,Plan", "IDENTITY,Plan", "Plan", "FBID,Plan", "identity,objectId,Plan"],
)
def test_a_file_has_one_key_in_its_own_letters(client, upload, header):
    assert "key column" in refusal(upload(header, "u1,Gold"))
    assert [*client.platform.profiles()] == []


def test_an_empty_cell_changes_nothing(client, upload):
    client.platform.edit("identity", "u1", {"Plan": "Free", "Score": 1, "Email": "a@b"})
    answer = upload("identity,Plan,Score,Email,Phone", "u1,,,,", Score="INTEGER")
    assert reasons(answer) == {}
    assert client.attributes("u1") == {"Plan": "Free", "Score": 1, "Email": "a@b"}


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("dd/MM/yyyy HH:mm:ss", "02/01/2026 03:04:05", "2026-01-02 03:04:05"),
        ("MM/dd/yyyy HH:mm:ss", "01/02/2026 03:04:05", "2026-01-02 03:04:05"),
        ("yyyy/dd/MM HH:mm:ss", "2026/02/01 03:04:05", "2026-01-02 03:04:05"),
        ("yyyy/MM/dd HH:mm:ss", "2026/01/02 03:04:05", "2026-01-02 03:04:05"),
        ("dd MMM yyyy HH:mm:ss", "02 Jan 2026 03:04:05", "2026-01-02 03:04:05"),
        ("dd MMM yyyy HH:mm:ss", "31 Dec 1969 23:59:59", "1969-12-31 23:59:59"),
        ("dd/MM/yyyy", "02/01/2026", "2026-01-02 12:00:00"),
        ("MM/dd/yyyy", "01/02/2026", "2026-01-02 12:00:00"),
        ("yyyy/dd/MM", "2026/02/01", "2026-01-02 12:00:00"),
        ("yyyy/MM/dd", "2026/01/02", "2026-01-02 12:00:00"),
        ("yyyy/MM/dd HH:mm:ss", "2026/01/02", "2026-01-02 12:00:00"),
        ("dd MMM yyyy HH:mm:ss", "02 Jan 2026", "2026-01-02 12:00:00"),
    ],
)
def test_dates_are_read_in_the_form_of_their_header(serve, upload, form, text, moment):
    client = serve(zone=KOLKATA)
    upload(f"identity,Since<{form}>", f"u1,{text}", platform=client)
    seconds = datetime.fromisoformat(moment).replace(tzinfo=KOLKATA).timestamp()
    assert client.attributes("u1") == {"Since": f"$D_{int(seconds)}"}


def test_unix_time_is_in_no_zone(serve, upload):
    client = serve(zone=KOLKATA)
    upload("identity,Since<Unix time>", "u1,1767225600", platform=client)
    assert client.attributes("u1") == {"Since": "$D_1767225600"}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("dd/MM/yyyy", "31/02/2026"),
        ("dd/MM/yyyy", "01/13/2026"),
        ("dd/MM/yyyy", "1/2/2026"),
        ("dd/MM/yyyy", "01/02/2026 10:00:00"),
        ("dd/MM/yyyy HH:mm:ss", "01/02/2026 24:00:00"),
        ("dd MMM yyyy HH:mm:ss", "02 JAN 2026 03:04:05"),
        ("yyyy/MM/dd", "0000/01/02"),
        ("Unix time", "soon"),
        ("DD/MM/YYYY", "01/02/2026"),
        ("dd/mm/yyyy", "01/02/2026"),
        ("dd-MM-yyyy", "01-02-2026"),
        ("dd MMM yyyy", "01 Feb 2026"),
        ("unix time", "1767225600"),
    ],
)
def test_everything_else_is_text(client, upload, form, text):
    assert reasons(upload(f"identity,Since<{form}>", f"u1,{text}")) == {}
    assert client.attributes("u1") == {"Since": text}


WRITTEN = {
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",
    "MM/dd/yyyy HH:mm:ss": "%m/%d/%Y %H:%M:%S",
    "yyyy/dd/MM HH:mm:ss": "%Y/%d/%m %H:%M:%S",
    "yyyy/MM/dd HH:mm:ss": "%Y/%m/%d %H:%M:%S",
    "dd MMM yyyy HH:mm:ss": "%d %b %Y %H:%M:%S",
}
MOMENTS = st.datetimes(datetime.fromisoformat("1000-01-01"), timezones=st.just(KOLKATA))


@given(moment=MOMENTS, form=st.sampled_from([*WRITTEN]))
def test_every_moment_is_read_as_clocks_show_it(moment, form):
    told = moment.replace(microsecond=0, fold=0)  # the first, where shown twice
    read = read_date(told.strftime(WRITTEN[form]), form, KOLKATA)
    assert read == f"$D_{told.timestamp():.0f}"


@given(text=st.text("0123456789/ :-JanFeb"), form=st.sampled_from(FORMS))
def test_what_is_no_date_is_left_as_it_is(text, form):
    read = read_date(text, form, KOLKATA)
    assert read == text or re.fullmatch(r"\$D_-?[0-9]+", read)


def test_a_phone_has_no_plus_and_is_what_the_upload_api_calls_it(client, upload):
    answer = upload("identity,Phone", "u1,14155551234", "u2,+14155551234", "u3,none")
    why = "Phone: a phone has digits alone, and no +"
    assert reasons(answer) == {2: why, 3: why}
    client.put("u4", {"Phone": "+14155551234"})
    assert client.attributes("u1") == client.attributes("u4")
    assert client.attributes("u2") is None


def test_columns_are_text_but_for_those_of_another_type(client, upload):
    header, row = "identity,Code,Score,Big,Vip", "u1,007,0.5,-7,true"
    upload(header, row, Score="FLOAT", Big="LONG", Vip="BOOLEAN")
    found = client.attributes("u1")
    assert found == {"Code": "007", "Score": 0.5, "Big": -7, "Vip": True}
    assert upload(header, "u2,x,y,1,true", Score="FLOAT").json()["failed"] == 1


def test_a_row_fails_alone_and_says_why(client, upload):
    answer = upload(
        "identity,Email,Age",
        "u1,a@example.com,40",
        ",b@example.com,41",
        "u3,nowhere,42",
        "u4,d@example.com",
        "u5,e@example.com,old",
        Age="INTEGER",
    )
    assert answer.json()["status"] == "partial"
    assert reasons(answer) == {
        2: "User identifier is missing or not valid.",
        3: "Profile data is incorrect. Email is not valid.",
        4: "the row has not as many cells as the header",
        5: "Age: no whole number of 32 bits",
    }
    assert [each.value for each in client.platform.profiles()] == ["u1"]


def test_failures_are_told_apart_in_a_long_file(client, upload):
    rows = [f"u{number},{number}" for number in range(1, 2502)]
    rows[1] = rows[2000] = ",x"
    answer = upload("identity,N", *rows)
    assert [*reasons(answer)] == [2, 2001]
    assert len([*client.platform.profiles()]) == 2499
    assert upload("identity,N", ",x").json()["status"] == "fail"


def test_commands_have_no_effect_and_are_noted(client, upload):
    upload("identity,MSG-sms,Category-unsubscribe", "u1,false,News")
    profile = client.platform.profile("identity", "u1")
    assert (profile.flags, profile.groups, profile.attributes) == ({}, {}, {})
    assert client.rules() == ["undocumented-column"] * 2


@pytest.mark.parametrize(
    ("lines", "types", "why"),
    [
        ([], {}, "the file is empty"),
        (["identity,Plan", 'u1,"Gold'], {}, "unreadable"),
        (["identity,Plan,plan", "u1,a,b"], {}, "two columns are for one attribute"),
        (["identity,", "u1,a"], {}, "a column has no name"),
        (["identity,Plan", "u1,a"], {"Plan": "LIST"}, "LIST is none of STRING"),
        (["identity,Plan", "u1,a"], {"City": "LONG"}, 'no column "City"'),
        (["identity,D<dd/MM/yyyy>", "u1,"], {"D": "LONG"}, 'no column "D"'),
        (["identity,Phone", "u1,1"], {"Phone": "LONG"}, 'no column "Phone"'),
    ],
)
def test_what_is_no_such_file_changes_nothing(client, upload, lines, types, why):
    assert why in refusal(upload(*lines, **types))
    assert [*client.platform.profiles()] == []


def test_a_file_that_is_no_utf8_is_refused(client):
    answer = client.call("POST", "/sandbox/csv", b"identity,Plan\nu1,\xff\n")
    assert refusal(answer) == "the file is unreadable"


def test_a_file_has_up_to_50_mb(client):
    assert LIMIT_BYTES == 50_000_000
    # One cell too many, as long as is needed: read to its end, or not at all.
    for size, why in ((LIMIT_BYTES, "unreadable"), (LIMIT_BYTES + 1, "50 MB")):
        answer = client.call("POST", "/sandbox/csv", b"x" * size, timeout=60)
        assert why in refusal(answer)

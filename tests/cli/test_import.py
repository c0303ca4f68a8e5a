"""`import api` and `import FILE`: what is there becomes what is known."""

import gzip
import json

import pytest

from ctsync.errors import StateError

JACK = {
    "Name": "Jack",
    "Phone": "+14155551234",
    "Email": "jack@example.com",
    "Customer Type": "Platinum",
    "Favorite Color": "Red",
    "Score": 5,
    "Half": 1.5,
    "Ok": True,
    "Tags": ["Shoes", "bags"],
    "DOB": "$D_635472000",
}


def put(desk, **people):
    for identity, attributes in people.items():
        desk.sandbox.platform.edit("identity", identity, attributes)


def known(desk, key):
    document = desk.json("state", "show", key, "--reveal")
    return {a["attribute"]: a for a in document["entry"]["attributes"]}


def test_what_is_read_is_certain_and_not_ours(desk):
    put(desk, jack=JACK)
    document = desk.json("import", "api", "jack", "--auto-approve")
    assert (document["profiles"], document["read"], document["serial"]) == (1, 1, 1)
    found = known(desk, "jack")
    assert not any(each["owned"] for each in found.values())
    assert all(each["certain"] for each in found.values())
    assert found["Phone"]["value"] == "+14155551234"
    assert found["Customer Type"]["value"] == "Platinum"
    assert found["DOB"]["kind"] == "date"


def test_a_spec_that_says_what_is_there_plans_nothing(desk):
    put(desk, jack={**JACK, "Points": 7})
    declared = {k: v for k, v in JACK.items() if k != "DOB"} | {"Points": 7}
    desk.people({"jack": declared})
    desk.ok("import", "api", "--auto-approve")
    assert desk.plan()["changes"] == []
    assert known(desk, "jack")["Favorite Color"]["value"] == "Red"


def test_an_account_is_adopted_by_the_spec_that_is_written(desk):
    people = {f"u{n}": {**JACK, "Email": f"u{n}@example.com"} for n in range(3)}
    put(desk, **people)
    desk.ok("import", "api", *people, "--write-spec", "people.yaml", "--auto-approve")
    text = (desk.folder / "people.yaml").read_text()
    assert '"favoritecolor": "Red"' in text  # the platform folds names
    assert desk.plan()["changes"] == []
    assert (desk.folder / "people.yaml").stat().st_mode & 0o777 == 0o600


def test_many_are_adopted_as_a_table(desk, monkeypatch):
    monkeypatch.setattr("ctsync.observe.write_spec.MOST_IN_YAML", 2)
    people = {f"u{n}": {**JACK, "Email": f"u{n}@example.com"} for n in range(4)}
    put(desk, **people)
    desk.ok("import", "api", *people, "--write-spec", "people.yaml", "--auto-approve")
    assert "tables" in (desk.folder / "people.yaml").read_text()
    assert len((desk.folder / "people-identity.jsonl").read_text().splitlines()) == 4
    assert desk.plan()["changes"] == []


def test_keys_come_from_a_file(desk):
    put(desk, jack=JACK, ann={"Plan": "Gold"})
    desk.write("keys.txt", "jack\nann\nnobody\n")
    document = desk.json("import", "api", "--keys", "keys.txt", "--auto-approve")
    assert (document["read"], document["not_found"]) == (2, 1)


def test_without_keys_those_of_the_spec_are_read(desk):
    put(desk, jack=JACK, ann={"Plan": "Gold"})
    desk.people({"jack": {"Score": 6}})
    document = desk.json("import", "api", "--auto-approve")
    assert document["read"] == 1
    (change,) = desk.plan()["changes"]
    (operation,) = change["operations"]
    assert (operation["attribute"], operation["before"]) == ("Score", 5)
    assert change["released"] == []


def test_whoever_had_an_event_is_read_by_pages(desk, serve_distorted):
    serve_distorted(in_progress=1)
    people = {f"u{n}": {"Plan": "Gold"} for n in range(60)}
    put(desk, **people)
    put(desk, quiet={"Plan": "Gold"})
    keys = [("identity", name) for name in people]
    desk.sandbox.platform.record_event(
        "App Launched", 20261101, [_key(*key) for key in keys]
    )
    words = (
        "--event",
        "App Launched",
        "--since",
        "2026-11-01",
        "--until",
        "2026-11-30",
    )
    document = desk.json("import", "api", *words, "--auto-approve")
    assert document["profiles"] == 60


def _key(kind, value):
    from ctsync.sandbox.keys import SandboxKey

    return SandboxKey(kind, value)


@pytest.mark.parametrize(
    "words",
    [
        ("api",),
        ("api", "jack", "--keys", "x"),
        ("api", "--event", "x"),
        ("api", "--event", "x", "--since", "yesterday", "--until", "2026-01-01"),
        ("api", "jack", "--key", "identity=x"),
        ("api", "jack", "--target", "cohort=vip"),
        ("nowhere.csv",),
        ("people.txt",),
        ("spec", "jack"),
    ],
)
def test_what_means_nothing_is_refused(desk, words):
    assert desk.run("import", *words, "--auto-approve").code == 64


def test_targets_choose_attributes_and_profiles(desk):
    put(desk, jack=JACK, ann=JACK)
    words = ("--target", "attribute=Score", "--target", "identity=j*")
    desk.ok("import", "api", "jack", "ann", *words, "--auto-approve")
    assert [*known(desk, "jack")] == ["score"]
    assert desk.run("state", "show", "ann").code == 64


def test_a_dry_run_writes_neither_state_nor_spec(desk):
    put(desk, jack=JACK)
    before = desk.files()
    desk.ok("import", "api", "jack", "--write-spec", "p.yaml", "--dry-run")
    assert desk.files() == before


def test_a_written_spec_overwrites_nothing(desk):
    put(desk, jack=JACK)
    desk.write("p.yaml", "profiles: []\n")
    words = ("import", "api", "jack", "--write-spec", "p.yaml", "--auto-approve")
    assert desk.run(*words).code == 64


# --- Files

ROWS = [
    {"identity": "jack", "Plan": "Gold", "Score": 5, "Ok": True, "Tags": ["b", "a"],
     "MSG-email": True, "subscriptionGroups": {"News": False, "Football": True}},
    {"identity": "ann@example.com", "Plan": "Free", "objectId": "x1",
     "all_identities": ["ann@example.com"], "platformInfo": [{"push_token": "secret"}]},
    {"objectId": "only-a-device", "profileData": {"Plan": "None"}},
]  # fmt: skip


def jsonl(desk, name="export.jsonl", rows=ROWS):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if name.endswith(".gz"):
        (desk.folder / name).write_bytes(gzip.compress(text.encode()))
    else:
        desk.write(name, text)


@pytest.mark.parametrize("name", ["export.jsonl", "export.jsonl.gz"])
def test_a_daily_export_fills_flags_and_groups_too(desk, name):
    jsonl(desk, name)
    desk.ok("import", name, "--auto-approve")
    found = known(desk, "jack")
    assert found["MSG-email"]["value"] is True
    assert found["subscriptions.email.News"]["value"] is False
    assert found["Tags"]["present"] == ["a", "b"]
    assert [*known(desk, "ann@example.com")] == ["Plan"]
    assert known(desk, "objectId=only-a-device")["Plan"]["value"] == "None"
    assert b"secret" not in desk.state()


def test_an_export_is_adopted_and_the_plan_is_empty(desk):
    jsonl(desk)
    desk.ok("import", "export.jsonl", "--write-spec", "p.yaml", "--auto-approve")
    assert desk.plan()["changes"] == []


CRM = """\
customer_id;Full Name;Telefon;gender;points;score;last_visit;tags;city
1001;Jo Doe;0170 1234567;Female;7;1,5;31/03/2026;a;Köln
1002;Max Roe;0170 1234568;male;;2,25;17/04/2026;b;NULL
1002;Max Roe;0170 1234568;male;;2,25;17/04/2026;b;NULL
1003;Ann Poe;0170 1234569;Female;0;0,5;02/12/2025;;Pune
"""


def crm(desk, form):
    """An export of a CRM in one kind of file."""
    import io

    import pandas as pd

    frame = pd.read_csv(io.StringIO(CRM), sep=";", dtype=str, keep_default_na=False)
    frame["tags"] = [["a"], ["b"], ["b"], []] if form != "csv" else frame["tags"]
    if form == "csv":
        (desk.folder / "crm.csv").write_bytes(CRM.encode("cp1252"))
    elif form == "jsonl.gz":
        frame.to_json(desk.folder / "crm.jsonl.gz", orient="records", lines=True)
    else:
        frame.drop_duplicates("customer_id").to_parquet(desk.folder / "crm.parquet")
    return f"crm.{form}"


@pytest.mark.parametrize("form", ["csv", "jsonl.gz", "parquet"])
@pytest.mark.parametrize("key", [(), ("--key", "objectId=customer_id")])
def test_an_export_of_a_crm_is_adopted_by_a_table_that_reads_it(desk, form, key):
    name = crm(desk, form)
    words = ("import", name, "--write-spec", "crm.yaml", "--auto-approve", *key)
    document = desk.json(*words)
    assert (document["profiles"], document["read"]) == (3, 3)
    spec = desk.folder / "crm.yaml"
    assert f'file: "{name}"' in spec.read_text()
    assert "Telefon: {type: string, sensitive: true}" in spec.read_text()
    assert "Jo Doe" not in spec.read_text()
    assert spec.stat().st_mode & 0o777 == 0o600
    plan = desk.plan()
    assert (plan["changes"], plan["summary"]["profiles"]["unchanged"]) == ([], 3)
    found = known(desk, "objectId=1001" if key else "1001")
    assert all(each["certain"] and not each["owned"] for each in found.values())
    assert found["Last Visit"]["kind"] == "date"
    if form == "csv":  # elsewhere text is text, and no counter
        points = found["Points"]
        assert (points["kind"], points["value"]) == ("counter", 7)


def test_what_other_places_say_was_not_read(desk):
    desk.people({"1001": {"Plan": "Gold"}})
    words = ("import", crm(desk, "csv"), "--write-spec", "crm.yaml", "--auto-approve")
    desk.ok(*words)
    assert "Plan" not in known(desk, "1001")
    (change,) = desk.plan()["changes"]
    assert [each["attribute"] for each in change["operations"]] == ["Plan"]


def test_a_dry_run_writes_no_table(desk):
    desk.ok("import", crm(desk, "csv"), "--write-spec", "crm.yaml", "--dry-run")
    assert not (desk.folder / "crm.yaml").exists()
    assert desk.state() == b""


def test_an_export_that_its_draft_cannot_read_leaves_everything_as_it_was(desk):
    text = CRM + "1003;Ann Poe;0170 1234569;Female;9;0,5;02/12/2025;;Pune\n"
    desk.write("crm.csv", text)
    ended = desk.run("import", "crm.csv", "--write-spec", "crm.yaml", "--auto-approve")
    assert ended.code == 1
    assert "CT621" in ended.said
    assert "init --from FILE" in ended.err
    assert not (desk.folder / "crm.yaml").exists()
    assert desk.state() == b""


@pytest.mark.parametrize("many", [False, True], ids=["YAML", "tables"])
@pytest.mark.parametrize("source", ["api", "crm.csv", "export.jsonl"])
def test_a_state_that_cannot_be_written_leaves_no_spec(desk, monkeypatch, source, many):
    """A spec without its state would have the next plan send all of it."""
    if many:
        monkeypatch.setattr("ctsync.observe.write_spec.MOST_IN_YAML", 0)
    put(desk, jack=JACK)
    crm(desk, "csv")
    desk.write("export.jsonl", '{"identity": "u1", "profileData": {"Plan": "Gold"}}\n')
    before = desk.files()

    def fail(*_):
        raise StateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("ctsync.cli.state_writes._write", fail)
        keys = ["jack"] if source == "api" else []
        words = ["import", source, *keys, "--write-spec", "new.yaml", "--auto-approve"]
        ended = desk.run(*words)
    assert (ended.code, "the disk is full" in ended.err) == (1, True)
    left = desk.files().keys() - before.keys()
    assert [name for name in left if ".ctsync" not in name] == []
    desk.ok(*words)
    assert (desk.folder / "new.yaml").exists()


def test_csv_is_text_until_the_catalog_says_more(desk):
    desk.write("e.csv", 'id,Plan,Points,Tags\nu1,Gold,5,"[""a""]"\nu2,,7,\n')
    desk.ok("import", "e.csv", "--key", "identity=id", "--auto-approve")
    found = known(desk, "u1")
    assert (found["Points"]["kind"], found["Points"]["value"]) == ("counter", 5)
    assert found["Tags"]["present"] == ["a"]
    assert "Plan" not in known(desk, "u2")


def test_parquet_is_read(desk):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"identity": ["u1", "u2"], "Score": [1, 2], "Tags": [["a"], None]})
    pq.write_table(table, desk.folder / "e.parquet")
    desk.ok("import", "e.parquet", "--auto-approve")
    assert known(desk, "u1")["Score"]["value"] == 1


def test_a_moment_without_a_zone_is_in_that_of_the_project(desk):
    import pyarrow as pa
    import pyarrow.parquet as pq

    desk.project("timezone: Asia/Kolkata\n")
    cells = pa.array(["2026-07-01 12:00"]).cast(pa.timestamp("s"))
    pq.write_table(
        pa.table({"identity": ["u1"], "Seen": cells}), desk.folder / "e.parquet"
    )
    desk.ok("import", "e.parquet", "--auto-approve")
    assert known(desk, "u1")["Seen"]["value"] == "$D_1782887400"  # 06:30 in UTC


@pytest.mark.parametrize("name", ["e.csv", "e.jsonl", "e.parquet", "e.csv.gz"])
def test_a_damaged_file_is_an_error_that_quotes_nothing(desk, name):
    (desk.folder / name).write_bytes(b"\x00\xff secret {[\n\x00\xff")
    ended = desk.run("import", name, "--auto-approve")
    assert ended.code in {1, 64}
    assert "secret" not in ended.said
    assert desk.state() == b""


def test_two_rows_of_one_profile_are_refused(desk):
    rows = [{"identity": "u1", "Plan": "A"}, {"identity": "u1", "Plan": "B"}]
    jsonl(desk, rows=rows)
    ended = desk.run("import", "export.jsonl", "--auto-approve")
    assert ended.code == 1
    assert "two rows of one profile" in ended.err
    assert desk.state() == b""


def test_the_quick_way_and_the_careful_way_agree(desk):
    rows = [
        {"identity": f"u{n}", "Plan": value, "phone": 14155551234, "Points": 3}
        for n, value in enumerate(
            ["a", 1, 1.0, True, ["b", "a"], "$D_5", "[1]", 10**17]
        )
    ]
    jsonl(desk, rows=rows)
    desk.ok("import", "export.jsonl", "--auto-approve")
    quick = desk.state()
    for row in rows:
        known(desk, row["identity"])
    desk.ok("import", "export.jsonl", "--auto-approve")  # now everybody is known
    assert desk.state() == quick


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["people.csv", "--key", "typo"], "--key typo means nothing"),
        (["people.csv", "--target", "typo"], "not a selector: typo"),
        (["nobody.csv"], "there is no file nobody.csv"),
        (["nobody.csv", "--write-spec", "new.yaml"], "there is no file nobody.csv"),
        (["api", "--event", "x", "--since", "1", "--until", "2"], "1 is no day"),
    ],
)
def test_a_slip_is_told_before_a_terminal_is_asked_for(desk, words, wrong):
    (desk.folder / "people.csv").write_text("identity\njack\n")
    told = desk.run("import", *words)
    assert (told.code, wrong in told.err) == (64, True)
    assert "no terminal" not in told.err


def test_errors_of_a_project_are_no_fault_of_the_table_that_is_drafted(desk):
    (desk.folder / "people.csv").write_text("customer_id,Plan\njack,Gold\n")
    (desk.folder / "wrong.yaml").write_text("tables: {t: {file: nothing.csv}}\n")
    words = ["people.csv", "--key", "identity=customer_id", "--write-spec", "new.yaml"]
    told = desk.run("import", *words, "--auto-approve")
    assert (told.code, "wrong.yaml:1" in told.out + told.err) == (1, True)
    assert "drafted" not in told.err
    assert not (desk.folder / "new.yaml").exists()

"""`verify` as its users meet it."""


def test_what_was_applied_is_there(desk):
    desk.begun({"jack": {"Plan": "Gold", "Points": 5, "MSG-sms": False}})
    ended = desk.ok("verify", "--detailed-exitcode")
    assert "Verified: 2 of 2 acknowledged values are there." in ended.out
    assert "MSG-sms (1)" in ended.out


def test_an_attribute_that_the_schema_drops_is_named(desk, serve_distorted):
    serve_distorted(drops=["Score"])
    people = {f"u{n}": {"Plan": "Gold", "Score": 5} for n in range(4)}
    desk.begun(people)
    document = desk.json("verify", "--detailed-exitcode")
    assert document["exit_code"] == 2
    score, plan = document["attributes"]
    assert (score["attribute"], score["dropped"], score["missing"]) == (
        "Score",
        True,
        4,
    )
    assert (plan["attribute"], plan["there"]) == ("Plan", 4)
    assert "accepted and dropped" in desk.ok("verify").out
    assert desk.ok("verify").out.count("CT707") == 2  # and what explains it


def test_a_sample_says_how_sure_it_is(desk):
    desk.crowd(30)
    assert desk.apply().code == 0
    document = desk.json("verify", "--sample", 20)
    assert document["summary"]["profiles"]["chosen"] == 20
    assert 0.7 < document["share"]["low"] < 1 == document["share"]["high"]
    assert "with 99 % confidence" in desk.ok("verify", "--sample", 20).out


def test_verifying_changes_nothing_and_shows_nobody(desk):
    desk.begun({"ann@example.com": {"Name": "Ann", "Plan": "Gold"}})
    before = desk.files()
    ended = desk.ok("verify")
    assert desk.files() == before
    assert "ann" not in ended.said.casefold()


def test_nothing_acknowledged_is_nothing_to_verify(desk):
    desk.people({"jack": {"Plan": "Gold"}})
    assert "Nothing to verify" in desk.ok("verify").out


def test_reads_that_fail_are_an_error(desk):
    desk.begun({"jack": {"Plan": "Gold"}})
    desk.sandbox.script_reads(*["html"] * 5)
    document = desk.json("verify")
    assert (document["exit_code"], document["error"]["code"]) == (1, "read_failed")


def test_one_run_can_be_verified(desk):
    desk.begun({"jack": {"Plan": "Gold", "City": "Pune"}, "ann": {"Plan": "Free"}})
    desk.begun({"jack": {"Plan": "Silver", "City": "Pune"}, "ann": {"Plan": "Free"}})
    document = desk.json("verify", "--run", "last")
    assert document["summary"]["values"] == {
        "acknowledged": 1, "checked": 1, "there": 1,
    }  # fmt: skip
    assert document["summary"]["profiles"]["known"] == 1
    assert document["run"]


def test_a_run_that_nobody_knows_is_refused(desk):
    desk.begun({"jack": {"Plan": "Gold"}})
    assert desk.run("verify", "--run", "nonsense").code == 64


def test_nobody_is_read_where_nothing_was_acknowledged(desk):
    desk.sandbox.platform.edit("identity", "jack", {"Plan": "Gold"})
    desk.ok("import", "api", "jack", "--auto-approve")
    calls = desk.calls
    assert "Nothing to verify" in desk.ok("verify").out
    assert desk.calls == calls


def test_a_page_says_what_the_text_says(desk):
    desk.begun({"jack": {"Plan": "Gold"}})
    page = desk.ok("verify", "--format", "html").out
    assert page.startswith("<!doctype html>")
    assert "Verified: 1 of 1 acknowledged values are there." in page

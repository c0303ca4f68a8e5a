"""Neither the passcode nor personal data shows where it may not."""

import pytest

PASSCODE = "CANARY-PASSCODE-7f3a"
MAIL = "canary.jones@example.com"
PERSONAL = {
    "Name": "Canary Jones",
    "Email": "canary.mail@example.com",
    "Phone": "+14155550199",
    "DOB": "1961-07-13",
    "Manager": "Canary Boss",
}
CANARIES = ("Canary", "canary.", "4155550199", "1961-07-13", "-2673", PASSCODE)
FORMATS = ["text", "json", "jsonl", "markdown", "html", "github", "gitlab"]
SAID = [
    ["validate"],
    ["plan"],
    ["plan", "--all"],
    ["show", "p.plan"],
    ["explain", MAIL],
    ["explain", "u1"],
    ["state", "list"],
    ["state", "show", MAIL],
    ["state", "show", "u1"],
    ["import", "spec", "--dry-run"],
    ["state", "doubt", "--all", "--dry-run"],
    ["apply", "p.plan", "--dry-run"],
    ["schema"],
]


def _people(desk, **over):
    attributes = {**PERSONAL, **over}
    # A date is only a date where it stands plain.
    born = attributes.pop("DOB")
    lines = "".join(f"\n      {n}: {v!r}" for n, v in attributes.items())
    lines += f"\n      DOB: {born}\n      Plan: Free"
    desk.write("catalog.yaml", "catalog: {Manager: {type: string, sensitive: true}}")
    desk.write(
        "people.yaml",
        f"profiles:\n  - identity: {MAIL}\n    attributes:{lines}\n"
        f'  - identity: "u1"\n    attributes:{lines}\n',
    )


def _assert_clean(text):
    for canary in CANARIES:
        assert canary not in text, canary


@pytest.fixture
def planted(desk):
    """A state that knows personal data, and a saved plan that changes it."""
    _people(desk, Name="Canary Smith", Manager="Canary Chief")
    assert desk.apply().code == 0
    _people(desk)
    assert desk.run("plan", "--out", "p.plan").code == 0
    return desk


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_no_output_shows_personal_data_or_the_passcode(planted, words, format_name):
    ended = planted.run(*words, "--format", format_name)
    assert ended.code in {0, 64}
    if MAIL in words and ended.code == 64:
        return
    _assert_clean(ended.said)
    if ended.code == 0 and format_name == "text" and words[0] == "plan":
        assert "people.yaml:2" in ended.out
        assert "(sensitive)" in ended.out


def test_a_masked_key_names_its_place_in_documents(planted):
    change = planted.plan()["changes"][0]
    assert change["key"] == {"identity": "people.yaml:2", "masked": True}
    operation = next(o for o in change["operations"] if o["attribute"] == "Name")
    assert operation["operand"] == operation["before"] == {"masked": True}


def test_a_masked_key_without_a_place_is_a_pseudonym(planted):
    entries = planted.json("state", "list")["entries"]
    (key,) = [entry["key"] for entry in entries if entry["key"].get("masked")]
    assert key["identity"].startswith("~")
    assert len(key["identity"]) == 9


@pytest.mark.parametrize(
    "fault", ["reject", "text-record", "keyed-record", "lying-status", "malformed"]
)
@pytest.mark.parametrize("format_name", ["text", "json"])
def test_server_texts_are_masked(planted, fault, format_name):
    planted.sandbox.script(*[fault] * 3)
    ended = planted.run("apply", "p.plan", "--auto-approve", "--format", format_name)
    assert ended.code == 3
    _assert_clean(ended.said)


def test_server_texts_lose_their_control_characters(planted):
    planted.sandbox.script("escapes")
    for format_name in ("text", "json"):
        ended = planted.run("apply", "p.plan", "--auto-approve", "--format",
                            format_name)  # fmt: skip
        assert not any(ord(char) < 32 and char != "\n" for char in ended.said)


FAULTY = [
    {"Phone": "canary.not-a-phone"},
    {"Email": "canary.not-an-address"},
    {"Name": "Canary" * 200},
    {"Manager": "Canary\x07Boss"},
    {"DOB": "Canary Day"},
    {"Manager": ["Canary Boss"]},
]


@pytest.mark.parametrize("over", FAULTY, ids=lambda over: next(iter(over)))
@pytest.mark.parametrize("format_name", ["text", "json", "github"])
def test_findings_are_masked(desk, over, format_name):
    desk.write("catalog.yaml", "catalog: {Manager: {type: string, sensitive: true}}")
    desk.people({MAIL: over, "u1": over})
    ended = desk.run("validate", "--format", format_name)
    assert ended.code == 1
    _assert_clean(ended.said)
    ended = desk.apply()
    assert ended.code == 1
    _assert_clean(ended.said)


def test_two_places_that_disagree_on_personal_data_do_not_show_it(desk):
    desk.write(
        "one.yaml", f"profiles: [{{identity: {MAIL}, attributes: {{Name: Canary A}}}}]"
    )
    desk.write(
        "two.yaml", f"profiles: [{{identity: {MAIL}, attributes: {{Name: Canary B}}}}]"
    )
    for words in (["validate"], ["plan"], ["plan", "--format", "json"]):
        ended = desk.run(*words)
        assert ended.code == 1
        _assert_clean(ended.said)


def test_keys_that_nobody_knows_are_not_echoed_in_clear(planted):
    unknown = "canary.nobody@example.com"
    for words in (["state", "show", unknown], ["explain", unknown],
                  ["state", "forget", unknown, "--auto-approve"]):  # fmt: skip
        ended = planted.run(*words)
        assert ended.code == 64
        _assert_clean(ended.said)


@pytest.mark.parametrize(
    "words",
    [["plan"], ["show", "p.plan"], ["state", "list"], ["import", "spec", "--dry-run"]],
    ids=" ".join,
)
def test_a_selector_near_personal_data_does_not_reveal_it(planted, words):
    ended = planted.run(*words, "--target", "identity=canry.jones@example.com")
    assert ended.code == 64
    assert "@example.com" not in ended.said


def test_what_moved_since_a_review_is_masked(planted):
    _people(planted, Name="Canary Third")
    assert planted.run("apply", "--auto-approve").code == 0
    for format_name in ("text", "json"):
        ended = planted.run("apply", "p.plan", "--auto-approve", "--format",
                            format_name)  # fmt: skip
        assert ended.code == 4
        _assert_clean(ended.said)


def test_the_passcode_is_in_no_file(planted):
    words = ["apply", "p.plan", "--auto-approve", "--report", "r.jsonl"]
    assert planted.run(*words).code == 0
    planted.sandbox.script("unauthorised")
    planted.run("apply", "--auto-approve", "-v", "-v")
    assert planted.files().keys() >= {"r.jsonl", "state.jsonl", "p.plan"}
    for name, data in planted.files().items():
        assert PASSCODE.encode() not in data, name


def test_files_with_clear_values_are_private_whatever_the_umask(planted):
    words = ["apply", "p.plan", "--auto-approve", "--report", "r.jsonl"]
    with planted.spawn(
        "state", "copy", "copy.jsonl", "--auto-approve", umask=0
    ) as process:
        process.communicate(timeout=60)
    with planted.spawn(*words, umask=0) as process:
        process.communicate(timeout=60)
    with planted.spawn("apply", "--sandbox", "--auto-approve", umask=0) as process:
        process.communicate(timeout=60)
    names = {"r.jsonl", "state.jsonl", "p.plan", "copy.jsonl",
             ".ctsync/sandbox/state.jsonl", ".ctsync/sandbox/platform.db"}  # fmt: skip
    for name in names:
        mode = (planted.folder / name).stat().st_mode & 0o777
        assert mode == 0o600, name


def test_a_passcode_in_the_file_is_refused_and_not_repeated(desk):
    file = desk.folder / "ctsync.yaml"
    for literal in (PASSCODE, f"${{X}}{PASSCODE}", f"'{PASSCODE}'"):
        desk.project()
        text = file.read_text().replace("{id:", f'{{passcode: "{literal}", id:')
        file.write_text(text)
        desk.people({"u1": {"Plan": "Free"}})
        for words in (["validate"], ["plan"], ["plan", "--format", "json"]):
            ended = desk.run(*words)
            assert ended.code == 1
            assert PASSCODE not in ended.said


@pytest.mark.parametrize("words", SAID, ids=" ".join)
def test_revealing_is_refused_where_ci_keeps_the_logs(planted, words, monkeypatch):
    monkeypatch.setenv("CI", "true")
    ended = planted.run(*words, "--reveal")
    assert ended.code == 64
    assert "CI" in ended.err


def test_revealing_shows_everything_on_ones_own_machine(planted):
    text = planted.ok("plan", "--reveal").out
    assert MAIL in text
    assert "Canary Smith" in text
    assert "Canary Boss" in text
    change = planted.plan("--reveal")["changes"][0]
    assert change["key"] == {"identity": MAIL}


@pytest.mark.parametrize("format_name", ["markdown", "html"])
def test_revealing_in_a_comment_or_page_is_usage(planted, format_name):
    assert planted.run("plan", "--reveal", "--format", format_name).code == 64
    assert planted.run("show", "p.plan", "--reveal", "--format", format_name).code == 64

"""Inputs and what is found in them: code, line, column."""

import pytest

from ctsync.diagnostic_codes import CODES

PERSON = "profiles:\n- identity: u1\n  attributes:\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("catalog:\n  Tags: {type: lst}\n", [("CT101", 5, 10)]),
        ("catalog:\n  Tags: {tpye: list}\n", [("CT102", 5, 10)]),
        ("catalog:\n  Tags: list\n", [("CT103", 5, 3)]),
        ("catalog:\n  Tags:\n", [("CT103", 5, 3)]),
        ("catalog:\n  Tags: {write: never}\n", [("CT101", 5, 10)]),
        ("catalog:\n  Tags: {sensitive: yes}\n", [("CT201", 5, 10)]),
        ("catalog:\n  Tags: {enum: []}\n", [("CT103", 5, 10)]),
        ("catalog:\n  Tags: {enum: [a, a]}\n", [("CT103", 5, 10)]),
        ("catalog:\n  Tags: {enum: [a, 1]}\n", [("CT103", 5, 20)]),
        ("catalog:\n  Tags: {type: date, enum: [a]}\n", [("CT103", 5, 3)]),
        ("catalog:\n  Email: {type: number}\n", [("CT110", 5, 3)]),
        ("catalog:\n  Gender: {enum: [M, X]}\n", [("CT101", 5, 3)]),
        ("catalog:\n  identity: {type: string}\n", [("CT102", 5, 14)]),
        ("catalog:\n  Identity: {type: string}\n", [("CT307", 5, 3)]),
        ("catalog:\n  a: {}\n  A: {}\n", [("CT111", 6, 3)]),
        ("catalog:\n  a.b: {}\n", [("CT301", 5, 3)]),
        ("cotalog: {}\n", [("CT102", 4, 1)]),
        ("x-cotalog: {}\n", []),
        ("name: Hello World\n", [("CT103", 4, 1)]),
        ("timezone: Asia/Calcuta\n", [("CT108", 4, 1)]),
        ("timezone: localtime\n", [("CT108", 4, 1)]),
        ("timezone: ../UTC\n", [("CT108", 4, 1)]),
        ("timezone: 5\n", [("CT103", 4, 1)]),
        ("specs: [peple]\n", [("CT013", 4, 9)]),
        ("specs: people\n", [("CT103", 4, 1)]),
        ("policy: {undeclared: drop}\n", [("CT101", 4, 10)]),
        ("policy: {limits: {create: -1}}\n", [("CT103", 4, 19)]),
        ("policy: {limits: {create: 1.5}}\n", [("CT103", 4, 19)]),
        ("policy: {limits: {create: many}}\n", [("CT103", 4, 19)]),
        ("policy: {limits: {opt_in: 101%}}\n", [("CT103", 4, 19)]),
        ("policy: {limits: {opt_in: 100%}}\n", []),
        ("policy: {limits: {create: 1e3}}\n", []),
        ("policy: {limits: {creates: 1}}\n", [("CT102", 4, 19)]),
        ("upload: {records_per_call: 1001}\n", [("CT101", 4, 10)]),
        ("upload: {concurrency: 0}\n", [("CT101", 4, 10)]),
        ("upload: {timeout_seconds: 0}\n", [("CT101", 4, 10)]),
        ("platform: {key_bytes: x}\n", [("CT103", 4, 12)]),
        ("notify: '${A-B}'\n", [("CT105", 4, 1)]),
        ("notify: '${A'\n", [("CT105", 4, 1)]),
        ("tables: {a: {file: b.csv}}\n", [("CT104", 4, 10)]),
        ("environments: {prod: 5}\n", [("CT103", 4, 16)]),
        ("environments: 5\n", [("CT103", 4, 1)]),
        ("profiles: {}\n", [("CT103", 4, 1)]),
        ("profiles:\n", [("CT103", 4, 1)]),
        ("cohorts: []\n", [("CT103", 4, 1)]),
    ],
)
def test_the_project_file(folder, text, found):
    assert folder.more(text).found() == found


@pytest.mark.parametrize(
    ("account", "found"),
    [
        ("{id: A1, region: in9}", [("CT101", 2, 19)]),
        ("{id: A1, region: 5}", [("CT103", 2, 19)]),
        ("{id: A1}", [("CT104", 2, 1)]),
        ("{id: 5, region: in1}", [("CT103", 2, 11)]),
        ("{id: A1, region: in1, regoin: x}", [("CT102", 2, 32)]),
        ("{id: A1, region: in1, passcode: abc}", [("CT106", 2, 32)]),
        ("{id: A1, region: in1, passcode: 12345}", [("CT106", 2, 32)]),
        ("{id: A1, region: in1, passcode: 'x${P}'}", [("CT106", 2, 32)]),
        ("{id: A1, region: in1, passcode: '${P}'}", []),
        ("{id: A1, region: in1, endpoint: 'http://example.com'}", [("CT109", 2, 32)]),
        ("{id: A1, region: in1, endpoint: 'https://u:p@a.com'}", [("CT109", 2, 32)]),
        ("{id: A1, region: in1, endpoint: 'https://a.com?x=y'}", [("CT109", 2, 32)]),
        ("{id: A1, region: in1, endpoint: 'http://[::1]:x'}", [("CT109", 2, 32)]),
        ("{id: A1, region: in1, endpoint: 'ftp://127.0.0.1'}", [("CT109", 2, 32)]),
        ("{id: A1, region: in1, endpoint: 'a.com'}", [("CT109", 2, 32)]),
        ("{id: A1, region: in1, endpoint: 'http://127.8.9.1:80'}", []),
        ("{id: A1, region: in1, endpoint: 'http://[::1]:80'}", []),
        ("{id: A1, region: in1, endpoint: 'http://localhost'}", []),
        ("{id: A1, region: in1, endpoint: 'https://a.com'}", []),
        ("{id: '${ID}', region: '${R}', endpoint: '${E}'}", []),
    ],
)
def test_the_account(folder, account, found):
    text = f"version: 1\naccount: {account}\nstate: s.jsonl\n"
    assert folder.write("ctsync.yaml", text).found() == found


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("state.jsonl", []),
        ("dir/", []),
        ("postgresql://h/db", []),
        ("'${STATE}'", []),
        ("{url: '${STATE_URL}', name: prod}", []),
        ("state.json", []),
        ("s3://bucket/", []),
        ("gs://bucket/crm/prod/", []),
        ("az://bucket/crm/", []),
        ("{url: 's3://${BUCKET}/crm/', name: prod}", []),
        ("postgresql://ada:${PASSWORD}@db/crm", []),
        ("postgresql://ada:${A}${B}@db/crm?sslmode=verify-full", []),
        ("s3://key:word@bucket/crm/", [("CT106", 3, 1)]),
        ("postgresql://ada:s3cret@db/crm", [("CT106", 3, 1)]),
        ("postgresql://ada:s3-${PART}@db/crm", [("CT106", 3, 1)]),
        ("postgresql://db/crm?password=s3cret", [("CT106", 3, 1)]),
        ("{url: 'postgres://ada:s3cret@db/crm'}", [("CT106", 3, 9)]),
        ("{name: prod}", [("CT104", 3, 1)]),
        ("[a]", [("CT103", 3, 1)]),
        ("", [("CT103", 3, 1)]),
    ],
)
def test_the_state(folder, state, found):
    text = f"version: 1\naccount: {{id: A1, region: in1}}\nstate: {state}\n"
    assert folder.write("ctsync.yaml", text).found() == found


def test_no_finding_shows_a_password_of_the_state(folder):
    state = "postgresql://ada:s3cret@db/crm?sslpassword=s3cret"
    text = f"version: 1\naccount: {{id: A1, region: in1}}\nstate: {state}\n"
    folder.write("ctsync.yaml", text)
    (finding,) = folder.findings()
    assert "s3cret" not in repr(finding)


def test_all_missing_keys_are_named_at_once(folder):
    folder.write("ctsync.yaml", "name: x\n")
    assert [f.message for f in folder.findings()] == [
        'missing key "account"',
        'missing key "state"',
        'missing key "version"',
    ]


@pytest.mark.parametrize("version", ["2", "'1'", "true", "one"])
def test_the_version_is_one(folder, version):
    folder.write(
        "ctsync.yaml",
        f"account: {{id: A1, region: in1}}\nstate: s.jsonl\nversion: {version}\n",
    )
    assert folder.found() == [("CT101", 3, 1)]


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("{attributes: {A: b}}", [("CT523", 2, 3)]),
        ("{identity: a, FBID: b}", [("CT523", 2, 3)]),
        ("{identity: }", [("CT314", 2, 4)]),
        ("{identity: ~}", [("CT314", 2, 4)]),
        ("{identity: null}", [("CT314", 2, 4)]),
        ("{identity: ''}", [("CT314", 2, 4)]),
        ("{identity: '  '}", [("CT314", 2, 4)]),
        ("{identity: ' a'}", [("CT318", 2, 4)]),
        ('{identity: "a\\tb"}', [("CT314", 2, 4)]),
        ("{identity: " + "x" * 119 + "}", []),
        ("{identity: " + "x" * 120 + "}", [("CT314", 2, 4)]),
        ("{identity: [a]}", [("CT103", 2, 4)]),
        ("{identity: yes}", []),
        ("{identity: 0123}", []),
        ("{objectId: 25b08803c1af4e00839f530264dac6f8}", []),
        ("{objectId: -25b0}", []),
        ("{objectId: '__ha!b:c@d$e_f-g()'}", []),
        ("{objectId: __h}", [("CT526", 2, 4)]),
        ("{objectId: __g" + "a" * 65 + "}", [("CT526", 2, 4)]),
        ("{objectId: __i123}", [("CT526", 2, 4)]),
        ("{objectId: a b}", [("CT526", 2, 4)]),
        ("u1", [("CT103", 2, 3)]),
        ("[u1]", [("CT103", 2, 3)]),
        ("{identity: a, attrs: {}}", [("CT102", 2, 17)]),
        ("{identity: a, x-note: {}}", []),
        ("{identity: a, attributes: }", [("CT103", 2, 17)]),
        ("{identity: a, attributes: []}", [("CT103", 2, 17)]),
        ("{identity: a, subscriptions: {sms: {}}}", [("CT102", 2, 33)]),
        ("{identity: a, subscriptions: {email: [a]}}", [("CT103", 2, 33)]),
        ("{identity: a, subscriptions: {email: {'': true}}}", [("CT301", 2, 41)]),
        ("{identity: a, subscriptions: {email: {' b': true}}}", [("CT301", 2, 41)]),
        (
            "{identity: a, subscriptions: {email: {" + "b" * 513 + ": true}}}",
            [("CT305", 2, 41)],
        ),
        (
            "{identity: a, subscriptions: {email: {News: true, news: true}}}",
            [("CT304", 2, 53)],
        ),
        ("{idntity: a, attrs: {}}", [("CT102", 2, 4), ("CT102", 2, 16)]),
    ],
)
def test_a_profile(folder, entry, found):
    codes = folder.write("a.yaml", f"profiles:\n- {entry}\n").found()
    assert codes[: len(found)] == found
    assert bool(codes) == bool(found)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((f"a{char}b", "CT301") for char in "%><!|&.;#"),
        ("'a:b'", "CT301"),
        ("a$b", "CT301"),
        ("a'b", "CT301"),
        ('a"b', "CT301"),
        ("a\\b", "CT301"),
        ("''", "CT301"),
        ("' a'", "CT301"),
        ('"a\\nb"', "CT301"),
        ("subscriptions.email.News", "CT301"),
        ("FBID", "CT302"),
        ("gpid", "CT302"),
        ("Birthday", "CT302"),
        ("objectId", "CT302"),
        ("all_identities", "CT302"),
        ("wzrk_a", "CT302"),
        ("WZRK_a", "CT302"),
        ("ct_a", "CT302"),
        ("category-unsubscribe", "CT302"),
        ("$a", "CT302"),
        ("MSG-fax", "CT302"),
        ("phone", "CT303"),
        ("email", "CT303"),
        ("dob", "CT303"),
        ("customer type", "CT303"),
        ("CustomerType", "CT303"),
        ("msgSms", "CT303"),
        ("Msg-email", "CT303"),
        ("MSG_whatsapp", "CT303"),
        ("msg dnd email", "CT303"),
        ("CT_is_test_user", "CT303"),
        ("k" * 121, "CT305"),
        ("\u00e9" * 61, "CT305"),
        ("identity", "CT307"),
        ("Identity", "CT307"),
        ("Language", "CT317"),
        ("E-mail", "CT320"),
        ("Mobile Number", "CT320"),
        ("sex", "CT320"),
    ],
)
def test_a_name_that_the_platform_would_refuse_or_damage(folder, name, code):
    folder.write("a.yaml", f"{PERSON}    {name}: x\n")
    assert folder.found() == [(code, 4, 5)]


@pytest.mark.parametrize(
    "name",
    [
        *("1189549", "Loyalty Points", "k" * 120, "x-note", "a-b", "\u00e9", "yes"),
        *("ct_is_test_user", "MSG-email", "Name", "DOB", "Identity Card", "Home"),
    ],
)
def test_a_name_that_is_fine(folder, name):
    assert folder.write("a.yaml", f"{PERSON}    {name}: x\n").found() == []


@pytest.mark.parametrize(
    ("name", "right"), [("Birthday", "DOB"), ("mobile_no", None), ("Cell", "Phone")]
)
def test_a_name_of_the_same_meaning_names_the_right_one(folder, name, right):
    folder.write("a.yaml", f"{PERSON}    {name}: x\n")
    hints = [finding.hint for finding in folder.findings()]
    assert [hint.split(",")[0] for hint in hints] == [f"write {right}"] * bool(right)


def test_a_name_that_the_catalog_has_is_meant(folder):
    catalog = "catalog: {Mobile: {type: string}}\n"
    folder.write("a.yaml", f"{catalog}{PERSON}    Mobile: x\n")
    assert folder.found() == []


def test_a_near_miss_names_the_right_spelling(folder):
    folder.write("a.yaml", f"{PERSON}    msgSms: true\n")
    (finding,) = folder.findings()
    assert (finding.hint, finding.attribute) == ("write MSG-sms", "msgSms")


def test_names_that_differ_only_in_case_or_spaces_name_both_places(folder):
    folder.write("a.yaml", f"{PERSON}    My Plan: x\n")
    folder.write("b.yaml", f"{PERSON}    myplan: x\n    My Plan: x\n")
    (finding,) = folder.findings()
    assert (finding.code, finding.place) == ("CT304", "b.yaml:4:5")
    assert '"My Plan" (a.yaml:4)' in finding.message


def test_the_catalog_decides_the_spelling(folder):
    folder.more("catalog: {Zeta: {}}\n")
    folder.write("a.yaml", f"{PERSON}    zeta: x\n")
    (finding,) = folder.findings()
    assert finding.hint == 'write "Zeta" in both places'


def test_every_occurrence_of_a_bad_name_is_found(folder):
    entry = "- identity: u{}\n  attributes: {{phone: x}}\n"
    folder.write("a.yaml", "profiles:\n" + "".join(map(entry.format, range(3))))
    assert folder.found() == [("CT303", line, 16) for line in (3, 5, 7)]


def test_custom_names_are_counted_over_the_whole_project(folder):
    folder.more("platform: {custom_keys: 3}\ncatalog: {A: {}}\n")
    folder.write("a.yaml", f"{PERSON}    A: x\n    Name: x\n    B: x\n")
    folder.write("b.yaml", "cohorts: {v: {members: [], leave: {C: x, B: x}}}\n")
    assert folder.found() == []
    folder.write("c.yaml", f"{PERSON}    MSG-email: true\n    D: x\n")
    (finding,) = folder.findings()
    assert (finding.code, finding.place) == ("CT306", "b.yaml:1:36")
    assert "4 custom attributes, an account 3" in finding.message


def test_unknown_attributes_can_be_errors(folder):
    folder.more("policy: {unknown_attributes: error}\ncatalog: {Plan: {}}\n")
    folder.write("a.yaml", f"{PERSON}    Plann: x\n    Plan: x\n    Name: x\n")
    (finding,) = folder.findings()
    assert finding.as_text() == (
        'a.yaml:4:5: error CT313 unknown attribute "Plann" (did you mean "Plan"?)'
    )


def test_keys_that_differ_only_in_case_are_warned_about_without_showing_them(folder):
    folder.write("a.yaml", "profiles:\n- identity: Jack@example.com\n")
    folder.write(
        "b.yaml", "profiles:\n- identity: jack@example.com\n- FBID: jack@example.com\n"
    )
    (finding,) = folder.findings()
    assert (finding.severity, finding.code) == ("warning", "CT312")
    assert (finding.place, finding.key) == ("b.yaml:2:3", None)
    assert "a.yaml:2" in finding.message
    assert "example" not in finding.as_text().lower()


@pytest.mark.parametrize("ids", [("jo", "jo "), ("jo ", "jo")])
def test_a_key_with_an_outer_space_resembles_the_one_without(folder, ids):
    spaced, twin = f"a.yaml:{2 + ids.index('jo ')}:3", "a.yaml:3:3"
    entries = [f'- identity: "{each}"\n' for each in ids]
    folder.write("a.yaml", f"profiles:\n{''.join(entries)}")
    found = {(each.code, each.place) for each in folder.findings()}
    assert found == {("CT318", spaced), ("CT312", twin)}


def test_the_same_key_in_two_places_is_fine(folder):
    text = "profiles:\n- identity: u1\n- identity: u1\ncohorts: {v: {members: [u1]}}\n"
    assert folder.write("a.yaml", text).found() == []


@pytest.mark.parametrize(
    ("cohort", "found"),
    [
        ("{members: [u1, u1]}", [("CT315", 2, 21)]),
        ("{members: [u1, {identity: u1}]}", [("CT315", 2, 21)]),
        ("{members: [u1, {objectId: u1}, {FBID: u1}]}", []),
        ("{members: [u1, 1189549, yes]}", []),
        ("{members: [~]}", [("CT314", 2, 17)]),
        ("{members: ['']}", [("CT314", 2, 17)]),
        ("{members: [{objectId: x, FBID: y}]}", [("CT523", 2, 17)]),
        ("{members: [{}]}", [("CT523", 2, 17)]),
        ("{members: [[u1]]}", [("CT103", 2, 17)]),
        ("{members: [{objectId: __i1}]}", [("CT526", 2, 17)]),
        ("{members: [U1, u1]}", [("CT312", 2, 21)]),
        ("{members: u1}", [("CT103", 2, 7)]),
        ("{}", [("CT104", 2, 3)]),
        ("5", [("CT103", 2, 3)]),
        ("{members: [], leave: []}", [("CT103", 2, 20)]),
        ("{members: [], leave: {phone: x}}", [("CT303", 2, 28)]),
        ("{members: [], attributes: {phone: x}}", [("CT303", 2, 33)]),
        ("{members: [], atributes: {}}", [("CT102", 2, 20)]),
        ("{members: {file: a.csv, key: {identity: b}}}", []),
        ("{members: [], x-note: 1}", []),
    ],
)
def test_a_cohort(folder, cohort, found):
    assert folder.write("a.yaml", f"cohorts:\n  v: {cohort}\n").found() == found


def test_a_cohort_and_an_attribute_have_one_place(folder):
    folder.more("catalog: {Plan: {}}\ncohorts: {v: {members: []}}\n")
    folder.write("a.yaml", "catalog: {plan: {}}\ncohorts: {v: {members: []}}\n")
    assert folder.found() == [("CT111", 1, 11), ("CT111", 2, 11)]
    assert "first at ctsync.yaml:4" in folder.findings()[0].message


def test_faults_of_all_files_are_found_at_once(folder):
    folder.more("timezone: Mars\n")
    folder.write("a.yaml", "profiles: [\n")
    folder.write("b.yaml", b"\xff")
    folder.write("c.yaml", "profiles:\n- identity: ''\n- {identity: u, attr: {}}\n")
    places = [(f.file, f.code) for f in folder.findings()]
    assert places == [
        ("a.yaml", "CT001"),
        ("b.yaml", "CT002"),
        ("c.yaml", "CT314"),
        ("c.yaml", "CT102"),
        ("ctsync.yaml", "CT108"),
    ]


def test_a_secret_is_never_repeated(folder):
    for words in (
        "passcode: s3cr3t",
        "passcode: [s3cr3t]",
        "endpoint: http://s3cr3t@h",
        "endpoint: http://s3cr3t.example.com",
    ):
        text = f"version: 1\naccount: {{id: A, region: in1, {words}}}\n"
        folder.write("ctsync.yaml", text + "state: s3cr3t://x\n")
        found = folder.findings()
        assert len(found) == 1
        assert not any("s3cr3t" in finding.as_text() for finding in found)


def test_every_code_that_is_found_is_explained(folder):
    folder.more("catalog: {a: {type: lst}}\n")
    assert {finding.code for finding in folder.findings()} <= CODES.keys()
    assert all(code.title and code.meaning and code.hint for code in CODES.values())

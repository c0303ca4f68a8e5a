import pytest

from ctsync.errors import SpecError, UsageError
from ctsync.model.snapshot import Account
from ctsync.project import environment_names, is_complete
from ctsync.project.environments import merge
from ctsync.sources.project_sources import ProjectSources

PROJECT = """\
version: 1
account: {id: BASE, region: in1}
state: state.jsonl
policy: {undeclared: remove, limits: {create: 5, update: 10%}}
specs: [people]
catalog: {Plan: {type: string}}
environments:
  staging:
    account: {id: STAGE}
    state: state.staging.jsonl
    policy: {undeclared: null, limits: {create: 7}}
    specs: [other]
    catalog: {Plan: {write: once}, Tier: {type: string}}
  moved: {account: {region: us1}}
  same: {account: {region: in1}}
  x-note: anything
"""


@pytest.fixture
def project(folder):
    folder.write("people/a.yaml", "profiles: [{identity: u1}]\n")
    folder.write("other/b.yaml", "profiles: [{identity: u2}]\n")
    return folder.write("ctsync.yaml", PROJECT)


def test_maps_merge_by_key_and_lists_and_scalars_replace(project):
    loaded = project.load(environment="staging")
    assert list(loaded.findings) == []
    assert loaded.account({}) == Account("STAGE", "in1")
    assert loaded.state({}).location == "state.staging.jsonl"
    assert [c.key.id for c in ProjectSources(loaded).contributions()] == ["u2"]
    assert loaded.rule_for("Plan").write == "once"
    assert loaded.rule_for("Plan").kind == loaded.rule_for("Tier").kind == "string"


def test_null_takes_away(project):
    loaded = project.load(environment="staging")
    assert loaded.policy.undeclared == "keep"
    assert str(loaded.policy.limits["create"]) == "7"
    assert str(loaded.policy.limits["update"]) == "10%"


def test_without_an_environment_the_rest_counts(project):
    loaded = project.load()
    assert loaded.account({}) == Account("BASE", "in1")
    assert loaded.policy.undeclared == "remove"


def test_an_environment_that_changes_the_account_sets_the_state(project):
    assert project.found(environment="moved") == [("CT107", 14, 11)]
    assert project.found(environment="same") == []


def test_an_unknown_environment_names_the_nearest(project):
    with pytest.raises(UsageError, match='no environment "stagin"') as caught:
        project.load(environment="stagin")
    assert caught.value.hint == 'did you mean "staging"?'


def test_environment_names_leave_out_ignored_keys(project):
    assert environment_names(project.root) == ("staging", "moved", "same")
    assert is_complete(project.root)


def test_an_incomplete_base_lists_the_environments(folder):
    folder.write(
        "ctsync.yaml",
        "version: 1\naccount: {region: in1}\nenvironments:\n"
        "  prod: {account: {id: P}, state: p.jsonl}\n  dev: {}\n",
    )
    with pytest.raises(UsageError, match=r"has no state, account\.id") as caught:
        folder.load()
    assert caught.value.hint == "use --env with one of prod, dev"
    assert not is_complete(folder.root)
    assert folder.found(environment="prod") == []
    assert folder.found(environment="dev") == [("CT104", 1, 1), ("CT104", 2, 1)]


def test_a_sandboxed_project_needs_neither_account_nor_state(folder):
    folder.write("ctsync.yaml", "version: 1\n")
    assert list(folder.load(is_sandboxed=True).findings) == []


def test_findings_stand_in_the_environment_that_caused_them(folder):
    folder.more("environments:\n  prod:\n    policy: {undeclared: drop}\n")
    assert folder.found(environment="prod") == [("CT101", 6, 14)]
    assert folder.found() == []


def test_profiles_of_an_environment_keep_their_lines(folder):
    folder.more("environments:\n  prod:\n    profiles:\n    - identity: u1\n")
    (contribution,) = ProjectSources(folder.load(environment="prod")).contributions()
    assert contribution.origin.place == "ctsync.yaml:7"


def test_an_overlay_without_changes_changes_nothing():
    base = {"a": {"b": ":1"}, "c": [":x"]}
    assert merge(base, {}) == base
    assert merge(base, {"a": {"b": ":null"}}) == {"a": {}, "c": [":x"]}
    assert merge(base, {"a": '"null'}) == {"a": '"null', "c": [":x"]}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "variable ID is not set; variable R is not set"),
        ({"ID": "", "R": "in1"}, "variable ID is empty"),
        ({"ID": "A", "R": "in9"}, "gives no known region"),
    ],
)
def test_a_variable_is_read_where_it_is_first_used(folder, variables, message):
    text = "version: 1\naccount: {id: 'x${ID}', region: '${R}'}\nstate: s.jsonl\n"
    project = folder.write("ctsync.yaml", text).load()
    with pytest.raises(SpecError, match=message) as caught:
        project.account(variables)
    (first, *_) = caught.value.findings
    assert (first.file, first.line) == ("ctsync.yaml", 2)


def test_variables_complete_account_state_and_notify(folder):
    folder.write(
        "ctsync.yaml",
        "version: 1\nnotify: '${HOOK}'\n"
        "account: {id: '${ID}', region: '${R}', endpoint: '${E}', passcode: '${P}'}\n"
        "state: {url: '${U}', name: '${N}'}\n",
    )
    project = folder.load()
    set_ = {
        "ID": "A",
        "R": "us1",
        "E": "http://127.0.0.1:1",
        "P": "p",
        "HOOK": "https://h/x",
    }
    set_ |= {"U": "postgresql://h/d", "N": "prod"}
    assert project.account(set_) == Account("A", "us1", "http://127.0.0.1:1")
    assert project.passcode(set_) == "p"
    assert project.notify(set_) == "https://h/x"
    state = project.state(set_)
    assert (state.location, state.name) == ("postgresql://h/d", "prod")


def test_an_endpoint_from_a_variable_is_judged_when_it_is_read(folder):
    text = "version: 1\naccount: {id: A, region: in1, endpoint: '${E}'}\nstate: s/\n"
    project = folder.write("ctsync.yaml", text).load()
    with pytest.raises(SpecError, match="neither https nor this machine") as caught:
        project.account({"E": "http://secret.example.com"})
    assert "secret" not in str(caught.value)


def test_the_passcode_is_read_only_when_asked_for(folder):
    project = folder.load()
    assert project.passcode({"CLEVERTAP_PASSCODE": "p"}) == "p"
    assert "PASSCODE" not in repr(project.account_words)
    with pytest.raises(SpecError, match="CLEVERTAP_PASSCODE is not set"):
        project.passcode({})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "postgresql://ada:s3cret@db.example.com:5432/crm",
            "postgresql://db.example.com",
        ),
        ("postgresql://ada:s3cret@[::1]:5432/crm", "postgresql://[::1]"),
        ("postgresql://[broken", "..."),
        ("s3://acme/s3cret/", "s3://acme"),
    ],
)
def test_of_a_states_address_only_scheme_and_host_are_shown(folder, url, shown):
    words = PROJECT.replace("state: state.jsonl", 'state: {url: "${URL}", name: crm}')
    state = folder.write("ctsync.yaml", words).load().state({"URL": url})
    assert (state.shown, state.public) == (shown, f"{shown}, crm")

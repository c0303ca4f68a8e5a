import hashlib
import os
import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest

from ctsync.errors import SpecError, UsageError
from ctsync.model.attribute import Attribute
from ctsync.model.policy import DEFAULT_LIMITS, Limit
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources


def keys(folder):
    return [
        contribution.key.id
        for contribution in ProjectSources(folder.load()).contributions()
    ]


def person(name):
    return f"profiles: [{{identity: {name}}}]\n"


def test_specs_are_found_recursively_and_sorted_by_path_bytes(folder):
    for name in ("b.yaml", "a/z.yml", "a/b/c.yaml", "B.yaml", "é.yaml"):
        folder.write(name, person(name.replace("/", "-").partition(".")[0]))
    assert keys(folder) == ["B", "a-b-c", "a-z", "b", "é"]


def test_files_that_are_no_specs_are_left_out(folder):
    folder.write("people/.hidden.yaml", person("x"))
    folder.write(".git/a.yaml", person("x"))
    folder.write("other/ctsync.yaml", person("x"))
    folder.write("other/a.yaml", person("x"))
    folder.write("notes.txt", person("x"))
    folder.write("a.json", person("x"))
    folder.write("deep/ok.yaml", person("ok"))
    assert keys(folder) == ["ok"]


def test_a_file_named_twice_is_read_once(folder):
    folder.write("people/a.yaml", person("a")).write("people/b.yaml", person("b"))
    folder.more("specs: [people/b.yaml, people, ./people/a.yaml, ctsync.yaml]\n")
    (folder.root / "people" / "link.yaml").symlink_to("a.yaml")
    assert keys(folder) == ["a", "b"]


def test_only_named_specs_are_read(folder):
    folder.write("a.yaml", person("a")).write("b.yaml", person("b"))
    folder.write("list.txt", person("c"))
    assert keys(folder.more("specs: [b.yaml, list.txt]\n")) == ["b", "c"]
    assert keys(folder.more("specs: []\n")) == []


def test_a_missing_spec_names_the_nearest(folder):
    folder.write("people/a.yaml", person("a")).more("specs: [peple]\n")
    (finding,) = folder.findings()
    assert finding.as_text() == (
        'ctsync.yaml:4:9: error CT013 "peple" does not exist (did you mean people?)'
    )


def test_sections_may_stand_in_the_project_file(folder):
    folder.more(
        "profiles: [{identity: a}]\ncohorts: {v: {members: [b]}}\ncatalog: {P: {}}\n"
    )
    assert keys(folder) == ["a", "b"]


def test_another_file_can_be_the_project_file(folder):
    folder.write("prod.yaml", "version: 1\naccount: {id: P, region: us1}\nstate: s/\n")
    folder.write("a.yaml", person("a"))
    project = load_project(folder.root / "prod.yaml")
    assert (project.file, project.root) == ("prod.yaml", folder.root)
    assert project.account({}).id == "P"
    assert [c.key.id for c in ProjectSources(project).contributions()] == ["a"]


def test_no_project_says_how_one_is_begun_or_where_one_is(folder):
    (folder.root / "ctsync.yaml").rename(folder.root / "ctsync.yml")
    with pytest.raises(UsageError, match=r"no ctsync\.yaml in") as caught:
        folder.load()
    assert caught.value.hint == "rename ctsync.yml to ctsync.yaml"
    (folder.root / "ctsync.yml").unlink()
    with pytest.raises(UsageError) as caught:
        folder.load()
    assert caught.value.hint.startswith('run "ctsync init"')
    (folder.root / "crm").mkdir()
    (folder.root / "crm" / "ctsync.yaml").touch()
    with pytest.raises(UsageError) as caught:
        folder.load()
    assert caught.value.hint == "there is one in crm: give it with -C"
    (folder.root / "crm" / "people").mkdir()
    with pytest.raises(UsageError) as caught:
        load_project(folder.root / "crm" / "people")
    assert caught.value.hint.startswith(f"there is one in {folder.root / 'crm'}: ")
    with pytest.raises(UsageError, match="does not exist"):
        load_project(folder.root / "nowhere")


def test_a_project_file_that_cannot_be_read_carries_its_findings(folder):
    folder.write("ctsync.yaml", "version: [1\n")
    with pytest.raises(SpecError, match=r"ctsync\.yaml cannot be read") as caught:
        folder.load()
    assert [finding.code for finding in caught.value.findings] == ["CT001"]


def test_inputs_name_every_file_with_its_digest(folder):
    folder.write("b.yaml", person("b")).write("a/a.yaml", person("a"))
    expected = {
        name: hashlib.sha256((folder.root / name).read_bytes()).hexdigest()
        for name in ("a/a.yaml", "b.yaml", "ctsync.yaml")
    }
    assert folder.load().inputs == tuple(sorted(expected.items()))


def test_defaults(folder):
    project = folder.load()
    assert project.policy.limits == DEFAULT_LIMITS
    assert project.policy.unknown_attributes == "allow"
    assert project.policy.undeclared == "keep"
    assert project.upload.records_per_call == 100
    assert project.frame.limits.custom_keys == 256
    assert project.frame.timezone.key == "UTC"
    assert (project.name, project.title, project.region) == (None, "A1", "in1")
    assert project.notify({}) is None
    assert not project.sensitive_identities


def test_settings(folder):
    folder.more(
        "name: crm\ntimezone: Asia/Kolkata\ncatalog: {identity: {sensitive: true}}\n"
        "policy: {undeclared: remove, limits: {update: 12%, reject: '3'}}\n"
        "upload: {records_per_call: 10, timeout_seconds: 1.5}\n"
        "platform: {key_bytes: 60}\n"
    )
    project = folder.load()
    assert list(project.findings) == []
    assert project.title == "crm"
    assert project.frame.timezone.key == "Asia/Kolkata"
    assert project.policy.limits["update"] == Limit(12, is_percent=True)
    assert project.policy.limits["reject"] == Limit(3)
    assert project.policy.limits["create"] == DEFAULT_LIMITS["create"]
    assert project.upload.timeout_seconds == 1.5
    assert project.frame.limits.key_bytes == 60
    assert project.sensitive_identities


def test_the_machine_knows_no_other_zone_than_the_package(folder):
    zone = folder.more("timezone: Europe/Berlin\n").load().frame.timezone
    assert zone.key == ZoneInfo("Europe/Berlin").key


def test_the_catalog_stands_over_system_attributes(folder):
    folder.more(
        "catalog:\n  Email: {write: locked}\n  Customer Type: {enum: [Gold]}\n"
        "  Loyalty Points: {type: counter}\n  Tier: {enum: [VIP]}\n"
        "  Manager: {sensitive: true}\n"
    )
    rule_for = folder.load().rule_for
    email = Attribute("Email", "string", write="locked", sensitive=True, system=True)
    assert rule_for("Email") == email
    assert rule_for("Customer Type").enum == ("Gold",)
    assert rule_for("Customer Type").system
    assert rule_for("loyaltypoints") == Attribute("Loyalty Points", "counter")
    assert rule_for("Tier") == Attribute("Tier", "string", enum=("VIP",))
    assert rule_for("Manager") == Attribute("Manager", sensitive=True)
    assert rule_for("Phone").sensitive
    assert rule_for("Other") == Attribute("Other")
    assert rule_for("MSG-email").kind == "subscription"
    assert rule_for("subscriptions.email.News").kind == "subscription"


@pytest.mark.parametrize(
    "text",
    [
        "catalog: {A: {type: list}}\n",
        "catalog: {A: {sensitive: true}}\n",
        "policy: {undeclared: remove}\n",
        "timezone: Asia/Kolkata\n",
        "platform: {value_bytes: 100}\n",
    ],
)
def test_what_changes_the_meaning_of_words_changes_the_salt(folder, text):
    before = folder.load().salt
    assert folder.more(text).load().salt != before
    assert len(before) == 32


@pytest.mark.parametrize(
    "text",
    [
        "name: other\n",
        "policy: {limits: {create: 1}, unknown_attributes: error}\n",
        "upload: {concurrency: 1}\n",
        "profiles: [{identity: a, attributes: {Name: b}}]\n",
        "cohorts: {v: {members: [a], leave: {Name: b}}}\n",
        "environments: {prod: {state: p.jsonl}}\n",
        "x-a: b\n",
    ],
)
def test_what_does_not_change_the_meaning_keeps_the_salt(folder, text):
    before = folder.load().salt
    assert folder.more(text).load().salt == before


def test_the_salt_does_not_depend_on_the_order_of_the_catalog(folder):
    one = folder.more("catalog: {A: {type: list}, B: {}}\n").load().salt
    assert folder.more("catalog: {B: {}, A: {type: list}}\n").load().salt == one


def test_positions_are_found_on_demand(folder):
    text = (
        "profiles:\n- identity: u1\n  attributes:\n    A: {include: [x,\n      y]}\n"
        "  subscriptions: {email: {News: true}}\n"
    )
    locate = folder.write("a.yaml", text).load().locate
    entry = ("profiles", 0)
    assert locate("a.yaml", ()) == (1, 1)
    assert locate("a.yaml", entry) == (2, 3)
    assert locate("a.yaml", (*entry, "attributes", "A")) == (4, 5)
    assert locate("a.yaml", (*entry, "attributes", "A", "include", 1)) == (5, 7)
    assert locate("a.yaml", (*entry, "subscriptions", "email", "News")) == (6, 27)
    assert locate("a.yaml", (*entry, "attributes", "B")) == (3, 3)
    assert locate("gone.yaml", entry) == (1, 1)


def test_a_clean_project_is_read_once_and_without_jsonschema(folder):
    folder.more("catalog: {A: {type: list}}\n")
    folder.write("a.yaml", "cohorts: {v: {members: [a]}}\nprofiles: [{identity: b}]\n")
    code = (
        "import sys; from pathlib import Path; import ctsync.yaml.reader as reader\n"
        "from ctsync.project import load_project\n"
        f"project = load_project(Path({str(folder.root)!r}))\n"
        "from ctsync.sources.project_sources import ProjectSources\n"
        "assert len(list(ProjectSources(project).contributions())) == 2\n"
        "assert not project.findings.totals\n"
        "assert 'jsonschema' not in sys.modules\n"
        "assert not project.locator._documents\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ctsync.kinds import KINDS
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.model.attribute import Attribute
from ctsync.model.profile_key import ID_TYPES
from ctsync.project import project_schema, spec_schema
from ctsync.project.cohorts import member_key
from ctsync.project.schema.documents import (
    ANY_ATTRIBUTES,
    bare_project_schema,
    bare_spec_schema,
)
from ctsync.project.schema.sections import member_schema, profile_schema
from ctsync.project.schema_errors import fits, shape_faults
from ctsync.yaml.profile_entry import key_of, shape_of_entry
from ctsync.yaml.scalars import json_of

PROJECT = bare_project_schema()
SPEC = bare_spec_schema()
PROFILE = profile_schema(ANY_ATTRIBUTES)
MEMBER = member_schema()


@pytest.mark.parametrize("schema", [project_schema(), spec_schema(), PROJECT, SPEC])
def test_schemas_are_valid(schema):
    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def walk(schema):
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from walk(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from walk(inner)


def test_every_key_has_a_description():
    for schema in (project_schema(), spec_schema()):
        for part in walk(schema):
            for name, inner in (part.get("properties") or {}).items():
                is_branch = set(inner) == {"title", "anyOf"}
                assert is_branch or "description" in inner, name


def test_attributes_offer_system_attributes_and_the_catalog():
    rules = [Attribute("Plan", "string", enum=("Gold",)), Attribute("Tags", "list")]
    profile = spec_schema(rules)["properties"]["profiles"]["items"]
    attributes = profile["properties"]["attributes"]
    assert {*SYSTEM, "Plan", "Tags"} == attributes["properties"].keys()
    assert attributes["properties"]["Plan"]["enum"] == ["Gold"]
    assert attributes["additionalProperties"] is True
    closed = spec_schema(rules, open=False)["properties"]["profiles"]["items"]
    assert closed["properties"]["attributes"]["additionalProperties"] is False


def test_the_catalog_offers_every_declarable_kind():
    entry = SPEC["properties"]["catalog"]["additionalProperties"]
    kinds = {name for name, kind in KINDS.items() if kind.is_declarable}
    assert set(entry["properties"]["type"]["enum"]) == kinds


def test_an_environment_needs_no_key_and_may_take_keys_away():
    schema = project_schema()
    document = {
        "version": 1,
        "account": {"id": "A", "region": "in1"},
        "state": "s.jsonl",
        "environments": {"prod": {"account": {"id": "B"}, "policy": None}},
    }
    Draft202012Validator(schema).validate(document)
    document["environments"]["prod"]["acount"] = {}
    assert not Draft202012Validator(schema).is_valid(document)


def properties_of(schema):
    names = {name for part in walk(schema) for name in part.get("properties", {})}
    return sorted(names | {"x-a", "odd", "Plan"})


SCALARS = st.sampled_from(
    ["", "a", "list", "in1", "keep", "30%", "${A}", "state.jsonl", "UTC"]
) | st.sampled_from([None, True, False, 0, 1, -1, 1.0, 1.5, 2000, 10**9])


def documents(schema):
    keys = st.sampled_from(properties_of(schema))
    return st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4)
        ),
        max_leaves=10,
    )


def fitting(schema):
    """Draw documents that mostly fit, so that depth is reached."""
    if schema is True:
        return SCALARS
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | SCALARS
    if "anyOf" in schema:
        return st.one_of([fitting(inner) for inner in schema["anyOf"]])
    if schema.get("type") == "object":
        known = {k: fitting(v) for k, v in schema.get("properties", {}).items()}
        required = {k: known.pop(k) for k in schema.get("required", ()) if k in known}
        extra = schema.get("additionalProperties", True)
        other = SCALARS if isinstance(extra, bool) else fitting(extra)
        return st.one_of(
            st.fixed_dictionaries(required, optional=known),
            st.dictionaries(st.sampled_from(["Plan", "x-a", "odd"]), other),
        )
    if schema.get("type") == "array":
        return st.lists(fitting(schema["items"]), max_size=3)
    return SCALARS


@pytest.mark.parametrize("schema", [PROJECT, SPEC], ids=["project", "spec"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_who_judges_and_who_explains_agree(schema, data):
    value = data.draw(fitting(schema) | documents(schema))
    is_valid = Draft202012Validator(schema).is_valid(value)
    assert fits(schema, value) == is_valid
    assert is_valid == (shape_faults(schema, value, "the file") == [])


ODD = {
    "half a letter": "\ud800",
    "thousands of digits": 10**5000,
    "no number": float("nan"),
    "infinity": float("inf"),
    "a key that is no text": {1: 2},
    "bytes": b"x",
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_what_has_no_form_in_json_ends_in_no_traceback(value):
    assert fits({"type": "boolean"}, value) is False
    assert fits({"type": "object"}, {"a": {"b": value}}) in {True, False}


NODES = st.recursive(
    st.sampled_from(
        [":", ":~", ":null", '"', ":a", ":5", ":true", '"x', ":2020-01-01"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["email", "sms", "x-a", "A"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)
ENTRIES = NODES | st.dictionaries(
    st.sampled_from([*ID_TYPES, "attributes", "subscriptions", "x-a", "odd"]),
    NODES,
    max_size=4,
)


@given(ENTRIES)
@settings(deadline=None)
def test_the_hand_written_check_of_profiles_agrees_with_jsonschema(entry):
    is_valid = Draft202012Validator(PROFILE).is_valid(shape_of_entry(entry))
    assert (key_of(entry) is not None) == is_valid


@given(ENTRIES)
@settings(deadline=None)
def test_the_hand_written_check_of_members_agrees_with_jsonschema(node):
    is_valid = Draft202012Validator(MEMBER).is_valid(json_of(node))
    assert (member_key(node) is not None) == is_valid


@given(ENTRIES)
@settings(deadline=None)
def test_what_is_refused_is_explained_in_our_words(entry):
    if key_of(entry) is None:
        faults = shape_faults(PROFILE, shape_of_entry(entry), "the profile")
        assert faults
        for fault in faults:
            assert "is not valid under any" not in fault.message
            assert "\0" not in fault.message

"""Several places that speak of one profile: what unites, and what contradicts."""

import pytest

from ctsync.model.scalar_value import Literal


def test_places_that_agree_are_one_owner(project_view, plan):
    project = project_view().says("u1", {"Plan": "Gold"}).says("u1", {"Plan": "Gold"})
    assert plan(project).sent() == [("Plan", "set", "Gold")]


def test_values_are_compared_in_normal_form(project_view, plan):
    project = project_view(catalog={"Score": "number"})
    project.says("u1", {"Score": Literal("5.0", "number", 5.0)})
    project.says("u1", {"Score": 5})
    assert plan(project).sent() == [("Score", "set", 5)]


def test_unequal_values_are_an_error_that_names_both_places(project_view, faults):
    project = project_view()
    project.says("u1", {"Plan": "Gold"}, file="a.yaml", line=3)
    project.says("u1", {"Plan": "Free"}, file="b.yaml", line=8)
    ((code, message),) = faults(project)
    assert code == "CT309"
    assert "a.yaml:3" in message


def test_the_finding_stands_at_the_second_place(project_view, plan, faults):
    project = project_view()
    project.says("u1", {"Plan": "Gold"}, file="a.yaml", line=3)
    project.says("u1", {"Plan": "Free"}, file="b.yaml", line=8)
    with pytest.raises(Exception, match="1 error") as caught:
        plan(project)
    (finding,) = caught.value.findings
    assert (finding.file, finding.attribute) == ("b.yaml", "Plan")


def test_one_place_that_spells_a_name_in_two_ways_disagrees_with_itself(
    project_view, faults
):
    (fault,) = faults(project_view().says("u1", {"Plan": "Gold", "plan": "Free"}))
    assert fault == ("CT309", "plan has another value here than in people.yaml:1")


def test_values_of_different_kinds_are_unequal(project_view, faults):
    project = project_view().says("u1", {"Plan": "5"}).says("u1", {"Plan": 5})
    assert [code for code, _ in faults(project)] == ["CT309"]


@pytest.mark.parametrize("words", [("a", ["a"]), (["a"], "a")])
def test_a_list_and_a_text_are_unequal(project_view, faults, words):
    project = project_view()
    for word in words:
        project.says("u1", {"Other": word})
    assert [code for code, _ in faults(project)] == ["CT309"]


def test_nothing_is_no_value_of_an_attribute_without_a_kind(project_view, faults):
    project = project_view().says("u1", {"Other": None})
    ((code, message),) = faults(project)
    assert code == "CT204"
    assert "Other" in message


def test_values_included_and_excluded_are_all_named_in_order(project_view, faults):
    project = project_view().says("u1", {"Tags": {"include": ["c", "a", "b", "d"]}})
    project.says("u1", {"Tags": {"exclude": ["b", "c", "a"]}})
    ((_, message),) = faults(project)
    assert "a, b, c" in message


def test_includes_and_excludes_unite(project_view, plan):
    project = project_view()
    project.says("u1", {"Tags": {"include": ["a"], "exclude": ["x"]}})
    project.says("u1", {"Tags": {"include": ["b"], "exclude": ["y"]}})
    assert plan(project).sent() == [
        ("Tags", "$remove", ("x", "y")),
        ("Tags", "$add", ("a", "b")),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_a_value_included_and_excluded_is_an_error_that_names_both(
    project_view, faults, order
):
    words = [{"include": ["beta"]}, {"exclude": ["beta"]}][::order]
    project = project_view()
    project.says("u1", {"Tags": words[0]}, file="a.yaml", line=1)
    project.says("u1", {"Tags": words[1]}, file="b.yaml", line=2)
    ((code, message),) = faults(project)
    assert code == "CT310"
    assert "beta" in message
    assert "a.yaml:1" in message


@pytest.mark.parametrize("other", [["a"], ["b"], {"include": ["b"]}])
def test_an_exact_list_has_one_place(project_view, faults, other):
    project = project_view()
    project.says("u1", {"Tags": ["a"]}, file="a.yaml", line=1)
    project.says("u1", {"Tags": other}, file="b.yaml", line=2)
    ((code, message),) = faults(project)
    assert code == "CT311"
    assert "a.yaml:1" in message


def test_age_beside_dob_is_an_error_even_from_two_places(project_view, faults):
    project = project_view()
    project.says("u1", {"Age": 42})
    project.says("u1", {"DOB": Literal("1990-02-20", "date")})
    assert [code for code, _ in faults(project)] == ["CT308"]


def test_one_place_with_age_and_dob_is_told_once(project_view, faults):
    words = {"Age": 42, "DOB": Literal("1990-02-20", "date")}
    assert [code for code, _ in faults(project_view().says("u1", words))] == ["CT308"]


def test_age_of_one_and_dob_of_another_profile_do_not_meet(project_view, plan):
    project = project_view().says("u1", {"Age": 42})
    project.says("u2", {"DOB": Literal("1990-02-20", "date")})
    assert plan(project).profiles["create"] == 2


def test_all_faults_of_a_project_are_found_at_once(project_view, faults):
    project = project_view()
    project.says("u1", {"Gender": "male", "Email": "nobody", "Tags": ["", "a"]})
    project.says("u2", {"Phone": "223"})
    assert sorted(code for code, _ in faults(project)) == [
        "CT202", "CT514", "CT515", "CT516",
    ]  # fmt: skip


def test_no_finding_shows_a_sensitive_value(project_view, faults):
    secret = "no-address-of-mine"
    project = project_view().says("u1", {"Email": secret})
    ((_, message),) = faults(project)
    assert secret not in message
    assert "(sensitive)" in message


def test_a_list_that_would_outgrow_the_platform_is_an_error(
    project_view, entry, faults
):
    known = [f"v{n:03}" for n in range(100)]
    project = project_view().says("u1", {"Tags": {"include": ["one more"]}})
    ((code, message),) = faults(project, entry(attributes={"Tags": known}))
    assert code == "CT209"
    assert "101" in message


def test_a_list_may_be_as_long_as_the_platform_keeps(project_view, plan, entry):
    known = [f"v{n:03}" for n in range(99)]
    project = project_view().says("u1", {"Tags": {"include": ["one more"]}})
    planned = plan(project, entry(attributes={"Tags": known}))
    assert planned.sent() == [("Tags", "$add", ("one more",))]


def test_includes_of_several_places_are_counted_together(project_view, faults):
    project = project_view()
    for start in (0, 60):
        values = [f"v{n}" for n in range(start, start + 60)]
        project.says("u1", {"Tags": {"include": values}})
    assert [code for code, _ in faults(project)] == ["CT209"]


def test_a_number_towards_a_list_is_an_error(project_view, entry, faults):
    project = project_view().says("u1", {"Tags": ["a"]})
    found = faults(project, entry(attributes={"Tags": 7}))
    assert [code for code, _ in found] == ["CT402"]

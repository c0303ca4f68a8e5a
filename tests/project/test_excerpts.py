"""A finding stands at the same place, whether a profile or the file is read again."""

from textwrap import dedent

import pytest

from ctsync.project import source_positions
from ctsync.project.source_positions import SourcePositions
from ctsync.yaml.reader import parse_document

PLAIN = """\
# people of the north
profiles:
  - identity: "{n}"
    attributes:
      Name: Jack {n}

      Interests: [shoes, bags]  # both
    subscriptions: {{email: {{News: true}}}}
"""
STYLES = {
    "block": PLAIN,
    "no indentation": """\
        profiles:
        - identity: "{n}"
          attributes: {{Name: Jack {n}, Interests: [shoes]}}
        """,
    "dash alone": """\
        profiles:
          -
            identity: "{n}"
            attributes:
              Name: Jack {n}
        """,
    "explicit text": """\
        profiles:
          - identity: "{n}"
            attributes:
              Name: |
                - identity: no
                profiles:
              Interests: [a, b]
        """,
}
PATHS = (
    (),
    ("identity",),
    ("attributes",),
    ("attributes", "Name"),
    ("attributes", "Interests", 0),
    ("subscriptions", "email", "News"),
    ("attributes", "Nothing"),
)


def read(file):
    return parse_document(file.read_bytes(), in_columns=True)


def population(style, count=40):
    head, first, item = dedent(STYLES[style]).partition("profiles:\n")
    items = (item.format(n=number) for number in range(count))
    return head + first + "".join(items)


def assert_alike(folder, text):
    file = folder / "people.yaml"
    file.write_bytes(text.encode())
    document, whole = read(file), SourcePositions(folder)
    for index in (0, 1, 7, 38, 39, 40):
        for rest in PATHS:
            path = ("profiles", index, *rest)
            kept = SourcePositions(folder)
            kept.keep("people.yaml", document)
            found = kept.locate("people.yaml", path)
            assert found == whole.locate("people.yaml", path), path


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_places_are_the_same_in_every_style_and_line_ending(style, ending, tmp_path):
    assert_alike(tmp_path, population(style).replace("\n", ending))


def test_places_are_the_same_behind_a_byte_order_mark(tmp_path):
    assert_alike(tmp_path, "\ufeff" + population("block"))


def test_places_are_the_same_with_odd_line_breaks_in_text(tmp_path):
    text = population("block").replace("Jack 3\n", 'J: "a\u2028b"\n')
    assert_alike(tmp_path, text)


def test_places_are_the_same_with_anchors_and_merges(tmp_path):
    items = "".join(
        f'  - identity: "{n}"\n    attributes: {{<<: *all, Name: Jack {n}}}\n'
        for n in range(40)
    )
    text = "x-all: &all\n  Interests: [shoes]\nprofiles:\n" + items
    assert_alike(tmp_path, text)


def test_places_are_the_same_where_all_profiles_share_a_line(tmp_path):
    items = ", ".join(f'{{identity: "{n}", attributes: {{}}}}' for n in range(40))
    assert_alike(tmp_path, f"profiles: [{items}]\n")


def test_places_are_the_same_where_the_list_is_not_the_last(tmp_path):
    assert_alike(tmp_path, population("block") + "cohorts: {}\n")


def test_a_file_that_changed_meanwhile_is_read_as_it_is_now(tmp_path):
    file = tmp_path / "people.yaml"
    file.write_text(population("block"))
    kept = SourcePositions(tmp_path)
    kept.keep("people.yaml", read(file))
    file.write_text("# new\n" + population("block"))
    assert kept.locate("people.yaml", ("profiles", 5, "identity")) == (34, 5)


def test_one_warning_does_not_read_the_whole_file_again(tmp_path, monkeypatch):
    file = tmp_path / "people.yaml"
    file.write_text(population("block"))
    kept = SourcePositions(tmp_path)
    kept.keep("people.yaml", read(file))
    monkeypatch.delattr(source_positions, "read_document")
    assert kept.locate("people.yaml", ("profiles", 5, "identity")) == (33, 5)

import pytest

from ctsync.formats.typed_cells import number, text, untyped, word
from ctsync.model.attribute import Attribute
from ctsync.model.fault import Fault
from ctsync.model.scalar_value import Literal
from ctsync.project.table_columns import Column
from ctsync.sources.column_values import ColumnReader
from ctsync.yaml.scalars import literal


def read(cell, kind=None, attribute="A", **words):
    column = Column("a", attribute, (), **words)
    return ColumnReader(column, Attribute(attribute, kind)).read(cell)


def plain(text_):
    return Literal(text_, "text", text_)


@pytest.mark.parametrize(
    ("cell", "kind", "raw"),
    [
        ("5", None, text("5")),
        ("5", "string", text("5")),
        ("true", "string", text("true")),
        ("5", "number", literal(":5")),
        ("-1.5e3", "counter", literal(":-1.5e3")),
        ("0123", "number", plain("0123")),
        ("1234567890123456", "number", number("1234567890123456")),
        ("9007199254740991", "counter", number("9007199254740991")),
        ("1,5", "number", plain("1,5")),
        (" 5", "number", plain(" 5")),
        ("true", "boolean", literal(":true")),
        ("false", "subscription", literal(":false")),
        ("TRUE", "boolean", plain("TRUE")),
        ("yes", "boolean", plain("yes")),
        ("1", "boolean", plain("1")),
        ("2020-01-02", "date", literal(":2020-01-02")),
        ("2020-01-02T03:04:05Z", "date", literal(":2020-01-02T03:04:05Z")),
        ("02/01/2020", "date", plain("02/01/2020")),
        ("2020", "date", plain("2020")),
        ("x" * 5000, "number", plain("x" * 5000)),
    ],
)
def test_text_gets_the_type_that_the_catalog_has_for_it(cell, kind, raw):
    assert read(untyped(cell), kind) == raw


@pytest.mark.parametrize("kind", [None, "string", "number", "boolean", "list"])
@pytest.mark.parametrize("cell", [text("5"), word("5"), word("true")])
def test_cells_that_have_a_type_keep_it(cell, kind):
    assert read(cell, kind).value == cell.value
    assert read(cell, kind).type == cell.type


def test_text_is_a_date_where_the_attribute_is_one():
    assert read(text("2020-01-02"), "date") == literal(":2020-01-02")
    assert read(text("2020-01-02")) == text("2020-01-02")


@pytest.mark.parametrize(
    ("how", "keep", "remove"),
    [
        ("exactly", None, Literal("null", "null")),
        ("include", None, {"include": []}),
        ("exclude", None, {"exclude": []}),
    ],
)
def test_a_blank_cell_is_kept_or_removed_or_a_fault(how, keep, remove):
    assert read(None, how=how) is keep
    assert read(None, how=how, blank="remove") == remove
    fault = read(None, how=how, blank="error")
    assert (fault.code, fault.value) == ("CT622", None)


def test_split_gives_the_pieces_as_they_are_and_no_empty_ones():
    assert read(untyped("a; b;;c"), "list", split=";") == [
        text(t) for t in ("a", " b", "c")
    ]
    assert read(text("a||b"), split="||") == [text("a"), text("b")]
    assert read(untyped("a;b"), how="include", split=";") == {
        "include": [text("a"), text("b")]
    }
    assert read(untyped(";;"), split=";", blank="remove") == word("null")


def test_one_text_is_included_and_excluded_alone():
    assert read(untyped("a"), "list", how="include") == {"include": [text("a")]}
    assert read(text("a"), "list", how="exclude") == {"exclude": [text("a")]}
    assert read([text("a"), text("b")], how="include") == {
        "include": [text("a"), text("b")]
    }


MAP = {
    "Male": word("M"),
    "1": word("true"),
    "none": word("null"),
    "all": [text("x"), text("y")],
}


@pytest.mark.parametrize(
    ("cell", "words", "raw"),
    [
        (untyped("Male"), {}, word("M")),
        (word("1"), {}, word("true")),
        (untyped("none"), {}, word("null")),
        (untyped("none"), {"how": "include"}, {"include": []}),
        (untyped("Male"), {"how": "include"}, {"include": [word("M")]}),
        (untyped("Male;none;all"), {"split": ";"}, [word("M"), text("x"), text("y")]),
        ([text("Male"), text("none")], {}, [word("M")]),
        (untyped("all"), {}, [text("x"), text("y")]),
    ],
)
def test_a_map_gives_the_value_for_a_word(cell, words, raw):
    assert read(cell, map=MAP, **words) == raw


@pytest.mark.parametrize("cell", ["male", "Male ", "M", "x"])
def test_a_word_that_the_map_does_not_hold_is_a_fault(cell):
    fault = read(untyped(cell), map={"Male": word("M"), "Female": word("F")})
    assert fault == Fault(
        "CT623", "A: map does not hold {value}", 'map holds "Male" or "Female"', cell
    )


def test_a_mapped_word_is_a_list_of_one_where_the_catalog_says_list():
    assert read(untyped("Male"), "list", map=MAP) == [word("M")]


def test_words_of_a_sensitive_attribute_are_not_told():
    column = Column("a", "A", (), map={"secret": word("M")})
    fault = ColumnReader(column, Attribute("A", sensitive=True)).read(untyped("x"))
    assert "secret" not in f"{fault.message}{fault.hint}"


@pytest.mark.parametrize(
    ("cell", "form", "date"),
    [
        ("31/12/2020", "%d/%m/%Y", "2020-12-31"),
        ("1/2/0099", "%d/%m/%Y", "0099-02-01"),
        ("31 Dec 20", "%d %b %y", "2020-12-31"),
        ("2020-366", "%Y-%j", "2020-12-31"),
        ("31.12.2020 07:08", "%d.%m.%Y %H:%M", "2020-12-31T07:08:00"),
        ("31.12.2020 07 PM", "%d.%m.%Y %I %p", "2020-12-31T19:00:00"),
        ("20201231T070809+0530", "%Y%m%dT%H%M%S%z", "2020-12-31T07:08:09+05:30"),
        ("20201231T070809Z", "%Y%m%dT%H%M%S%z", "2020-12-31T07:08:09+00:00"),
        ("2020-12-31 07:08:09.000", "%Y-%m-%d %H:%M:%S.%f", "2020-12-31T07:08:09"),
    ],
)
def test_a_date_is_read_in_the_form_of_its_column(cell, form, date):
    for typed in (untyped(cell), text(cell)):
        assert read(typed, "date", format=form) == Literal(date, "date")
    assert literal(f":{date}").type == "date"


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("31/13/2020", "%d/%m/%Y"),
        ("30/02/2020", "%d/%m/%Y"),
        ("2020-12-31", "%d/%m/%Y"),
        ("31/12/2020 x", "%d/%m/%Y"),
        ("31/12/2020 07:08:09.5", "%d/%m/%Y %H:%M:%S.%f"),
        ("31/12/2020 +05:30:15", "%d/%m/%Y %z"),
    ],
)
def test_what_is_no_date_of_that_form_is_a_fault(cell, form):
    fault = read(untyped(cell), "date", format=form)
    assert (fault.code, fault.value) == ("CT624", cell)

import contextlib
import gc
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.canonical_json import canonical
from ctsync.yaml.reader import collection_paused, parse_document, read_document

PURE = pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "pure"])


def tree(text, **options):
    data = text if isinstance(text, bytes) else text.encode()
    return parse_document(data, **options).tree


def problems(text, **options):
    data = text if isinstance(text, bytes) else text.encode()
    found = parse_document(data, **options).problems
    return [(problem.code, problem.line, problem.column) for problem in found]


@PURE
def test_scalars_keep_their_text_and_how_it_was_written(pure):
    text = "a: 1\nb: '1'\nc: \"1\"\nd: |\n  x\n  y\ne: >-\n  x\n  y\nf:\ng: a\n  b\n"
    assert tree(text, pure=pure) == {
        "a": ":1",
        "b": '"1',
        "c": '"1',
        "d": '"x\ny\n',
        "e": '"x y',
        "f": ":",
        "g": ":a b",
    }


@PURE
def test_keys_are_text_however_they_are_written(pure):
    text = "1189549: a\n'b': c\nyes: d\n2020-01-01: e\n'': f\n'null': g\n'<<': h\n"
    assert list(tree(text, pure=pure)) == [
        "1189549", "b", "yes", "2020-01-01", "", "null", "<<",
    ]  # fmt: skip


@PURE
def test_anchors_are_expanded(pure):
    text = "x: &a {b: [c]}\ny: *a\nz: [&s one, *s]\n*s : v\n"
    assert tree(text, pure=pure) == {
        "x": {"b": [":c"]},
        "y": {"b": [":c"]},
        "z": [":one", ":one"],
        "one": ":v",
    }


@PURE
def test_a_merge_yields_to_explicit_keys_and_the_first_of_several_maps_wins(pure):
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {c: 3, <<: [*x, *y], d: 3}\n"
    assert tree(text, pure=pure)["z"] == {"c": ":3", "d": ":3", "a": ":1", "b": ":1"}
    assert problems(text, pure=pure) == []


@PURE
def test_a_later_anchor_of_the_same_name_counts_from_there(pure):
    assert tree("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", pure=pure) == {
        "a": ":1", "b": ":1", "c": ":2", "d": ":2",
    }  # fmt: skip


@PURE
def test_crlf_byte_order_mark_and_document_markers_are_fine(pure):
    data = b"\xef\xbb\xbf%YAML 1.1\r\n---\r\na: 1\r\nb: [x]\r\n...\r\n"
    assert tree(data, pure=pure) == {"a": ":1", "b": [":x"]}
    assert problems(data, pure=pure) == []


def bomb(levels, width=9):
    lines = ["x0: &a0 [" + ",".join("l" * width) + "]"]
    for level in range(1, levels):
        above = ",".join([f"*a{level - 1}"] * width)
        lines.append(f"x{level}: &a{level} [{above}]")
    return "\n".join(lines) + "\n"


@PURE
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", [("CT004", 3, 1)]),
        ("a: {b: 1, c: 2, b: 3, c: 4}\n", [("CT004", 1, 17), ("CT004", 1, 23)]),
        ("x: &x {a: 1}\ny: {<<: *x, <<: *x}\n", [("CT004", 2, 13)]),
        ("a: !!str 1\nb: !foo {c: d}\n", [("CT005", 1, 4), ("CT005", 2, 4)]),
        ("!!str a: 1\n", [("CT005", 1, 1)]),
        ("a: ! b\n", [("CT005", 1, 4)]),
        ("a: !!python/object:os.system x\n", [("CT005", 1, 4)]),
        ("a: *b\n", [("CT006", 1, 4)]),
        ("a: &a {b: *a}\n", [("CT006", 1, 11)]),
        (bomb(9), [("CT006", 6, 10)]),
        ("a: 1\n---\nb: 2\n", [("CT007", 2, 1)]),
        ("a: \x00\n", [("CT008", 1, 4)]),
        ("a: b\nc: \x07\n", [("CT008", 2, 4)]),
        ('a: "\\0"\n', [("CT008", 1, 4)]),
        ("a:\n\t- b\n", [("CT009", 2, 1)]),
        ("a:\n  b: c\n\td: e\n", [("CT009", 3, 1)]),
        ("? [a]\n: b\n", [("CT010", 1, 3)]),
        ("{a: b}: c\n", [("CT010", 1, 1)]),
        ("null: a\n", [("CT010", 1, 1)]),
        ("a: {~: b}\n", [("CT010", 1, 5)]),
        ("? \n: a\n", [("CT010", 1, 2)]),
        (": a\n", [("CT001", 1, 1)]),
        ("", [("CT011", 1, 1)]),
        ("# only words\n", [("CT011", 1, 1)]),
        ("---\n", [("CT011", 2, 1)]),
        ("- a\n", [("CT011", 1, 1)]),
        ("text\n", [("CT011", 1, 1)]),
        ("a: " + "[" * 70 + "]" * 70 + "\n", [("CT012", 1, 67)]),
        ("a: {<<: 1}\n", [("CT014", 1, 5)]),
        ("x: &x [1]\na: {<<: [*x]}\n", [("CT014", 2, 5)]),
        ("a: b: c\n", [("CT001", 1, 5)]),
        ('a: b\nc: "d\n', [("CT001", 2, 4)]),
        ("a: @b\n", [("CT001", 1, 4)]),
        ("a: [b\n", [("CT001", 1, 4)]),
    ],
)
def test_what_the_language_refuses_is_found_where_it_stands(text, found, pure):
    assert problems(text, pure=pure) == found


@PURE
@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"a: b\nc: \xe9\n", [("CT002", 2, 4)]),
        ("a: b\n".encode("utf-16"), [("CT002", 1, 1)]),
        (b'a: "\\ud800"\n', [("CT008", 1, 4)]),
        (b"a: \xed\xa0\x80\n", [("CT002", 1, 4)]),
    ],
)
def test_bytes_that_are_no_text_are_found(data, found, pure):
    assert [code for code, *_ in problems(data, pure=pure)] == [found[0][0]]
    assert problems(data, pure=pure)[0][1] == found[0][1]


def test_a_bad_byte_is_named_by_its_offset_in_the_file():
    (problem,) = parse_document(b"\xef\xbb\xbfa: \xff").problems
    assert problem.message == "not UTF-8: byte 6"


def test_reading_goes_on_after_what_can_be_passed_over():
    text = "a: 1\na: 2\nb: !x y\nc: *d\nnull: e\n"
    assert [code for code, *_ in problems(text)] == [
        "CT004", "CT005", "CT006", "CT010",
    ]  # fmt: skip
    assert tree(text) == {"a": ":1", "b": ":y", "c": ":"}


def test_syntax_errors_are_in_our_words():
    texts = [
        "a: b: c",
        'a: "b',
        "a: [b",
        "a: {b: c",
        "a: @b",
        'a: "\\q"',
        "a:\n b\n- c",
    ]
    for text in texts:
        (problem,) = parse_document(text.encode()).problems
        assert not problem.message.startswith(("did not", "found", "expected"))
        assert problem.hint


def test_aliases_cannot_nest_deeper_than_lists():
    links = "".join(f"x{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 300))
    assert problems("x0: &a0 [l]\n" + links) == [("CT012", 64, 12)]
    assert problems("x0: &a0 [l]\n" + links[: links.index("x63")]) == []


@given(
    st.lists(
        st.sampled_from(
            [*":-?[]{},&*!|>%#'\" \n\tab1~<\r\u00e9\0", "<<: ", "a: ", "\n  "]
        )
    )
)
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reader(parts):
    data = "".join(parts).encode()
    for pure in (False, True):
        document = parse_document(data, with_marks=True, pure=pure)
        assert document.tree is not None or document.problems


@given(st.binary())
def test_no_bytes_break_the_reader(data):
    document = parse_document(data)
    assert document.tree is not None or document.problems


def test_aliases_may_repeat_a_lot_before_they_are_a_bomb():
    shared = "x: &x {" + ", ".join(f"k{i}: v" for i in range(50)) + "}\n"
    text = shared + "list:\n" + "- *x\n" * 1500
    assert problems(text) == []


def test_files_that_cannot_be_read_are_findings(tmp_path):
    (folder,) = read_document(tmp_path).problems
    (missing,) = read_document(tmp_path / "none.yaml").problems
    assert (folder.code, folder.message) == ("CT003", "this is a folder")
    assert missing.code == "CT003"
    assert "no such file" in missing.message


def test_lines_of_lists_near_the_root_are_kept():
    document = parse_document(
        b"profiles:\n  - a: 1\n\n  - b: 1\n"
        b"cohorts:\n  vip:\n    members: [x,\n      y]\n"
    )
    profiles = document.tree["profiles"]
    cohorts = document.tree["cohorts"]
    assert document.lines[id(profiles)] == [2, 4]
    assert document.lines[id(cohorts["vip"]["members"])] == [7, 8]
    assert document.key_lines[id(cohorts)] == {"vip": 6}


def test_collection_is_resumed_even_after_an_error():
    with contextlib.suppress(ValueError), collection_paused():
        assert not gc.isenabled()
        int("x")
    assert gc.isenabled()


VALUES = st.recursive(
    st.text(alphabet="abc é\"':#-\n", max_size=5) | st.integers() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet="abcd", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)
MAPS = st.dictionaries(st.text(alphabet="abcd", min_size=1), VALUES, max_size=4)


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(inner) for key, inner in reversed(value.items())}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(MAPS)
def test_reading_does_not_depend_on_the_order_of_keys(value):
    one, other = (parse_document(as_yaml(v)) for v in (value, reordered(value)))
    assert one.tree == other.tree
    assert canonical(one.tree) == canonical(other.tree)


def as_yaml(value):
    return json.dumps(value, ensure_ascii=False).encode()  # JSON is YAML


@given(MAPS)
def test_both_parsers_read_alike(value):
    data = as_yaml(value)
    fast = parse_document(data, with_marks=True)
    slow = parse_document(data, with_marks=True, pure=True)
    assert fast.tree == slow.tree
    assert sorted(fast.marks.values()) == sorted(slow.marks.values())

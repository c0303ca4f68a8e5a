"""`where` and `compute`: SQL that can look at a row's columns, and at nothing else.

It is parsed by DuckDB itself, its tree is judged, and only the text that DuckDB makes
of the judged tree is ever run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ctsync.canonical_json import canonical, parse
from ctsync.duckdb_connection import Connection, refusals
from ctsync.formats.where_size import MOST_BYTES, size_of
from ctsync.model.fault import Fault, Faults
from ctsync.suggestions import did_you_mean

_PARTS = frozenset(
    {"COMPARISON", "CONJUNCTION", "CONSTANT", "COLUMN_REF", "FUNCTION", "CAST"}
    | {"OPERATOR", "BETWEEN", "CASE", "TYPE"}
)
_NOUNS = {
    "SUBQUERY": "a query of its own",
    "WINDOW": "a window over other rows",
    "STAR": "*",
    "PARAMETER": "a parameter",
    "LAMBDA": "a lambda",
    "COLLATE": "COLLATE",
    "POSITIONAL_REFERENCE": "a position",
    "DEFAULT": "DEFAULT",
}
# What gives the same for the same arguments on every machine and in every version.
# DuckDB's own word for it, CONSISTENT, holds for current_localtimestamp too.
_SYMBOLS = "!~~ !~~* % & ** + - / // << <= >= >> @> ^@ | || ~ ~~ ~~* ~~~ -> ->> ^ < > *"
_TEXT = """ascii bit_length char_length character_length chr concat concat_ws contains
ends_with format instr lcase left len length levenshtein like_escape ilike_escape
not_like_escape not_ilike_escape lower lpad ltrim md5 nfc_normalize octet_length ord
position prefix regexp_escape regexp_extract regexp_extract_all regexp_full_match
regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right rpad
rtrim sha1 sha256 split split_part starts_with str_split str_split_regex string_split
string_split_regex string_to_array strip_accents strlen strpos substr substring suffix
translate trim ucase unicode upper url_decode url_encode to_base64 from_base64 hex"""
_NUMBERS = """abs add ceil ceiling divide even exp fdiv floor fmod gcd greatest isfinite
isinf isnan lcm least ln log log10 log2 mod multiply pow power round round_even sign
sqrt subtract trunc xor bit_count"""
_TIMES = """century date_diff date_part date_sub date_trunc datediff datepart datesub
datetrunc day dayname dayofmonth dayofweek dayofyear decade epoch epoch_ms epoch_us era
hour isodow isoyear julian last_day make_date make_time make_timestamp microsecond
millennium millisecond minute month monthname quarter second strftime strptime
try_strptime time_bucket to_timestamp week weekday weekofyear year yearweek date_add
to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds
to_minutes to_months to_quarters to_seconds to_weeks to_years"""
_LISTS = """array_contains array_extract array_has array_has_all array_has_any
array_length array_position array_slice array_to_string cardinality element_at
json_array_length json_contains json_exists json_extract json_extract_path
json_extract_path_text json_extract_string json_keys json_type json_valid list_concat
list_contains list_distinct list_element list_extract list_has list_has_all list_has_any
list_position list_slice list_sort list_unique list_value map_contains map_extract
map_keys row struct_extract struct_pack"""
_OTHERS = "coalesce if ifnull nullif typeof"
FUNCTIONS = frozenset(
    f"{_SYMBOLS} {_TEXT} {_NUMBERS} {_TIMES} {_LISTS} {_OTHERS}".split()
)


def refused_condition(
    message: str, hint: str | None = None, steps: tuple[str, ...] = ()
) -> Faults:
    """Return the error of an expression that cannot be used.

    `steps` lead to it from the table's place in the spec.
    """
    return Faults(Fault("CT604", message, hint, path=steps))


class Expression(Struct, frozen=True):
    """An expression that was judged.

    In `sql` its columns `names` are called `mark` and their number, from 1. `steps` are
    where it stands in its table.
    """

    sql: str
    names: tuple[str, ...]
    mark: str = "w"
    steps: tuple[str, ...] = ("where",)

    def columns(self, known: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of a file that it looks at; letter case counts last.

        Raises:
            Faults: the file has no such column.
        """
        try:
            return tuple(_column(name, known) for name in self.names)
        except Faults as found:
            raise Faults(replace(found.first, path=self.steps)) from found

    def seen(self, columns: Iterable[str]) -> Iterator[str]:
        """Yield columns, as SQL, under the names that they have in the expression."""
        for number, column in enumerate(columns, 1):
            yield f"{column} AS {self.mark}{number}"

    def type_over(self, connection: Connection, types: Sequence[str]) -> str:
        """Return the type that it has over columns of these types.

        Raises:
            Faults: it has none.
        """
        empty = [*self.seen(f"NULL::{type_}" for type_ in types), "0"]
        query = f"SELECT ({self.sql}) FROM (SELECT {', '.join(empty)})"  # noqa: S608
        try:
            return str(connection.sql(query).types[0])
        except refusals() as error:
            said = self._in_own_names(_first_line(error))
            raise refused_condition(said, None, self.steps) from error

    def require_condition(self, connection: Connection, types: Sequence[str]) -> None:
        """Make sure that over columns of these types it is a boolean.

        Raises:
            Faults: it is not.
        """
        found = self.type_over(connection, types)
        if found != "BOOLEAN":
            message = f"the condition gives a {found}, not true or false"
            raise refused_condition(message, _EXAMPLE, self.steps)

    def _in_own_names(self, text: str) -> str:
        # From the last on, since w12 begins with w1.
        for number, name in reversed([*enumerate(self.names, 1)]):
            text = text.replace(f"{self.mark}{number}", name)
        return text


_EXAMPLE = "write a comparison, as in country = 'IN'"


def checked_condition(
    connection: Connection,
    text: str,
    mark: str = "w",
    steps: tuple[str, ...] = ("where",),
) -> Expression:
    """Return the expression that a text is.

    Raises:
        Faults: it is no single expression, or looks at more than a row's columns.
    """
    try:
        return _judged(connection, text, mark, steps)
    except (RecursionError, ValueError) as error:  # no JSON is nested so deeply
        message = "the condition is nested too deeply"
        raise refused_condition(message, "flatten it", steps) from error
    except Faults as found:
        noun = "the condition" if steps == ("where",) else "the expression"
        message = found.first.message.replace("the condition", noun)
        raise refused_condition(message, found.first.hint, steps) from found


def _judged(
    connection: Connection, text: str, mark: str, steps: tuple[str, ...]
) -> Expression:
    node = _parsed(connection, text)
    names = tuple(dict.fromkeys(_judge(node["select_list"], connection)))
    if size_of(node["select_list"]) > MOST_BYTES:
        hint = "write numbers into repeat, lpad and format, and small ones"
        raise refused_condition("the condition makes too much text of a row", hint)
    for part in _walk(node["select_list"]):
        if part.get("class") == "COLUMN_REF":
            part["column_names"] = [f"{mark}{names.index(part['column_names'][0]) + 1}"]
    tree = _serialized(connection, "1")
    tree["statements"][0]["node"] = node
    query = "SELECT json_deserialize_sql(?::JSON)"
    row = connection.execute(query, [canonical(tree).decode()]).fetchall()[0]
    return Expression(row[0].removeprefix("SELECT "), names, mark, steps)


def _serialized(connection: Connection, text: str) -> Any:
    # The line break ends a comment that the text may close with.
    query = "SELECT json_serialize_sql(?::VARCHAR)"
    row = connection.execute(query, [f"SELECT {text}\n"]).fetchall()[0]
    return parse(row[0])


def _parsed(connection: Connection, text: str) -> Any:
    tree = _serialized(connection, text)
    if tree["error"]:
        raise refused_condition(
            f"not SQL: {tree['error_message']}".splitlines()[0], _EXAMPLE
        )
    plain = _serialized(connection, "1")
    (bare,) = plain["statements"]
    statement = tree["statements"][0]
    node = statement["node"]
    # But for what is selected, all has to be as in SELECT 1: no FROM, no WHERE, no
    # LIMIT.
    ours = {**node, "select_list": bare["node"].get("select_list")}
    is_one = len(tree["statements"]) == 1 and len(node.get("select_list", ())) == 1
    if not is_one or _bare(ours) != _bare(bare["node"]):
        raise refused_condition("not a single condition", _EXAMPLE)
    if node["select_list"][0].get("alias"):
        raise refused_condition("the condition has a name of its own", "leave out AS")
    return node


def _bare(node: Any) -> Any:
    """Return a tree without the places where its parts stand in the text."""
    if isinstance(node, dict):
        return {
            name: _bare(inner)
            for name, inner in node.items()
            if not name.startswith("query_location")
        }
    return [_bare(inner) for inner in node] if isinstance(node, list) else node


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    inner = node.values() if isinstance(node, dict) else node
    for child in inner if isinstance(node, dict | list) else ():
        yield from _walk(child)


def _judge(expression: Any, connection: Connection) -> Iterator[str]:
    """Judge every part of an expression; yield the columns that it names."""
    for part in _walk(expression):
        sort = part.get("class")
        if sort is None:
            continue
        if sort not in _PARTS:
            raise refused_condition(
                f"the condition holds {_NOUNS.get(sort, sort)}", _ONLY
            )
        if sort == "FUNCTION":
            _judge_function(part, connection)
        elif sort == "OPERATOR" and part["type"] == "GROUPING_FUNCTION":
            raise refused_condition("the condition calls grouping()", _ONLY)
        elif sort == "COLUMN_REF":
            yield _name_of(part["column_names"])


_ONLY = "it may look at the columns of one row, and at nothing else"


def _judge_function(part: dict[str, Any], connection: Connection) -> None:
    name = part["function_name"]
    if part.get("schema") or part.get("catalog"):
        raise refused_condition(
            f"the condition calls {name}() of a schema", "leave it out"
        )
    if name not in FUNCTIONS:
        query = "SELECT count(*) FROM duckdb_functions() WHERE function_name = ?"
        (count,) = connection.execute(query, [name]).fetchall()[0]
        words = (function for function in FUNCTIONS if function.isidentifier())
        hint = _ONLY if count else did_you_mean(name, words)
        raise refused_condition(f"the condition calls {name}()", hint or _ONLY)
    orders = (part.get("order_bys") or {}).get("orders")
    if part.get("filter") or part.get("distinct") or orders:
        raise refused_condition(f"{name}() is called like an aggregate", _ONLY)


def _name_of(path: list[str]) -> str:
    if len(path) == 1:
        return path[0]
    dotted = ".".join(path)
    raise refused_condition(
        f"{dotted} is no column", f'write "{dotted}" if the name has a dot'
    )


def _column(name: str, known: Sequence[str]) -> str:
    if name in known:
        return name
    alike = [column for column in known if column.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise refused_condition(
            f"{name} may be {' or '.join(alike)}", "write it as it stands"
        )
    hint = did_you_mean(name, known)
    raise refused_condition(
        f'there is no column "{name}"', hint or "text stands in '...'"
    )


def _first_line(error: Exception) -> str:
    line = str(error).splitlines()[0]
    return line.partition("Error: ")[2] or line

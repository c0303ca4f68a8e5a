"""Codes of tables, and of members from files."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT601": Code(
        "attribute from two columns",
        "Two columns of one table give the same attribute.",
        "Keep one of them.",
    ),
    "CT602": Code(
        "option that does not fit",
        "`as` and `split` make lists, `format` reads dates; the attribute is another "
        "kind.",
        "Leave the option out, or correct the type in the catalog.",
    ),
    "CT604": Code(
        "where",
        "The condition is no boolean SQL expression over the table's columns, it looks "
        "at the time, at chance or at files, or it fails on a row.",
        "where: \"country = 'IN'\"",
    ),
    "CT611": Code(
        "no such file",
        "No file matches the pattern; it is relative to the file in which it stands.",
        "Correct it, or write allow_empty: true where a table may be absent.",
    ),
    "CT612": Code(
        "data file cannot be read",
        "The file may not be read, is damaged, or is not what its name says.",
        "Export it again, and check its permissions.",
    ),
    "CT613": Code(
        "unknown kind of file",
        "Rows come from text in .csv, .tsv and .jsonl (.ndjson) files, also with .gz "
        "or .zst, and from .parquet, .arrow, .arrows and .feather files.",
        "file: export/*.parquet",
    ),
    "CT614": Code(
        "data file is not UTF-8",
        "CSV and JSON Lines are UTF-8, with or without a byte order mark.",
        "Export the file as UTF-8.",
    ),
    "CT615": Code(
        "column is missing",
        "A file has no column of the name that the spec gives.",
        "Correct the name; letter case counts.",
    ),
    "CT616": Code(
        "header",
        "The first line of a CSV file names each column, and each once.",
        "Correct the header.",
    ),
    "CT617": Code(
        "row cannot be read",
        "A row has more or fewer cells than the header, an open quote, or is no JSON "
        "object.",
        "Correct the row, or export the file again.",
    ),
    "CT618": Code(
        "no rows",
        "A table without rows, or a file of members without one, is more often a "
        "failed export than a wish.",
        "Export it again, or write allow_empty: true if it may be empty.",
    ),
    "CT619": Code(
        "file changed during the run",
        "A data file or object was written while it was read, so its rows do not "
        "belong together.",
        "Run the command again when the export has ended.",
    ),
    "CT621": Code(
        "same key twice",
        "Two rows of a table name one profile.",
        "Keep one of them, or write duplicates: last.",
    ),
    "CT622": Code(
        "blank cell",
        "The table or column says blank: error, and a cell is missing, null or empty.",
        "Fill it, or write blank: keep.",
    ),
    "CT623": Code(
        "word without a mapping",
        "The column has a `map`, and the cell holds a word that is not in it.",
        "Add the word to map.",
    ),
    "CT624": Code(
        "date in another format",
        "The cell is not written as `format` says.",
        "Correct the cell, or the format.",
    ),
    "CT625": Code(
        "cell that cannot be a value",
        "The cell holds a map, bytes or a list in a list.",
        "Export text, a number, a boolean, a date or a list of text.",
    ),
    "CT626": Code(
        "rows skipped",
        "The table says invalid: skip, and some rows are bad; their profiles are left "
        "alone.",
        "Correct the rows; limits.skip bounds how many may be skipped.",
        "warning",
    ),
    "CT627": Code(
        "rows that went",
        "Profiles had a row in the table at the last apply and have none now. So it "
        "looks when an export broke off: limits.vanish blocks where many went.",
        "See whether the export is whole, and accept the number if it is.",
        "info",
    ),
    "CT628": Code(
        "column that no row has",
        "No row of a JSON Lines table has the column: its cells are blank.",
        "Correct the name if it is a slip; letter case counts.",
        "warning",
    ),
    "CT629": Code(
        "rows that give way",
        "The table says duplicates: last, and keys stand in several rows.",
        "Export each key once if the others were meant.",
        "info",
    ),
    "CT630": Code(
        "doubtful id",
        "The id of a row is a word for nothing, a number as spreadsheets write it, or "
        "holds characters that nobody sees; an id that is not known makes a person.",
        "Export ids as text.",
        "warning",
    ),
    "CT631": Code(
        "doubtful word",
        "A cell such as NULL, None, nan or a list in brackets would be sent as text.",
        'nulls: ["NULL"]',
        "warning",
    ),
    "CT632": Code(
        "one address on several profiles",
        "A plan gives two profiles the same Email or Phone.",
        "Correct it, unless two people share it.",
        "warning",
    ),
    "CT633": Code(
        "number that loses digits",
        "A number has more than 15 digits with its fraction; the platform keeps 15.",
        "Round it, or send it as text.",
        "warning",
    ),
    "CT640": Code(
        "more in a file than its size says",
        "A packed file unpacks to more than 200 times its size (64 MiB are always "
        "allowed), or a Parquet file has more than ten rows a byte: no export is so.",
        "Give the file as it is, not packed.",
    ),
}

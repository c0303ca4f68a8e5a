"""Rows in pieces: queries that another process, or another machine, may run.

A piece is of one file, since the rows of a text are counted as they come; files of
which each row has its number are parted further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ctsync.duckdb_connection import Connection, as_bytes
from ctsync.formats.base import FilePart
from ctsync.model.row_source import RowPiece
from ctsync.sources import duckdb_sql as sql


class RowPieces:
    """Makes pieces of parts; `digest` and `sound` are expressions over their rows."""

    def __init__(
        self,
        connection: Connection,
        *,
        digest: Callable[[FilePart], str],
        sound: str,
        is_filtered: bool,
    ) -> None:
        self._connection = connection
        self._digest = digest
        self._sound = sound
        self._is_filtered = is_filtered

    def of(self, part: FilePart, most_rows: int) -> Iterator[RowPiece]:
        """Yield the pieces of a part with one file."""
        if not part.numbered:
            counted = sql.NUMBERED_HERE.format(relation=part.relation)
            yield self._piece(part, counted)
            return
        query = sql.COUNT_STREAM.format(relation=part.relation)
        ((rows,),) = self._connection.execute(query).fetchall()
        for start in range(0, rows, most_rows):
            within = f"row > {start} AND row <= {start + most_rows}"
            yield self._piece(part, part.relation, within)

    def _piece(self, part: FilePart, relation: str, within: str = "") -> RowPiece:
        conditions = [*(["kept"] if self._is_filtered else []), *filter(None, [within])]
        query = sql.PIECE.format(
            sound=self._sound,
            digest=as_bytes(self._digest(part)),
            cells=part.cells,
            relation=relation,
            kept=f" WHERE {' AND '.join(conditions)}" if conditions else "",
        )
        return RowPiece(query, tuple(str(file.text_path) for file in part.files))

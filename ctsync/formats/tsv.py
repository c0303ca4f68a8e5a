"""Tab-separated values: CSV with another separator."""

from __future__ import annotations

from ctsync.formats.csv import CsvFormat


class TsvFormat(CsvFormat):
    """TSV files; quotes mean what they mean in CSV."""

    suffixes = (".tsv",)
    separator = "\t"


FORMAT = TsvFormat()

"""Quotes of CSV files: cells that go over lines are cells, and one that is never closed is told with its line."""

from __future__ import annotations

import io

import pytest

from exchange.intake.batch import BadFile, look_through, records
from exchange.model.batch import Columns, LeadFile

HEADER = b"first_name,zip,note\n"


def file_of(data: bytes) -> LeadFile:
    return LeadFile("leads.csv", lambda: io.BytesIO(data))


@pytest.mark.parametrize("rows", [1, 2, 60])
def test_a_quote_that_is_never_closed_is_told_with_its_line_and_nothing_is_taken(rows: int) -> None:
    data = HEADER + b"Ada,85016,x\n" * rows + b'"Bob,85016,y\n' + b"Cy,85016,z\n" * 3
    with pytest.raises(BadFile, match=rf"leads\.csv, line {rows + 2}: a quote is opened in this row and never closed"):
        look_through(file_of(data))


def test_a_cell_over_several_lines_and_quotes_within_words_are_read() -> None:
    data = HEADER + b'"Ada",85016,"two\nlines"\nBob "the first",85016,5" tall\n"Cy",85016,"the last\nline"\n'
    batch = look_through(file_of(data))

    assert (3, ",") == (batch.rows, batch.layout.delimiter)
    read = [row.cells for row in records(batch.file, batch.layout, Columns())]
    assert [
        ("Ada", "85016", "two\nlines"),
        ('Bob "the first"', "85016", '5" tall'),
        ("Cy", "85016", "the last\nline"),
    ] == read


def test_a_cell_that_goes_on_behind_the_first_lines_does_not_hide_the_delimiter() -> None:
    data = b"first_name;zip;note\n" + b"Ada;85016;x\n" * 17 + b'Bob;85016;"' + b"more\n" * 9 + b'"\nCy;85016;z\n'
    batch = look_through(file_of(data))

    assert (19, ";") == (batch.rows, batch.layout.delimiter)

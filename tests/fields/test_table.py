"""A table's file says what it is; what does not fit is refused with its line and how to mend it."""

from __future__ import annotations

import gzip

import pytest

from exchange.fields.disposable import DISPOSABLE, is_disposable
from exchange.fields.places import ZIPS
from exchange.fields.table import BadTable, head_of, packaged, read_table, written
from exchange.model.table import TableHead
from exchange.stages.tables import packaged_tables, table_kinds

HEAD = TableHead("disposable_domains", "2026-11-20", "a list of ours", "CC0-1.0")
FILE = written(HEAD, ["throwaway.example", "onehour.example"])


def test_a_file_is_read_plain_and_packed() -> None:
    table = read_table(DISPOSABLE, FILE)

    assert (HEAD, 2) == (table.head, table.rows)
    assert frozenset({"throwaway.example", "onehour.example"}) == table.value
    assert table.value == read_table(DISPOSABLE, written(HEAD, sorted(table.value), packed=True)).value


def test_comments_blank_lines_and_windows_line_ends_do_not_matter() -> None:
    text = FILE.replace(b"\n", b"\r\n") + b"\r\n# the newest\r\nnew.example\r\n"

    assert 3 == read_table(DISPOSABLE, b"\xef\xbb\xbf" + text).rows


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file does not say its table and version and source and licence"),
        (FILE.replace(b"# licence: CC0-1.0\n", b""), "The file does not say its licence"),
        (FILE.replace(b"2026-11-20", b"november"), "The version must be the day of the data"),
        (FILE + b"two words\n", "Line 7 must be a domain in small letters, such as mailinator.com"),
        (FILE + b"UPPER.example\n", "Line 7 must be a domain"),
        (written(HEAD, []), "The file has no rows"),
        (FILE + b"\xff\n", "The file is not UTF-8 (byte"),
        (gzip.compress(FILE, mtime=0)[:60], "The file is a gzip that breaks off"),
        (b"\x1f\x8b not gzip", "The file is a damaged gzip"),
        (written(HEAD._replace(name="zips"), ["85016"]), "The file is a table of zips, not of disposable_domains."),
    ],
    ids=range(10),
)
def test_a_file_with_a_mistake_is_refused_with_what_to_do(content: bytes, told: str) -> None:
    with pytest.raises(BadTable) as refused:
        read_table(DISPOSABLE, content)

    assert str(refused.value).startswith(told)


def test_a_file_that_unpacks_to_more_than_fits_is_refused() -> None:
    with pytest.raises(BadTable, match="larger than 67 MB"):
        head_of(gzip.compress(b"# table: zips\n" + b"0" * 70_000_000, compresslevel=1))


def test_a_wrong_row_of_zips_is_named() -> None:
    rows = ["85016,AZ,Phoenix,Maricopa County,America/Phoenix,335059,-1120310,602", "85017,AZ,Phoenix"]

    with pytest.raises(BadTable, match=r"Line 6 must be zip,state,city"):
        read_table(ZIPS, written(HEAD._replace(name="zips"), rows))


def test_every_packaged_table_can_be_read_and_says_whose_it_is() -> None:
    for name, kind in table_kinds().items():
        table = packaged(kind)
        whole = table.rows > 100 or table.head.source.startswith("made for this package")
        assert (name, True) == (table.head.name, whole)
        assert table.head.source and table.head.licence
        assert table is packaged_tables()[name]


def test_a_domain_below_a_listed_one_is_disposable_too() -> None:
    known = read_table(DISPOSABLE, FILE).value

    assert is_disposable("onehour.example", known)
    assert is_disposable("mail.onehour.example", known)
    assert not is_disposable("example", known)
    assert not is_disposable("notonehour.example", known)
    assert not is_disposable("", known)

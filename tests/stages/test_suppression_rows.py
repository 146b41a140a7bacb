"""Files of lists as they come: with and without names of columns, cut anywhere, and with rows that cannot be used."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.stages.suppression.rows import BadList, Mode, RowReader

ONE, TWO = "6025550142", "6025550143"
SHA = {each: hashlib.sha256(each.encode()).hexdigest() for each in (ONE, TWO)}


def read(
    text: str | bytes, kind: str = "phone", hash_name: str = "", mode: Mode = Mode.ADD, column: str = ""
) -> tuple[RowReader, list[str], list[str]]:
    reader = RowReader(kind, hash_name, mode, column)
    first = reader.feed(text.encode() if isinstance(text, str) else text)
    last = reader.end()
    return reader, first.added + last.added, first.removed + last.removed


@pytest.mark.parametrize(
    "text",
    (
        f"{ONE}\n{TWO}\n",
        f"{ONE}\r\n{TWO}",
        f"\ufeffphone\n(602) 555-0142\n\n+1{TWO}\n",
        f"Name,Phone Number,City\nM.,{ONE},Phoenix\nS.,{TWO},Mesa\n",
        f'"id";"telephone"\n"1";"602-555-0142"\n"2";"{TWO}"\n',
        "602,5550142\n602,5550143\n",
        f"1\t{ONE}\n2\t{TWO}\n",
    ),
)
def test_phones_are_read_from_every_common_layout(text: str) -> None:
    reader, added, removed = read(text)

    assert ([ONE, TWO], [], 0) == (added, removed, reader.wrong_rows)
    assert "plain" == reader.hash_name


@pytest.mark.parametrize("head", ("", "hash\n", "phone_sha256\n"))
def test_how_a_list_is_hashed_follows_from_its_first_value(head: str) -> None:
    reader, added, _ = read(f"{head}{SHA[ONE].upper()}\n{SHA[TWO]}\n")

    assert ("sha256", [SHA[ONE], SHA[TWO]]) == (reader.hash_name, added)


def test_a_column_is_named_or_counted() -> None:
    text = f"home,work\n{TWO},{ONE}\n"

    assert [ONE] == read(text, column="Work")[1]
    assert [ONE] == read(text, column="2")[1]
    with pytest.raises(BadList, match="There is no column 'cell'"):
        read(text, column="cell")
    with pytest.raises(BadList, match="There is no column 3: the first line has 2"):
        read(text, column="3")


def test_wrong_rows_are_told_by_line_with_what_to_do_and_without_their_values() -> None:
    reader, added, _ = read(f"phone\n{ONE}\nnobody\n{SHA[ONE]}\n123\n")

    assert [ONE] == added
    assert [
        "line 3: it is not a phone number. Write ten digits, or + and the country",
        "line 4: it is a SHA-256, and the list holds phones in plain. Put values of one kind into one list",
        "line 5: it is not a phone number. Write ten digits, or + and the country",
    ] == [str(each) for each in reader.wrong]


def test_a_thousand_wrong_rows_are_counted_and_twenty_told() -> None:
    reader, _, _ = read(f"{ONE}\n" + "nobody\n" * 1_000)

    assert (1_000, 20) == (reader.wrong_rows, len(reader.wrong))


def test_changes_say_for_each_row_whether_it_comes_or_goes() -> None:
    reader, added, removed = read(
        "602,5550142,2026-11-02,A\n602,5550143,2026-11-02,D\n602,5550144,2026-11-02,?\n", mode=Mode.CHANGES
    )

    assert ([ONE], [TWO], 1) == (added, removed, reader.wrong_rows)
    assert ([ONE], [TWO]) == read(f"phone,action,when\n{ONE},add,1\n{TWO},remove,2\n", mode=Mode.CHANGES)[1:]
    with pytest.raises(BadList, match="needs a column that says A"):
        read(f"{ONE}\n", mode=Mode.CHANGES)


def test_rows_of_a_removal_go() -> None:
    assert ([], [ONE, TWO]) == read(f"{ONE}\n{TWO}\n", mode=Mode.REMOVE)[1:]


def test_an_empty_file_and_one_long_line_are_no_lists() -> None:
    with pytest.raises(BadList, match="has no rows"):
        read("\n\n")
    with pytest.raises(BadList, match="has no rows"):
        read("phone\n")
    with pytest.raises(BadList, match="Line 1 is too long"):
        RowReader("phone", "", Mode.ADD).feed(b"1" * 5_000)


@given(st.lists(st.integers(1, 40), max_size=30))
def test_a_file_cut_anywhere_reads_the_same(cuts: list[int]) -> None:
    text = "name,email\nJosé,maria@consumer.example\n“x”,SAM@consumer.example\n".encode()
    reader = RowReader("email", "", Mode.ADD)
    added: list[str] = []
    for size in (*cuts, len(text)):
        added += reader.feed(text[:size]).added
        text = text[size:]
    added += reader.end().added

    assert ["maria@consumer.example", "sam@consumer.example"] == added


@given(st.binary(max_size=300), st.sampled_from(("phone", "email", "person")), st.sampled_from(Mode))
def test_any_bytes_are_read_or_refused(data: bytes, kind: str, mode: Mode) -> None:
    try:
        reader, added, removed = read(data, kind, mode=mode)
    except BadList as error:
        assert str(error).endswith(".")
    else:
        assert reader.rows == len(added) + len(removed)

"""Area codes are a table: a new one is understood without a new release."""

from __future__ import annotations

import pytest

from exchange.fields.area_codes import AREAS, UNKNOWN
from exchange.fields.table import BadTable, packaged, read_table, written
from exchange.model.table import TableHead

HEAD = TableHead("area_codes", "2026-12-01", "ours", "ours")


def test_a_code_has_a_state_and_a_kind() -> None:
    codes = read_table(AREAS, written(HEAD, ["602,AZ", "288,,toll_free", "983,CO,geographic", "204,,abroad"])).value

    assert ["AZ", "CO", None, None] == [codes.state_of(f"+1{area}5550142") for area in (602, 983, 204, 505)]
    assert ["geographic", "toll_free", "abroad", UNKNOWN] == [
        codes.kind_of(area) for area in ("983", "288", "204", "505")
    ]
    assert codes.state_of("+449831234567") is None


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("102,AZ", "area code of three digits"),
        ("nowhere", "area code of three digits"),
        ("603,Nh", "two capital letters"),
        ("603,NH,mobile", "one of geographic"),
        ("602,AZ", "602 for the second time"),
    ],
)
def test_a_row_that_does_not_fit_is_named(row: str, told: str) -> None:
    with pytest.raises(BadTable, match=rf"Line 6 .*{told}"):
        read_table(AREAS, written(HEAD, ["602,AZ", row]))


def test_codes_of_other_countries_have_no_state() -> None:
    codes = packaged(AREAS).value

    assert {"abroad"} == {codes.kind_of(area) for area in ("204", "416", "876", "242")}
    assert not {area for area, kind in codes.kinds.items() if kind != "geographic"} & set(codes.states)
    assert 50 <= len(set(codes.states.values()))

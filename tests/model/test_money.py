"""Amounts in decimal text, with a currency and without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.model.money import BadMoney, Money, read_units, write_units

UNITS = st.integers(-(10**16) + 1, 10**16 - 1)


@given(UNITS)
def test_what_is_written_is_read_again(units: int) -> None:
    assert units == read_units(write_units(units)) == Money.parse(Money(units, "USD").text, "USD").units


@pytest.mark.parametrize("text", ["", ".5", "1.", "1.00001", "+1", "1e3", " 1", "1,5", "１", "1" * 13])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadMoney, match="not an amount"):
        read_units(text)

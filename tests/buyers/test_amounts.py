"""Amounts in the words of strangers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyers.reading.amounts import Amount, BadAmount, read_amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", "12"),
        ("12.50", "12.50"),
        (" 7.25 ", "7.25"),
        ("1.0000", "1.0000"),
        ("0.00354999", "0.0035"),
        ("1,250.00", "1250.00"),
        ("1,234,567.5", "1234567.5"),
        ("0", "0"),
    ],
)
def test_plain_amounts_are_read_and_cut_down_to_four_decimals(text: str, amount: str) -> None:
    assert Amount(amount) == read_amount(text)


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [("$12.50", "12.50", "USD"), ("12.50 €", "12.50", "EUR"), ("USD 7", "7", "USD"), ("7.1cad", "7.1", "CAD")],
)
def test_a_currency_sign_or_code_is_kept_beside_the_amount(text: str, amount: str, currency: str) -> None:
    read = read_amount(text)

    assert amount == read.text
    assert currency in (read.currencies or ())


def test_a_dollar_sign_may_be_any_dollar_and_never_a_euro() -> None:
    currencies = read_amount("$5").currencies or frozenset()

    assert {"USD", "CAD", "AUD"} <= currencies
    assert "EUR" not in currencies


@pytest.mark.parametrize(
    ("text", "declared", "amount"),
    [
        ("12,50", "comma", "12.50"),
        ("1.250,00", "comma", "1250.00"),
        ("1.250", "comma", "1250"),
        ("1,250", "point", "1250"),
    ],
)
def test_what_the_comma_means_is_declared(text: str, declared: str, amount: str) -> None:
    assert amount == read_amount(text, declared).text


def test_cents_are_counted_in_cents_where_that_is_declared() -> None:
    assert ["12.50", "0.05", "0.005"] == [read_amount(text, hundredths=True).text for text in ("1250", "5", "0.5")]


@pytest.mark.parametrize(
    "text",
    [
        *("", "NaN", "Infinity", "1e309", "1e1000000", "9" * 5_000, "0x1F", "12,50", "1,250", "-1", "−1", "(5.00)"),
        *("- $5", "12.", ".5", "1 250", "١٢", "12.50.1", "1,2,3.00", "twelve", "12345678", "+5", "$", "5 5"),
        "price_reject 3.5",
    ],
)
def test_what_is_no_amount_is_none(text: str) -> None:
    with pytest.raises(BadAmount):
        read_amount(text)


def test_a_negative_amount_says_that_it_is_negative() -> None:
    with pytest.raises(BadAmount, match="negative"):
        read_amount("-12.50")


@given(st.text(max_size=60))
def test_any_text_gives_a_plain_amount_or_is_refused(text: str) -> None:
    try:
        read = read_amount(text).text
    except BadAmount:
        read = "0"

    assert re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,4})?", read)

"""Bank accounts as people type them: their own check digits are asked, and no number is ever told back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from exchange.model.payout import AchAccount, AchPayer, Method, SepaAccount
from exchange.stages.payout.accounts import WrongAccount, is_iban, is_routing, read_account, read_payer

ACH = {"holder": "Acme Media LLC", "routing": "021000021", "account": "0012 3456 789"}
SEPA = {"holder": "Acme Media GmbH", "iban": "de89 3704 0044 0532 0130 00", "bic": "cobadeffxxx"}


@pytest.mark.parametrize(
    "iban", ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NL91ABNA0417164300"]
)
def test_ibans_of_the_registry_are_taken(iban: str) -> None:
    assert is_iban(iban)


@given(some.integers(4, 21), some.integers(1, 9))
def test_one_wrong_digit_of_an_iban_is_seen(place: int, more: int) -> None:
    iban = "DE89370400440532013000"
    wrong = iban[:place] + str((int(iban[place]) + more) % 10) + iban[place + 1 :]

    assert not is_iban(wrong)


@pytest.mark.parametrize(
    "text", ["", "DE", "US89370400440532013000", "DE8937040044053201300", "DEX9370400440532013000"]
)
def test_what_is_no_iban_of_sepa_is_refused(text: str) -> None:
    assert not is_iban(text)


def test_routing_numbers_carry_a_check_digit() -> None:
    assert is_routing("021000021") and is_routing("011401533")
    assert not any(map(is_routing, ("021000022", "02100002", "000000000", "02100002a", "")))


def test_an_account_is_read_without_the_spaces_people_write() -> None:
    assert AchAccount("Acme Media LLC", "021000021", "00123456789") == read_account(Method.ACH, ACH)
    assert SepaAccount("Acme Media GmbH", "DE89370400440532013000", "COBADEFFXXX") == read_account(Method.SEPA, SEPA)
    person = read_account(Method.ACH, {**ACH, "savings": "yes", "person": "on"})
    assert AchAccount("Acme Media LLC", "021000021", "00123456789", savings=True, company=False) == person


def test_everything_wrong_with_an_account_is_told_at_once_and_no_number_with_it() -> None:
    with pytest.raises(WrongAccount) as ach:
        read_account(Method.ACH, {"routing": "123456789", "account": "secret-number!"})
    with pytest.raises(WrongAccount) as sepa:
        read_account(Method.SEPA, {"holder": "株式会社", "iban": "DE00370400440532013000", "bic": "nope"})

    assert ["holder", "routing", "account"] == [each.field for each in ach.value.problems]
    assert ["holder", "iban", "bic"] == [each.field for each in sepa.value.problems]
    told = str(ach.value) + str(sepa.value) + repr(ach.value.problems) + repr(sepa.value.problems)
    assert "123456789" not in told and "SECRET" not in told.upper().replace("SECRET-", "x") and "3704" not in told


def test_who_pays_by_ach_is_known_to_its_bank() -> None:
    fields = {
        "bank_name": "First Bank",
        "routing": "021000021",
        "company": "Harbor Exchange",
        "company_id": "1123456789",
    }

    assert AchPayer("First Bank", "021000021", "Harbor Exchange", "1123456789") == read_payer(Method.ACH, fields)
    with pytest.raises(WrongAccount) as wrong:
        read_payer(Method.ACH, {"origin": "x"})
    assert ["bank_name", "company", "routing", "company_id", "origin"] == [e.field for e in wrong.value.problems]

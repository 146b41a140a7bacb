"""Files for banks: every count, sum and hash of an ACH file; SEPA against the schema of ISO 20022 itself."""

from __future__ import annotations

from datetime import date, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as some
from lxml import etree

from exchange.model.money import Money
from exchange.model.payout import AchAccount, AchPayer, SepaAccount
from exchange.stages.holidays import ach_day, sepa_day
from exchange.stages.payout.accounts import is_iban
from exchange.stages.payout.nacha import AchPayment, ach_file, plain
from exchange.stages.payout.pain001 import NAMESPACE, SepaPayment, identifier, latin, sepa_file
from tests.market import usd

PAYER = AchPayer("First Bank of Phoenix", "021000021", "Harbor Exchange", "1123456789")
MADE = datetime(2026, 11, 25, 9, 30)
THANKSGIVING, FRIDAY = date(2026, 11, 26), date(2026, 11, 27)
ACCOUNT = AchAccount("Acme Media LLC", "011401533", "000123456789")
EUROPE = SepaAccount("Härbor Exchange GmbH", "DE89370400440532013000", "COBADEFFXXX")


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def ach(*payments: AchPayment) -> list[str]:
    text = ach_file(PAYER, payments, MADE, FRIDAY, "A").decode("ascii")
    assert text.endswith("\n")
    return text.split("\n")[:-1]


def test_an_ach_file_is_blocks_of_ten_lines_of_94_characters() -> None:
    lines = ach(AchPayment(ACCOUNT, usd("1234.56"), "PO-2026-00001"))

    assert 0 == len(lines) % 10 and {94} == {len(line) for line in lines}
    assert ["1", "5", "6", "8", "9", "9", "9", "9", "9", "9"] == [line[0] for line in lines]
    assert {"9" * 94} == set(lines[5:])
    assert "101 02100002111234567892611250930A094101FIRST BANK OF PHOENIX  HARBOR EXCHANGE                " == lines[0]
    assert "5220HARBOR EXCHANGE                     1123456789CCDPAYOUT    261125261127   1021000020000001" == lines[1]
    assert "622011401533000123456789     0000123456PO-2026-00001  ACME MEDIA LLC          0021000020000001" == lines[2]
    assert "82200000010001140153000000000000000000123456" + "1123456789" + " " * 25 + "021000020000001" == lines[3], (
        "one entry, its bank's eight digits, no debits, 1,234.56 of credits"
    )
    assert "9000001000001000000010001140153000000000000000000123456" + " " * 39 == lines[4]


def test_companies_and_people_are_paid_in_batches_of_their_own() -> None:
    person = AchAccount("Ann Example", "021000021", "42", savings=True, company=False)
    lines = ach(
        AchPayment(person, usd("10.00"), "PO-2026-00002"),
        AchPayment(ACCOUNT, usd("20.00"), "PO-2026-00001"),
        AchPayment(person, usd("30.01"), "PO-2026-00003"),
    )

    headers = [line for line in lines if line[0] == "5"]
    assert [("CCD", "0000001"), ("PPD", "0000002")] == [(line[50:53], line[87:]) for line in headers]
    entries = [line for line in lines if line[0] == "6"]
    assert ["22", "32", "32"] == [line[1:3] for line in entries]
    assert ["021000020000001", "021000020000002", "021000020000003"] == [line[79:] for line in entries]
    control = lines[8]
    assert ("000002", "000001", "00000003") == (control[1:7], control[7:13], control[13:21])
    assert (1_140_153 + 2 * 2_100_002, 6_001) == (int(control[21:31]), int(control[43:55]))


@given(some.lists(some.tuples(some.integers(1, 9_999_999_999), some.booleans()), min_size=1, max_size=30))
def test_every_sum_of_an_ach_file_is_that_of_its_entries(paid: list[tuple[int, bool]]) -> None:
    payments = [
        AchPayment(AchAccount("X", "091000019", "1", company=company), Money(cents * 100, "USD"), "R")
        for cents, company in paid
    ]
    lines = ach(*payments)
    entries = [line for line in lines if line[0] == "6"]
    controls = [line for line in lines if line[0] == "8"]
    end = next(line for line in lines if line[0] == "9")

    assert sum(cents for cents, _ in paid) == sum(int(line[29:39]) for line in entries) == int(end[43:55])
    assert len(paid) == sum(int(line[4:10]) for line in controls) == int(end[13:21])
    assert sum(int(line[3:11]) for line in entries) % 10**10 == int(end[21:31])
    assert int(end[7:13]) * 10 == len(lines)


def test_names_are_written_in_the_letters_of_ascii() -> None:
    assert "MULLER & SOHNE, NGUY N" == plain("Müller & Söhne, Nguy■n", 40).strip()
    assert "LODZ SOREN STRASSE" == plain("Łódź Søren Straße", 40).strip() == latin("Łódź Søren Straße", 40).upper()
    assert 22 == len(plain("x" * 50, 22)) == len(plain("", 22))


SCHEMA = etree.XMLSchema(etree.fromstring((files("sepaxml") / "schemas/pain.001.001.09.xsd").read_bytes()))


def sepa(*payments: SepaPayment, payer: SepaAccount = EUROPE) -> etree._Element:
    document = etree.fromstring(sepa_file(payer, payments, "pfl_01KAG2V7RN6M4T00000000000B", 1_795_271_648_000, FRIDAY))
    SCHEMA.assertValid(document)
    return document


def told(document: etree._Element, path: str) -> list[str]:
    return [each.text or "" for each in document.iterfind(path.replace("/", "/{*}").replace("./{*}/{*}", ".//{*}"))]


def test_a_sepa_file_is_valid_by_the_schema_and_its_sums_hold() -> None:
    document = sepa(
        SepaPayment("pmt_1", SepaAccount("Łukasz & Söhne", "NL91ABNA0417164300"), eur("100.10"), "PO-2026-00001"),
        SepaPayment("pmt_2", SepaAccount("Ann", "GB29NWBK60161331926819", "NWBKGB2L"), eur("0.01"), "PO-2026-00002"),
    )

    assert ["2", "2"] == told(document, ".//NbOfTxs") and ["100.11", "100.11"] == told(document, ".//CtrlSum")
    assert ["100.10", "0.01"] == told(document, ".//InstdAmt")
    assert ["pmt-1", "pmt-2"] == told(document, ".//EndToEndId")
    ibans = told(document, ".//IBAN")
    assert all(map(is_iban, ibans)) and 3 == len(ibans)
    assert ["Harbor Exchange GmbH", "Harbor Exchange GmbH", "Lukasz + Sohne", "Ann"] == told(document, ".//Nm")
    assert ["2026-11-27"] == told(document, ".//Dt") and ["SEPA"] == told(document, ".//Cd")


def test_a_bank_that_nobody_named_is_said_to_be_so() -> None:
    document = sepa(
        SepaPayment("pmt_1", SepaAccount("Ann", "NL91ABNA0417164300"), eur("1.00"), "x"),
        payer=SepaAccount("Harbor", "DE89370400440532013000"),
    )

    assert [] == told(document, ".//BICFI")
    assert "NOTPROVIDED" in told(document, ".//Id")


@given(some.text(max_size=200), some.text(max_size=200), some.integers(1, 99_999_999_999))
def test_whatever_sellers_are_called_the_file_stays_valid(name: str, reference: str, cents: int) -> None:
    account = SepaAccount(name, "NL91ABNA0417164300")
    document = sepa(SepaPayment("pmt_1", account, Money(cents * 100, "EUR"), reference))

    assert [Money(cents * 100, "EUR").text] == told(document, ".//InstdAmt")


def test_ids_and_texts_are_cut_to_what_banks_take() -> None:
    assert "pfl-01KAG2V7RN6M4T00000000000B-1" == identifier("pfl_01KAG2V7RN6M4T00000000000B-1")
    assert ("-", 70) == (latin("■", 70), len(latin("y" * 99, 70)))
    assert NAMESPACE.endswith("pain.001.001.09")


@pytest.mark.parametrize(
    ("after", "ach_settles", "sepa_settles"),
    [
        (date(2026, 11, 25), FRIDAY, THANKSGIVING),
        (date(2026, 11, 27), date(2026, 11, 30), date(2026, 11, 30)),
        (date(2026, 4, 2), date(2026, 4, 3), date(2026, 4, 7)),  # Good Friday and Easter Monday
        (date(2026, 7, 2), date(2026, 7, 3), date(2026, 7, 3)),  # the 4th is a Saturday: nobody keeps the 3rd
        (date(2027, 7, 2), date(2027, 7, 6), date(2027, 7, 5)),  # the 4th is a Sunday: kept on Monday
        (date(2026, 12, 24), date(2026, 12, 28), date(2026, 12, 28)),
        (date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 4)),
    ],
)
def test_files_take_effect_on_days_on_which_banks_work(after: date, ach_settles: date, sepa_settles: date) -> None:
    assert (ach_settles, sepa_settles) == (ach_day(after), sepa_day(after))

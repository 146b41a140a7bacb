"""Places, dates, numbers, choices, web addresses: accepted forms, refused ones, and the filters on them."""

from __future__ import annotations

import pytest

from exchange.fields import field_types
from exchange.fields.choice import in_words
from exchange.model.lead import Problem
from tests.fields.values import BILLS, NOW, clean, code, read, spec, value


def passes(kind: str, operator: str, values: tuple[str, ...], raw: str, **more: object) -> bool:
    if kind == "choice":
        more.setdefault("allowed", BILLS)
    return field_types()[kind].compile(operator, values, spec(kind, **more))(value(kind, raw, **more))


def test_a_short_zip_is_told_in_a_sentence() -> None:
    problem = read("postal_code", "8501")
    assert isinstance(problem, Problem)
    assert (problem.code, problem.got) == ("pattern", "8501")
    assert problem.message == 'postal_code must be 5 digits. Got "8501".'


@pytest.mark.parametrize(("raw", "zip5"), (("85016", "85016"), ("85016-1234", "85016"), ("\t18031-9730", "18031")))
def test_a_zip_is_its_first_five_digits(raw: str, zip5: str) -> None:
    assert clean("postal_code", raw) == zip5


@pytest.mark.parametrize("raw", ("12345678", "1254", "850166", "8501O", "A1A 1A1", "８５０１６", "85016-12"))
def test_other_digits_are_no_zip(raw: str) -> None:
    assert code("postal_code", raw) == "pattern"


@pytest.mark.parametrize(
    ("raw", "state"),
    (
        ("AZ", "AZ"),
        ("mi", "MI"),
        ("M.I.", "MI"),
        ("PENNSYLVANIA", "PA"),
        ("new york", "NY"),
        ("Washington, D.C.", "DC"),
    ),
)
def test_states_are_read_by_code_and_by_name(raw: str, state: str) -> None:
    assert clean("state", raw) == state


@pytest.mark.parametrize("raw", ["aa 6025550142", "TX 6", "Texas 12345678"])
def test_digits_beside_a_state_are_a_zip_code_or_it_is_none(raw: str) -> None:
    assert clean("state", "TX 78701-1234") == "TX"
    assert code("state", raw) == "not_allowed"


def test_an_unknown_state_names_the_nearest() -> None:
    problem = read("state", "Califrnia")
    assert isinstance(problem, Problem)
    assert (problem.code, problem.closest) == ("not_allowed", "CA")


def test_a_wrong_choice_lists_what_is_allowed_and_the_bracket_that_was_meant() -> None:
    problem = read("choice", "$120")
    assert isinstance(problem, Problem)
    assert problem.code == "not_allowed"
    assert problem.message == "choice must be one of 6 values."
    assert problem.got == "$120"
    assert problem.allowed == BILLS
    assert problem.closest == "101-150"


def test_a_misspelled_choice_names_the_nearest_and_nonsense_names_none() -> None:
    allowed = ("single_family", "multi_family", "condo")
    near, far = (read("choice", raw, allowed=allowed) for raw in ("singel family", "12 Oak St, qqq"))
    assert isinstance(near, Problem) and isinstance(far, Problem)
    assert near.closest == "single_family"
    assert far.closest is None


@pytest.mark.parametrize("raw", ("single_family", "Single Family", "SINGLE-FAMILY", " single  family "))
def test_case_and_signs_do_not_count_in_a_choice(raw: str) -> None:
    assert clean("choice", raw, allowed=("single_family", "condo")) == "single_family"


@pytest.mark.parametrize(
    ("bill", "passed"),
    (("0-50", False), ("101-150", False), ("151-200", True), ("301+", True)),
)
def test_a_bracket_passes_a_bound_when_all_of_it_does(bill: str, passed: bool) -> None:
    assert passes("choice", "at_least", ("150",), bill) is passed
    assert passes("choice", "at_least", ("$151",), bill) is passed


def test_an_open_bracket_never_passes_an_upper_bound() -> None:
    assert passes("choice", "at_most", ("200",), "151-200")
    assert not passes("choice", "at_most", ("1000000",), "301+")
    assert passes("choice", "between", ("51", "200"), "101-150")
    assert not passes("choice", "between", ("51", "120"), "101-150")


def test_bad_operator_values_are_told_when_the_filter_is_made() -> None:
    choice, bills = field_types()["choice"], spec("choice", allowed=BILLS)
    for operator, values, sentence in (
        ("at_least", ("a lot",), "compared with a number"),
        ("at_least", (), "needs 1 value"),
        ("between", ("9", "3"), "lower value first"),
        ("one_of", ("120",), "one of 6 values"),
        ("is_set", ("yes",), "takes no value"),
    ):
        with pytest.raises(ValueError, match=sentence):
            choice.compile(operator, values, bills)


@pytest.mark.parametrize(
    ("raw", "number"), (("007", "7"), ("-0", "0"), ("1,250", "1250"), ("+3", "3"), ("-1212", "-1212"))
)
def test_whole_numbers_have_one_form(raw: str, number: str) -> None:
    assert clean("integer", raw) == number


@pytest.mark.parametrize("raw", ("1.5", "1e3", "0x1F", "12,50", "1,2", "", "NaN", "9" * 16, "٣", "--1", "$5"))
def test_anything_else_is_no_whole_number(raw: str) -> None:
    assert code("integer", raw) in ("type", "blank")


def test_bounds_are_inclusive_and_told() -> None:
    assert clean("integer", "9", least=1, most=9) == "9"
    assert code("integer", "10", least=1, most=9) == "range"
    assert code("number", "0.5", least=1) == "range"
    assert code("amount", "-1", least=0) == "range"


@pytest.mark.parametrize(
    ("raw", "amount"), (("12.50", "12.5"), ("$1,250.00", "1250"), ("0.0035", "0.0035"), ("25", "25"))
)
def test_amounts_are_exact_to_four_decimals(raw: str, amount: str) -> None:
    assert clean("amount", raw) == amount


@pytest.mark.parametrize("raw", ("12,50", "0.00001", "1e3", "twelve", "1" * 13, "$"))
def test_what_is_not_exact_is_no_amount(raw: str) -> None:
    assert code("amount", raw) == "type"


def test_numbers_compare_exactly() -> None:
    assert passes("number", "at_least", ("0.3",), "0.3")
    assert not passes("number", "at_least", ("0.30000000000000004"[:11],), "0.299999999")
    assert passes("amount", "at_most", ("12.5",), "12.50")
    assert passes("integer", "between", ("-5", "0"), "-1")


@pytest.mark.parametrize("raw", ("2026-11-20", "20261120", "11/20/2026", "11-20-2026", "2026-11-20T00:00:00Z"))
def test_the_declared_ways_to_write_a_date_give_one_day(raw: str) -> None:
    assert clean("date", raw) == "2026-11-20"


@pytest.mark.parametrize(
    "raw", ("80", "13/02/1980", "2026-02-29", "20.11.2026", "Nov 20 2026", "11/20/26", "0000-01-01")
)
def test_no_date_is_guessed(raw: str) -> None:
    assert code("date", raw) == "type"


def test_date_bounds_count_days_from_today() -> None:
    assert clean("date", "2026-11-20", least=-30, most=0) == "2026-11-20"
    assert code("date", "2026-10-20", least=-30) == "too_old"
    assert code("date", "2026-11-21", most=0) == "in_future"


def test_dates_are_filtered_in_order() -> None:
    assert passes("date", "before", ("11/21/2026",), "2026-11-20")
    assert not passes("date", "before", ("2026-11-20",), "2026-11-20")
    assert passes("date", "on_or_after", ("2026-11-20",), "2026-11-20")
    assert passes("date", "between", ("2026-01-01", "2026-12-31"), "2026-11-20")


@pytest.mark.parametrize(
    ("born", "age"),
    (("1984-11-20", 42), ("1984-11-21", 41), ("2004-02-29", 22), ("02/29/2004", 22), ("1926-11-20", 100)),
)
def test_age_counts_full_years_on_the_day_of_the_lead(born: str, age: int) -> None:
    assert value("dob", born).parts["age"] == age


def test_leap_day_birthdays_come_on_the_first_of_march() -> None:
    last_of_february = 1_772_236_800_000  # 28 February 2026
    found = field_types()["dob"].parse("2004-02-29", spec("dob"), last_of_february)
    assert not isinstance(found, Problem) and found.parts["age"] == 21


def test_impossible_births_are_refused_each_for_its_reason() -> None:
    assert code("dob", "2026-11-21") == "in_future"
    assert code("dob", "1905-01-01") == "too_old"
    assert code("dob", "2015-01-01", least=16) == "range"
    assert code("dob", "1984-02-30") == "type"


def test_ages_are_filtered_in_years() -> None:
    assert passes("dob", "older_than", ("41",), "1984-11-20")
    assert not passes("dob", "older_than", ("42",), "1984-11-20")
    assert passes("dob", "age_between", ("25", "49"), "1984-11-20")
    assert passes("dob", "younger_than", ("65",), "1984-11-20")


@pytest.mark.parametrize(
    "raw",
    (
        "2026-11-20T14:04:22.573Z",
        "2026-11-20 14:04:22.573",
        "2026-11-20T09:04:22.573-05:00",
        "2026-11-20T15:04:22.573+0100",
        "1795183462.573",
        "1795183462573",
    ),
)
def test_one_moment_has_one_form(raw: str) -> None:
    assert value("instant", raw).parts["epoch_ms"] == NOW
    assert clean("instant", raw) == "2026-11-20T14:04:22.573Z"


@pytest.mark.parametrize("raw", ("yesterday", "2026-11-20", "2026-11-20T25:00:00Z", "12", "2026-11-20T14:04:22+99:99"))
def test_what_names_no_moment_is_refused(raw: str) -> None:
    assert code("instant", raw) == "type"


@pytest.mark.parametrize(
    ("raw", "word"), (("Yes", "yes"), ("TRUE", "yes"), ("1", "yes"), ("y", "yes"), ("off", "no"), ("0", "no"))
)
def test_yes_and_no_have_many_names(raw: str, word: str) -> None:
    assert clean("boolean", raw) == word


def test_anything_else_is_neither_yes_nor_no() -> None:
    assert code("boolean", "maybe") == "not_allowed"


@pytest.mark.parametrize(
    ("raw", "address"),
    (("198.51.100.77", "198.51.100.77"), ("2001:DB8::1", "2001:db8::1"), ("::ffff:198.51.100.7", "198.51.100.7")),
)
def test_addresses_of_machines_have_one_form(raw: str, address: str) -> None:
    assert clean("ip", raw) == address


def test_networks_filter_addresses() -> None:
    assert passes("ip", "in_networks", ("198.51.100.0/24",), "198.51.100.77")
    assert not passes("ip", "in_networks", ("198.51.100.0/24",), "2001:db8::1")
    with pytest.raises(ValueError, match="networks"):
        field_types()["ip"].compile("in_networks", ("198.51.100.0/99",), spec("ip"))


@pytest.mark.parametrize("raw", ("HTTPS://SunSaver.Example/AZ?Q=1", "https://sunsaver.example/AZ?Q=1"))
def test_web_addresses_lower_their_host_only(raw: str) -> None:
    assert clean("url", raw) == "https://sunsaver.example/AZ?Q=1"


@pytest.mark.parametrize(
    "raw",
    (
        "javascript:alert(1)",
        "ftp://a.example/",
        "https://",
        "https:///path",
        "http://user:pw@a.example/",
        "http://[::1",
        "https://a b.example/",
        "//a.example",
        'https://a.example/"><script>',
        "https://a.example:99999/",
    ),
)
def test_other_schemes_and_tricks_are_no_web_address(raw: str) -> None:
    assert code("url", raw) == "pattern"


def test_certificates_are_completed_and_other_hosts_refused() -> None:
    token = "0123456789abcdef0123456789abcdef01234567"
    assert clean("certificate", token) == f"https://cert.trustedform.com/{token}"
    assert clean("certificate", f"http://cert.trustedform.com/{token}") == f"https://cert.trustedform.com/{token}"
    assert code("certificate", f"https://cert.trustedform.com.evil.example/{token}") == "pattern"
    assert code("certificate", "yes") == "pattern"


def test_payment_card_numbers_are_never_taken() -> None:
    problem = read("text", "my card is 4111 1111 1111 1111, thanks")
    assert isinstance(problem, Problem)
    assert (problem.code, problem.got) == ("not_allowed", "")
    assert clean("text", "order 4111 1111 1111 1112") == "order 4111 1111 1111 1112"


def test_text_keeps_its_length_and_form() -> None:
    assert code("text", "abcd", most=3) == "length"
    assert code("text", "a", least=2) == "length"
    assert code("text", "abc", pattern="[0-9]+") == "pattern"
    assert clean("text", "123", pattern="[0-9]+") == "123"


def test_words_match_whole_words_only() -> None:
    assert passes("text", "contains_word", ("solar", "Roof"), "New ROOF, please")
    assert not passes("text", "contains_word", ("roof",), "roofing")
    assert passes("postal_code", "starts_with", ("850", "853"), "85016")
    with pytest.raises(ValueError, match="empty start"):
        field_types()["text"].compile("starts_with", (" ",), spec("text"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("under_1_year", "under 1 year"),
        ("part_a_only", "part A only"),
        ("parts_a_and_b", "parts A and B"),
        ("twice_a_month", "twice a month"),
        ("101-150", "101-150"),
        ("gregory_parker@letters.example", "gregory_parker@letters.example"),
        ("Main_St 4", "Main_St 4"),
    ],
)
def test_a_choice_is_read_in_words_and_what_is_none_stays(value: str, told: str) -> None:
    assert told == in_words(value)

"""Numbers of identity and bank: what was never given out is refused, and nothing of them is repeated."""

from __future__ import annotations

import pytest

from exchange.model.lead import Problem
from tests.fields.values import clean, code, read, value


@pytest.mark.parametrize("raw", ["219-09-9999", "219 09 9999", " 219099999 "])
def test_a_social_security_number_is_nine_digits_however_it_is_written(raw: str) -> None:
    assert clean("ssn", raw) == "219099999"
    assert value("ssn", raw).masked == "•••••9999"


@pytest.mark.parametrize(
    "raw", ["000-12-3456", "666-12-3456", "912-12-3456", "219-00-9999", "219-09-0000", "21909999", "2190999991", "٢١٩"]
)
def test_a_number_never_given_out_is_refused(raw: str) -> None:
    assert code("ssn", raw) == "pattern"


@pytest.mark.parametrize("raw", ["123456780", "011000015", "121000248"])
def test_a_routing_number_has_a_check_digit(raw: str) -> None:
    assert clean("routing_number", raw) == raw
    wrong = raw[:-1] + str((int(raw[-1]) + 1) % 10)
    assert code("routing_number", wrong) == "pattern"


@pytest.mark.parametrize("raw", ["993456780", "1234", "000000000000", "500000000"])
def test_a_routing_number_belongs_to_a_district(raw: str) -> None:
    assert code("routing_number", raw) == "pattern"


def test_an_account_number_may_look_like_a_card() -> None:
    assert clean("account_number", "4111 1111-1111 1111") == "4111111111111111"
    assert value("account_number", "12345").masked == "•••••"
    assert code("account_number", "123") == "pattern"


@pytest.mark.parametrize("kind", ["ssn", "routing_number", "account_number"])
def test_a_problem_never_repeats_the_number(kind: str) -> None:
    for raw in ("000123456x", "x" * 500, "12345678901234567890"):
        answer = read(kind, raw)
        assert isinstance(answer, Problem)
        assert not answer.got and raw[:3] not in answer.message

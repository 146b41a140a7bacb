"""Price rules and payout tiers: their text, and which of them fits a lead."""

from __future__ import annotations

import pytest

from exchange.model.party import Payout, SaleMode
from exchange.stages.caps import best_price, least_price
from exchange.stages.price import fixed_bids
from exchange.stages.price_rules import (
    BadRule,
    Moment,
    parse_rules,
    parse_tiers,
    rule_for,
    rule_text,
    tier_for,
    tier_text,
)
from tests.stages.terms import contract, usd

SATURDAY = 1_795_271_648_000  # 21 Nov 2026, 14:34 UTC: 9:34 in New York
LEAD = Moment("B", "usual", "AZ", SATURDAY)
TEXT = """
grade=A,B state=AZ,CA hours=8:00-18:00 days=mon-fri -> 24.00
band=strong -> 26.00/13.00
state=AZ hours=9:00-10:00 days=sat -> 21.50
grade=D,E,F -> 9.00
"""


def test_rules_read_as_they_are_written() -> None:
    rules = parse_rules(TEXT, "USD")
    assert rules == parse_rules("\n".join(map(rule_text, rules)), "USD") and 4 == len(rules)
    assert "grade=A,B state=AZ,CA hours=8:00-18:00 days=mon,tue,wed,thu,fri -> 24.00" == rule_text(rules[0])
    tiers = parse_tiers("grade=A,B -> 75%\nband=weak -> 5.00+40.5%\nband=rotten -> 0.00", "USD")
    assert ["grade=A,B -> 75%", "band=weak -> 5.00+40.50%", "band=rotten -> 0.00"] == [
        tier_text(each) for each in tiers
    ]
    assert Payout(usd("5"), 4_050) == tiers[1].payout


@pytest.mark.parametrize(
    ("moment", "price"),
    [
        (LEAD, "21.50"),
        (LEAD._replace(band="strong"), "26.00"),
        (LEAD._replace(at=SATURDAY + 3_600_000), None),
        (LEAD._replace(at=SATURDAY + 2 * 86_400_000), "24.00"),
        (LEAD._replace(at=SATURDAY + 2 * 86_400_000, state="TX"), None),
        (LEAD._replace(grade="E", state="TX"), "9.00"),
        (LEAD._replace(grade=None, state=None), None),
    ],
)
def test_the_first_rule_that_fits_is_used(moment: Moment, price: str | None) -> None:
    found = rule_for(parse_rules(TEXT, "USD"), moment, "America/New_York")
    assert price == (found.price.text if found is not None else None)


def test_hours_may_go_through_midnight() -> None:
    (night,) = parse_rules("hours=22:00-6:00 -> 5.00", "USD")
    at = {hour: rule_for((night,), LEAD._replace(at=hour * 3_600_000), "UTC") for hour in (0, 5, 6, 12, 22)}
    assert [0, 5, 22] == [hour for hour, found in at.items() if found is not None]


@pytest.mark.parametrize(
    "line",
    [
        "24.00", "grade=G -> 1.00", "band=best -> 1.00", "state=Arizona -> 1.00", "hours=8 -> 1.00",
        "hours=8-8 -> 1.00",
        "days=someday -> 1.00", "colour=red -> 1.00", "grade=A -> much", "grade=A -> -1.00", "grade= -> 1.00",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_told_by_its_line(line: str) -> None:
    with pytest.raises(BadRule, match="Line 2"):
        parse_rules(f"grade=A -> 2.00\n{line}", "USD")


@pytest.mark.parametrize("line", ["hours=8-9 -> 5.00", "state=AZ -> 5.00", "grade=A -> 101%", "grade=A -> half"])
def test_payout_tiers_look_at_the_lead_and_its_source_alone(line: str) -> None:
    with pytest.raises(BadRule, match="Line 1"):
        parse_tiers(line, "USD")


def test_a_fixed_price_bids_what_its_rule_says() -> None:
    ruled = contract("a", price=usd("20"), sale_mode=SaleMode.EITHER, price_rules=parse_rules(TEXT, "USD"))
    plain = contract("b", price=usd("15"))
    strong = LEAD._replace(band="strong")
    assert [("a", "26.00"), ("a", "13.00"), ("b", "15.00")] == [
        (bid.contract_id, bid.price.text) for bid in fixed_bids([ruled, plain], 3, strong)
    ]
    assert ["20.00"] == [bid.price.text for bid in fixed_bids([ruled], 1)]
    assert (usd("26"), usd("9")) == (best_price(ruled), least_price(ruled))


def test_a_lead_earns_by_the_first_tier_that_fits() -> None:
    tiers = parse_tiers("band=rotten -> 0.00\ngrade=A,B -> 75%", "USD")
    found = [tier_for(tiers, each) for each in (LEAD, LEAD._replace(band="rotten"), LEAD._replace(grade="C"))]
    assert ["grade=A,B -> 75%", "band=rotten -> 0.00", None] == [each and tier_text(each) for each in found]

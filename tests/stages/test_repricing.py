"""What another floor or price would have brought: a range from the record, with the leads behind it."""

from __future__ import annotations

from exchange.stages.quality.rates import Rate
from exchange.stages.repricing import Round, floor_ideas, price_idea

DOLLAR = 10_000


def rounds(state: str, best: int, brought: int, count: int) -> list[Round]:
    return [Round(f"ld_{state}{best}{number}", state, best * DOLLAR, brought * DOLLAR) for number in range(count)]


def test_a_lower_floor_sells_what_was_unsold_less_what_buyers_at_the_floor_save() -> None:
    record = rounds("AZ", 20, 20, 40) + rounds("AZ", 12, 0, 20) + rounds("AZ", 15, 15, 10)
    (idea,) = floor_ideas(record, {}, 15 * DOLLAR, 14)
    assert ("AZ", 12 * DOLLAR, 15 * DOLLAR, 20, 70) == (idea.state, idea.floor, idea.before, idea.changed, idea.rounds)
    assert (20 * 12 * DOLLAR // 2, (20 * 12 - 10 * 3) * DOLLAR // 2) == (idea.high, idea.low)
    shaded = floor_ideas([*rounds("AZ", 13, 0, 20), *record], {}, 15 * DOLLAR, 14)[0]
    assert (20 * 12 + 20 * 13) * DOLLAR // 2 == shaded.high and (40 * 12 - 30) * DOLLAR // 2 == shaded.low
    assert idea.low < idea.middle < idea.high and not idea.raises and 5 == len(idea.lead_ids)


def test_a_raise_is_suggested_only_where_even_half_of_its_buyers_would_make_it_pay() -> None:
    steady = rounds("AZ", 20, 20, 60) + rounds("AZ", 18, 18, 60)
    assert [] == floor_ideas(steady, {}, 10 * DOLLAR, 14)
    low = rounds("TX", 30, 12, 60)  # bids of thirty that sold at twelve: a shared lead, or an old price
    assert [] == floor_ideas(low, {}, 12 * DOLLAR, 14)


def test_little_says_nothing_and_each_state_has_its_own_floor() -> None:
    few = rounds("AZ", 12, 0, 30)
    assert [] == floor_ideas(few, {}, 15 * DOLLAR, 14)
    enough = rounds("AZ", 12, 0, 60)
    assert [] == floor_ideas(
        enough, {"AZ": 10 * DOLLAR}, 15 * DOLLAR, 14
    )  # its own floor lets them pass: others refuse
    assert [12 * DOLLAR] == [idea.floor for idea in floor_ideas(enough, {"CA": 10 * DOLLAR}, 15 * DOLLAR, 14)]
    assert [] == floor_ideas(rounds("", 12, 0, 60), {}, 15 * DOLLAR, 14)


def test_a_price_follows_what_the_leads_of_a_band_convert_at() -> None:
    weak, strong = Rate(4, 96, 0.1, 4, 100, True), Rate(30, 70, 0.1, 30, 100, True)
    down = price_idea("acme", "weak", 20 * DOLLAR, 100, weak, 0.1, 28)
    up = price_idea("acme", "strong", 20 * DOLLAR, 100, strong, 0.1, 28)
    assert down is not None and up is not None
    assert (12 * DOLLAR, 28 * DOLLAR) == (down.price, up.price)  # never more than four tenths either way
    assert down.middle == -8 * 100 * DOLLAR // 4 and down.low <= down.middle <= down.high
    assert up.middle == 8 * 100 * DOLLAR // 4
    assert price_idea("acme", "weak", 20 * DOLLAR, 10, weak, 0.1, 28) is None
    assert price_idea("acme", "usual", 20 * DOLLAR, 100, Rate(10, 90, 0.1, 10, 100, True), 0.1, 28) is None

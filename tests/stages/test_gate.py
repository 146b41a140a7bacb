"""What a campaign lets in: sub ids, filters, consent, hours, caps; told with what came and what is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.model.lead import Kind, Lead, Mode
from exchange.model.money import Money
from exchange.model.party import Campaign, Cap, Clause, Disclosure, Gate, Group, Hours, Seller, Window
from exchange.model.reason import Reason
from exchange.stages.admit import admit
from exchange.stages.gate import Gatekeeper, filter_problems, gate_words, keep_gate
from exchange.stages.spec import build_spec
from exchange.stages.spec_changes import changes
from tests.stages.submissions import NOW, PING, POST, SOLAR, SOLAR_NAMES, VERTICALS, read, submission

VERTICAL = VERTICALS["solar"]
BIG_BILL = Group("all", (Clause("monthly_bill", "at_least", ("201",)),))
NO_ADDRESS = Group("all", (Clause("email", "is_not_set", ()),))


def keeper(**gate: Any) -> Gatekeeper:
    found = keep_gate(with_gate(**gate), VERTICAL)
    assert found is not None
    return found


def with_gate(**gate: Any) -> Campaign:
    return replace(SOLAR, gate=Gate(**{"zone": "UTC", **gate}))


def lead(kind: Kind = Kind.POST, mode: Mode = Mode.LIVE, **fields: str) -> Lead:
    return read({**(PING if kind is Kind.PING else POST), **fields}, kind, mode).lead


def told(door: Gatekeeper, one: Lead, use: dict[str, int] | None = None, now: int = NOW) -> tuple[Reason, str] | None:
    return door.refusal(one, now, use or {})


def test_a_campaign_that_asks_nothing_of_its_own_has_no_gate() -> None:
    assert keep_gate(SOLAR, VERTICAL) is None


def test_only_listed_sub_ids_pass() -> None:
    door = keeper(allowed_sub_ids=("g-search",))

    assert told(door, lead()) is None
    assert (Reason.FILTERED, "Only listed values of sub_id1 are taken.") == told(door, lead(sub_id1="pop-19"))


def test_a_filter_tells_what_it_wants_and_what_came_unless_that_is_personal() -> None:
    assert (
        Reason.FILTERED,
        "monthly_bill must be $201 or more, got $151 to $200.",
    ) == told(keeper(filters=BIG_BILL), lead())
    assert told(keeper(filters=BIG_BILL), lead(monthly_bill="301+")) is None
    assert told(keeper(filters=NO_ADDRESS), lead(Kind.PING)) is None, "a ping cannot show it"
    assert (Reason.FILTERED, "email must be left out.") == told(keeper(filters=NO_ADDRESS), lead())


def test_consent_parts_are_asked_of_posts_alone() -> None:
    door = keeper(consent=("jornaya_leadid",))

    assert told(door, lead(Kind.PING)) is None
    assert (Reason.CONSENT_MISSING, "The campaign requires jornaya_leadid.") == told(door, lead())


def test_hours_and_caps_hold_for_live_leads_alone() -> None:
    shut = keeper(hours=(Hours((0, 1, 2, 3), 540, 1_020),))  # NOW is a Friday
    full = keeper(caps=(Cap(Window.DAY, "count", 40),))
    [(key, _)] = full.cap_windows(NOW)

    assert (Reason.OUTSIDE_HOURS, "Leads are taken Mon, Tue, Wed, Thu 09:00 to 17:00 (UTC).") == told(shut, lead())
    assert told(shut, lead(mode=Mode.TEST)) is None
    assert (Reason.CAP_REACHED, "The cap is 40 sales a day.") == told(full, lead(), {key: 40})
    assert told(full, lead(), {key: 39}) is None
    assert told(full, lead(mode=Mode.TEST), {key: 40}) is None


@pytest.mark.parametrize(("used", "passes"), [(23, True), (24, False)])
def test_an_even_cap_lets_in_as_much_as_the_day_has_gone(used: int, passes: bool) -> None:
    door = keeper(caps=(Cap(Window.DAY, "count", 40),), even=True)
    [(key, _)] = door.cap_windows(NOW)  # 14:04 of 24 hours: 23.46 of 40

    assert passes is (told(door, lead(), {key: used}) is None)


def test_a_sale_takes_one_of_a_count_and_its_payout_of_a_money_cap() -> None:
    door = keeper(caps=(Cap(Window.DAY, "count", 40), Cap(Window.MONTH, "money", 5_000_000, (4,))))

    parts = door.parts(Money.parse("26.60", "USD"), NOW)

    assert [(1, 40), (266_000, 5_000_000)] == [(each.amount, each.most) for each in parts]
    assert [("@cmp_1:day:count", False), ("@cmp_1:month:money:4", False)] == [(each.key, each.money) for each in parts]


def test_a_filter_its_vertical_does_not_know_lets_nothing_in() -> None:
    gone = Group("all", (Clause("roof_colour", "equals", ("red",)),))

    assert ("solar has no field 'roof_colour'.",) == filter_problems(gone, VERTICAL, "USD")
    refused = told(keeper(filters=gone), lead())
    assert refused is not None and refused[0] is Reason.FILTERED


def test_admit_refuses_with_details_and_a_campaign_in_test_takes_test_leads_alone() -> None:
    campaign = with_gate(allowed_sub_ids=("g-search",))
    found = read({**POST, "sub_id1": "pop-19"}, terms=campaign)
    refused = admit(submission(POST), campaign, found.lead, (), keep_gate(campaign, VERTICAL))
    soon = replace(SOLAR, live=False)

    assert refused is not None and ("rejected", Reason.FILTERED) == (refused.status, refused.reason)
    assert ("Only listed values of sub_id1 are taken.",) == refused.details
    early = admit(submission(POST), soon, lead(), ())
    assert early is not None and (403, Reason.CAMPAIGN_PAUSED) == (early.http_status, early.reason)
    assert admit(submission(POST, mode=Mode.TEST), soon, lead(mode=Mode.TEST), ()) is None


def test_posting_instructions_tell_the_gate_as_far_as_it_is_disclosed_and_what_changed_of_it() -> None:
    campaign = with_gate(
        allowed_sub_ids=("a",), filters=BIG_BILL, hours=(Hours((0,), 0, 1_440),), caps=(Cap(Window.DAY, "count", 40),),
        consent=("jornaya_leadid",), even=True,
    )  # fmt: skip
    seller = Seller("s1", "Cedar")
    before, after = (build_spec(each, seller, VERTICAL, SOLAR_NAMES) for each in (SOLAR, campaign))

    assert (
        "Only these values of sub_id1 are taken: a.",
        "Leads are taken Mon 00:00 to 24:00 (UTC).",
        "monthly_bill must be $201 or more.",
        "The cap is 40 sales a day, spread evenly (UTC).",
    ) == after.gate
    assert 2 == len(tuple(gate_words(replace(campaign, disclosure=Disclosure.CODE), VERTICAL, filters=False)))
    told_of = changes(before, after)
    assert "New: The cap is 40 sales a day, spread evenly (UTC)." in told_of
    assert "jornaya_leadid is now required on post." in told_of
    assert "No longer: The cap is 40 sales a day, spread evenly (UTC)." in changes(after, before)

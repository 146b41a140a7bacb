"""Who of several agents gets a lead, and what a word of a buyer makes of its stage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.model.follow import STAGES, Agent, AgentTerms, FollowRules, LeadFacts, Order
from exchange.model.party import Hours
from exchange.stages.follow import available, awake_at, choose, fits, mapping_of, stage_of
from tests.market import NOW, read_once

FACTS = LeadFacts("acme-solar", "solar", "AZ", "85016", "spanish", "roof")
MINUTE = 60_000


def agent(name: str, *, turn_at: int = 0, load: int = 0, state: str = "active", **terms: Any) -> Agent:
    made = replace(AgentTerms(), **terms)
    return Agent(name, "acme", f"{name}@acme.example", name, state, made, turn_at, load)


def chosen(*agents: Agent, order: Order = Order.ROUND_ROBIN, had: tuple[str, ...] = (), **rules: Any) -> str | None:
    made = replace(FollowRules(order=order), **rules)
    found = choose(agents, made, FACTS, NOW, had)
    return found.id if found is not None else None


def test_whoever_waited_longest_is_next_and_the_least_loaded_when_asked() -> None:
    ann, bob = agent("ann", turn_at=5, load=1), agent("bob", turn_at=3, load=4)

    assert "bob" == chosen(ann, bob)
    assert "ann" == chosen(ann, bob, order=Order.LEAST_LOADED)
    assert "ann" == chosen(ann, bob, had=("bob",))
    assert None is chosen(ann, bob, had=("ann", "bob"))


def test_a_specialist_goes_before_who_takes_everything() -> None:
    anybody, state, place = agent("ann"), agent("bob", states=("AZ",)), agent("cy", zips=("850",))
    speaker = agent("dee", load=9, languages=("spanish",), states=("AZ",))

    assert "bob" == chosen(anybody, state, order=Order.SPECIALIST)
    assert "cy" == chosen(anybody, state, place, order=Order.SPECIALIST)
    assert "dee" == chosen(anybody, state, speaker, order=Order.SPECIALIST)


@pytest.mark.parametrize(
    ("terms", "takes"),
    [
        ({}, True),
        ({"verticals": ("solar",)}, True),
        ({"verticals": ("auto_insurance",)}, False),
        ({"languages": ("english",)}, False),
        ({"products": ("roof", "ground")}, True),
        ({"states": ("NV",)}, False),
        ({"states": ("NV",), "zips": ("85",)}, True),
        ({"zips": ("86",)}, False),
    ],
)
def test_a_lead_is_of_an_agents_kind_by_skill_and_area(terms: dict[str, Any], takes: bool) -> None:
    assert takes is fits(agent("ann", **terms), FollowRules(), FACTS)


def test_a_language_that_is_not_known_is_nobodys_skill() -> None:
    assert not fits(agent("ann", languages=("spanish",)), FollowRules(), FACTS._replace(language=""))


def test_the_leads_of_a_contract_go_to_those_named_beside_it() -> None:
    named = FollowRules(named=(("acme-solar", ("bob",)),))

    assert [False, True] == [fits(agent(name), named, FACTS) for name in ("ann", "bob")]
    assert fits(agent("ann"), named, FACTS._replace(contract_id="other"))


def test_nobody_gets_one_on_vacation_after_hours_or_with_hands_full() -> None:
    morning = (Hours((0, 1, 2, 3, 4), 540, 1_020),)  # NOW is a Saturday, 07:34 in Phoenix
    weekend = (Hours((5,), 450, 460),)

    assert None is chosen(agent("ann", away_from=NOW - MINUTE, away_until=NOW + MINUTE))
    assert "ann" == chosen(agent("ann", away_from=NOW + MINUTE, away_until=NOW + 2 * MINUTE))
    assert "ann" == chosen(agent("ann", away_until=NOW))
    assert not available(AgentTerms(hours=morning, zone="America/Phoenix"), NOW)
    assert available(AgentTerms(hours=weekend, zone="America/Phoenix"), NOW)
    assert not available(AgentTerms(hours=weekend, zone="UTC"), NOW)
    assert None is chosen(agent("ann", most_open=2, load=2))
    assert None is chosen(agent("ann", state="left"))


def test_mail_waits_for_the_end_of_quiet_hours() -> None:
    at_night = AgentTerms(zone="America/Phoenix", quiet=(21 * 60, 8 * 60))  # it is 07:34:08 there

    assert NOW + 25 * MINUTE + 52_000 == awake_at(at_night, NOW)
    assert NOW == awake_at(replace(at_night, quiet=(12 * 60, 13 * 60)), NOW)
    assert NOW == awake_at(replace(at_night, quiet=(60, 60)), NOW)


def test_every_disposition_of_every_vertical_has_a_stage_that_says_something() -> None:
    verticals = read_once()[0].verticals.values()
    told = {(vertical.name, word): stage_of(vertical, word) for vertical in verticals for word in vertical.dispositions}

    assert set(told.values()) <= set(STAGES) - {"new"}
    assert ["attempted"] == sorted({stage for (_, word), stage in told.items() if word == "no_answer"})
    assert ("won", "appointment", "lost") == tuple(
        told["solar", word] for word in ("sold", "appointment_set", "wrong_number")
    )
    assert "new" == stage_of(None, None) and "attempted" == stage_of(None, "some word of theirs")


def test_a_vertical_says_what_its_own_words_mean() -> None:
    solar = read_once()[0].verticals["solar"]
    changed = replace(solar, stages=(("quoted", "won"),))

    assert ("quoted", "won") == (stage_of(solar, "quoted"), stage_of(changed, "quoted"))
    assert mapping_of(solar) != mapping_of(changed) and mapping_of(changed) == mapping_of(replace(changed))

"""Posting instructions say what `normalize` does: every field of every vertical, and each change as a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.model.lead import Kind
from exchange.model.party import Campaign, Seller
from exchange.model.spec import FieldLine, Spec
from exchange.stages.spec import build_spec
from exchange.stages.spec_changes import changes
from tests.stages.submissions import VERTICALS, campaign, names_of, read

ACME = Seller("acme", "Acme Media")
HOSTILE = "\u202e"
"""No type reads it: the mark turns the direction of what is printed after it."""


def spec_of(terms: Campaign) -> Spec:
    return build_spec(terms, ACME, VERTICALS[terms.vertical], names_of(terms))


@pytest.mark.parametrize("name", sorted(VERTICALS))
def test_every_field_says_what_it_takes_where_it_goes_and_an_example(name: str) -> None:
    made = spec_of(campaign(name))

    for line in made.fields:
        assert line.rule and line.example and line.ping in ("absent", "optional", "required"), line
        assert line.allowed or not line.rule.startswith("One of"), line
        assert "absent" != line.ping or "absent" != line.post, line
    assert {spec.name for spec in VERTICALS[name].fields} <= {line.name for line in made.fields}
    assert len(made.fields) == len({line.name for line in made.fields})


@pytest.mark.parametrize("name", sorted(VERTICALS))
@pytest.mark.parametrize("kind", [Kind.PING, Kind.POST])
def test_what_is_listed_is_exactly_what_is_enforced(name: str, kind: Kind) -> None:
    terms = campaign(name)
    call = "ping" if kind is Kind.PING else "post"
    lines = [line for line in spec_of(terms).fields if line.group in ("lead", "tracking", "consent")]
    found = read({}, kind, terms=terms)
    missing = {problem.field for problem in found.problems}
    consent = set(VERTICALS[name].consent.required) if kind is Kind.POST else set()

    assert {line.name for line in lines if line.needed(call, 0)} - consent == missing - consent
    for line in lines:
        if line.sent(call) and line.type not in ("line", "trap"):
            told = read({line.name: HOSTILE + "x"}, kind, terms=terms).problems
            assert line.name in {problem.field for problem in told}, line.name
        for value in line.allowed:
            told = read({line.name: value}, kind, terms=terms).problems
            assert line.name not in {problem.field for problem in told}, (line.name, value)


@pytest.mark.parametrize("name", sorted(VERTICALS))
def test_every_alias_that_is_told_is_read(name: str) -> None:
    terms = campaign(name, aliases=(("lead_id", "ping_id"), ("Zipp", "zip")))
    names = names_of(terms)
    made = spec_of(terms)

    assert [] == [(line.name, alias) for line in made.fields for alias in line.aliases
                  if names.canonical(alias) != line.name]  # fmt: skip
    ping = made.field("ping_id")
    assert ping is not None and ("lead_id", "absent") == (ping.aliases[0], ping.ping)


def changed(line: FieldLine) -> tuple[str, ...]:
    before = spec_of(campaign())
    fields = tuple(line if each.name == line.name else each for each in before.fields)
    return changes(before, replace(before, fields=fields))


def test_each_change_is_a_sentence() -> None:
    before = spec_of(campaign())
    shade = before.field("roof_shade")
    assert shade is not None
    december = 1_796_083_200_000

    assert () == changes(before, before)
    assert ("roof_shade is now required on post.",) == changed(replace(shade, post="required"))
    assert ("roof_shade is now required on post from 1 Dec 2026.",) == changed(
        replace(shade, post="required", required_from=december)
    )
    assert ("roof_shade takes trees.", "roof_shade no longer takes full.") == changed(
        replace(shade, allowed=("none", "partial", "trees", "unsure"))
    )
    assert ("roof_shade takes full until 1 Dec 2026 only.",) == changed(replace(shade, retiring=(("full", december),)))
    assert ("roof_shade is also read as shadow.",) == changed(replace(shade, aliases=(*shade.aliases, "shadow")))
    assert ("roof_shade is no longer a field.",) == changes(
        before, replace(before, fields=tuple(line for line in before.fields if line.name != "roof_shade"))
    )
    new = replace(shade, name="trees", ping="absent", post="required")
    assert ("trees is new, required on post.",) == changes(before, replace(before, fields=(*before.fields, new)))
    assert ("A ping's price is held 60 seconds, before 120.", "Every answer has HTTP status 200.") == changes(
        before, replace(before, hold_ms=60_000, always_200=True)
    )


def test_how_consent_must_be_given_is_told_and_so_is_its_change() -> None:
    assert spec_of(campaign("solar")).consent == ()
    health = spec_of(campaign("health_insurance")).consent
    assert health[0].startswith("Consent must have been given in writing") and health[0].endswith("is refused.")
    assert health[1].startswith("From consumers in WA it must have been given by an authorization to sell health data")
    assert health[2] == "A consent older than 30 days is refused."
    medicare = spec_of(campaign("medicare")).consent
    assert "consented_buyers" in medicare[0] and "ping again with those chosen" in medicare[-1]

    before = spec_of(campaign())
    assert changes(before, replace(before, consent=health)) == (" ".join(health),)
    assert changes(replace(before, consent=health), before) == ("Consent may have been given in any way.",)

"""Who is erased leaves the least that shows their consent, if a buyer had their lead; a held lead is not erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchange.flows.drop import run_drop
from exchange.flows.evidence import YEARS_MS, NoEvidence, hold, lift, show_evidence
from exchange.flows.retain import forget
from exchange.model.actor import Actor, Role
from tests.flows.lab import later, post
from tests.flows.test_drop import MARIA, PAT, drop_file
from tests.market import Exchange, buying, selling

AGREED: dict[str, str] = {
    **MARIA,
    "tcpa_consent_text": "I agree that Acme may call me about solar.",
    "consent_method": "click",
    "consented_buyers": "Acme; Birch",
}


async def erased(exchange: Exchange, folder: Path, lead: dict[str, str]) -> str:
    """The lead's id, after California asked for it."""
    await exchange.add(*buying("acme"), *selling("cedar"))
    lead_id = str((await post(exchange, lead))["lead_id"])
    report = await run_drop(exchange.market, drop_file(folder, "Phone", aaaaaaaaaaaa=lead["phone"]), PAT)
    assert 1 == report.erased
    return lead_id


async def test_the_least_is_kept_apart_and_shown_to_who_says_why(either: Exchange, tmp_path: Path) -> None:
    lead_id = await erased(either, tmp_path, AGREED)

    (by_phone,) = await show_evidence(either.market, "(602) 958-0001", "Case 12-3401", PAT)
    (by_lead,) = await show_evidence(either.market, lead_id, "Case 12-3401", PAT)

    assert by_phone == by_lead
    consent: dict[str, Any] = by_phone["consent"]
    assert ("+16029580001", "click", ["Acme", "Birch"]) == (by_phone["phone"], consent["method"], consent["buyers"])
    assert "I agree that Acme may call me about solar." == consent["text"]
    assert ["Acme"] == [each["buyer"] for each in by_phone["recipients"]]
    assert "consumer.example" not in str(by_phone) and "3196" not in str(by_phone)
    lines = await either.rows("SELECT action, after_json FROM audit_lines WHERE action = 'evidence.revealed'")
    assert 2 == len(lines) and "Case 12-3401" in lines[0]["after_json"]
    rows = await either.rows("SELECT * FROM consent_evidence")
    assert not [word for word in ("602958", "Maria", "solar.") if word in str(rows)]


async def test_it_goes_after_five_years_with_its_key(exchange: Exchange, tmp_path: Path) -> None:
    await erased(exchange, tmp_path, AGREED)
    later(exchange, YEARS_MS / 1_000 - 60)
    await forget(exchange.market)
    assert 1 == await exchange.count("consent_evidence")
    later(exchange, 120)

    await forget(exchange.market)

    assert 0 == await exchange.count("consent_evidence")
    with pytest.raises(NoEvidence, match="No evidence is kept"):
        await show_evidence(exchange.market, "6029580001", "Case", PAT)


async def test_nothing_is_kept_where_nobody_had_the_lead(exchange: Exchange, tmp_path: Path) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.bids("acme", None)
    await post(exchange, AGREED)
    report = await run_drop(exchange.market, drop_file(tmp_path, "Phone", aaaaaaaaaaaa=AGREED["phone"]), PAT)

    assert (1, 0) == (report.erased, await exchange.count("consent_evidence"))


@pytest.mark.parametrize(("who", "why"), [(PAT, ""), (PAT, "ask 602-958-0001"), (Actor(Role.BUYER, "a", "acme"), "x")])
async def test_nobody_looks_without_a_reason_or_the_role(exchange: Exchange, who: Actor, why: str) -> None:
    with pytest.raises(NoEvidence):
        await show_evidence(exchange.market, "6029580001", why, who)


async def test_a_held_lead_is_answered_exempt_and_stays_until_the_hold_is_lifted(
    either: Exchange, tmp_path: Path
) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    lead_id = str((await post(either, AGREED))["lead_id"])
    await hold(either.market, lead_id, "Case 12-3401", PAT)
    with pytest.raises(NoEvidence, match="held already"):
        await hold(either.market, lead_id, "Again", PAT)
    file = drop_file(tmp_path, "Phone", aaaaaaaaaaaa=AGREED["phone"])
    later(either, 400 * 86_400)
    await forget(either.market)
    assert 0 < await either.count("wires")
    assert all(row["raw"] is not None for row in await either.rows("SELECT raw FROM requests"))

    report = await run_drop(either.market, file, PAT)

    assert (0, 1, "Id,Status\naaaaaaaaaaaa,2\n") == (report.erased, report.held, report.answers)
    assert [True] == [row["sealed"] is not None for row in await either.rows("SELECT sealed FROM leads")]
    await lift(either.market, lead_id, "Settled", PAT)
    await forget(either.market)
    assert 0 == await either.count("wires")
    assert 1 == (await run_drop(either.market, file, PAT)).erased
    kinds = [row["kind"] for row in await either.rows("SELECT kind FROM lead_events ORDER BY at, id")]
    assert {"held", "hold_lifted", "erased"} <= set(kinds)

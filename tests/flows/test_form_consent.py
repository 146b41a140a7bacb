"""What somebody agreed to with a form: kept as it was shown, and binding where it names companies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.flows.form_sale import choices_of, submit_form, words_of
from exchange.flows.forms import Done, Shown, take_whole
from exchange.model.party import Strategy
from exchange.stages.consent import text_hash
from tests.filling_in import (
    HOME,
    PAGE,
    PATIENCE,
    PERSON,
    ROOF,
    VISITOR,
    DiesAfterClaim,
    fill_in,
    leads,
    opened,
    place,
    posted,
    press,
    ready,
    the_lead,
    views,
    with_form,
)
from tests.flows.lab import later, tiers
from tests.flows.test_consent import with_policy
from tests.market import REFUSED, Exchange, bid, buyer, buying, selling, usd

AGREED = "By ticking this box I agree that {} may call and text me"


async def test_the_consent_is_kept_as_it_was_shown_and_its_text_once(either: Exchange) -> None:
    await ready(either)
    at = place(either)
    for number in (1, 2):
        visit = await fill_in(either, at, await opened(either, at))
        later(either, PATIENCE)
        await press(
            either, at, visit, {**PERSON, "phone": f"602958014{number}", "email": f"m{number}@consumer.example"}
        )
    text = words_of(at, visit)

    consent = (await the_lead(either)).consent
    assert (True, text, PAGE, "click", "partners") == (
        consent.given,
        consent.text,
        consent.page_url,
        consent.method,
        consent.scope,
    )
    assert (text_hash(text), text_hash(text)[:8]) == (consent.text_hash, consent.version)
    assert (VISITOR.user_agent, VISITOR.ip, "America/Phoenix") == (
        consent.user_agent,
        consent.ip_address,
        consent.time_zone,
    )
    assert [(text_hash(text), text)] == [
        (r["hash"], r["text"]) for r in await either.rows("SELECT * FROM consent_texts")
    ]
    with pytest.raises(Exception, match="never changed"):
        await either.market.db.write(_change_text)


async def _change_text(tx: Any) -> None:
    await tx.execute("UPDATE consent_texts SET text = 'I agreed to everything.'")


async def test_the_companies_that_would_buy_are_named_before_anybody_agrees(either: Exchange) -> None:
    words = {"named": True, "text": "I agree that {buyers} may call and text me about this."}
    await ready(either, consent=words)
    await either.add(replace(buyer("acme"), name="Acme, Solar"), *buying("birch"))
    either.buyers.answers_pings("birch", bid("24.00"))
    at = place(either)
    visit = await fill_in(either, at, await opened(either, at))

    assert "I agree that Acme Solar and Birch may call and text me about this." == words_of(at, visit)
    later(either, PATIENCE)
    assert isinstance(await press(either, at, visit), Done)
    lead = await the_lead(either)
    assert (("Acme Solar", "Birch"), "named sellers") == (lead.consent.buyers, lead.consent.scope)
    assert 1 == len(either.buyers.pings("acme")), "the post went on the price of the ping"
    assert 1 == await either.count("sales")


@pytest.mark.parametrize(("named", "status"), [(True, "unsold"), (False, "accepted")])
async def test_nobody_who_was_not_named_gets_the_lead(exchange: Exchange, named: bool, status: str) -> None:
    """Acme bids, is named, and then refuses; Birch stands in the next tier."""
    await exchange.add(*selling("cedar", tiers=tiers(Strategy.HIGHEST_PRICE, Strategy.HIGHEST_PRICE)))
    await exchange.add(*buying("acme"), *buying("birch", tier=2))
    await with_form(exchange, consent={"named": named, "text": "I agree that {buyers} may call and text me."})
    exchange.buyers.answers_posts("acme", REFUSED)
    at = place(exchange)
    visit = await fill_in(exchange, at, await opened(exchange, at))
    later(exchange, PATIENCE)
    await press(exchange, at, visit)

    assert status == (await views(exchange))[0]["status"]
    assert (1, 0 if named else 1) == (len(exchange.buyers.posts("acme")), len(exchange.buyers.posts("birch")))


async def test_a_price_that_ran_out_while_the_process_was_dead_sells_to_nobody_else(exchange: Exchange) -> None:
    await ready(exchange, consent={"named": True, "text": "I agree that {buyers} may call and text me."})
    await exchange.add(*selling("cedar", expired="reauction"))
    at = place(exchange)
    visit = await fill_in(exchange, at, await opened(exchange, at))
    later(exchange, PATIENCE)
    dying = exchange.on(DiesAfterClaim(exchange.market.db))  # type: ignore[arg-type]  # a Db as far as flows use it
    with pytest.raises(ConnectionAbortedError):
        await press(dying, at, visit)
    later(exchange, 3_600)
    await exchange.add(*buying("birch"))
    await submit_form(exchange.market, {"view": visit.view})

    assert ("unsold", 0) == ((await views(exchange))[0]["status"], await exchange.count("sales"))


async def test_whoever_is_named_anew_is_shown_before_it_counts(exchange: Exchange) -> None:
    await ready(exchange, consent={"named": True, "text": "I agree that {buyers} may call and text me."})
    at = place(exchange)
    visit = await fill_in(exchange, at, await opened(exchange, at))
    await exchange.add(*buying("birch"))
    later(exchange, 3_600)
    again = await press(exchange, at, visit)

    assert isinstance(again, Shown) and "named below" in again.note
    assert ("Acme", "Birch") == tuple(sorted(again.visit.companies))
    assert [] == await leads(exchange)
    assert isinstance(await press(exchange, at, again.visit), Done)


WORDS = {"named": True, "text": "I agree that {buyers} may call and text me."}


async def test_companies_that_must_be_named_are_chosen_one_by_one(either: Exchange) -> None:
    """Nobody hears of the consumer before it chose; then those chosen bid against each other, and nobody else."""
    await either.add(*buying("acme", price=usd("20")), *buying("birch"), *buying("delta"))
    await with_policy(either, required=["tcpa_consent"], policy="named_seller")
    await either.add(*selling("cedar"))
    at = await with_form(either, consent=WORDS)
    either.buyers.bids("birch", "30.00")
    either.buyers.bids("delta", "40.00")
    visit = await fill_in(either, at, await opened(either, at))
    later(either, PATIENCE)

    assert ("Acme", "Birch", "Delta") == choices_of(at, visit)
    assert "I agree that those of Acme, Birch and Delta that I ticked may call and text me." == words_of(at, visit)
    nobody = await press(either, at, visit)
    assert isinstance(nobody, Shown) and ["consented_buyers"] == [each.field for each in nobody.problems]
    assert ([], []) == (either.buyers.pings("birch"), await leads(either))

    assert isinstance(await press(either, at, nobody.visit, {**PERSON, "_company0": "yes", "_company1": "yes"}), Done)
    lead = await the_lead(either)
    assert (("Acme", "Birch"), words_of(at, visit)) == (lead.consent.buyers, lead.consent.text)
    assert (0, 1, 1) == tuple(len(either.buyers.pings(name)) for name in ("acme", "birch", "birch"))
    assert [] == either.buyers.pings("delta")
    assert ["birch"] == [row["leg"] for row in await either.rows("SELECT leg FROM sales")], "the better of the two"


async def test_where_nobody_may_be_named_the_page_says_so_and_sends_nothing(exchange: Exchange) -> None:
    await with_policy(exchange, required=["tcpa_consent"], policy="named_seller")
    await exchange.add(*selling("cedar"))
    at = await with_form(exchange, consent=WORDS)
    values = {name: value for step in (HOME, ROOF, PERSON) for name, value in step.items()}
    whole = await take_whole(
        exchange.market, at, await opened(exchange, at), posted(at, await opened(exchange, at), values), VISITOR
    )
    visit = await fill_in(exchange, at, await opened(exchange, at))
    later(exchange, PATIENCE)
    pressed = await press(exchange, at, visit)

    assert all(isinstance(shown, Shown) and "No company" in shown.note for shown in (whole, pressed))
    assert [] == await leads(exchange)
    await exchange.add(*buying("birch"))
    again = await press(exchange, at, visit)
    assert isinstance(again, Shown) and ("Birch",) == again.visit.companies, "who came meanwhile is asked for again"
    assert isinstance(await press(exchange, at, again.visit), Done)
    assert 1 == await exchange.count("sales")


async def test_a_state_that_wants_a_signature_is_told_that_nobody_takes_it(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", price=usd("20")), *selling("cedar"))
    await with_policy(exchange, required=["tcpa_consent"], policy="named_seller", states={"AZ": "authorization"})
    at = await with_form(exchange, consent=WORDS)
    visit = await fill_in(exchange, at, await opened(exchange, at))
    later(exchange, PATIENCE)

    shown = await press(exchange, at, visit)
    assert isinstance(shown, Shown) and "No company" in shown.note
    assert [] == await exchange.rows("SELECT id FROM leads")

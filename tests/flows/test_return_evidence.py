"""What is found about a return: checks then and now, earlier reports; who hears of it, and what it moves at once."""

from __future__ import annotations

from exchange.flows.dispositions import record_disposition
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.return_rules import unpacked
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.flows.seller_statements import running
from exchange.model.actor import SYSTEM
from exchange.model.endpoint import EndpointKind
from exchange.model.feedback import Report
from exchange.model.return_terms import ReturnTerms
from exchange.model.returns import ReturnState
from exchange.model.verification import Action, VerifierRule
from exchange.storage.score import reports
from exchange.storage.screened import label_leads
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, later, person, post
from tests.flows.receivers import ACME, CEDAR, arrived, events, hook, listen, run_all
from tests.flows.test_return_decisions import ask, state_of
from tests.flows.vendors import MOBILE, VOIP, with_vendor
from tests.market import Exchange, buying, selling, usd

BOTH = ("lead.return_requested", "lead.return_decided")
RULE = VerifierRule("line_check", budget_ms=5_000, bad=Action.FLAG)


def sentences(row: dict[str, object]) -> list[tuple[str, str]]:
    kept = row["evidence"]
    assert isinstance(kept, str)
    return [(fact.sentence, fact.mark.value) for fact in unpacked(kept)]


async def test_a_phone_that_was_bad_is_proved_and_one_that_died_since_is_proposed(exchange: Exchange) -> None:
    async with with_vendor(exchange) as (opened, vendor):
        await opened.add(*selling("cedar", verifiers=(RULE,)), *buying("acme", price=usd("30")))
        vendor.answer = VOIP
        dead = str((await post(opened, person(1)))["lead_id"])
        vendor.answer = MOBILE
        alive = str((await post(opened, person(2)))["lead_id"])
        later(opened, 90_000)
        vendor.answer = VOIP
        first = await state_of(opened, await ask(opened, dead, "disconnected_phone"))
        second = await state_of(opened, await ask(opened, alive, "wrong_number"))

    assert ("approved", "dead_phone_at_sale") == (first["state"], first["rule"])
    assert ("asked", "approve", "dead_phone_now") == (second["state"], second["suggestion"], second["rule"])
    assert {("Phone at the sale: good", "against"), ("Phone now: bad", "for")} <= set(sentences(second))
    assert 4 == len(vendor.asked)


async def test_what_a_granted_return_taught_goes_when_it_is_taken_back(either: Exchange) -> None:
    """The buyer's own later word that the number is wrong is another ground, and stays."""
    await either.add(*selling("cedar"), *buying("acme", price=usd("30"), returns=ReturnTerms(cap_bp=10_000)))
    leads = [str((await post(either, person(number)))["lead_id"]) for number in (1, 2)]
    returns = [await ask(either, lead, "disconnected_phone") for lead in leads]
    by_rule = Choice(ReturnState.APPROVED, "a check said so", rule="dead_phone_at_sale", automatic=True)
    for return_id in returns:
        await decide_return(either.market, return_id, by_rule, SYSTEM)
    await _labelled(either)
    assert ["bad", "bad"] == await _labels(either, leads)
    await record_disposition(Report(leads[1], "wrong_number"), either.market, ACME)
    for return_id in returns:
        await decide_return(either.market, return_id, Choice(ReturnState.DECLINED, "she answered us"), OPERATOR)
    await _labelled(either)

    assert [None, "bad"] == await _labels(either, leads)
    told = await either.market.db.read(reports, 0, either.market.clock.now())
    assert ["reopened", "returned"] == sorted(row["kind"] for row in told if row["lead_id"] == leads[0])
    assert ["returned", "wrong_number"] == sorted(row["kind"] for row in told if row["lead_id"] == leads[1])


async def _labelled(exchange: Exchange) -> None:
    later(exchange, 60)
    await exchange.market.db.write(label_leads, 0, exchange.market.clock.now())


async def _labels(exchange: Exchange, leads: list[str]) -> list[str | None]:
    rows = await exchange.rows("SELECT lead_id, label FROM screened")
    by_lead = {row["lead_id"]: row["label"] for row in rows}
    return [by_lead[lead] for lead in leads]


async def test_what_the_buyer_reported_before_speaks_against_it(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
    lead_id = str((await post(exchange, person(1)))["lead_id"])
    await record_disposition(Report(lead_id, "appointment_set"), exchange.market, ACME)

    row = await state_of(exchange, await ask(exchange, lead_id, "wrong_person"))

    assert ("decline", "spoke_to_consumer") == (row["suggestion"], row["rule"])
    assert ("This buyer reported “appointment set” on 21 Nov, 09:34", "against") in sentences(row)


async def test_a_job_looks_when_the_process_that_asked_died(either: Exchange) -> None:
    await either.add(*selling("cedar"), *buying("acme", price=usd("30")))
    lead_id = str((await post(either, person(1)))["lead_id"])
    later(either, 8 * 86_400)
    found = await find_returnable(either.market, ACME, lead_id)
    assert found is not None
    asked = await ask_return(either.market, ACME, found, Asking("language"))
    assert isinstance(asked, Asked) and "asked" == asked.request["state"]

    while await run_jobs(either.market):
        continue

    assert "outside_window" == (await state_of(either, asked.request["id"]))["rule"]


async def test_both_sides_hear_of_it_and_the_sellers_open_statement_changes_at_once(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
    await listen(exchange, hook("ember"), CEDAR, *BOTH)
    await listen(exchange, hook("delta"), ACME, *BOTH)
    url = f"{hook('flint')}?id={{lead_id}}&back={{returned_amount}}&is={{status}}"
    await listen(exchange, url, CEDAR, "lead.return_decided", kind=EndpointKind.POSTBACK, method="GET")
    lead_id = str((await post(exchange, person(1)))["lead_id"])
    return_id = await ask(exchange, lead_id)
    before = await running(exchange.market, CEDAR, "cedar", "USD")
    await decide_return(exchange.market, return_id, Choice(ReturnState.APPROVED, "it is so"), OPERATOR)
    after = await running(exchange.market, CEDAR, "cedar", "USD")
    await run_all(exchange)

    assert before is not None and after is not None
    assert [(240_000, 0), (240_000, -240_000)] == [
        (each.figures.sums.sold, each.figures.sums.returned) for each in (before, after)
    ]
    told = {each["type"]: each["data"] for each in events(exchange, hook("ember"))}
    assert {"lead.return_requested", "lead.return_decided"} == told.keys()
    assert ("24.00", "approved") == (
        told["lead.return_decided"]["returned_amount"],
        told["lead.return_decided"]["status"],
    )
    (bought,) = [each["data"] for each in events(exchange, hook("delta"))]
    assert ("30.00", return_id) == (bought["credit"], bought["return_id"])
    assert "acme" not in str(told).lower() and "returned_amount" not in bought
    calls = [each.url.partition("?")[2] for each in arrived(exchange, hook("flint"))]
    assert [f"id={lead_id}&back=24.00&is=approved"] == calls

"""The scrub in the line: what feeds the buyers, what the seller hears, what the timeline tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.courier.mail_domains import MailDomains, TakesMail
from exchange.flows.trail import read_trail
from exchange.model.lead import Kind, Mode
from exchange.model.party import Disclosure
from exchange.model.scrub import Action
from tests.flows.lab import Heard, send, submission
from tests.market import Exchange, buying, consumer, selling


async def posted(exchange: Exchange, mode: Mode = Mode.LIVE, **changes: str) -> Heard:
    return await send(exchange, submission(exchange, Kind.POST, {**consumer(1), **changes}, mode=mode))


async def steps(exchange: Exchange) -> list[tuple[str, str, list[str]]]:
    """Check, sentence and facts of what was found about the only lead."""
    (row,) = await exchange.rows("SELECT document FROM trails")
    found = [step for step in read_trail(bytes(row["document"]))["steps"] if step.get("check", "").startswith("scrub")]
    return [(step["check"], step["sentence"], step["facts"]) for step in found]


async def test_corrected_values_go_to_the_buyer_and_are_told_to_the_seller(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))

    heard = await posted(either, email="maria@gmial.com", first_name="MARIA")

    assert "accepted" == heard["status"]
    (post,) = either.buyers.posts("acme")
    assert ("maria@gmail.com", "Maria") == (post["email"], post["first"])
    assert [("email", "corrected", "email: the email's domain was a slip of gmail.com.")] == [
        (each["field"], each["code"], each["message"]) for each in heard["warnings"]
    ]
    told = await steps(either)
    assert ("scrub:email", "Email: the email's domain was a slip of gmail.com.", []) in told
    assert ("scrub:first_name", "First name: capitals and small letters put right.", []) in told
    assert ("scrub:mail", "The email is at a great provider.", []) in told


async def test_the_raw_value_is_kept_beside_the_corrected_one_and_found_by_it(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    await posted(exchange, email="maria@gmial.com")

    (lead,) = await exchange.rows("SELECT email_index FROM leads")
    assert exchange.market.vault.index("email", "maria@gmail.com") == bytes(lead["email_index"])
    again = await posted(exchange, phone="6029587777", email="maria@gmail.com")
    assert "duplicate" == again["status"]


async def test_what_no_consumer_can_be_is_refused_with_its_reason(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))

    heard = await posted(either, phone="6025550142")

    assert ("rejected", "phone_refused") == heard.told
    assert ["Phone: the number is one of those kept for stories (555-0100 to 555-0199)."] == heard["details"]
    assert [] == either.buyers.pings("acme")
    assert ("scrub:mail", "Whether the email's domain takes mail was not asked.", []) in await steps(either)


async def test_a_lead_that_cannot_be_read_tells_why_in_its_timeline(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"))

    heard = await posted(exchange, phone="123", email="none")

    assert "invalid" == heard["status"]
    assert [
        ("scrub:email", "Email: could not be taken (pattern)."),
        ("scrub:phone", "Phone: could not be taken (pattern)."),
    ] == [step[:2] for step in sorted(await steps(exchange))]


@pytest.mark.parametrize(
    ("disclosure", "told"),
    [(Disclosure.FULL, ["email", "city"]), (Disclosure.CATEGORY, ["email"]), (Disclosure.CODE, [])],
)
async def test_the_seller_hears_as_much_as_the_campaign_discloses(
    exchange: Exchange, disclosure: Disclosure, told: list[str]
) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", disclosure=disclosure))

    heard = await posted(exchange, email="maria@gmial.com", city="Chicago")

    assert told == [each["field"] for each in heard["warnings"] or ()]


async def test_a_campaign_and_a_vertical_say_what_becomes_of_a_doubt(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", scrub=(("city_elsewhere", Action.REFUSE),)))

    assert ("rejected", "address_refused") == (await posted(exchange, city="Chicago")).told


async def test_a_test_lead_may_be_anybody_of_a_story(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"))

    assert "accepted" == (await posted(exchange, Mode.TEST, phone="6025550142"))["status"]


class Names:
    """A name service that says one thing."""

    def __init__(self, **known: TakesMail) -> None:
        self.known: dict[str, Any] = {name.replace("_", "."): answer for name, answer in known.items()}

    async def takes_mail(self, domain: str, seconds: float) -> TakesMail:
        return TakesMail(self.known.get(domain, TakesMail.UNKNOWN))


@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        (TakesMail.YES, "accepted", "The email's domain takes mail."),
        (TakesMail.NO, "rejected", "The domain takes no mail."),
        (TakesMail.UNKNOWN, "accepted", "Whether the domain takes mail could not be asked."),
    ],
)
async def test_a_domain_that_takes_no_mail_is_refused_and_an_unheard_one_is_not(
    exchange: Exchange, answer: TakesMail, status: str, sentence: str
) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    names = Names(acme_roofing_com=answer, gmail_com=TakesMail.YES)
    market = replace(exchange.market, mail_domains=MailDomains(names, exchange.clock, 100))
    asking = replace(exchange, market=market)

    heard = await posted(asking, email="maria@acme.roofing.com")

    assert status == heard["status"]
    assert sentence in [step[1] for step in await steps(exchange)]

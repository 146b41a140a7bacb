"""Messages of nurture: only to who agreed, at their hour, once, with a way out that takes the consent back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from exchange.courier.scripted import ScriptedCourier
from exchange.flows.links import Link, read_link
from exchange.flows.nurture_messages import stop_messages
from exchange.model.house import FiledHouse, House
from exchange.model.watched import Texting
from exchange.model.wire import EmailMessage, HttpMessage, Loss, Lost, Message, PhoneAccount, PhoneMessage, Reply
from tests.flows.nurturing import EMAIL, TEXT, planned, run, state, steps, unsold_lead
from tests.flows.test_shelf import put_on_list
from tests.market import Exchange, consumer

HOUSE = House("Harbor Exchange", "12 Pier Road, Boston MA 02110")
TEXTING = Texting(PhoneAccount("https://texts.example", "AC1", "s3cret"), "+16029580100")
PROOF = {"tcpa_consent_text": "I agree to be called and texted by Harbor Exchange and its partners."}


class Posts:
    """Takes every mail and text, or answers as it is told once."""

    def __init__(self, exchange: Exchange) -> None:
        self.went: list[Message] = []
        self.first: Reply | Lost | None = None
        courier = ScriptedCourier(self._answer, exchange.clock)
        market = replace(exchange.market, courier=courier, filed_house=FiledHouse(HOUSE), sms=TEXTING)
        market.live.house = HOUSE
        self.exchange = replace(exchange, market=market)
        self._buyers = exchange.buyers

    def _answer(self, message: Message) -> Any:
        if not isinstance(message, EmailMessage | PhoneMessage):
            assert isinstance(message, HttpMessage)
            return self._buyers(message)
        self.went.append(message)
        answer, self.first = self.first, None
        return answer or Reply(250 if isinstance(message, EmailMessage) else 201, {}, b"{}")


async def test_an_email_goes_once_and_its_way_out_takes_the_consent_back(exchange: Exchange) -> None:
    posts = Posts(exchange)
    await planned(posts.exchange, EMAIL, {**EMAIL, "age": "5 d"})
    lead_id = await unsold_lead(posts.exchange)
    await run(posts.exchange, 2.1)
    await run(posts.exchange, 1)

    (mail,) = posts.went
    assert isinstance(mail, EmailMessage)
    assert mail.text.startswith("Hello Maria, still there?") and HOUSE.invoice_address in mail.text
    assert "You get this because you agreed to be contacted" in mail.text and mail.unsubscribe in mail.text
    link = read_link(posts.exchange.market, mail.unsubscribe.rpartition("/")[2])
    assert isinstance(link, Link) and lead_id == link.attempt_id

    await stop_messages(posts.exchange.market, link.attempt_id, link.detail)
    await stop_messages(posts.exchange.market, link.attempt_id, link.detail)
    await run(posts.exchange, 24 * 6)

    assert ("left", "opted_out") == await state(exchange, lead_id)
    assert 1 == len(posts.went) and 1 == await exchange.count("revocations")


async def test_a_text_waits_for_the_hour_of_the_consumer(exchange: Exchange) -> None:
    posts = Posts(exchange)  # it is 07:34 in Arizona
    await planned(posts.exchange, {**TEXT, "age": "5 min"})
    await unsold_lead(posts.exchange, 1, **PROOF)
    await run(posts.exchange, 0.2)
    assert [] == posts.went

    await run(posts.exchange, 4)

    (text,) = posts.went
    assert isinstance(text, PhoneMessage) and "+16029580001" == text.to
    assert re.search(r"Hello Maria, still looking\? No more texts: http\S+/l/\S+$", text.text)


async def test_who_agreed_to_nothing_is_never_written_to(exchange: Exchange) -> None:
    posts = Posts(exchange)
    await planned(posts.exchange, EMAIL, {**TEXT, "age": "2 d"})
    await unsold_lead(posts.exchange)  # a yes without the words that were shown: no text
    await run(posts.exchange, 3)
    await run(posts.exchange, 50)
    assert [("email", "sent"), ("text", "passed")] == await steps(exchange)
    (told,) = [row["told"] for row in await exchange.rows("SELECT told FROM nurture_steps WHERE kind = 'text'")]
    assert "not written to. A text needs a consent whose words or certificate are on record." == told


async def test_without_an_address_of_ours_no_email_goes(exchange: Exchange) -> None:
    posts = Posts(exchange)
    filed = FiledHouse(House("Harbor"))
    bare = replace(posts.exchange, market=replace(posts.exchange.market, filed_house=filed))
    bare.market.live.house = filed.house
    await planned(bare, EMAIL)
    await unsold_lead(bare)
    await run(bare, 2.5)
    assert [("email", "passed")] == await steps(exchange) and [] == posts.went


async def test_one_consumer_gets_one_message_a_day_by_whatever_lead(exchange: Exchange) -> None:
    posts = Posts(exchange)
    await planned(posts.exchange, EMAIL)
    await unsold_lead(posts.exchange, 1)
    await unsold_lead(posts.exchange, 1)
    await run(posts.exchange, 2.5)
    assert 1 == len(posts.went)
    await run(posts.exchange, 25)
    assert 2 == len(posts.went)


async def test_a_mail_server_that_is_down_is_waited_for_under_the_same_name(exchange: Exchange) -> None:
    posts = Posts(exchange)
    posts.first = Lost(Loss.CONNECT, "refused")
    await planned(posts.exchange, EMAIL)
    await unsold_lead(posts.exchange)
    await run(posts.exchange, 2.1)
    assert [("email", None)] == await steps(exchange)

    await run(posts.exchange, 2)

    first, second = posts.went
    assert isinstance(first, EmailMessage) and isinstance(second, EmailMessage)
    assert first.message_id == second.message_id
    assert [("email", "sent")] == await steps(exchange)


async def test_who_comes_on_a_list_while_a_message_waits_gets_none(exchange: Exchange) -> None:
    posts = Posts(exchange)
    posts.first = Lost(Loss.CONNECT, "refused")
    await planned(posts.exchange, EMAIL)
    lead_id = await unsold_lead(posts.exchange)
    await run(posts.exchange, 2.1)
    assert 1 == len(posts.went)
    await put_on_list(posts.exchange, consumer(1)["phone"])

    await run(posts.exchange, 2)

    assert 1 == len(posts.went), "nothing is tried again"
    assert ("left", "not_sold_any_more") == await state(exchange, lead_id)
    assert [("email", "cut")] == await steps(exchange)

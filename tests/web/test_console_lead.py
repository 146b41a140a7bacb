"""The page of one lead: what came, what was decided and why, what went over the wire, and what it moved."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

from exchange.courier.scripted import Delay
from exchange.model.party import Cap, Clause, Geo, Group, Hours, SaleMode, Strategy, Window
from exchange.model.wire import Loss, Lost, Reply
from exchange.storage.database import Tx
from exchange.storage.hours import HOUR_MS, HourSums, save_hour
from tests.flows.lab import tier
from tests.mail_buyer import mailed_to
from tests.market import POST, SOLD, bid, buying, consumer, contract, selling, usd
from tests.web.leads import refused_then_sold, sell
from tests.web.served import Served
from tests.web.visitor import OPERATOR, Page, Visitor, later, signed_in

PERSONAL = ("sandoval", "maria@consumer", "maria%40consumer", "6029580142", "958-0142", "3196 lake", "198.51.100.77")
LOST = Lost(Loss.TIMEOUT, "The buyer did not answer in time.")


async def resold(served: Served, **fields: str) -> str:
    """A lead that its first winner refused and the second bought; its id."""
    await served.exchange.add(*buying("birch"), *buying("cobalt"))
    return str((await refused_then_sold(served, **fields))["lead_id"])


async def both(visitor: Visitor, lead_id: str) -> tuple[Page, Any]:
    """The page and its twin."""
    return await visitor.open(f"/console/leads/{lead_id}"), (
        await visitor.open(f"/console/leads/{lead_id}.json")
    ).fields


def titles(told: Any) -> list[str]:
    return [line["title"] for line in told["timeline"]]


async def test_a_lead_refused_by_its_winner_and_sold_to_the_next_tells_both_posts_in_order(served: Served) -> None:
    lead_id = await resold(served)
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)
        lines = titles(told)

        assert "Sold to Birch" in page.part("status") + page.text
        assert lines.index("Acme rejected the post") < lines.index("Birch bought it at $36.50")
        refusal = told["timeline"][lines.index("Acme rejected the post")]["exchanges"][0]
        assert "POST /post HTTP/1.1" in refusal["request"] and '"rejected"' in refusal["response"]
        assert {"where": "json:status", "rule": "equals rejected", "meaning": "Outcome: rejected"} in refusal["read"]
        assert ("$36.50", "$30.40", "$6.10") == tuple(told["summary"][name] for name in ("revenue", "payout", "margin"))
        assert "after 1 rejected post" in page.part("summary")
        assert "How this was read" in page.text and "equals rejected" in page.text


async def test_a_buyer_whose_two_contracts_took_a_shared_lead_is_named_once(served: Served) -> None:
    await served.exchange.add(*selling("cedar", slots=2), *buying("acme", sale_mode=SaleMode.SHARED))
    await served.exchange.add(replace(contract("birch", sale_mode=SaleMode.SHARED), buyer_id="acme"))
    heard = await sell(served, 1)
    async with signed_in(served) as visitor:
        page, told = await both(visitor, heard["lead_id"])

        assert (2, "Sold, shared") == (heard["times_sold"], told["summary"]["outcome"])
        assert "Sold to Acme" in page.text and "Acme, Acme" not in page.text


async def test_a_higher_bid_that_came_second_by_the_rule_of_its_tier_was_not_outbid(served: Served) -> None:
    await served.exchange.add(
        *selling("cedar", tiers=tier(Strategy.PRIORITY)), *buying("acme", priority=1), *buying("birch", priority=2)
    )
    served.exchange.buyers.bids("birch", "40.00")
    heard = await sell(served, 1)
    async with signed_in(served) as visitor:
        page, _ = await both(visitor, heard["lead_id"])

        assert "Bought $25.00" in page.text and "Bid $40.00" in page.text and "Outbid" not in page.text
        assert "$15.00 over the price paid; by the auction's rule another came first." in page.text


async def test_lines_are_oldest_first_and_count_from_the_first_request(served: Served) -> None:
    buyers = served.exchange.buyers
    await served.exchange.add(*buying("birch"))
    buyers.answers_pings("acme", Delay(140, bid("40.00")))
    buyers.answers_pings("birch", Delay(220, bid("30.00")))
    buyers.answers_posts("acme", Delay(310, SOLD))
    ping = await served.send("ping", {name: POST[name] for name in ("zip", "state", "monthly_bill", "homeowner")})
    later(served, 2)
    lead_id = (await served.send("post", {**POST, "ping_id": ping["ping_id"]}))["lead_id"]
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)
        offsets = [line["offset_ms"] for line in told["timeline"] if line["offset_ms"] is not None]
        posted = next(line for line in told["timeline"] if line["title"] == "Acme bought it at $40.00")

        assert offsets == sorted(offsets)
        assert 220 + 2_000 + 310 == posted["offset_ms"]
        assert "220 + 310 ms" == told["summary"]["answered_in"]
        waterfall = page.part("waterfall")
        assert "140 ms, $40.00" in waterfall and "220 ms, $30.00" in waterfall and "310 ms, accepted" in waterfall
        assert "2.00 s on the seller's side shortened here" in waterfall
        assert "Post in, +2,220 ms" in waterfall


async def test_steps_that_were_not_run_say_so(served: Served) -> None:
    lead_id = await resold(served)
    async with signed_in(served) as visitor:
        _, told = await both(visitor, lead_id)
        skipped = {line["title"]: line["facts"] for line in told["timeline"] if line["skipped"]}

        assert "Not run: a ping names nobody" == skipped["Duplicate check"]
        assert "A ping carries no consent: it is asked for at the post." in skipped
        assert "Not a duplicate" in titles(told)


async def test_the_answer_is_kept_byte_for_byte(served: Served) -> None:
    heard = await served.send("pingpost", POST)
    async with signed_in(served) as visitor:
        _, told = await both(visitor, heard["lead_id"])

        assert heard.body.decode() == told["timeline"][-1]["exchanges"][0]["response"]


async def test_every_contract_has_one_verdict_in_the_words_of_the_day(served: Served) -> None:
    hour = 9 * 60  # the lead comes at 09:34 in New York
    conditions: dict[str, dict[str, Any]] = {
        "capped": {"caps": (Cap(Window.DAY, "count", 0),)},
        "closed": {"hours": (Hours((0, 1, 2, 3, 4, 5, 6), 0, hour),)},
        "filtered": {"filters": Group("all", (Clause("monthly_bill", "at_least", ("201",)),))},
        "elsewhere": {"geo": Geo(states=("NV",))},
        "strict": {"consent": ("jornaya_leadid",)},
        "second": {"tier": 2},
        "three": {"geo": Geo(states=("NV",)), "consent": ("jornaya_leadid",), "min_grade": "B"},
    }
    made = [contract("acme", id=name, name=name, leg=name, **changes) for name, changes in conditions.items()]
    await served.exchange.add(*buying("birch", deposit="5", price=usd("20")), *made)
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)
        verdicts = {each["contract"]: each for each in told["contracts"]}

        assert {*conditions, "acme-solar", "birch-solar"} == set(verdicts)
        assert len(verdicts) == len(page.attributes("verdict", "data-contract")) == len(told["contracts"])
        assert "Bought $25.00" == verdicts["acme-solar"]["verdict"]
        assert ["Daily cap 0 of 0."] == [text.split(",")[0] for text in verdicts["capped"]["sentences"]]
        assert verdicts["closed"]["sentences"][0].startswith("Opens ")
        assert "monthly_bill must be" in verdicts["filtered"]["sentences"][0]
        assert ["State AZ is not in NV."] == verdicts["elsewhere"]["sentences"]
        assert ["Requires jornaya_leadid, none was sent."] == verdicts["strict"]["sentences"]
        assert "Not reached" == verdicts["second"]["verdict"]
        assert verdicts["birch-solar"]["sentences"][0].startswith("Balance $5.00, needs ")
        assert "3 reasons" == verdicts["three"]["verdict"]
        assert 3 == len(verdicts["three"]["sentences"]) == len(verdicts["three"]["checks"])
        assert {"check": "geo", "got": "state AZ", "required": "in NV"} in verdicts["three"]["checks"]


async def test_a_ping_that_was_not_waited_for_is_nobody_s_fault(served: Served) -> None:
    buyers = served.exchange.buyers
    await served.exchange.add(*buying("birch", max_bid=usd("30")))
    buyers.bids("acme", "38.00")
    buyers.answers_pings("birch", Delay(900, bid("29.00")))
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)

        assert "Not waited for" in [each["verdict"] for each in told["contracts"]]
        assert "not waited for" in page.part("waterfall")
        assert "Birch" not in [each["buyer"] for each in (await visitor.open("/console.json")).fields["buyers"]]


async def test_a_contract_changed_afterwards_keeps_the_reason_of_the_day(served: Served) -> None:
    await served.exchange.add(contract("acme", id="west", name="west", leg="west", geo=Geo(states=("NV",))))
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        _, before = await both(visitor, lead_id)
        await served.exchange.add(contract("acme", id="west", name="west", leg="west"))
        _, after = await both(visitor, lead_id)

        assert before["contracts"] == after["contracts"]


async def test_money_tells_every_entry_and_comes_to_nothing(served: Served) -> None:
    lead_id = await resold(served)
    hour = served.exchange.clock.now() // HOUR_MS * HOUR_MS - 24 * HOUR_MS
    sold = ("live", "solar", "cedar", "sold", "", "USD")
    usual = HourSums({sold: [40, 12_000_000, 8_400_000, 0]}, {})
    await served.exchange.market.db.write(save_hour, hour, 1, usual)
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)

        assert "16.7%, usual 30.0%" in page.text
        assert "Birch balance −$36.50 Owed to Cedar +$30.40 Exchange margin +$6.10 Sum $0.00" in page.part("money")
        assert ["0.00"] == [each["sum"] for each in told["money"]]
        assert {"-36.50", "30.40", "6.10"} == {entry["amount"] for entry in told["money"][0]["entries"]}


async def test_nothing_personal_is_on_the_page_or_in_its_twin_until_it_is_revealed(served: Served) -> None:
    lead_id = await resold(served, ip_address="198.51.100.77", phone="(602) 958-0142", last_name="SANDOVAL")
    async with signed_in(served) as visitor:
        for path in (f"/console/leads/{lead_id}", f"/console/leads/{lead_id}.json"):
            source = unescape((await visitor.open(path)).source).lower()
            assert not [value for value in PERSONAL if value in source], path
        assert "m•••••@consumer.example" in (await visitor.open(f"/console/leads/{lead_id}")).part("data")


async def test_what_could_not_be_read_is_masked_too(served: Served) -> None:
    broken = {**POST, "phone": "602958014", "email": "maria@", "mother": "Dolores Quintana", "zip": "123"}
    await served.send("pingpost", broken)
    async with signed_in(served) as visitor:
        lead_id = (await visitor.open("/console/leads.json")).fields["leads"][0]["lead_id"]
        for path in (f"/console/leads/{lead_id}", f"/console/leads/{lead_id}.json"):
            source = (await visitor.open(path)).source
            assert not [value for value in ("602958014", "maria@", "Quintana", "3196 Lake") if value in source], path
        assert "Not valid" in (await visitor.open(f"/console/leads/{lead_id}")).text


async def test_a_buyer_that_echoes_the_consumer_shows_nobody(served: Served) -> None:
    echo = SOLD._replace(
        body=b'{"status":"sold","id":"b7","to":"MARIA SANDOVAL, 602-958-0142, Maria@Consumer.example"}'
    )
    served.exchange.buyers.answers_posts("acme", echo)
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        source = unescape((await visitor.open(f"/console/leads/{lead_id}")).source).lower()

        assert "b7" in source
        assert not [value for value in PERSONAL if value in source]


async def test_a_command_to_repeat_a_post_has_places_to_fill_in(served: Served) -> None:
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        _, told = await both(visitor, lead_id)
        sold = next(line for line in told["timeline"] if line["title"].startswith("Acme bought it"))
        command = sold["exchanges"][0]["curl"]

        assert command.startswith("curl -i -X POST http://acme.buyer.example/post -H 'Content-Type: application/json'")
        assert '"last":"{last_name}"' in command and '"phone":"{phone}"' in command and '"email":"{email}"' in command


async def test_a_lost_answer_waits_and_is_settled_as_accepted_from_its_page(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    served.exchange.buyers.bids("acme", "38.00")
    served.exchange.buyers.answers_posts("acme", LOST)
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)
        attempt = re.findall(r'data-testid="settle-(dlv_\w+)"', page.source)[0]

        assert "Unclear" in [each["verdict"] for each in told["contracts"]] and [] == told["money"]
        assert [] == served.exchange.buyers.posts("birch")
        assert 422 == (await visitor.submit(f"/console/unclear/{attempt}", decision="accepted", note="")).http_status
        assert (
            409
            == (
                await visitor.submit(f"/console/unclear/{attempt}", decision="accepted", note="n", price="99.00")
            ).http_status
        )
        path = f"/console/leads/{lead_id}"
        sent = await visitor.submit(
            f"/console/unclear/{attempt}", decision="accepted", note="they confirmed", price="$36.00", back=path
        )

        assert path in str(sent.source) and "Sold to Acme" in sent.text
        assert f"Settled as accepted by {OPERATOR}: they confirmed" in sent.text
        assert "Acme balance −$36.00" in sent.part("money")
        assert 409 == (await visitor.submit(f"/console/unclear/{attempt}", decision="refused", note="n")).http_status
        lines = await served.exchange.rows("SELECT actor FROM audit_lines WHERE action = 'delivery.settled'")
        assert [OPERATOR] == [line["actor"] for line in lines]


async def test_a_lost_answer_is_settled_as_refused_from_the_list(served: Served) -> None:
    served.exchange.buyers.answers_posts("acme", LOST)
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        listed = await visitor.open("/console/unclear")
        attempt = listed.attributes("delivery", "data-delivery")[0]
        assert "M. S." in listed.text and "Sandoval" not in listed.source
        after = await visitor.submit(f"/console/unclear/{attempt}", decision="refused", note="not in their system")

        assert "Nothing to settle" in after.text
        _, told = await both(visitor, lead_id)
        assert "sold" != told["status"] and [] == told["money"]
        assert 404 == (await visitor.submit("/console/unclear/dlv_none", decision="refused", note="n")).http_status


async def test_what_a_buyer_says_later_is_in_the_timeline(served: Served) -> None:
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    told = {
        "lead_id": lead_id,
        "disposition": "appointment_set",
        "note": "Call Sandoval at 6029580142, not his son: 480-555-0188, son@consumer.example",
    }
    heard = await served.send("dispositions", told, key="bk_live_acme_0001")
    async with signed_in(served) as visitor:
        page, _ = await both(visitor, lead_id)

        assert 200 == heard.http_status, heard.body
        assert "Acme: appointment set" in page.text
        assert not [word for word in ("Sandoval", "480-555", "son@") if word in page.source]


async def test_an_erased_lead_keeps_its_verdicts_and_its_money(served: Served) -> None:
    lead_id = await resold(served)
    await served.exchange.market.db.write(_erase, lead_id)
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)

        assert told["erased"] and "The personal data of this lead was erased." in page.text
        assert "Erased on request." in page.text and "Reveal" not in page.text
        assert ["0.00"] == [each["sum"] for each in told["money"]] and 3 == len(told["contracts"])
        refused = await visitor.submit(f"/console/leads/{lead_id}/reveal", why="looking")
        assert 422 == refused.http_status and "nobody can read it any more" in refused.text


async def test_requests_past_their_time_say_that_they_are_no_longer_kept(served: Served) -> None:
    lead_id = await resold(served)
    await served.exchange.market.db.write(_forget, lead_id)
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)

        assert "No longer kept: after 180 days only the outcome is." in page.text
        assert "Acme rejected the post" in titles(told)


async def test_a_test_lead_says_that_it_moves_no_money(served: Served) -> None:
    lead_id = (await sell(served, 1, test=True))["lead_id"]
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)

        assert "<title>Test: Lead" in page.source and "A test lead moves no money." in page.part("money")
        assert {"Test lead; contract takes live leads only."} == {
            each["sentences"][0] for each in told["contracts"] if each["contract"] == "acme-solar"
        }


async def test_a_lead_nobody_has_is_not_found(served: Served) -> None:
    async with signed_in(served) as visitor:
        assert 404 == (await visitor.open("/console/leads/ld_none")).http_status
        assert 404 == (await visitor.open("/console/leads/ld_none.json")).http_status
        assert 404 == (await visitor.submit("/console/leads/ld_none/reveal", why="x")).http_status


async def test_the_same_post_again_is_told_as_a_repeat(served: Served) -> None:
    fields = {**consumer(7), "seller_lead_id": "mine-7"}
    lead_id = (await served.send("pingpost", fields))["lead_id"]
    await served.send("pingpost", fields)
    await served.exchange.add(*selling("dove"))
    async with signed_in(served) as visitor:
        _, told = await both(visitor, lead_id)

        assert 1 == titles(told).count("Acme bought it at $25.00")


async def _erase(tx: Tx, lead_id: str) -> None:
    await tx.execute(
        "UPDATE data_keys SET wrapped = NULL WHERE subject IN (SELECT id FROM requests WHERE lead_id = :lead)",
        lead=lead_id,
    )


async def _forget(tx: Tx, lead_id: str) -> None:
    await tx.execute("UPDATE requests SET raw = NULL, answer = NULL WHERE lead_id = :lead", lead=lead_id)
    await tx.execute("DELETE FROM wires WHERE lead_id = :lead", lead=lead_id)


async def test_a_lead_sold_by_mail_shows_the_mail_and_no_http(served: Served) -> None:
    await served.exchange.add(*buying("birch", price=usd("30")), *selling("cedar"))
    mailed_to(served.exchange.market, "birch")
    served.exchange.buyers.answers_posts("birch", Reply(250, {}, b"queued as 4F"))
    lead_id = str((await sell(served, 1))["lead_id"])
    async with signed_in(served) as visitor:
        page, told = await both(visitor, lead_id)
        exchanges = told["timeline"][titles(told).index("Birch bought it at $30.00")]["exchanges"]

        assert [("accepted", None)] == [(each["outcome"], each["curl"]) for each in exchanges]
        assert exchanges[0]["request"].startswith("MAIL mailto:leads@birch.buyer.example\nFrom: us@a.example")
        assert "250\n\nqueued as 4F" == exchanges[0]["response"]
        assert [{"where": "code", "rule": "is 250", "meaning": "Outcome: accepted"}] == exchanges[0]["read"]
        assert "HTTP/1.1" not in exchanges[0]["request"] and "sandoval" not in page.text.lower()

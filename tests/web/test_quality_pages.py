"""Pages about sources, buyers and cohorts: every rate with its count and its interval, each person its own part."""

from __future__ import annotations

import csv
import io
from typing import Any

from exchange.flows.measures import consider
from exchange.model.party import State
from exchange.stages.floor_trial import held_out
from tests.flows.lab import later, post
from tests.market import OPERATOR_KEY, buying, consumer, operator, selling, usd
from tests.web.quality_history import DAYS, EACH, lived
from tests.web.served import Served
from tests.web.visitor import signed_in

HOME = "/console/quality"


async def test_sources_and_buyers_are_told_with_count_and_interval(served: Served) -> None:
    await lived(served.exchange)
    async with signed_in(served) as operator:
        page = await operator.open(f"{HOME}/sources")
        told = (await operator.open(f"{HOME}/sources.json?sort=bad")).fields
        rotten = (await operator.open(f"{HOME}/sources.json?band=rotten")).fields
        sellers = (await operator.open(f"{HOME}/sources.json?level=seller")).fields
        table = list(csv.DictReader(io.StringIO((await operator.open(f"{HOME}/sources.csv")).source)))
        buyers = (await operator.open(f"{HOME}/buyers.json")).fields
        card = await operator.open(f"{HOME}/buyers/birch")
        card_told = (await operator.open(f"{HOME}/buyers/birch.json")).fields
        missing = await operator.open(f"{HOME}/sources?vertical=boats")
        nobody = await operator.open(f"{HOME}/buyers/nobody")
        shown = [await operator.open(HOME + path) for path in ("/buyers", "/cohorts", "")]
    assert "popunder" in page.text and "Rotten" in page.text and [200] * 3 == [each.http_status for each in shown]
    first = told["sources"][0]
    assert ("popunder", DAYS * EACH, "rotten") == (first["sub_id"], first["leads"], first["band"])
    assert first["conversion_low"] <= first["conversion_rate"] <= first["conversion_high"]
    assert first["bad_chance"] > 0.9 > 0.1 > told["sources"][-1]["bad_chance"]
    assert ["popunder"] == [each["sub_id"] for each in rotten["sources"]]
    assert [(None, 48), (None, 24)] == [(each["sub_id"], each["leads"]) for each in sellers["sources"]]
    assert {row["sub_id"] for row in table} == {"g-search", "popunder", "mail"} and "contact_low" in table[0]
    by_id = {each["buyer_id"]: each for each in buyers["buyers"]}
    assert by_id["birch"]["posts"] == 72 and by_id["birch"]["refused"] == 36 == by_id["acme"]["taken"]
    assert by_id["birch"]["taken_rate"] < 0.8 < by_id["acme"]["taken_rate"]
    assert ("31.00", "31.00") == (by_id["birch"]["bid_mean"], by_id["birch"]["paid_mean"])
    assert "g-search" in card.text and 36 == sum(each["sold"] for each in card_told["sources"])
    assert [404, 404] == [missing.http_status, nobody.http_status]


async def test_cohorts_say_what_they_will_come_to(served: Served) -> None:
    await lived(served.exchange)
    async with signed_in(served) as operator:
        told = (await operator.open(f"{HOME}/cohorts.json")).fields
        one = (await operator.open(f"{HOME}/cohorts.json?seller=elm")).fields
        table = (await operator.open(f"{HOME}/cohorts.csv")).source
    weeks = told["cohorts"]
    assert 72 == sum(week["sold"] for week in weeks) and 24 == sum(week["sold"] for week in one["cohorts"])
    assert all(week["conversions_foretold"] >= week["converted"] for week in weeks)
    assert all(week["conversion_low"] <= week["conversion_rate"] <= week["conversion_high"] for week in weeks)
    assert len(weeks) + 1 == len(table.splitlines()) and "conversion_low" in table.splitlines()[0]


async def test_a_seller_sees_its_own_sub_ids_and_nobody_elses(served: Served) -> None:
    await lived(served.exchange)
    async with signed_in(served, "sam@cedar.example", "seller", "cedar") as seller:
        page = await seller.open("/seller/quality")
        told = (await seller.open("/seller/quality.json")).fields
        table = (await seller.open("/seller/quality.csv")).source
        other = await seller.open("/seller/quality?vertical=medicare")
        console = await seller.open(f"{HOME}/sources")
    assert "g-search" in page.text and "mail" not in table and "acme" not in page.text.lower()
    assert {"g-search", "popunder"} == {each["sub_id"] for each in told["sub_ids"]}
    assert {"popunder": "rotten", "g-search": "usual"} == {each["sub_id"]: each["band"] for each in told["sub_ids"]}
    assert all("earned" not in each and "bad_chance" not in each for each in told["sub_ids"])
    assert 404 == other.http_status and "popunder" not in console.text


async def test_a_buyer_sees_its_own_scorecard_and_nobody_elses(served: Served) -> None:
    await lived(served.exchange)
    async with signed_in(served) as operator:
        card = (await operator.open(f"{HOME}/buyers/birch.json")).fields
    async with signed_in(served, "bo@birch.example", "buyer", "birch") as buyer:
        page = await buyer.open("/buyer/quality")
        told = (await buyer.open("/buyer/quality.json?vertical=solar")).fields
        table = list(csv.DictReader(io.StringIO((await buyer.open("/buyer/quality.csv")).source)))
        other = [await buyer.open(f"/buyer/quality{end}?vertical=medicare") for end in ("", ".json", ".csv")]
        console = await buyer.open(f"{HOME}/buyers/acme.json")
    figures = told["figures"]
    assert (72, 36, 36, "31.00") == tuple(figures[name] for name in ("posts", "taken", "bought", "paid_mean"))
    assert {name: figures[name] for name in ("taken_count", "taken_of")} == {"taken_count": 36, "taken_of": 72}
    assert 36 == sum(each["bought"] for each in told["sources"]) == sum(each["bought"] for each in told["weeks"])
    assert "You took" in page.part("figures") and "Quality" in page.text
    assert [each["source"] for each in told["sources"]] == [each["source"] for each in table]
    assert {each["code"] for each in card["sources"]} == {each["source"] for each in told["sources"]}
    everything = (page.source + str(told) + str(table)).lower()
    assert not any(word in everything for word in ("acme", "cedar", "g-search", "popunder", "worse"))
    assert [404] * 3 == [each.http_status for each in other] and "posts" not in console.source


async def test_terms_change_by_program_and_sellers_are_told_their_payout(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(operator())
    change = {"kind": "payout_tiers", "subject": "cedar-solar", "note": "Agreed"}
    tiers = {**change, "text": "grade=A,B -> 85%; band=rotten -> 0.00"}
    saved = await served.send("quality/terms", tiers, key=OPERATOR_KEY)
    wrong = await served.send("quality/terms", {**change, "text": "grade=Q -> 85%"}, key=OPERATOR_KEY)
    nobody = await served.send("quality/terms", {**change, "text": "", "subject": "elm"}, key=OPERATOR_KEY)
    none = await served.get("quality/suggestions?vertical=solar", key=OPERATOR_KEY)
    async with signed_in(served, "sam@cedar.example", "seller", "cedar") as seller:
        page = await seller.open("/seller/quality")
    assert (200, "saved") == saved.told[:2] and "grade=A,B -> 85%" in saved["after"]
    told = [(each.http_status, each["errors"][0]["field"]) for each in (wrong, nobody)]
    assert [(422, "text"), (422, "subject")] == told
    assert 0 == none["count"] and "estimate" == none["evidence"]
    assert "Cedar solar : grade=A,B -> 85%; band=rotten -> 0.00; else 80%" in page.part("payouts")


async def test_a_measure_is_suggested_taken_and_undone_by_people_and_by_programs(served: Served) -> None:
    await lived(served.exchange)
    await served.exchange.add(operator())
    await consider(served.exchange.market)
    async with signed_in(served) as person:
        page = await person.open(f"{HOME}/measures")
        (found,) = (await person.open(f"{HOME}/measures.json")).fields["measures"]
        path = f"{HOME}/measures/{found['measure_id']}"
        silent = await person.send(path, csrf=page.token, decision="block", note="")
        taken = await person.send(path, csrf=page.token, decision="cap", cap="5", note="Nobody answers")
        twice = await person.send(path, csrf=page.token, decision="block", note="Nobody answers")
        ruled = await person.send(
            f"{HOME}/measures/rule", csrf=page.token, vertical="", action="cap", cap="4", note="Yes"
        )
        wrong = await person.send(f"{HOME}/measures/rule", csrf=page.token, vertical="", chance="50", note="Yes")
    assert ("popunder", "suggested", None) == (found["sub_id"], found["state"], found["cap"])
    assert "popunder" in page.text and [422, 200, 409, 200, 422] == [
        each.http_status for each in (silent, taken, twice, ruled, wrong)
    ]
    told = await served.get("quality/measures", key=OPERATOR_KEY)
    assert ("in_force", "cap", 5) == tuple(told["measures"][0][name] for name in ("state", "kind", "cap"))
    rule = {"action": "cap", "chance": "0.99", "leads": 30, "bad": 10, "days": 3, "cap": 4}
    assert rule == told["rules"][0]
    undo = {"decision": "undo", "note": "Mended"}
    undone = await served.send(f"quality/measures/{found['measure_id']}", undo, key=OPERATOR_KEY)
    assert (200, "undone") == undone.told[:2]
    own = await served.get("quality/own?vertical=solar")
    assert {"g-search", "popunder"} == {each["sub_id"] for each in own["sub_ids"]}
    every = await served.get("quality/sources?vertical=solar", key=OPERATOR_KEY)
    bought = await served.get("quality/buyers?vertical=solar", key=OPERATOR_KEY)
    assert (3, 2) == (every["count"], bought["count"])
    assert 422 == (await served.get("quality/sources", key=OPERATOR_KEY)).http_status


async def test_terms_are_seen_before_they_change_and_brought_back_in_one_step(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*selling("cedar", floor=usd("30")), *buying("birch", "9000", price=usd("40")), operator())
    for number in range(48):
        answer = await post(exchange, {**consumer(number * 37 + 1), "state": "AZ"})
        assert "accepted" == answer["status"]
    await exchange.add(*buying("birch", price=usd("40"), state=State.PAUSED))
    for number in range(24):
        await post(exchange, {**consumer(number * 37 + 2_000), "state": "AZ"})
    later(exchange, 60)
    prices = f"{HOME}/prices"
    async with signed_in(served) as person:
        page = await person.open(prices)
        told = (await person.open(f"{prices}.json")).fields
        form: dict[str, Any] = {"csrf": page.token, "kind": "floors", "subject": "cedar-solar"}
        wrong = await person.send(f"{prices}/preview", text="Arizona -> 3", **form)
        seen = await person.send(f"{prices}/preview", text="AZ -> 25.00\r\nholdout -> 10%", **form)
        applied = await person.send(
            f"{prices}/apply", before="", after="AZ -> 25.00\nholdout -> 10%", note="Unsold", **form
        )
        stale = await person.send(f"{prices}/apply", before="", after="AZ -> 20.00", note="Unsold", **form)
        sold = await post(exchange, {**consumer(9_900), "state": "AZ"})
        after = await person.open(prices)
        told_by_program = await served.get("quality/suggestions?vertical=solar", key=OPERATOR_KEY)
        line = (await exchange.rows("SELECT id FROM audit_lines WHERE action = 'campaign.floors'"))[0]["id"]
        undone = await person.send(f"{prices}/undo/{line}", csrf=page.token, note="")
        twice = await person.send(f"{prices}/undo/{line}", csrf=page.token, note="")
    (idea,) = told["suggestions"]
    assert ("floors", "cedar-solar", "AZ -> 25.00\nholdout -> 10%", 24) == (
        idea["kind"],
        idea["subject"],
        idea["after"],
        idea["changed"],
    )
    assert "estimate" == told["evidence"] and "an estimate" in page.text and idea["lead_ids"][0] in page.source
    assert "from 30.00 to 25.00" in page.text
    assert [422, 200, 200, 409, 200, 409] == [each.http_status for each in (wrong, seen, applied, stale, undone, twice)]
    status = "unsold" if held_out(str(sold["lead_id"]), 1_000) else "accepted"
    assert "AZ -> 25.00" in seen.part("after") and status == sold["status"] and "Unsold" in after.text
    (trial,) = told_by_program["holdouts"]
    assert ("AZ", "25.00", "30.00", "0.1", "open") == tuple(
        trial[name] for name in ("state", "floor", "plain_floor", "holdout", "verdict")
    )
    assert 1 == trial["under_leads"] + trial["held_out_leads"] and "Too few leads to tell yet" in after.text
    assert () == exchange.market.deals.campaigns["cedar-solar"].floors

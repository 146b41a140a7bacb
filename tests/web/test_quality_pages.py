"""Pages about sources, buyers and cohorts: every rate with its count and its interval, each person its own part."""

from __future__ import annotations

import csv
import io

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

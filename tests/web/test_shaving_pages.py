"""The page about shaving: figures with count and interval, the leads behind them, and the sentence of the scorecard."""

from __future__ import annotations

import csv
import io

from tests.flows.shaved import POSTS, shaved
from tests.market import OPERATOR_KEY, operator
from tests.web.served import Served
from tests.web.visitor import signed_in

HOME = "/console/quality/shaving"


async def test_signs_are_told_with_count_and_interval_and_lead_to_their_leads(served: Served) -> None:
    leads = await shaved(served.exchange)
    await served.exchange.add(operator())
    by_program = await served.get("quality/shaving?vertical=solar&buyer=acme", key=OPERATOR_KEY)
    nobody = await served.get("quality/shaving?vertical=solar&buyer=nobody", key=OPERATOR_KEY)
    async with signed_in(served) as person:
        page = await person.open(f"{HOME}?vertical=solar")
        told = (await person.open(f"{HOME}.json?vertical=solar")).fields
        table = list(csv.DictReader(io.StringIO((await person.open(f"{HOME}.csv?vertical=solar")).source)))
        own = await person.open(f"{HOME}?vertical=solar&buyer=birch")
        card = await person.open("/console/quality/buyers/acme?vertical=solar")
        quiet = await person.open("/console/quality/buyers/birch?vertical=solar")
        wrong = [
            await person.open(f"{HOME}{end}?{asked}")
            for end in ("", ".json", ".csv")
            for asked in ("vertical=boats", "vertical=solar&buyer=nobody")
        ]
        behind = [await person.open(f"/console/leads/{leads[name]}") for name in ("elsewhere", "came_again")]
    assert "1 buyer with a clear fall, 2 duplicates of people never offered" in page.part("total")
    assert (
        "Acme Cedar" in page.part("falls")
        and f"0 of {POSTS}" in page.part("falls")
        and "Others: too few posts" in page.text
    )
    assert all(leads[name] in page.source for name in ("elsewhere", "nowhere", "taken_0", "sold_again", "came_again"))
    assert leads["offered"] not in page.source and [200, 200] == [each.http_status for each in behind]
    assert 'href="/console/leads?vertical=solar&amp;seller=cedar&amp;period=7d&amp;buyer=acme"' in page.source
    assert 'aria-current="true">Shaving' in page.source

    fall = next(each for each in told["signs"] if (each["buyer_id"], each["seller_id"]) == ("acme", "cedar"))
    assert ("acceptance", 0, POSTS, POSTS, POSTS) == tuple(
        fall[name] for name in ("sign", "count", "of", "before_count", "before_of")
    )
    assert fall["chance_of_fall"] > 0.99 and fall["low"] == 0.0 < fall["high"] < fall["before_low"]
    assert (2, 3) == next(
        (each["count"], each["of"])
        for each in told["signs"]
        if (each["sign"], each["buyer_id"]) == ("duplicate_never_offered", "acme")
    )
    assert {leads["elsewhere"]: True, leads["nowhere"]: False} == {
        each["lead_id"]: each["consumer_came_before"] for each in told["duplicates_never_offered"]
    }
    assert {(leads["taken_0"], leads["sold_again"], "birch"), (leads["taken_1"], leads["came_again"], None)} == {
        (each["lead_id"], each["again_lead_id"], each["sold_to"]) for each in told["returned_again"]
    }
    assert len(told["signs"]) == told["count"] == len(table) and list(fall) == list(table[0])
    assert "20 answered posts in both times" in own.part("no-falls") and leads["nowhere"] not in own.source

    assert {"acme"} == {each["buyer_id"] for each in by_program["signs"]}
    assert len(told["returned_again"]) == len(by_program["returned_again"]) == 2
    assert (422, "buyer") == (nobody.http_status, nobody["errors"][0]["field"])

    sentence = card.part("shaving")
    assert "it took over ten points less of the leads of Cedar than in the four weeks before." in sentence
    assert "Of 3 leads that it called a duplicate, 2 had never been offered to it by us." in sentence
    assert "Of 4 leads that it gave back, 2 came again" in sentence
    assert 'data-testid="shaving"' not in quiet.source
    assert [404] * 6 == [each.http_status for each in wrong]


async def test_nothing_yet_is_said_so_and_nobody_else_sees_it(served: Served) -> None:
    async with signed_in(served) as person:
        page = await person.open(HOME)
        told = (await person.open(f"{HOME}.json")).fields
        table = await person.open(f"{HOME}.csv")
    assert "No buyer of this vertical was posted to" in page.part(
        "empty"
    ) and "0 buyers with a clear fall" in page.part("total")
    assert (0, [], []) == (told["count"], told["duplicates_never_offered"], told["returned_again"])
    assert (200, "") == (table.http_status, table.source.strip())
    async with signed_in(served, "sam@cedar.example", "seller", "cedar") as seller:
        refused = await seller.open(f"{HOME}.json")
    assert "signs" not in refused.source

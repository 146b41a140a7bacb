"""Buyers report by API: one lead, many in one call, in the vertical's words or in their own."""

from __future__ import annotations

from urllib.parse import urlencode

from exchange.flows.disposition_words import map_word
from exchange.storage.disposition_words import Word
from tests.flows.lab import OPERATOR, post
from tests.market import buyer_key, buying, consumer, selling, usd
from tests.web.served import Heard, Served, heard
from tests.web.visitor import signed_in

ACME, BIRCH = buyer_key("acme"), buyer_key("birch")


async def bought(served: Served, number: int) -> str:
    answer = await post(served.exchange, consumer(number))
    assert "accepted" == answer["status"]
    return str(answer["lead_id"])


async def three_leads(served: Served) -> list[str]:
    await served.exchange.add(*selling("cedar"), *buying("acme", price=usd("25")), *buying("birch", price=usd("1")))
    return [await bought(served, number) for number in range(3)]


async def test_many_leads_with_one_word_or_each_its_own_are_told_in_their_order(served: Served) -> None:
    leads = await three_leads(served)
    at = served.exchange.market.clock.now()

    once = await served.send(
        "dispositions/many", {"lead_ids": [*leads, "ld_x"], "disposition": "Contacted", "at": at // 1000}, key=ACME
    )
    again = await served.send("dispositions/many", {"lead_ids": leads, "disposition": "contacted"}, key=ACME)
    each = await served.send(
        "dispositions/many",
        {
            "dispositions": [
                {"lead_id": leads[0], "disposition": "sold", "value": 1250.5},
                {"reference": leads[1], "disposition": "closed won"},
                {"lead_id": leads[2], "disposition": "sold", "value": "lots"},
            ]
        },
        key=ACME,
    )

    assert (200, {"recorded": 3, "not_found": 1}) == (once.http_status, some(once["counts"]))
    assert ["recorded"] * 3 + ["not_found"] == [told["status"] for told in once["results"]]
    assert {"unchanged": 3} == some(again["counts"])
    assert [("recorded", None), ("waiting", "disposition"), ("invalid", "value")] == [
        (told["status"], told.get("field")) for told in each["results"]
    ]
    assert "quoted" in each["results"][1]["allowed"]
    assert [("sold", 12_505_000)] == [
        (row["kind"], row["value_units"])
        for row in await served.exchange.rows("SELECT * FROM sale_dispositions WHERE lead_id = :lead", lead=leads[0])
    ]
    theirs = await served.send("dispositions/many", {"lead_ids": leads, "disposition": "sold"}, key=BIRCH)
    assert {"not_found": 3} == some(theirs["counts"])


def some(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


async def test_a_list_that_cannot_be_read_says_where_and_records_nothing(served: Served) -> None:
    (lead, *_) = await three_leads(served)
    wrong = {"dispositions": [{"lead_id": lead, "disposition": "sold"}, {"disposition": "sold", "at": "soon"}, "x"]}

    places = await served.send("dispositions/many", wrong, key=ACME)
    nothing = await served.send("dispositions/many", {"disposition": "sold"}, key=ACME)
    too_many = await served.send("dispositions/many", {"lead_ids": ["x"] * 501, "disposition": "sold"}, key=ACME)
    form = await served.send("dispositions/many", {"lead_ids": lead}, key=ACME, content_type="text/csv")
    broken = await served.send("dispositions/many", body=b'{"lead_ids": [', key=ACME)

    assert [
        "dispositions[1].lead_id",
        "dispositions[1].at",
        "dispositions[2].lead_id",
        "dispositions[2].disposition",
    ] == [error["field"] for error in places["errors"]]
    assert [422, 422, 415, 400] == [each.http_status for each in (nothing, too_many, form, broken)]
    assert 0 == await served.exchange.count("dispositions")


async def test_the_lead_may_be_named_in_the_address(served: Served) -> None:
    (lead, *_) = await three_leads(served)

    told = await served.send(f"buyer/leads/{lead}/disposition", {"disposition": "quoted"}, key=ACME)
    theirs = await served.send(f"buyer/leads/{lead}/disposition", {"disposition": "quoted"}, key=BIRCH)

    assert (200, "recorded", "quoted") == (told.http_status, told["status"], told["disposition"])
    assert 404 == theirs.http_status


async def test_an_unknown_word_waits_in_the_console_until_somebody_says_what_it_means(served: Served) -> None:
    leads = await three_leads(served)
    for lead in leads[:2]:
        told = await served.send("dispositions", {"lead_id": lead, "disposition": "Closed Won"}, key=ACME)
        assert (202, "waiting") == (told.http_status, told["status"])
    async with signed_in(served) as operator:
        listed = await operator.open("/console/words?buyer=acme&vertical=solar&word=closed_won")
        sheet = await operator.open("/console/words.csv?buyer=acme&channel=api&period=today&sort=-times")
        strange = await operator.open("/console/words?channel=file")
        timeline = await operator.open(f"/console/leads/{leads[0]}")
        home = await operator.open("/console")
        nothing = await operator.submit("/console/words", buyer="acme", vertical="solar", word="closed_won", kind="")
        chosen = await operator.submit(
            "/console/words", buyer="acme", vertical="solar", word="closed_won", kind="sold", contract=""
        )
        after = await operator.open(f"/console/leads/{leads[0]}")
        told_json = (await operator.open("/console/words.json")).fields
        known = await operator.open("/console/words/known?means=sold&buyer=acme&sort=-word")
        known_sheet = await operator.open("/console/words/known.csv")

        assert "1 word, 2 reports" in listed.text and "Record 2" in listed.text
        assert leads[0] in listed.part("examples") and leads[1] in listed.part("examples")
        assert "said “Closed Won”, which is no disposition yet" in timeline.text
        assert "2 dispositions in words nobody knows 1 word, such as “Closed Won”" in home.part("needs")
        assert 422 == nothing.http_status
        assert "2 reports that waited are settled" in chosen.text and "Closed Won" not in chosen.text
        assert "1 word mapped already" in chosen.part("mapped")
        assert all(said in known.text for said in ("1 mapped word", "closed won", "sold", "every contract"))
        assert known_sheet.source.splitlines()[1].startswith("acme,solar,closed_won,sold,")
        assert "Acme: sold Their word: Closed Won. Told by API, by buyer acme" in after.text
        assert {"count": 0, "words": [], "reports": 0} == {
            name: told_json[name] for name in ("count", "words", "reports")
        }
        assert sheet.source.splitlines()[1].startswith("acme,solar,Closed Won,2,")
        assert "No words match. Without" in strange.part("empty")
        forgotten = await operator.submit("/console/words/forget", buyer="acme", vertical="solar", word="closed_won")
        assert "No word of a buyer was mapped." in forgotten.part("empty")
        assert 'data-testid="mapped"' not in (await operator.open("/console/words")).source
    again = await served.send("dispositions", {"lead_id": leads[2], "disposition": "Closed Won"}, key=ACME)
    assert 202 == again.http_status


async def test_a_mapped_word_counts_at_once(served: Served) -> None:
    (lead, *_) = await three_leads(served)
    await map_word(served.exchange.market, Word("acme", "solar", "", "won", "sold"), OPERATOR)

    told = await served.send("dispositions", {"lead_id": lead, "disposition": "WON", "value": "10"}, key=ACME)

    assert (200, "recorded", "sold") == (told.http_status, told["status"], told["disposition"])


async def send_file(served: Served, body: bytes, **options: str) -> Heard:
    url = f"{served.address}/api/v1/dispositions/files?{urlencode(options)}"
    headers = {"Authorization": f"Bearer {ACME}", "Content-Type": "text/csv"}
    async with served.session.post(url, data=body, headers=headers) as answer:
        return await heard(answer)


async def test_a_file_is_looked_at_and_then_recorded_once(served: Served) -> None:
    one, two, three = await three_leads(served)
    body = f"Nr,Ergebnis,Wert\n{one},sold,1250\n{two},Closed Won,\nld_x,sold,\n{three},sold,lots\n".encode()
    columns = '{"Nr": "reference", "Ergebnis": "disposition", "Wert": "value"}'

    blind = await send_file(served, body, record="no")
    seen = await send_file(served, body, record="no", columns=columns)
    assert 0 == await served.exchange.count("dispositions")
    done, again = await send_file(served, body), await send_file(served, body)
    refused = [
        await send_file(served, b"%PDF-"),
        await send_file(served, b""),
        await send_file(served, body, record="perhaps"),
        await send_file(served, body, columns="[]"),
        await send_file(served, body, columns='{"Nr": "colour"}'),
    ]

    assert "Say which column tells" in blind["missing"]
    assert (4, False, None) == (seen["rows"], seen["recorded"], seen.get("missing"))
    assert {"recorded": 1, "waiting": 1, "not_found": 1, "invalid": 1} == some(seen["counts"])
    assert ([3], [{"row": 2, "word": "Closed Won"}]) == (seen["not_matched"], seen["waiting"])
    assert [("value", 4)] == [(each["field"], each["row"]) for each in seen["wrong"]]
    assert (True, seen["file_id"]) == (done["recorded"], done["file_id"])
    assert {"unchanged": 1, "waiting": 1, "not_found": 1, "invalid": 1} == some(again["counts"])
    assert [422, 400, 422, 422, 422] == [each.http_status for each in refused]
    assert 1 == await served.exchange.count("dispositions")

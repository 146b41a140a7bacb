"""A seller's own files of leads: how far each has come, what its leads became, its result. Never another's."""

from __future__ import annotations

import re

from tests.flows.import_bench import csv_of, people
from tests.market import selling
from tests.web.served import Served
from tests.web.test_console_imports import operator, path_of, upload, worked
from tests.web.visitor import signed_in

HOME = "/seller/imports"


async def brought(served: Served) -> str:
    """A file of cedar's, worked to its end by the people of the exchange. Returns its id."""
    async with operator(served) as visitor:
        path = path_of(await upload(visitor, csv_of([*people(2), {**people(1, 9)[0], "zip": "8501"}])))
        await visitor.submit(f"{path}/start", rate="6000/min")
        await worked(visitor)
    return path.rpartition("/")[2]


async def test_only_its_seller_sees_a_file_and_takes_its_result(served: Served) -> None:
    await served.exchange.add(*selling("dell"))
    import_id = await brought(served)
    async with signed_in(served, "ana@cedar.example", "seller", "cedar") as ana:
        page, one = await ana.open(HOME), await ana.open(f"{HOME}/{import_id}")
        listed = (await ana.open(f"{HOME}.json")).fields["imports"]
        result = await ana.open(f"{HOME}/{import_id}/result")
        home = await ana.open("/seller")
    async with signed_in(served, "dee@dell.example", "seller", "dell") as dee:
        theirs = [await dee.open(f"{HOME}/{import_id}{more}") for more in ("", "/result")]
        empty = (await dee.open(f"{HOME}.json")).fields["imports"]
    taken = await served.exchange.rows("SELECT actor FROM audit_lines WHERE action = 'import.result_taken'")

    assert "acme-november.csv" in page.text and f'href="{HOME}"' in home.source
    assert [(import_id, 3, 2, "32.00")] == [
        (each["import_id"], each["done"], each["sold"], each["payout"]) for each in listed
    ]
    assert "3 of 3 rows" in one.text and "2 sold" in one.text and "$32.00 to you" in one.text
    assert "olive" not in page.source + one.source + str(listed) and "acme solar" not in one.source.lower()
    assert result.http_status == 200 and "exchange_status" in result.source
    assert ([404, 404], []) == ([each.http_status for each in theirs], empty)
    assert ["ana@cedar.example"] == [each["actor"] for each in taken]


async def test_a_seller_brings_maps_tries_starts_and_stops_its_own_files_alone(served: Served) -> None:
    await served.exchange.add(*selling("dell"))
    rows = [*people(2), {**people(1, 9)[0], "zip": "8501"}]
    async with (
        signed_in(served, "ana@cedar.example", "seller", "cedar") as ana,
        signed_in(served, "dee@dell.example", "seller", "dell") as dee,
    ):
        uploaded = await upload(ana, csv_of(rows), home=HOME)
        path, token = path_of(uploaded, HOME), uploaded.token
        assert "Phone Number" in uploaded.part("columns") and "6029580001" in uploaded.part("columns")
        foreign = await upload(ana, csv_of(rows), home=HOME, campaign="dell-solar")
        await ana.send(f"{path}/check", csrf=token)
        await worked(ana)
        checked = (await ana.open(path)).part("dry-run")
        their_token = (await dee.open(HOME)).token
        theirs = [await dee.open(path), await dee.open(f"{path}.json"), await dee.open(f"{path}/result")]
        theirs += [await dee.send(f"{path}/{act}", csrf=their_token) for act in ("columns", "check", "start", "cancel")]
        begun = await ana.send(f"{path}/start", csrf=token, rate="6000/min")
        await worked(ana)
        done, told = await ana.open(path), (await ana.open(f"{path}.json")).fields
        second = path_of(await upload(ana, csv_of(people(1, 40)), home=HOME), HOME)
        await ana.send(f"{second}/cancel", csrf=token)
        result = await ana.open(f"{path}/result")
        ended = (await ana.open(f"{second}.json")).fields["state"]

    assert (422, 200) == (foreign.http_status, begun.http_status) and [404] * 7 == [each.http_status for each in theirs]
    assert (
        "2 valid 1 invalid (zip 1)" in checked
        and re.search(r"You would earn about \$[\d.]+ at current prices", checked)
        and "range" not in checked
    )
    assert "2 sold" in done.part("progress") and "$40.00 to you" in done.part("progress")
    assert ("done", 3) == (told["state"], told["done"]) and "made_by" not in told
    assert "cancelled" == ended and "exchange_status" in result.source

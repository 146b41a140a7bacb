"""The leads a buyer bought, on its own pages: all of theirs and nobody else's, told of one by one, ticked, by file."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
from aiohttp import FormData
from playwright.async_api import ViewportSize

from exchange import limits
from exchange.storage.erase import erase_lead
from exchange.worker import run_jobs
from tests.flows.lab import post
from tests.market import NOW, buying, consumer, usd
from tests.web.served import Served
from tests.web.test_console_browser import browsing
from tests.web.visitor import Page, Visitor, login_path, signed_in

WIDE: ViewportSize = {"width": 1280, "height": 800}
LEADS, FILES = "/buyer/leads", "/buyer/dispositions"


async def bought(served: Served, count: int = 3) -> list[str]:
    """Leads that acme bought, and one that birch did."""
    leads = [str((await post(served.exchange, consumer(number)))["lead_id"]) for number in range(count)]
    await served.exchange.add(*buying("birch", price=usd("55")))
    await post(served.exchange, consumer(count))
    return leads


async def upload(visitor: Visitor, path: str, text: str, token: str, **fields: str) -> Page:
    form = FormData(default_to_multipart=True)
    for name, value in {"csrf": token, **fields}.items():
        form.add_field(name, value)
    form.add_field("file", text.encode(), filename="november.csv", content_type="text/csv")
    async with visitor.session.post(visitor.served.address + path, data=form) as response:
        return Page(response.status, response.headers, await response.text())


async def test_a_buyer_sees_what_it_bought_with_all_values_and_nothing_of_anothers(served: Served) -> None:
    leads = await bought(served)
    theirs = (await served.exchange.rows("SELECT lead_id FROM sales WHERE buyer_id = 'birch'"))[0]["lead_id"]
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        listed = await visitor.open(LEADS)
        one = await visitor.open(f"{LEADS}/{leads[0]}")
        twins = [(await visitor.open(f"{LEADS}{end}")).source for end in (".json", ".csv")]
        async with visitor.session.get(f"{served.address}{LEADS}.xlsx") as response:
            sheet = openpyxl.load_workbook(io.BytesIO(await response.read())).active
        assert 404 == (await visitor.open(f"{LEADS}/{theirs}")).http_status
        assert 404 == (await visitor.submit(f"{LEADS}/{theirs}", disposition="sold")).http_status

    person = consumer(0)
    assert sorted(leads) == sorted(listed.attributes("lead", "data-lead"))
    assert theirs not in listed.source and consumer(3)["email"] not in listed.source
    assert 'href="tel:' in listed.source and person["email"] in listed.source
    assert person["address"] in one.part("values")
    assert "Cedar" not in one.source and "80 percent" not in one.source
    for twin in twins:
        assert person["email"] in twin and consumer(3)["email"] not in twin and theirs not in twin
    assert sheet is not None and 4 == sheet.max_row and "lead_id" == sheet.cell(1, 1).value
    assert sheet.cell(2, 1).value in leads


async def test_a_word_is_said_of_one_lead_with_its_worth_and_of_ticked_ones(served: Served) -> None:
    one, two, three = await bought(served)
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        said = await visitor.submit(f"{LEADS}/{one}", disposition="sold", value="1,250", note="signed on Friday")
        wrong = await visitor.submit(f"{LEADS}/{one}", disposition="sold", value="much")
        gone = await visitor.submit(f"{LEADS}/{one}", disposition="eaten")
        marks: dict[str, Any] = {f"lead.{lead}": "yes" for lead in (two, three, "ld_nobody")}
        ticked = await visitor.submit(f"{LEADS}/dispositions", disposition="contacted", back="period=today", **marks)
        nothing = await visitor.submit(f"{LEADS}/dispositions", disposition="contacted")
        only = await visitor.open(f"{LEADS}?disposition=contacted")
        silent = await visitor.open(f"{LEADS}?disposition=none")
        told = (await visitor.open(f"{LEADS}.json?disposition=sold")).fields
    async with signed_in(served) as operator:
        timeline = await operator.open(f"/console/leads/{one}")

    assert "sold, $1,250.00" in said.part("stands") and "signed on Friday" in said.part("said")
    assert (422, 422, 422) == (wrong.http_status, gone.http_status, nothing.http_status)
    assert "value must be a decimal amount" in wrong.text.lower()
    assert "2 leads recorded, 1 lead not yours" in ticked.part("told") and "period=today" in ticked.source
    assert {two, three} == set(only.attributes("lead", "data-lead"))
    assert [] == silent.attributes("lead", "data-lead")
    assert ["1250.00"] == [lead["disposition_value"] for lead in told["leads"]]
    assert "Acme: sold, worth $1,250.00" in timeline.text
    assert "Told in the portal, by buyer al@acme.example" in timeline.text


async def test_a_long_file_shows_how_far_it_is_and_what_became_of_it(served: Served) -> None:
    one, *_ = await bought(served)
    empty = "".join(f"ld_{number},sold\n" for number in range(limits.DISPOSITION_ROWS_AT_ONCE))
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        seen = await upload(visitor, FILES, f"lead_id,status\n{empty}{one},sold\n", (await visitor.open(FILES)).token)
        path = re.search(rf"{FILES}/dsf_[0-9A-Z]+", seen.source)
        assert path is not None and "It takes a while" in seen.text
        going = await visitor.submit(f"{path[0]}/record")
        listed = await visitor.open(FILES)
        twin = (await visitor.open(f"{path[0]}.json")).fields
        columns: dict[str, Any] = {"column.0": "reference"}
        refused = await visitor.submit(f"{path[0]}/columns", **columns)
        while await run_jobs(served.exchange.market):
            continue
        done = await visitor.open(path[0])

    assert "0 of 1,001 rows" in going.part("going") and "0 of 1,001 so far" in listed.part("files")
    assert (False, 1_001, 0) == (twin["recorded"], twin["rows_all"], twin["rows_done"])
    assert 422 == refused.http_status and 0 == going.source.count("/record")
    assert 1 == going.source.count('data-live="going" data-live-ends') and 0 == done.source.count('data-live="going"')
    assert "Recorded: 1 changed, 0 unchanged" in done.part("recorded") and "1,000 not matched" in done.part("recorded")
    assert 1 == await served.exchange.count("dispositions")


async def test_a_file_shows_three_not_matched_before_anything_is_written(served: Served) -> None:
    one, two, _ = await bought(served)
    text = f"lead_id,status\n{one},sold\n{two},Closed won\nld_a,sold\nld_b,sold\nld_c,sold\n"
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        token = (await visitor.open(FILES)).token
        seen = await upload(visitor, FILES, text, token)
        path = re.search(rf"{FILES}/dsf_[0-9A-Z]+", seen.source)
        assert path is not None
        assert "2 matched , 3 not matched, 1 with an unmapped word, 1 changed" in seen.part("summary")
        assert 0 == await served.exchange.count("dispositions")
        assert 403 == (await upload(visitor, FILES, text, "made-up")).http_status
        assert 422 == (await upload(visitor, FILES, "%PDF-", token)).http_status
        recorded = await visitor.submit(f"{path[0]}/record")
        again = await upload(visitor, FILES, text, token)
        twin = (await visitor.open(f"{path[0]}.json")).fields
        columns: dict[str, Any] = {"column.0": "reference"}
        named = await visitor.submit(f"{path[0]}/columns", **columns)
        listed = await visitor.open(FILES)
    async with signed_in(served, "bo@birch.example", "buyer", "birch") as stranger:
        assert 404 == (await stranger.open(path[0])).http_status
        assert 404 == (await stranger.submit(f"{path[0]}/record")).http_status

    assert "Recorded: 1 changed" in recorded.part("recorded")
    assert "1 unchanged" in again.part("summary") and "changed" in again.part("summary")
    assert {"unchanged": 1, "waiting": 1, "not_found": 3} == {k: n for k, n in twin["counts"].items() if n}
    assert "Say which column tells what became" in named.part("missing")
    assert "november.csv" in listed.part("files")
    assert 1 == await served.exchange.count("dispositions")


async def test_an_operator_tells_for_a_buyer_by_list_and_by_file_and_sees_every_way(served: Served) -> None:
    one, two, three = await bought(served)
    async with signed_in(served) as operator:
        home = "/console/dispositions"
        many = await operator.submit(f"{home}/many", buyer="acme", disposition="contacted", leads=f"{one}, {two}\nld_x")
        wrong = await operator.submit(f"{home}/many", buyer="", disposition="contacted", leads=one)
        token = (await operator.open(f"{home}/files")).token
        nobody = await upload(operator, f"{home}/files", f"lead_id,status\n{three},sold\n", token)
        seen = await upload(operator, f"{home}/files", f"lead_id,status\n{three},sold\n", token, buyer="acme")
        path = re.search(rf"{home}/files/dsf_[0-9A-Z]+", seen.source)
        assert path is not None
        await operator.submit(f"{path[0]}/record")
        listed = await operator.open(home)
        by_file = await operator.open(f"{home}?channel=file")
        twin = (await operator.open(f"{home}.json")).fields
        rows = (await operator.open(f"{home}.csv")).source.splitlines()

    assert "2 leads recorded, 1 lead not matched" in many.part("told")
    assert (422, 422) == (wrong.http_status, nobody.http_status)
    assert 3 == len(re.findall('data-testid="disposition"', listed.source))
    assert "by file" in by_file.text and 1 == len(re.findall('data-testid="disposition"', by_file.source))
    assert (3, "no") == (twin["count"], twin["dispositions"][0]["overtaken"]) and 4 == len(rows)


async def test_an_erased_lead_is_still_there_without_its_values(served: Served) -> None:
    one, *_ = await bought(served)
    await served.exchange.market.db.write(erase_lead, one, ("ev_1", "2026-11", NOW, "Erased"))
    async with signed_in(served, "al@acme.example", "buyer", "acme") as visitor:
        listed, shown = await visitor.open(LEADS), await visitor.open(f"{LEADS}/{one}")

    assert "Erased" in listed.text and "Its values were erased" in shown.text
    assert consumer(0)["email"] not in listed.source


async def test_digits_say_it_of_the_lead_one_is_at_and_on_its_page(served: Served) -> None:
    await bought(served, 2)
    async with browsing(served) as browser:
        window = await (await browser.new_context(viewport=WIDE)).new_page()
        complaints: list[str] = []
        window.on("console", lambda message: complaints.append(message.text))
        await window.goto(served.address + await login_path(served, "al@acme.example", "buyer", "acme"))
        await window.goto(served.address + LEADS)
        await window.keyboard.press("j")
        async with window.expect_navigation():
            await window.keyboard.press("7")
        assert "1 lead recorded" in await window.inner_text('[data-testid="told"]')
        assert "quoted" == await window.inner_text('[data-testid="disposition"] >> nth=0')
        async with window.expect_navigation():  # its script listens once the page has loaded
            await window.click("table.leads tbody tr:first-child td.who a")
        async with window.expect_navigation():
            await window.keyboard.press("8")
        assert "sold" == await window.inner_text('[data-testid="stands"]')
    assert [] == complaints
    assert {"portal"} == {row["channel"] for row in await served.exchange.rows("SELECT channel FROM dispositions")}

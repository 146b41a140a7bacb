"""The pages of imports without a script: bring a file, map it, check it, start it, take its result."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import FormData

from exchange.limits import IMPORT_BYTES
from exchange.worker import run_jobs
from tests.flows.import_bench import csv_of, people
from tests.flows.lab import HUNG_UP
from tests.intake.test_sheets import xlsx
from tests.market import buying, usd
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, signed_in


@asynccontextmanager
async def operator(served: Served) -> AsyncIterator[Visitor]:
    await served.exchange.add(*buying("acme", "10000", price=usd("20")))
    async with signed_in(served) as visitor:
        yield visitor


async def upload(
    visitor: Visitor,
    data: bytes,
    name: str = "acme-november.csv",
    *,
    campaign: str = "cedar-solar",
    token: str | None = None,
    query: str = "",
    home: str = "/console/imports",
) -> Page:
    """Send the form with a file, as a browser does."""
    csrf = (await visitor.open(home)).token if token is None else token
    form = FormData({"csrf": csrf, "campaign": campaign})
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/octet-stream")
    url = f"{visitor.served.address}{home}{query}"
    async with visitor.session.post(url, data=form) as answer:
        return Page(answer.status, {**answer.headers, "at": str(answer.url)}, await answer.text())


def path_of(page: Page, home: str = "/console/imports") -> str:
    """Where an upload led."""
    return home + page.headers["at"].partition(home)[2]


async def worked(visitor: Visitor) -> None:
    while await run_jobs(visitor.served.exchange.market):
        continue


async def test_a_file_goes_from_its_upload_to_its_result(served: Served) -> None:
    async with operator(served) as visitor:
        rows = [*people(3), {**people(1, 9)[0], "zip": "8501"}]
        uploaded = await upload(visitor, csv_of(rows))
        path = path_of(uploaded)
        assert "Phone Number" in uploaded.part("columns") and "6029580001" in uploaded.part("columns")
        checking = await visitor.submit(f"{path}/check")
        assert "0 of 4 rows read" in checking.part("dry-run")
        await worked(visitor)
        checked = (await visitor.open(path)).part("dry-run")
        assert "3 valid 1 invalid (zip 1)" in checked and "about $60.00" in checked
        begun = await visitor.submit(f"{path}/start", rate="6000/min", stop_percent="90%")
        assert "6029580001" not in begun.source  # values are shown for mapping, and not longer
        await worked(visitor)
        done = await visitor.open(path)
        assert "4 of 4 rows" in done.part("progress") and "3 sold" in done.part("progress")
        result = await visitor.open(f"{path}/result")
        assert ("text/csv; charset=utf-8", 5) == (result.headers["Content-Type"], len(result.source.splitlines()))
        assert "exchange_status" in result.source and "acme-november." in result.headers["Content-Disposition"]
        listed = (await visitor.open("/console/imports.json")).fields["imports"]
        assert [("done", 4, "48.00")] == [(each["state"], each["done"], each["payout"]) for each in listed]
        assert "acme-november.csv" in (await visitor.open("/console/imports")).part("imports")


async def test_columns_are_chosen_left_out_and_given_values(served: Served) -> None:
    async with operator(served) as visitor:
        lead = people(1)[0]
        row = {**{name: value for name, value in lead.items() if name != "phone"}, "Call me": lead["phone"]}
        page = await upload(visitor, csv_of([{**row, "notes": "x"}]))
        path = path_of(page)
        assert "phone" in page.part("missing")
        numbers = {name: str(place) for place, name in enumerate([*row, "notes"])}
        chosen: dict[str, Any] = {f"column{numbers[name]}": name for name in lead if name != "phone"}
        twice = await visitor.submit(f"{path}/columns", **{**chosen, f"column{numbers['Call me']}": "email"})
        assert 422 == twice.http_status and "Two columns are said to be email" in twice.part("problem")
        wrong = await visitor.submit(f"{path}/columns", **chosen, constants="sub_id1")
        assert "name = value" in wrong.part("problem")
        unknown = await visitor.submit(f"{path}/columns", **chosen, constants="colour = red")
        assert "no field colour" in unknown.part("problem")
        chosen[f"column{numbers['Call me']}"] = "phone"
        saved = await visitor.submit(f"{path}/columns", **chosen, constants="sub_id1 = list-7")
        assert 'data-testid="missing"' not in saved.source and "sub_id1 = list-7" in saved.source
        await visitor.submit(f"{path}/start")
        await worked(visitor)
        leads = await served.exchange.rows("SELECT sub_id1, state FROM leads")
        assert [("list-7", "sold")] == [(each["sub_id1"], each["state"]) for each in leads]


async def test_order_and_hours_are_asked_for_and_read(served: Served) -> None:
    async with operator(served) as visitor:
        path = path_of(await upload(visitor, csv_of(people(2))))
        no_hours = await visitor.submit(f"{path}/start", hours="nine to five")
        no_order = await visitor.submit(f"{path}/start", order="dearest")
        assert 422 == no_hours.http_status and "nine to five are no hours" in no_hours.part("problem")
        assert 422 == no_order.http_status and "file, best, newest" in no_order.part("problem")
        begun = await visitor.submit(f"{path}/start", order="best", rate="1/h", hours="9:00-9:01 Asia/Tokyo")
        assert "It waits for its hours" in begun.source and "what would earn most first" in begun.part("progress")
        await visitor.submit(f"{path}/pause")
        await worked(visitor)
        await visitor.submit(f"{path}/start", hours="", rate="")
        await worked(visitor)
        done = await visitor.open(path)
        assert "Done" in done.part("state") and "2 sold" in done.part("progress")


async def test_the_same_file_again_asks_before_it_starts(served: Served) -> None:
    async with operator(served) as visitor:
        data = csv_of(people(1))
        await visitor.submit(f"{path_of(await upload(visitor, data))}/start")
        await worked(visitor)
        again = await upload(visitor, data, "other.csv")
        assert "went into this campaign before" in again.part("begin")
        refused = await visitor.submit(f"{path_of(again)}/start")
        assert 422 == refused.http_status and "Say that it is meant" in refused.part("problem")
        meant = await visitor.submit(f"{path_of(again)}/start", again="yes")
        assert "Running" in meant.part("state")


async def test_it_is_paused_resumed_and_cancelled_by_buttons(served: Served) -> None:
    async with operator(served) as visitor:
        path = path_of(await upload(visitor, csv_of(people(2))))
        await visitor.submit(f"{path}/start")
        await visitor.submit(f"{path}/pause")
        await worked(visitor)
        paused = await visitor.open(path)
        assert "Paused" in paused.part("state") and "Go on at row 1" in paused.part("progress")
        await visitor.submit(f"{path}/start", rate="20/s")
        cancelled = await visitor.submit(f"{path}/cancel")
        await worked(visitor)
        late = await visitor.submit(f"{path}/start")
        assert 200 == cancelled.http_status
        assert 409 == late.http_status and "It is cancelled." in late.part("problem")
        assert 404 == (await visitor.open(f"{path}/result")).http_status
        assert 0 == await served.exchange.count("leads")


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"", "leads.csv", "is empty"),
        (b"zip,zip\n1,2\n", "leads.csv", "more than once"),
        (b"%PDF-1.7", "leads.pdf", "is a PDF"),
        (b"PK\x03\x04", "leads.xlsx", "archive cannot be read"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(
    served: Served, data: bytes, name: str, word: str
) -> None:
    async with operator(served) as visitor:
        refused = await upload(visitor, data, name)

        assert 422 == refused.http_status and word in refused.part("problem")
        assert (0, []) == (await served.exchange.count("imports"), list(served.exchange.market.files_dir.iterdir()))


async def test_nothing_is_kept_without_the_token_the_campaign_or_the_file(served: Served) -> None:
    async with operator(served) as visitor:
        data = csv_of(people(1))
        assert 403 == (await upload(visitor, data, token="forged")).http_status
        assert "Choose the campaign" in (await upload(visitor, data, campaign="none")).part("problem")
        token = (await visitor.open("/console/imports")).token
        plain = await visitor.send("/console/imports", csrf=token, campaign="cedar-solar")
        assert 403 == plain.http_status  # no form with a file: its token was not looked for there
        assert 0 == await served.exchange.count("imports")


async def test_a_file_beyond_the_limit_is_cut_off(served: Served) -> None:
    async with operator(served) as visitor:
        refused = await upload(visitor, b"x" * (IMPORT_BYTES + 1))

        assert 422 == refused.http_status and "larger than 64 MB" in refused.part("problem")
        assert [] == list(served.exchange.market.files_dir.iterdir())


async def test_test_leads_and_a_spreadsheet_have_a_page_of_their_own_mode(served: Served) -> None:
    async with operator(served) as visitor:
        lead = people(1)[0]
        page = await upload(visitor, xlsx(list(lead), list(lead.values())), "november.xlsx", query="?mode=test")
        await visitor.submit(f"{path_of(page).partition('?')[0]}/start")
        await worked(visitor)
        lead_id = (await served.exchange.rows("SELECT id FROM leads WHERE mode = 'test'"))[0]["id"]
        story = await visitor.open(f"/console/leads/{lead_id}")

        assert "Test: " in page.source and "november.xlsx" not in (await visitor.open("/console/imports")).source
        assert "from Cedar by import" in story.text and "row 1 of november.xlsx" in story.text


async def test_strangers_and_other_roles_see_no_import(served: Served) -> None:
    async with operator(served) as visitor:
        path = path_of(await upload(visitor, csv_of(people(1))))
    async with signed_in(served, "sam@cedar.example", "seller", "cedar") as seller:
        assert 403 == (await seller.open(path)).http_status
        assert 403 == (await seller.open(f"{path}/result")).http_status
        form = FormData({"csrf": (await seller.open("/console/imports")).token})
        form.add_field("file", b"zip\n85016\n", filename="x.csv")
        async with seller.session.post(f"{served.address}/console/imports", data=form) as answer:
            assert 403 == answer.status
        assert 1 == await served.exchange.count("imports")


async def test_the_list_says_how_many_rows_wait_for_a_buyers_answer(served: Served) -> None:
    async with operator(served) as visitor:
        served.exchange.buyers.answers_posts("acme", HUNG_UP)
        page = await upload(visitor, csv_of(people(2)))
        await visitor.submit(f"{path_of(page)}/start")
        await worked(visitor)
        listed = await visitor.open("/console/imports")

    heads, cells = (re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", listed.source, re.DOTALL) for tag in ("th", "td"))
    assert "2" == cells[heads.index("Pending")]

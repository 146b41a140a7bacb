"""Verifiers in the console: what they did and cost, a test of one, and what they add to the story of a lead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from axe_playwright_python.async_playwright import Axe

from exchange.model.verification import Action, VerifierRule
from tests.flows.vendors import KEY, MOBILE, VOIP, Vendor, with_vendor
from tests.market import buying, open_exchange, selling
from tests.web.leads import sell
from tests.web.served import Served, serve_exchange
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing
from tests.web.test_console_browser import signed_in as seen_by
from tests.web.test_posting_browser import WCAG
from tests.web.visitor import signed_in

HOME = "/console/verifiers"
RULE = VerifierRule("line_check", budget_ms=5_000, bad=Action.FLAG)


@asynccontextmanager
async def verified(folder: Path) -> AsyncIterator[tuple[Served, Vendor]]:
    """A served exchange whose seller's leads are checked by a vendor on this machine: one good, one flagged."""
    async with open_exchange(folder) as exchange, with_vendor(exchange) as (opened, vendor):
        await opened.add(*selling("cedar", verifiers=(RULE,)), *buying("acme"))
        async with serve_exchange(opened) as served:
            yield served, vendor


async def test_the_list_tells_what_was_asked_answered_and_paid(tmp_path: Path) -> None:
    async with verified(tmp_path) as (served, vendor), signed_in(served) as operator:
        await sell(served, 1)
        vendor.answer = VOIP
        await sell(served, 2)
        page, told = await operator.open(HOME), (await operator.open(f"{HOME}.json")).fields

    line = next(each for each in told["verifiers"] if each["verifier"] == "line_check")
    figures = line["last_30_days"]
    assert ["campaign cedar-solar"] == line["used_by"]
    assert (2, 1, 1, 0) == (figures["asked"], figures["good"], figures["bad"], figures["away"])
    assert [{"amount": "0.024", "currency": "USD"}] == figures["cost"]
    assert ({"sold": 1, "came_back_bad": 0}, {"sold": 1, "came_back_bad": 0}) == (figures["passed"], figures["flagged"])
    assert "2 answers in 30 days" in page.part("total") and "Phone line" in page.part("verifiers")
    assert "TrustedForm certificate" in page.part("others")


async def test_one_verifier_is_tried_by_hand(tmp_path: Path) -> None:
    async with verified(tmp_path) as (served, vendor), signed_in(served) as operator:
        shown = await operator.open(f"{HOME}/line_check")
        asked = await operator.submit(f"{HOME}/line_check/test", stage="verify", lead="2", do="send")
        pasted = await operator.submit(
            f"{HOME}/line_check/test", lead="1", do="read", status="200", reply_body=orjson.dumps(VOIP).decode()
        )
        strange = await operator.submit(f"{HOME}/line_check/test", do="read", status="200", reply_body="<p>Hello</p>")
        gone = await operator.open(f"{HOME}/nobody")
        nothing = await operator.submit(f"{HOME}/line_check/test", do="read", status="abc")
        nowhere = await operator.submit(f"{HOME}/line_check/test", lead="99999")
        leads = await served.exchange.count("leads")

    assert "campaign cedar-solar" in shown.part("uses") and KEY not in shown.source
    assert "Good" in asked.part("answer") and 1 == len(vendor.asked)
    assert "Bad" in pasted.part("answer") and "Verdict: bad" in pasted.part("matches")
    assert "No answer that counts" in strange.part("answer")
    assert [404, 422, 422] == [gone.http_status, nothing.http_status, nowhere.http_status]
    assert 0 == leads


async def test_a_secret_is_set_and_never_shown(tmp_path: Path) -> None:
    async with verified(tmp_path) as (served, vendor), signed_in(served) as operator:
        saved = await operator.submit(f"{HOME}/line_check/secrets", secret="line_key", value="another-key-77")
        wrong = await operator.submit(f"{HOME}/line_check/secrets", secret="other", value="x")
        await sell(served, 1)

    assert "another-key-77" not in saved.source and "ends in" in saved.text
    assert 422 == wrong.http_status
    assert "another-key-77" == vendor.asked[0][1]["X-Key"]


async def test_a_leads_story_tells_what_was_asked_masked_and_what_it_cost(tmp_path: Path) -> None:
    async with verified(tmp_path) as (served, vendor), signed_in(served) as operator:
        vendor.answer = {**MOBILE, "built": "Rosewood Manor", "owner": "Rosewood Manor"}
        sold = await sell(served, 1)
        page = await operator.open(f"/console/leads/{sold['lead_id']}")
        twin = await operator.open(f"/console/leads/{sold['lead_id']}.json")
        leads = await operator.open("/console/leads")
        dashboard, figures = await operator.open("/console"), (await operator.open("/console.json")).fields

    assert "Phone line: good, mobile" in page.text and "Verification by prairie" in page.part("money")
    assert "year_built, added by line_check" in page.part("data")
    for source in (page.source, twin.source):
        assert not [word for word in ("Rosewood", "6029580001", KEY) if word in source]
    assert "before $0.01 of checks" in dashboard.text and "0.012" == figures["outside_checks"]
    assert "after $0.01 of checks" in page.text and "after $0.01 of checks" in leads.part("total")


async def test_only_operators_see_them(tmp_path: Path) -> None:
    async with verified(tmp_path) as (served, _), signed_in(served, "ann@cedar.example", "seller", "cedar") as seller:
        refused = [(await seller.open(path)).http_status for path in (HOME, f"{HOME}.json", f"{HOME}/line_check")]

    assert [403, 403, 403] == refused


async def test_the_pages_fit_the_screen(tmp_path: Path) -> None:
    async with verified(tmp_path) as (served, _):
        await sell(served, 1)
        async with browsing(served) as browser:
            for viewport in (WIDE, NARROW):
                seen = await seen_by(browser, served, viewport)
                for path in (HOME, f"{HOME}/line_check"):
                    page = await seen.open(path)
                    assert await seen.overhang() <= 0, (path, viewport)
                    assert [] == await page.evaluate(TOO_SMALL), (path, viewport)
                    found = await Axe().run(page, options=WCAG)
                    assert [] == found.response["violations"], found.generate_report()

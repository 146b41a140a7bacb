"""An import in a real browser, with the worker at work: upload, map, dry run, start, pause, go on."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

from exchange.clock import SystemClock
from exchange.worker import work
from tests.flows.import_bench import csv_of, people
from tests.market import buying, open_exchange, selling, usd
from tests.web.served import Served, serve_exchange
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, Seen, browsing, signed_in

ROWS = 300
PATIENCE_MS = 60_000


async def upload(seen: Seen, file: Path) -> Page:
    page = await seen.open("/console/imports")
    await page.get_by_test_id("file").set_input_files(file)
    await page.get_by_test_id("upload").click()
    await page.wait_for_url("**/console/imports/imp_*")
    return page


async def test_a_file_is_uploaded_mapped_checked_started_paused_and_finished(tmp_path: Path) -> None:
    (tmp_path / "november.csv").write_bytes(csv_of({**each, "Remarks": "hot"} for each in people(ROWS)))
    async with (
        open_exchange(tmp_path, clock=SystemClock()) as exchange,
        serve_exchange(exchange, beside=(work,)) as served,
        browsing(served) as browser,
    ):
        await exchange.add(*selling("cedar"), *buying("acme", "100000", price=usd("20")))
        seen = await signed_in(browser, served, WIDE)
        page = await upload(seen, tmp_path / "november.csv")
        remarks = page.locator('tr[data-column="Remarks"]')
        assert "hot" in await remarks.inner_text()
        await remarks.locator("select").select_option("comments")
        await page.get_by_test_id("constants").fill("sub_id1 = list-7")
        await page.get_by_test_id("save-columns").click()
        await page.get_by_text("your choice").wait_for()
        await page.get_by_test_id("check").click()
        await page.get_by_test_id("would-earn").wait_for(timeout=PATIENCE_MS)
        assert "300 valid" in await page.get_by_test_id("report").inner_text()
        await page.get_by_test_id("rate").fill("60/s")
        await page.get_by_test_id("start").click()
        await page.get_by_test_id("counts").get_by_text("sold").wait_for(timeout=PATIENCE_MS)
        await page.get_by_test_id("pause").click()
        await page.get_by_test_id("resume").wait_for(timeout=PATIENCE_MS)
        done = int(await page.get_by_test_id("done").inner_text())
        assert 0 < done < ROWS
        await page.locator("input[name=rate]").fill("6000/s")
        await page.get_by_test_id("resume").click()
        await page.get_by_test_id("state").get_by_text("Done").wait_for(timeout=PATIENCE_MS)
        assert "300" == await page.get_by_test_id("done").inner_text()
        async with page.expect_download() as saving:
            await page.get_by_test_id("result").click()
        result = Path(await (await saving.value).path()).read_text("utf-8")
        assert ROWS + 1 == len(result.splitlines())
        assert [] == seen.complaints
        assert [] == seen.elsewhere


async def test_its_pages_fit_a_phone_and_both_themes(served: Served, tmp_path: Path) -> None:
    (tmp_path / "a-file-with-a-rather-long-name-of-november.csv").write_bytes(
        csv_of([{**each, "zip_of_the_house_in_question": "85016"} for each in people(3)])
    )
    async with browsing(served) as browser:
        for viewport in (NARROW, WIDE):
            seen = await signed_in(browser, served, viewport)
            page = await upload(seen, tmp_path / "a-file-with-a-rather-long-name-of-november.csv")
            one = page.url.removeprefix(served.address)
            for path in ("/console/imports", one):
                for scheme in ("light", "dark"):
                    await page.emulate_media(color_scheme=scheme)
                    await seen.open(path)
                    assert await seen.overhang() <= 0, (path, viewport)
                    assert 10_000 < len(await page.screenshot(full_page=True))
                    assert [] == await page.evaluate(TOO_SMALL), (path, viewport)
            assert [] == seen.complaints

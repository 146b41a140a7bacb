"""The simulator: a draft by plain forms, a run, both ways of a lead, publishing; and the same numbers by command."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright

from exchange.worker import run_jobs
from tests.cli.home import command, environment
from tests.market import buying
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.test_console_browser import ARGUMENTS
from tests.web.visitor import OPERATOR, later, login_path, signed_in

HOME = "/console/simulator"
CAP: Any = {"set:cap.day": "1", "set:tier": "1"}
FLOOR: Any = {"set:floor": "9"}


async def test_rules_are_drafted_tried_and_published_without_a_script(served: Served, tmp_path: Path) -> None:
    market = served.exchange.market
    await served.exchange.add(*buying("birch"))
    served.exchange.buyers.bids("acme", "30.00")
    served.exchange.buyers.bids("birch", "24.00")
    for number in range(4):
        await sell(served, number)
        later(served, 60)
    async with signed_in(served) as olive:
        wrong = await olive.submit(f"{HOME}/text", text="campaign.cedar-solar.floor=ten")
        await olive.submit(f"{HOME}/set", subject="contract:acme-solar", follow=True, **CAP)
        drafted = await olive.submit(f"{HOME}/set", subject="campaign:cedar-solar", follow=True, **FLOOR)
        begun = await olive.submit(f"{HOME}/run", follow=False, days="7")
        one = begun.headers["Location"]
        waiting = await olive.open(one)
        await run_jobs(market)
        done, told = await olive.open(one), (await olive.open(f"{one}.json")).fields
        lead = re.search(rf'href="({one}/leads/ld_[0-9A-Z]+)"', done.source)
        assert lead is not None
        both = await olive.open(lead[1])

        assert (422, True) == (wrong.http_status, "Not an amount of money: 'ten'" in wrong.text)
        assert "Acme: Acme solar: Leads a day none → 1" in drafted.part("draft")
        assert "Cedar solar: Floor 0.00 → 9.00" in drafted.part("draft")
        assert "it begins in a moment" in waiting.text
        assert "4 leads, 1 campaign and 1 contract changed, 0.0% of bids estimated, seed 1" in done.text
        assert "Revenue $120.00 $102.00 −$18.00" in done.part("outcome")
        assert "Acme 4 1 −3" in done.part("by-buyer")
        assert "came to the recorded result for 4 of 4 leads" in done.text
        assert "Birch may have it" in both.part("first") and "First difference" in both.part("first")

        span = (str(market.clock.now() - 7 * 86_400_000), str(market.clock.now()))
        settings = tmp_path / "told.toml"
        own = served.exchange.settings
        settings.write_text(f'database_url = "{own.database_url}"\nkey_file = "{own.key_file}"\n')
        sets = [each for line in told["draft"] for each in ("--set", line)]
        asked = ("--config", settings, "--json", "simulate", "--from", span[0], "--to", span[1], *sets)
        ran = await asyncio.create_subprocess_exec(*command(*asked), env=environment(), stdout=PIPE, stderr=PIPE)
        out, err = await ran.communicate()
        assert 0 == ran.returncode, err
        printed = json.loads(out)
        same = (
            "leads",
            "now",
            "then",
            "change",
            "buyers",
            "sellers",
            "estimated_bids",
            "reproduced",
            "prices",
            "draft",
        )
        assert {name: told[name] for name in same} == {name: printed[name] for name in same}

        nameless = await olive.submit(f"{one}/publish", note="")
        published = await olive.submit(f"{one}/publish", note="try the cap")
        assert 422 == nameless.http_status
        assert "try the cap" in published.part("published")
        assert 1 == market.deals.contracts["acme-solar"].caps[0].most
        line = re.search(rf'action="({HOME}/roll-back/[^"]+)"', published.source)
        assert line is not None
        back = await olive.submit(line[1], back=HOME)
        assert "rolled back" in back.part("published")
        assert () == market.deals.contracts["acme-solar"].caps


async def test_the_simulator_is_usable_by_everybody(served: Served) -> None:
    """axe finds nothing, and nothing sticks out on a phone."""
    await sell(served, 1)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        page = await browser.new_page(viewport={"width": 375, "height": 800}, color_scheme="dark")
        await page.goto(served.address + await login_path(served, OPERATOR))
        await page.goto(f"{served.address}{HOME}?edit=contract:acme-solar")
        await page.fill('[data-testid="set-cap.day"]', "0")
        await page.click('[data-testid="save"]')
        found = [await Axe().run(page)]
        await page.click('[data-testid="simulate"]')
        await run_jobs(served.exchange.market)
        await page.wait_for_selector('[data-testid="outcome"]')
        found.append(await Axe().run(page))
        wide = await page.evaluate("document.documentElement.scrollWidth")
        await browser.close()
    assert [0, 0] == [each.violations_count for each in found], [each.generate_report() for each in found]
    assert wide <= 375

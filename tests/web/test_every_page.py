"""Every page of the three audiences in a real browser: axe in both themes, a telephone's width, an empty console."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, Seen, browsing, some_leads
from tests.web.test_console_browser import signed_in as browser_of

AXE = """async rules => (await axe.run(document, {
    runOnly: rules || ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'],
    preload: false
})).violations.map(each => `${each.id}: ${each.nodes[0].html.slice(0, 160)}`)"""
FILES = (".json", ".csv", ".xlsx", ".pdf", "/")
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
UNTIMED = r"""() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const text = walker.currentNode.data, parent = walker.currentNode.parentElement;
        if (/\b\d{2}:\d{2}:\d{2}\b|\b\d{4}-\d{2}-\d{2}T\d/.test(text)
            && !parent.closest('time, pre, code, textarea, option, svg, script, .mono, dialog')) {
            found.push(text.trim());
        }
    }
    return found;
}"""


def pages_of(served: Served, home: str) -> list[str]:
    """Every page below that address whose path is whole."""
    found = {
        resource.canonical
        for resource in served.app.router.resources()
        if resource.canonical.startswith(home) and any(route.method == "GET" for route in resource)
    }
    return sorted(
        path for path in found if not path.endswith((".json", ".csv", "/", ".xlsx", ".pdf")) and "{" not in path
    )


async def wrong_with(seen: Seen, path: str) -> list[str]:
    """What somebody would stumble over on one page."""
    page = seen.page
    answer = await page.request.get(seen.address + path)
    if answer.status == 404 or "text/html" not in answer.headers.get("content-type", ""):
        return []  # it wants something in its address, or is for programs
    seen.complaints.clear()
    await page.goto(seen.address + path)
    await page.evaluate(AXE_SCRIPT)
    await page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true; })")
    found = [*await axe(page, None, "light"), *await axe(page, CONTRAST, "dark")]
    found += [f"{each} is no <time>" for each in await page.evaluate(UNTIMED)]
    found += [] if await page.locator("h1").count() == 1 else ["not one h1"]
    found += [] if (await page.title()).partition(" - ")[0] else ["no title"]
    await page.set_viewport_size(NARROW)
    found += [f"{each} px stick out at 375" for each in [await seen.overhang()] if each > 0]
    found += [f"too small: {each}" for each in await page.evaluate(TOO_SMALL)]
    await page.set_viewport_size(WIDE)
    told = [each for each in seen.complaints if "404 (Not Found)" not in each]  # may be of the page before
    return [f"{path}: {each}" for each in (*found, *told, *seen.elsewhere, *seen.missing)]


async def axe(page: Page, rules: Any, theme: str) -> Iterable[str]:
    await page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    return [f"{theme} {each}" for each in await page.evaluate(AXE, rules)]


async def test_no_page_of_anybody_has_anything_to_stumble_over(served: Served) -> None:
    lead_id = await some_leads(served)
    async with browsing(served) as browser:

        async def walk(paths: list[str], who: str, party: str | None) -> list[str]:
            seen = await browser_of(browser, served, WIDE, who=who, party=party)
            return [each for path in paths for each in await wrong_with(seen, path)]

        console = [*pages_of(served, "/console"), f"/console/leads/{lead_id}", "/console/campaigns/cedar-solar"]
        console += [f"/console/sellers/cedar{tab}" for tab in ("", "/keys", "/audit")]
        walks = (
            walk(console[::2], "operator", None),
            walk(console[1::2], "operator", None),
            walk([*pages_of(served, "/seller"), f"/seller/leads/{lead_id}"], "seller", "cedar"),
            walk(pages_of(served, "/buyer"), "buyer", "acme"),
        )
        found = [each for walked in await asyncio.gather(*walks) for each in walked]
    assert not found, "\n".join(found)

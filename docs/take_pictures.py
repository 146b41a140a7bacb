"""Takes the pictures of these documents from the frozen demo, all of them anew: `make screenshots`.

A page that is as it was gives the same file to the byte, so git tells which to look at. Only the connection test has
something new each time: the buyer's port.
"""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

PLACE = Path(__file__).parent / "pictures"
SIZE = ViewportSize(width=1440, height=900)
MOST_BYTES = 120_000
PORT = 8080  # stands in the corner of every page, as the documents say it
STOPPED_S = 30.0
AT_THE_TOP = "each => scrollTo(0, each.getBoundingClientRect().top - 20)"

Step = Callable[[Page, str], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """Who looks, and at which page; `first` is what they do there before the picture is taken."""

    name: str
    who: str
    path: str
    first: Step | None = None

    @property
    def file(self) -> Path:
        return PLACE / f"{self.name}.webp"


async def put_the_card_away(page: Page, address: str) -> None:
    """What the demo suggests to try covers half of the dashboard: it has a picture of its own."""
    async with page.expect_navigation():
        await page.get_by_test_id("to-try-dismiss").click()
    await page.goto(f"{address}/console?period=7d")


async def open_resold_lead(page: Page, address: str) -> None:
    """Of the leads that were refused before another buyer took them the one that most had refused, the newest first."""
    listed = await (await page.request.get(f"{address}/console/leads.json?status=sold&limit=500")).json()
    refused: dict[str, int] = {}
    for lead in listed["leads"]:
        told = await (await page.request.get(f"{address}/console/leads/{lead['lead_id']}.json")).json()
        if lead["times_sold"] == 1:
            refused[lead["lead_id"]] = sum(each["verdict"] == "Rejected on post" for each in told["contracts"])
    best = max(refused, key=lambda lead_id: refused[lead_id])
    if not refused[best]:
        raise LookupError("no lead of the demo was refused and then sold")
    await page.goto(f"{address}/console/leads/{best}")


async def open_reasons(page: Page, address: str) -> None:
    """The same lead: why it was not offered to the others."""
    await open_resold_lead(page, address)
    await page.get_by_test_id("panel").get_by_text("Not asked").evaluate(AT_THE_TOP)


async def simulate_a_floor(page: Page, address: str) -> None:
    await page.get_by_text("Write it as text").click()
    await page.get_by_test_id("text").fill("campaign.acme-solar.floor=16.00\nbuyer.sunpath.state=paused")
    await page.get_by_test_id("write").click()
    await page.get_by_test_id("days").select_option("30")
    await page.get_by_test_id("simulate").click()
    await page.get_by_test_id("outcome").wait_for()
    await page.locator("h1").evaluate(AT_THE_TOP)  # the id of the run above it is new each time


async def send_a_test(page: Page, address: str) -> None:
    await page.get_by_test_id("send").click()
    await page.get_by_test_id("answer").wait_for()


async def open_posting_page(page: Page, address: str) -> None:
    await page.goto(await page.get_by_test_id("posting-page").get_attribute("href") or "")


PICTURES = (
    Picture("first-look", "operator", "/console?period=7d"),
    Picture("dashboard", "operator", "/console", put_the_card_away),
    Picture("lead", "operator", "/console/leads", open_resold_lead),
    Picture("reasons", "operator", "/console/leads", open_reasons),
    Picture("posting-page", "operator", "/console/campaigns/acme-solar", open_posting_page),
    Picture("returns", "operator", "/console/returns"),
    Picture("simulator", "operator", "/console/simulator", simulate_a_floor),
    Picture("analytics", "operator", "/console/analytics?by=day&then=seller&measures=revenue&show=revenue"),
    Picture("connection-test", "operator", "/console/connectors/brightroof/test", send_a_test),
    Picture("sources", "operator", "/console/quality/sources"),
    Picture("payouts", "operator", "/console/payouts"),
    Picture("attribution", "operator", "/console/attribution"),
    Picture("store", "buyer", "/buyer/store"),
    Picture("form", "consumer", "/f/solar"),
)


async def take_all() -> None:
    with TemporaryDirectory(prefix="exchange-pictures-") as folder:
        async with frozen_demo(Path(folder)) as links, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            for who in dict.fromkeys(each.who for each in PICTURES):
                await take(browser, links.get(who), [each for each in PICTURES if each.who == who])
            await browser.close()
    for file in set(PLACE.iterdir()) - {each.file for each in PICTURES}:
        file.unlink()


@asynccontextmanager
async def frozen_demo(folder: Path) -> AsyncIterator[Mapping[str, str]]:
    """A demo that runs until the block ends: the links that sign people in."""
    words = ("--data", str(folder), "--json", "demo", "--frozen", "--no-browser", "--port", str(PORT))
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "exchange", *words, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert demo.stdout is not None
        told = await demo.stdout.readline()
        if not told:
            raise SystemExit("The demo did not start.")
        begun = json.loads(told)
        if "sign_in" not in begun:
            raise SystemExit(f"The demo did not start: {begun['error']}")
        yield begun["sign_in"]
    finally:
        if demo.returncode is None:
            demo.terminate()
        await asyncio.wait_for(demo.wait(), STOPPED_S)


async def take(browser: Browser, link: str | None, pictures: list[Picture]) -> None:
    """What one person sees. Without a link it is somebody who never signed in."""
    address = f"http://127.0.0.1:{PORT}"
    context = await browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
    page = await context.new_page()
    if link is not None:
        await page.goto(link)
    for picture in pictures:
        answer = await page.goto(address + picture.path)
        if answer is None or not answer.ok:
            raise LookupError(f"{picture.path} is no page for {picture.who}")
        if picture.first is not None:
            await picture.first(page, address)
        await page.evaluate("document.fonts.ready")
        keep(picture, await page.screenshot())
    await context.close()


def keep(picture: Picture, taken: bytes) -> None:
    """Without loss: flat colours and letters are smaller and sharper so."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(taken)).convert("RGB").save(packed, "WEBP", lossless=True, quality=100, method=6)
    if packed.tell() > MOST_BYTES:
        raise ValueError(f"{picture.name} has {packed.tell():,} bytes, more than {MOST_BYTES:,}")
    before = picture.file.read_bytes() if picture.file.exists() else b""
    picture.file.write_bytes(packed.getvalue())
    word = "as it was" if before == packed.getvalue() else "changed" if before else "new"
    sys.stderr.write(f"  {picture.name:<16} {packed.tell():>7,} bytes   {word}\n")


if __name__ == "__main__":
    asyncio.run(take_all())

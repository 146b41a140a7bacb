"""A queue of seven returns decided in a real browser without a mouse; nothing sticks out on a small screen."""

from __future__ import annotations

from tests.flows.lab import spent
from tests.market import buying, usd
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing, signed_in
from tests.web.test_console_returns import PATH, asked

CUT_OFF = """() => {
    const row = document.querySelector('[data-testid=decline]'), list = row.closest('.list');
    return Math.round(row.getBoundingClientRect().right - list.getBoundingClientRect().right);
}"""
"""By how many pixels the last button of a line lies outside of what is seen."""


async def test_seven_are_decided_by_keys_alone(served: Served) -> None:
    exchange = served.exchange
    await exchange.add(*buying("acme", price=usd("30")))
    for number in range(1, 8):
        await asked(exchange, number)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, NARROW)
        for path in (PATH, f"{PATH}/{await newest(served)}?act=decline"):
            page = await seen.open(path)
            assert (0, [], [], []) == (
                await seen.overhang(),
                seen.complaints,
                seen.elsewhere,
                await page.evaluate(TOO_SMALL),
            )
        seen = await signed_in(browser, served, WIDE)
        page = await seen.open(PATH)
        await page.set_viewport_size({"width": 1120, "height": 900})
        assert await page.evaluate(CUT_OFF) <= 0
        await page.set_viewport_size(WIDE)
        for left, key in zip(range(7, 0, -1), "aadaaad", strict=True):
            assert left == await page.get_by_test_id("return").count()
            for move in "jjk" if left > 1 else "j":
                await page.keyboard.press(move)
            await page.keyboard.press(key)
            await page.get_by_test_id("confirm").wait_for()
            await page.keyboard.press("Enter")
            await page.wait_for_url(f"**{PATH}")
        assert await page.get_by_test_id("empty").is_visible()

    states = [row["state"] for row in await exchange.rows("SELECT state FROM return_requests")]
    assert (5, 2) == (states.count("approved"), states.count("declined"))
    assert "60.00" == await spent(exchange, "acme")


async def newest(served: Served) -> str:
    rows = await served.exchange.rows("SELECT id FROM return_requests ORDER BY id DESC LIMIT 1")
    return str(rows[0]["id"])

"""The page of deliveries in a real browser: nothing sticks out, its buttons work with scripts off."""

from __future__ import annotations

from tests.flows.lab import attempts, person, post, told_about
from tests.flows.test_deliver import opened, run_for
from tests.later_buyers import NO_SUCH, TAKEN, Poisoned
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing, signed_in

PATH = "/console/deliveries"


async def test_a_failed_delivery_is_sent_again_without_a_script_on_a_small_screen(served: Served) -> None:
    exchange = served.exchange
    await opened(exchange, Poisoned("birch"), on_failure="unsold")
    exchange.buyers.answers_posts("birch", NO_SUCH)
    await post(exchange, {**person(2), "last_name": "Poison"})
    await run_for(exchange, 300)
    await post(exchange, person(1))
    await run_for(exchange, 1, 1)
    exchange.buyers.answers_posts("birch", TAKEN)
    async with browsing(served) as browser:
        for viewport in (WIDE, NARROW):
            seen = await signed_in(browser, served, viewport)
            page = await seen.open(PATH)
            assert (0, [], [], []) == (
                await seen.overhang(),
                seen.complaints,
                seen.elsewhere,
                await page.evaluate(TOO_SMALL),
            )
        seen = await signed_in(browser, served, NARROW, script=False)
        page = await seen.open(f"{PATH}?status=failed")
        await page.get_by_test_id("resend").click()
        assert page.url.endswith(f"{PATH}?status=failed")
    await run_for(exchange, 5, 1)

    assert ("accepted", None) == (await told_about(exchange))["birch"]
    assert ["accepted", "pending"] == sorted(row["state"] for row in await attempts(exchange))

"""Passkeys in a real browser, whose own virtual device makes and uses them."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, web
from playwright.async_api import CDPSession, Page

from exchange.intake.connection import GuardedRunner
from exchange.storage.database import Tx
from exchange.web.app import build_app
from tests.market import Exchange, open_exchange, selling
from tests.web.served import Served
from tests.web.signing_in import PASSWORD
from tests.web.test_console_browser import WIDE, browsing
from tests.web.visitor import OPERATOR, later, login_path

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def served_at(exchange: Exchange, port: int) -> AsyncIterator[Served]:
    """Under a host name: browsers have passkeys for no other."""
    app = build_app(exchange.market, exchange.settings)
    runner = GuardedRunner(app, head_seconds=15.0, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with ClientSession() as session:
            yield Served(exchange, app, f"http://localhost:{port}", session)
    finally:
        await runner.cleanup()


async def moved_on(tx: Tx) -> None:
    await tx.execute("UPDATE passkeys SET uses = 1000000")


async def add_passkey(page: Page, address: str) -> None:
    await page.goto(f"{address}/account")
    await page.get_by_test_id("new").fill(PASSWORD)
    await page.get_by_test_id("again").fill(PASSWORD)
    await page.get_by_test_id("choose").click()
    await page.get_by_test_id("passkey-name").fill("Work laptop")
    await page.get_by_test_id("passkey-password").fill(PASSWORD)
    await page.get_by_test_id("add-passkey").click()
    await page.get_by_test_id("passkey").wait_for()


async def sign_in_anew(page: Page, address: str) -> None:
    await page.context.clear_cookies()
    await page.goto(f"{address}/login")
    await page.get_by_test_id("by-passkey").click()


async def test_a_passkey_signs_in_alone_and_is_asked_for_after_a_password(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://localhost:{port}"
    async with open_exchange(tmp_path, public_url=address) as exchange, served_at(exchange, port) as served:
        await exchange.add(*selling("cedar"))
        async with browsing(served) as browser:
            page = await (await browser.new_context(viewport=WIDE)).new_page()
            cdp: CDPSession = await page.context.new_cdp_session(page)
            await cdp.send("WebAuthn.enable")
            device = (await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE}))["authenticatorId"]
            await page.goto(address + await login_path(served))
            await add_passkey(page, address)
            assert "Work laptop" in await page.get_by_test_id("passkeys-card").inner_text()

            await sign_in_anew(page, address)
            await page.wait_for_url(f"{address}/console")
            await page.goto(f"{address}/account")
            assert "a passkey and a second factor" in await page.get_by_test_id("devices").inner_text()

            await page.context.clear_cookies()
            await page.goto(f"{address}/login")
            await page.get_by_test_id("email").fill(OPERATOR)
            await page.get_by_test_id("password").fill(PASSWORD)
            await page.get_by_test_id("enter").click()
            await page.wait_for_url(f"{address}/login/second")
            await page.get_by_test_id("by-passkey").click()
            await page.wait_for_url(f"{address}/console")

            await cdp.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
            await sign_in_anew(page, address)  # somebody else's finger
            await page.get_by_text("It was cancelled, or took too long").wait_for()
            await cdp.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
            await exchange.market.db.write(moved_on)  # a copy of the device was used meanwhile
            await sign_in_anew(page, address)
            await page.get_by_text("You are not signed in").wait_for()
            later(served, 1)
            [row] = await exchange.rows("SELECT public_key, name, used_at FROM passkeys")
    assert row["used_at"] and 32 < len(row["public_key"]) < 200

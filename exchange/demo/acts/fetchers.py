"""Buyers who fetch what they bought: Lattice's spreadsheet, and Linden's program, page after page."""

from __future__ import annotations

from exchange.demo.acts import Act, Scene

SHEET, PULLER = "lattice-home", "linden"


def spreadsheet() -> Act:
    """A spreadsheet that is open brings itself up to date, and is told when nothing changed."""
    seen: dict[str, str] = {}

    async def play(scene: Scene) -> None:
        url = f"{scene.url}/c/{scene.running.secrets[f'csv:{SHEET}:live']}.csv"
        async with scene.session.get(url, headers=seen) as answer:
            answer.raise_for_status()
            await answer.read()
            seen["If-None-Match"] = answer.headers["ETag"]

    return Act("spreadsheet", 12.0, 70.0, play)


def puller() -> Act:
    """It keeps a page, then asks for the next: that says that the one before arrived."""
    since = [""]

    async def play(scene: Scene) -> None:
        headers = {"Authorization": f"Bearer {scene.running.secrets[f'buyer:{PULLER}:live']}"}
        async with scene.session.get(
            f"{scene.url}/api/v1/buyer/leads", params={"since": since[0], "limit": "50"}, headers=headers
        ) as answer:
            answer.raise_for_status()
            since[0] = (await answer.json()).get("next", since[0])

    return Act("puller", 18.0, 30.0, play)

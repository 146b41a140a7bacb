"""Juniper and Kestrel look into the store by turns: one claims the newest lead and pays, or gives it back again."""

from __future__ import annotations

from itertools import count, cycle
from typing import Any

from exchange.demo.acts import Act, Scene

_BUYERS = ("juniper", "kestrel")
_GIVES_BACK = 4  # every so many claims


def shoppers() -> Act:
    turns, claims = cycle(_BUYERS), count(1)

    async def play(scene: Scene) -> None:
        key = scene.running.secrets.get(f"buyer:{next(turns)}:live", "")
        found = (await _ask(scene, "GET", "", key)).get("leads", [])
        if not found:
            return
        held = await _ask(scene, "POST", f"/{found[0]['lead_id']}/claim", key)
        if held.get("status") == "held":
            word = "release" if next(claims) % _GIVES_BACK == 0 else "confirm"
            await _ask(scene, "POST", f"/claims/{held['claim_id']}/{word}", key)

    return Act("shoppers", 30.0, 30.0, play)


async def _ask(scene: Scene, method: str, path: str, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"}
    async with scene.session.request(method, f"{scene.url}/api/v1/store{path}", headers=headers) as answer:
        told: dict[str, Any] = await answer.json()
        return told

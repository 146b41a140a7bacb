"""Brightroof asks its money back for a lead now and then, by the API: with its own name for the request, and a note."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from exchange.demo.acts import Act, Scene

_REASONS = (
    ("wrong_person", "The man who answered is somebody else."),
    ("no_answer", ""),
    ("never_requested", "She says that she filled in nothing."),
    ("language", ""),
)


def regrets() -> Act:
    reasons = cycle(_REASONS)

    async def play(scene: Scene) -> None:
        key = scene.running.secrets.get("buyer:brightroof:live", "")
        since = scene.running.clock.now() - 600_000
        sales = (await _ask(scene, "GET", f"sales?since={since // 1000}&limit=50", key)).get("sales", [])
        back = await _ask(scene, "GET", f"returns?since={since // 1000}", key)
        asked = {each["lead_id"] for each in back.get("returns", [])}
        left = [each for each in sales if each["lead_id"] not in asked]
        if not left:
            return
        reason, note = next(reasons)
        lead_id = left[-1]["lead_id"]
        told = {"reason": reason, "note": note, "your_return_id": f"BR-{lead_id[-8:]}"}
        await _ask(scene, "POST", f"buyer/leads/{lead_id}/return", key, told)

    return Act("regrets", 120.0, 150.0, play)


async def _ask(scene: Scene, method: str, path: str, key: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"}
    async with scene.session.request(method, f"{scene.url}/api/v1/{path}", headers=headers, json=fields) as answer:
        told: dict[str, Any] = await answer.json()
        return told

"""BlueFin has its tracker told by a postback, Acme its own system by a signed webhook: both asked for by the API."""

from __future__ import annotations

from exchange.demo.acts import Act, Scene
from exchange.demo.peers import HOST
from exchange.demo.peers.receivers import PORT

_POSTBACK = "/bluefin?id={lead_id}&sub={sub_id1}&status={status}&pay={price}&word={disposition}"


def addresses() -> Act:
    """Once, at the beginning. A demo that goes on has its addresses already."""

    async def play(scene: Scene) -> None:
        base = f"http://{HOST}:{scene.port(PORT)}"
        events = "lead.sold lead.unsold lead.disposition"
        await _ask(scene, "bluefin-solar", kind="postback", method="GET", url=base + _POSTBACK, events=events)
        await _ask(scene, "acme-solar", kind="webhook", url=f"{base}/acme", events="lead.*")

    return Act("addresses", 1.0, 0.0, play)


async def _ask(scene: Scene, campaign: str, **wanted: str) -> None:
    headers = {"Authorization": f"Bearer {scene.running.secrets[f'campaign:{campaign}:live']}"}
    address = f"{scene.url}/api/v1/webhooks"
    async with scene.session.get(address, headers=headers) as heard:
        known = (await heard.json())["webhooks"]
    if any(each["url"] == wanted["url"] for each in known):
        return
    async with scene.session.post(address, headers=headers, json=wanted) as answer:
        answer.raise_for_status()

"""A lead behind a link: whoever has the link takes it or refuses it, and sees all of it once it is theirs."""

from __future__ import annotations

from typing import NamedTuple

from exchange.connector import Receipt, Scene
from exchange.flows.links import BadLink, Link, read_link
from exchange.flows.market import Market
from exchange.flows.receipts import take_receipt
from exchange.flows.scenes import LEAD, set_scene
from exchange.model.vertical import FieldSpec

TAKE, REFUSE = "accepted", "refused"


class Row(NamedTuple):
    label: str
    value: str


class Offered(NamedTuple):
    """`stage` as in `Scene`; `rows` are all fields of a lead that is theirs, else those that anybody may see."""

    stage: str
    vertical: str
    rows: tuple[Row, ...]
    phone: str | None = None  # of the consumer, once it is theirs


async def read_offer(market: Market, token: str) -> Offered | BadLink:
    found = await _find(market, token)
    return found if isinstance(found, BadLink) else _offered(market, found[1])


async def decide(market: Market, token: str, decision: str) -> Offered | BadLink:
    """Take it or refuse it: the first word counts, and saying it again changes nothing."""
    assert decision in (TAKE, REFUSE)
    found = await _find(market, token)
    if isinstance(found, BadLink):
        return found
    link, scene = found
    if scene.stage == "open":
        receipt = Receipt(f"page:{link.attempt_id}:{decision}", decision, reference=link.attempt_id, detail="by link")
        await take_receipt(market, link.detail, receipt)
        scene = await set_scene(market, link.detail, link.attempt_id) or scene._replace(stage="over")
    return _offered(market, scene)


async def _find(market: Market, token: str) -> tuple[Link, Scene] | BadLink:
    link = read_link(market, token)
    if isinstance(link, BadLink) or link.kind != LEAD:
        return link if isinstance(link, BadLink) else BadLink.UNKNOWN
    scene = await set_scene(market, link.detail, link.attempt_id)
    return (link, scene) if scene is not None else BadLink.OVER


def _offered(market: Market, scene: Scene) -> Offered:
    vertical = market.verticals.get(scene.lead.vertical)
    theirs = scene.stage == "theirs"
    shown = scene.lead.values if theirs else {} if scene.stage == "over" else scene.public
    fields = vertical.fields if vertical is not None else ()
    specs = [spec for spec in fields if spec.name in scene.lead.values and spec.name in shown]
    rows = tuple(Row(spec.label, _as_read(spec, scene.lead.values[spec.name].clean)) for spec in specs)
    title = vertical.title if vertical is not None else scene.lead.vertical
    return Offered(scene.stage, title, rows, scene.lead.text("phone") if theirs else None)


def _as_read(spec: FieldSpec, text: str) -> str:
    return text.replace("_", " ") if spec.type == "choice" else text

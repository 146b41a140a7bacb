"""What a recorded lead would earn now: its contracts judged anew, its recorded bids, usual bids where there are none.

Nothing is asked, delivered, booked or taken from a cap. The places that the lead's own sales have taken are its own.
"""

from __future__ import annotations

from typing import NamedTuple

from exchange.flows.compare import judged_now
from exchange.flows.market import Market
from exchange.flows.recordings import Recording, read_like, read_recording
from exchange.flows.redrawn import parties_of
from exchange.model.actor import Actor
from exchange.stages.simulate.ground import Ground
from exchange.stages.simulate.record import Recorded
from exchange.stages.simulate.room import Past, Room, is_room
from exchange.stages.simulate.run import Outcome, Runner, Source
from exchange.stages.simulate.usual import Usual
from exchange.storage.recordings import Span
from exchange.storage.selling import read_lead


class Earned(NamedTuple):
    """As it went, run again on its record, and as it would go now."""

    lead: Recorded
    was: Outcome
    now: Outcome


async def earn_now(market: Market, actor: Actor, lead_id: str) -> Earned | None:
    """None for a lead that no contract was judged for, or whose values or terms are gone."""
    end = market.clock.now() + 1
    span = Span(0, end, lead_id=lead_id)
    recording = await read_recording(market, actor, span, 1)
    row = await market.db.write(read_lead, lead_id)
    if not recording.leads or row is None:
        return None
    lead = recording.leads[0]
    judged = await judged_now(market, row)
    parties = parties_of(market)
    campaign = parties.campaigns.get(lead.campaign.id)
    if judged is None or campaign is None:
        return None
    like = await read_like(market, Recording((lead,), {}, {}), span._replace(since=0))
    usual = Usual([*like, lead])
    bought = {sale.contract_id for sale in lead.sales}
    failed = {
        id_: frozenset(check.name for check in checks if not (id_ in bought and is_room(check.name)))
        for id_, checks in judged.items()
    }
    contracts = [each for each in parties.contracts.values() if each.vertical == campaign.vertical]
    anew = lead._replace(
        campaign=campaign,
        versions=tuple((each.id, each.version) for each in contracts),
        ping=lead.ping._replace(failed=failed) if lead.ping is not None else None,
        post=lead.post._replace(failed=failed) if lead.post is not None else None,
    )
    known = {(each.id, each.version): each for each in contracts}
    return Earned(
        lead,
        _run(market, lead, Ground((), recording.contracts, parties.buyers), usual),
        _run(market, anew, Ground((), known, parties.buyers), usual),
    )


def _run(market: Market, lead: Recorded, ground: Ground, usual: Usual) -> Outcome:
    standings, buyers = market.live.standings, parties_of(market).buyers
    campaign = lead.campaign
    source = Source(
        lambda each: standings.band(campaign.vertical, campaign.seller_id, each.sub_id).value,
        lambda _: standings.worth(campaign.vertical, campaign.seller_id),
    )
    return Runner(ground, buyers, usual, Room(Past({}, {}, {}, {})), 1, source).run(lead)

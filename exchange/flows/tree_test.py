"""A lead that somebody typed, sent down a drafted tree: who may have it, usual bids, who would win. Nobody is asked."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.flows.recordings import LIKE_DAYS, LIKE_ROUNDS, like_leads
from exchange.flows.redrawn import parties_of
from exchange.model.draft import Draft
from exchange.model.lead import Kind, Lead, Mode, Submission
from exchange.model.verdict import Check
from exchange.stages.draft import Parties
from exchange.stages.eligible import Facts, compile_book, judge
from exchange.stages.normalize import normalize
from exchange.stages.price import reserve
from exchange.stages.reasons import sentence
from exchange.stages.simulate.ground import Ground
from exchange.stages.simulate.record import Recorded, Round
from exchange.stages.simulate.room import Past, Room
from exchange.stages.simulate.run import Outcome, Runner, Source
from exchange.stages.simulate.usual import Usual
from exchange.storage.recordings import like_rounds

_DAY_MS = 86_400_000
_MOMENT = frozenset({"tier", "deadline", "rate", "conflict"})


class Lit(NamedTuple):
    """The way a lead went. `out` tells by contract why it could not have it, `problems` what was not understood."""

    outcome: Outcome
    out: dict[str, str]
    problems: tuple[str, ...]


async def light(market: Market, campaign_id: str, draft: Draft, fields: dict[str, str]) -> Lit:
    """Raises `KeyError` for a campaign that is not there."""
    parties = parties_of(market)
    then = parties.under(draft)
    campaign, now = then.campaigns[campaign_id], market.clock.now()
    lead, problems = _read(market, parties, campaign_id, fields, now)
    contracts = [each for each in then.contracts.values() if each.vertical == campaign.vertical]
    book = compile_book(contracts, then.buyers.values(), market.verticals[campaign.vertical], market.places)
    live = market.live
    facts = Facts(
        reserve=reserve(campaign, None),
        cap_use=live.cap_use(now),
        reached=live.reached(now),
        available=live.available,
        broken=live.broken,
        seller_name=market.deals.sellers[campaign.seller_id].name,
    )
    verdicts = judge(book, lead, facts, now).verdicts
    failed = {each.contract_id: [check for check in each.failed if check.name not in _MOMENT] for each in verdicts}
    rows = await market.db.read(
        like_rounds, campaign.vertical, campaign.currency, now - LIKE_DAYS * _DAY_MS, now + 1, LIKE_ROUNDS
    )
    like = await asyncio.to_thread(like_leads, rows, parties.campaigns[campaign_id])
    names = {id_: frozenset(check.name for check in checks) for id_, checks in failed.items()}
    record = Recorded(
        lead.id, now, campaign, "", lead.text("state"), lead.grade, "unsold",
        tuple((each.id, each.version) for each in contracts), None, Round(names, {}), (),
    )  # fmt: skip
    known = {(each.id, each.version): each for each in contracts}
    runner = Runner(Ground((), known, then.buyers), then.buyers, Usual(like), Room(Past({}, {}, {}, {})), 1, Source())
    return Lit(runner.run(record), {id_: _why(checks) for id_, checks in failed.items() if checks}, problems)


def _why(checks: list[Check]) -> str:
    return " ".join(sentence(check) for check in checks)


def _read(
    market: Market, parties: Parties, campaign_id: str, fields: dict[str, str], now: int
) -> tuple[Lead, tuple[str, ...]]:
    """The lead as a post of this campaign would be understood."""
    campaign = parties.campaigns[campaign_id]
    submission = Submission(
        "req_test", campaign.seller_id, campaign_id, Mode.LIVE, Kind.POST, "console", fields, b"", "", "json", "", "",
        None, now, month_of(now),
    )  # fmt: skip
    vertical, names = market.verticals[campaign.vertical], market.deals.intakes[campaign_id].names
    read = normalize(submission, campaign, vertical, names, "ld_test", now)
    return read.lead, tuple(f"{each.field}: {each.message}" for each in read.problems)

"""Bought leads at their buyers: taken up from sales, given to agents, handed on, and their stages kept in step.

Dispositions are the only record of what became of a lead. The stage beside it is a copy, made anew whenever something
is said and whenever the vertical's mapping changes.
"""

from __future__ import annotations

from collections.abc import Sequence

from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.jobs import FOLLOW_NOTE, job
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.flows.tell import News, tell
from exchange.model.actor import Role
from exchange.model.follow import OVER, Agent, Assignment, FollowRow, FollowRules, LeadFacts, Order
from exchange.model.work import JobRow
from exchange.stages.follow import choose, fits, has_room, mapping_of, stage_of, touched
from exchange.storage.database import Row
from exchange.storage.follow import (
    agents_of,
    assign,
    begin,
    escalate,
    following,
    hand_back,
    put_off,
    read_rules,
    restage,
    rules_in,
    sales_to_follow,
    seen_up_to,
)
from exchange.storage.follow_views import (
    Reader,
    had_before,
    mapped_otherwise,
    overdue,
    read_followed,
    told_after,
    told_of_sale,
    waiting,
)
from exchange.storage.selling import read_lead

ASSIGNED = "lead.assigned"
_AT_ONCE = 200
_OVERLAP_MS = 120_000  # what was stored late, or by a node whose clock is behind
_DAY_MS = 86_400_000
_AGAIN_MS = 15_000  # a lead that nobody may have is looked at again after so long
_BY_RULE = "exchange"


async def follow_leads(market: Market) -> int:
    """The duty: new sales, new dispositions, leads nobody worked on or that wait. Returns how many were assigned."""
    rules = {row["buyer_id"]: (rules_in(row), row["seen_at"]) for row in await market.db.read(following)}
    if not rules:
        return 0
    for buyer_id, (_, seen_at) in rules.items():
        await _take_up(market, buyer_id, seen_at)
    await _restage_told(market)
    await _restage_mapped(market)
    await _hand_on(market, {buyer_id: each for buyer_id, (each, _) in rules.items()})
    return sum([await push_waiting(market, buyer_id, each) for buyer_id, (each, _) in rules.items()])


async def _take_up(market: Market, buyer_id: str, seen_at: int) -> None:
    now = market.clock.now()
    rows = await market.db.read(sales_to_follow, buyer_id, seen_at, _AT_ONCE)
    if rows:
        await market.db.write(begin, [_follow_row(market, row) for row in rows])
    if len(rows) < _AT_ONCE and now - _OVERLAP_MS > seen_at:
        await market.db.write(seen_up_to, buyer_id, now - _OVERLAP_MS)


def _follow_row(market: Market, sale: Row) -> FollowRow:
    return FollowRow(
        sale["id"],
        sale["lead_id"],
        sale["buyer_id"],
        sale["contract_id"],
        sale["vertical"],
        sale["mode"],
        sale["accepted_at"],
        mapping_of(market.verticals.get(sale["vertical"])),
    )


async def _restage_told(market: Market) -> None:
    """What was said lately, each word once; after a start, within a day. Words may be stored late, so the last minutes
    are read again and what is known is left out. So many at once: what is left is next.
    """
    live, now, fresh = market.live, market.clock.now(), 0
    after = live.followed_to or (now - _DAY_MS, "")
    while fresh < _AT_ONCE and (rows := await market.db.read(told_after, after, _AT_ONCE)):
        new = [row for row in rows if row["id"] not in live.followed]
        for sale_id, vertical in dict.fromkeys((row["sale_id"], row["vertical"]) for row in new):
            await restage_sale(market, sale_id, vertical)
        live.followed.update((row["id"], row["told_at"]) for row in new)
        fresh, after = fresh + len(new), (rows[-1]["told_at"], rows[-1]["id"])
        if len(rows) < _AT_ONCE:
            break
    live.followed_to = after if fresh >= _AT_ONCE else (now - _OVERLAP_MS, "")
    kept = min(live.followed_to[0], now - _OVERLAP_MS)
    live.followed = {word: at for word, at in live.followed.items() if at >= kept}


async def _restage_mapped(market: Market) -> None:
    """Stages that were made under another mapping of their vertical."""
    for vertical in market.verticals.values():
        mapping = mapping_of(vertical)
        if market.live.stages_of.get(vertical.name) == mapping:
            continue
        rows = await market.db.read(mapped_otherwise, vertical.name, mapping, _AT_ONCE)
        for row in rows:
            await restage_sale(market, row["sale_id"], row["vertical"])
        if len(rows) < _AT_ONCE:
            market.live.stages_of[vertical.name] = mapping


async def restage_sale(market: Market, sale_id: str, vertical_name: str) -> None:
    """Make the copies of what the dispositions of a sale say: the one that stands is where it is."""
    vertical = market.verticals.get(vertical_name)
    rows = await market.db.read(told_of_sale, sale_id)
    stages = [stage_of(vertical, row["kind"]) for row in rows]
    stands, kind = next(((row["id"], row["kind"]) for row in rows if row["stands"]), ("", None))
    stage = stage_of(vertical, kind)
    first = min((row["at"] for row, each in zip(rows, stages, strict=True) if touched(each)), default=None)
    now = market.clock.now()
    await market.db.write(restage, sale_id, kind, stage, mapping_of(vertical), first, stage in OVER, now, stands)


async def _hand_on(market: Market, rules: dict[str, FollowRules]) -> None:
    now = market.clock.now()
    for row in await market.db.read(overdue, now, _AT_ONCE):
        rule = rules.get(row["buyer_id"])
        if rule is not None:
            await give_back(market, row["sale_id"], row["agent_id"], rule, "overdue", _BY_RULE)


async def give_back(market: Market, sale_id: str, agent_id: str, rules: FollowRules, why: str, by: str) -> str | None:
    """Take a lead from its agent. Returns its state then, None when the agent has it no more."""
    now = market.clock.now()
    note = _note(market, "escalated", sale_id, "", now)
    return await market.db.write(
        hand_back, sale_id, agent_id, market.ids.new("fev", now), now, why, by, rules.rounds, (note,)
    )


async def give_up(market: Market, sale_id: str) -> bool:
    """All who fit had it: it is the admins', before its rounds are over. False when it waits no more."""
    now = market.clock.now()
    note = _note(market, "escalated", sale_id, "", now)
    return await market.db.write(escalate, sale_id, market.ids.new("fev", now), now, _BY_RULE, (note,))


async def push_waiting(market: Market, buyer_id: str, rules: FollowRules) -> int:
    """Give what waits to whoever is there. With pull, only what went back goes on by itself."""
    tried_before = market.clock.now() - _AGAIN_MS
    rows = await market.db.read(waiting, buyer_id, tried_before, _AT_ONCE, only_back=not rules.push)
    if not rows:
        return 0
    agents, left, count = await market.db.read(agents_of, buyer_id), [], 0
    for row in rows:
        facts = await _facts(market, row, rules, agents)
        had = await market.db.read(had_before, row["sale_id"]) if row["times_back"] else ()
        found = choose(agents, rules, facts, market.clock.now(), had)
        if found is None and had and all(each.id in had for each in agents if fits(each, rules, facts)):
            await give_up(market, row["sale_id"])
        elif found is None:
            left.append(row["sale_id"])
        elif await _give(market, row, found, rules, "pushed", _BY_RULE):
            agents = _served(agents, found, market.clock.now() + count)
            count += 1
    if left:
        await market.db.write(put_off, left, market.clock.now())
    return count


def _served(agents: Sequence[Agent], found: Agent, at: int) -> list[Agent]:
    """As they stand after one of them got a lead: those who follow in the same moment must see it."""
    return [each._replace(turn_at=at, load=each.load + 1) if each.id == found.id else each for each in agents]


async def take_next(market: Market, buyer_id: str, agent_id: str) -> str | None:
    """An agent takes the oldest lead that waits and is of its kind. None when there is none, or it has enough."""
    rules = await market.db.read(read_rules, buyer_id)
    agents = await market.db.read(agents_of, buyer_id)
    own = next((each for each in agents if each.id == agent_id), None)
    if rules is None or own is None or not has_room(own):
        return None
    rows = await market.db.read(waiting, buyer_id, market.clock.now(), _AT_ONCE)
    for row in sorted(rows, key=lambda each: (each["delivered_at"], each["sale_id"])):
        if not fits(own, rules, await _facts(market, row, rules, agents)):
            continue
        if row["times_back"] and agent_id in await market.db.read(had_before, row["sale_id"]):
            continue
        if await _give(market, row, own, rules, "pulled", own.email):
            return str(row["sale_id"])
    return None


async def reassign(market: Market, buyer_id: str, sale_id: str, agent_id: str, by: str) -> bool:
    """Somebody gives a lead to an agent by hand, whatever the rules say. False when that cannot be."""
    row = await market.db.read(read_followed, Reader(buyer_id), sale_id)
    rules = await market.db.read(read_rules, buyer_id)
    found = next((each for each in await market.db.read(agents_of, buyer_id) if each.id == agent_id), None)
    if row is None or rules is None or found is None or row["agent_id"] == agent_id:
        return False
    return await _give(market, row, found, rules, "by_hand", by)


async def _give(market: Market, row: Row, agent: Agent, rules: FollowRules, how: str, by: str) -> bool:
    now = market.clock.now()
    due_at = now + rules.back_minutes * 60_000 if rules.back_minutes else None
    made = Assignment(market.ids.new("fev", now), row["sale_id"], agent.id, row["agent_id"], now, due_at, how, by)
    jobs = _news(market, row, agent, now)
    if how != "pulled" and agent.terms.mail:
        jobs = (*jobs, _note(market, "assigned", row["sale_id"], agent.id, now))
    return await market.db.write(assign, made, jobs)


def _news(market: Market, row: Row, agent: Agent, now: int) -> tuple[JobRow, ...]:
    """The buyer's other programs hear who has it."""
    facts: dict[str, object] = {
        "lead_id": row["lead_id"],
        "sale_id": row["sale_id"],
        "contract_id": row["contract_id"],
        "agent_id": agent.id,
        "stage": row["stage"],
        "test": row["mode"] == "test",
    }
    return tell(market, News(ASSIGNED, Role.BUYER, row["buyer_id"], row["lead_id"], now, facts))


def _note(market: Market, what: str, sale_id: str, agent_id: str, now: int) -> JobRow:
    payload: dict[str, object] = {"what": what, "sale_id": sale_id, "agent_id": agent_id, "at": now}
    return job(market, MAIL_QUEUE, FOLLOW_NOTE, payload, now, now)


async def _facts(market: Market, row: Row, rules: FollowRules, agents: Sequence[Agent]) -> LeadFacts:
    """What decides who gets it. Its values are opened only when somebody's skill is about one of them."""
    language = product = ""
    if any(each.terms.languages or each.terms.products for each in agents):
        lead_row = await market.db.read(read_lead, row["lead_id"])
        campaign = market.deals.campaigns.get(lead_row["campaign_id"]) if lead_row is not None else None
        lead = await stored_lead(market, lead_row, campaign) if lead_row is not None and campaign is not None else None
        if lead is not None:
            language = lead.text(rules.language_field) or ""
            product = lead.text(rules.product_field) or ""
    return LeadFacts(row["contract_id"], row["vertical"], row["us_state"] or "", row["zip"] or "", language, product)


def usual_rules() -> FollowRules:
    """What a buyer begins with: pushed in turn, handed on after half an hour."""
    return FollowRules(order=Order.ROUND_ROBIN, back_minutes=30)

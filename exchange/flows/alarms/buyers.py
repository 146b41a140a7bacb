"""What may be wrong with a buyer: it does not answer, takes nothing, is not understood, is short, gives back much."""

from __future__ import annotations

from collections.abc import AsyncIterator

from exchange.flows.alarms.look import (
    DAY_MS,
    HOUR_MS,
    Look,
    at_stake,
    buyer_name,
    buyers_pace,
    leads_of_buyer,
    pause_buyer_act,
)
from exchange.ids import first_id
from exchange.model.alert import Act, Found, Stake, Told
from exchange.model.money import Money
from exchange.model.party import Buyer, State
from exchange.stages.alert_words import counted, percent, span
from exchange.stages.alerts import collapsed, over
from exchange.stages.caps import best_price
from exchange.stages.reasons import show_money
from exchange.storage.alert_figures import (
    count_unmapped,
    given_back,
    newest_posts,
    unclear_since,
    usual_posts,
)

_STILL_MS = 300_000  # a loss that long ago is no trouble of now
_POSTS_READ = 2_000
_USUAL_DAYS = 14
_RETURN_DAYS, _SOLD_LEAST = 28, 30


async def unanswered(look: Look) -> AsyncIterator[Found]:
    """Of each buyer as this process has seen it: left alone, or timing out."""
    share, last = look.settings["timeouts"].first, look.settings["timeouts"].second
    for buyer in look.market.deals.buyers.values():
        recent = look.market.breaker.recent(buyer.id)
        if recent.opened is not None:
            if look.on("breaker"):
                yield await _left_alone(look, buyer)
        elif look.on("timeouts") and recent.timed_out and look.now - recent.lost_at < _STILL_MS:
            is_open = f"unanswered:{buyer.id}" in look.open
            if recent.of >= last and over(recent.timed_out, recent.of, share, is_open=is_open):
                yield await _times_out(look, buyer, recent.timed_out, recent.of)


async def _left_alone(look: Look, buyer: Buyer) -> Found:
    stake = await buyers_pace(look.market, buyer.id, look.now)
    state = look.market.breaker.state(buyer.id, look.now)
    again = "It is tried again with one request at a time, and asked as before once it answers."
    return Found(
        "breaker",
        buyer.id,
        f"{buyer.name} does not answer and is left alone",
        f"{at_stake(stake, 'Its leads go to others.')} {again}",
        f"{state.sentence} Its server is down, slow or out of reach.",
        (pause_buyer_act(buyer), Act(f"Leads of {buyer.name}", leads_of_buyer(buyer.id))),
        stake,
        2,
        Told(
            "buyer",
            buyer.id,
            "Your system does not answer",
            f"Requests to your system got no answer several times in a row. {state.sentence} You are asked again with "
            "one request at a time; until one is answered you miss the leads that fit you. See whether your server is "
            "up and answers in time.",
            "/buyer/leads",
        ),
    )


async def _times_out(look: Look, buyer: Buyer, timed_out: int, of: int) -> Found:
    stake = await buyers_pace(look.market, buyer.id, look.now)
    told = f"{timed_out} of its last {of} requests timed out ({percent(timed_out, of)})."
    return Found(
        "timeouts",
        buyer.id,
        f"{buyer.name} times out",
        f"{told} {at_stake(stake, 'Sellers wait longer for their answer.')}",
        "Its server is slow or overloaded, or its contracts allow too little time.",
        (pause_buyer_act(buyer), Act(f"Leads of {buyer.name}", leads_of_buyer(buyer.id))),
        stake,
        1,
        Told(
            "buyer",
            buyer.id,
            "Your system answers too late",
            f"{timed_out} of the last {of} requests to your system timed out. A bid that comes too late counts for "
            "nothing, so you miss leads that fit you. See whether your server is slow.",
            "/buyer/leads",
        ),
    )


async def accepts(look: Look) -> AsyncIterator[Found]:
    """A buyer that takes far fewer posts than is like it."""
    if not look.on("accepts"):
        return
    least, market, today = look.settings["accepts"].first, look.market, look.now // DAY_MS
    usual = await market.db.read(usual_posts, today - _USUAL_DAYS, today)
    newest: dict[str, list[bool]] = {}
    for row in await market.db.read(newest_posts, first_id("dlv", look.now - 6 * HOUR_MS), _POSTS_READ):
        seen = newest.setdefault(row["buyer_id"], [])
        if len(seen) < least:
            seen.append(row["state"] == "accepted")
    for buyer_id, seen in newest.items():
        buyer = market.deals.buyers.get(buyer_id)
        was, of = usual.get(buyer_id, (0, 0))
        is_open = f"accepts:{buyer_id}" in look.open
        if buyer is None or not collapsed(sum(seen), len(seen), was, of, least, is_open=is_open):
            continue
        stake = await buyers_pace(market, buyer_id, look.now)
        yield Found(
            "accepts",
            buyer_id,
            f"{buyer.name} takes {sum(seen)} of its last {len(seen)} posts",
            f"It usually takes {percent(was, of)} (of {of:,} posts in two weeks). "
            + at_stake(stake, "Its leads go to others."),
            "Its rules changed, its own cap or budget is used up, or our field mapping no longer fits.",
            (
                pause_buyer_act(buyer),
                Act("See what it answers", f"{leads_of_buyer(buyer_id)}&period=today"),
            ),
            stake,
        )


async def unclear(look: Look) -> AsyncIterator[Found]:
    """Posts that got no usable answer and that nobody has settled."""
    if not look.on("unclear"):
        return
    minutes = look.settings["unclear"].first
    for row in await look.market.db.read(unclear_since, look.now - minutes * 60_000):
        name, held = buyer_name(look.market, row["buyer_id"]), Money(row["units"], row["currency"])
        posts = counted(row["posts"], "post")
        yield Found(
            "unclear",
            row["buyer_id"],
            f"{posts} to {name} {'is' if row['posts'] == 1 else 'are'} unclear",
            f"{show_money(held)} stays held and the leads are sold to nobody else, the oldest for "
            f"{span(look.now - row['oldest'])}.",
            "It timed out or hung up after the lead was sent, or answered in words that no rule reads.",
            (Act("Settle them", "/console/unclear"), Act("Unmapped answers", "/console/inbox")),
            Stake(row["units"], row["currency"], row["posts"]),
        )


async def unmapped(look: Look) -> AsyncIterator[Found]:
    """Buyers that say what no rule of their connection reads."""
    if not look.on("unmapped"):
        return
    most, market = look.settings["unmapped"].first, look.market
    for contract_id, answers in (await market.db.write(count_unmapped, look.now)).items():
        if not over(answers, 1, most * 100, is_open=f"unmapped:{contract_id}" in look.open):
            continue
        contract = market.deals.contracts.get(contract_id)
        name = market.deals.buyer_name(contract_id)
        connection = contract.connection if contract is not None else ""
        yield Found(
            "unmapped",
            contract_id,
            f"{answers:,} answers of {name} are not understood",
            "What no rule reads is never a sale: a ping is no bid, a post is unclear.",
            "Its system was changed, or it says something new.",
            (Act("Map them", "/console/inbox"), Act("Connection", f"/console/connectors/{connection}")),
            Stake(leads=answers),
        )


async def returned(look: Look) -> AsyncIterator[Found]:
    """Buyers that give back more than is agreed to be much."""
    if not look.on("returns"):
        return
    limit, market = look.settings["returns"].first, look.market
    for row in await market.db.read(given_back, look.now // DAY_MS - _RETURN_DAYS):
        is_open = f"returns:{row['buyer_id']}" in look.open
        if row["sold"] < _SOLD_LEAST or not over(row["returned"], row["sold"], limit, is_open=is_open):
            continue
        name, lost = buyer_name(market, row["buyer_id"]), Money(row["lost"], row["currency"])
        yield Found(
            "returns",
            row["buyer_id"],
            f"{name} returns {percent(row['returned'], row['sold'])} of its leads",
            f"{row['returned']:,} of {row['sold']:,} in four weeks, {show_money(lost)} given back. "
            f"The limit is {limit}%.",
            "One source is bad for it, its own rules are narrower than its filters, or it returns without a reason.",
            (
                Act("Its returns", f"/console/returns?buyer={row['buyer_id']}"),
                Act("Its sources", f"/console/quality/buyers/{row['buyer_id']}"),
            ),
            Stake(row["lost"] // (_RETURN_DAYS * 24), row["currency"]),
        )


async def balances(look: Look) -> AsyncIterator[Found]:
    """Buyers whose money is good for a few leads only."""
    if not look.on("balance"):
        return
    least = look.settings["balance"].first
    for buyer in look.market.deals.buyers.values():
        left, price = look.market.live.available.get(buyer.id), _usual_price(look, buyer)
        if buyer.state is not State.ACTIVE or left is None or price is None or left.currency != price.currency:
            continue
        is_open = f"balance:{buyer.id}" in look.open
        leads = max(left.units, 0) // price.units
        if leads >= least + (1 if is_open else 0):
            continue
        stake = await buyers_pace(look.market, buyer.id, look.now)
        spent = "is spent" if leads == 0 else f"is good for {counted(leads, 'lead')}"
        yield Found(
            "balance",
            buyer.id,
            f"{buyer.name}'s balance {spent}",
            f"{show_money(left)} left at up to {show_money(price)} a lead. "
            + ("It is left out of auctions. " if leads == 0 else "Then it is left out of auctions. ")
            + at_stake(stake, "It bought nothing in a day."),
            "It did not top up, or its card was declined.",
            (Act("Its account", f"/console/billing/{buyer.id}"), Act("All balances", "/console/billing")),
            stake,
            2 if leads == 0 else 1,
            Told(
                "buyer",
                buyer.id,
                "Your balance is spent" if leads == 0 else f"Your balance is good for {counted(leads, 'lead')}",
                f"{show_money(left)} is left. "
                + ("Your contracts are left out of auctions." if leads == 0 else
                   "When it is spent, your contracts are left out of auctions.")
                + " Top up, or let the account fill itself up.",
                "/buyer/billing",
            ),
        )  # fmt: skip


def _usual_price(look: Look, buyer: Buyer) -> Money | None:
    prices = [
        best_price(each)
        for each in look.market.deals.contracts.values()
        if each.buyer_id == buyer.id and each.state is State.ACTIVE
    ]
    found = max(prices, key=lambda price: price.units, default=None)
    return found if found is not None and found.units else None

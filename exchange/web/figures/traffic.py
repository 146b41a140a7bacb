"""What went out to buyers and webhooks, line by line, and who asked whom in the last minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.storage.database import Row
from exchange.storage.live import newest_records, newest_sends
from exchange.vault import VaultError
from exchange.web.charts.chart import Chart
from exchange.web.charts.sankey import Column, Flow, Node, sankey
from exchange.web.story.contracts import CUT
from exchange.web.words import count, money, percent

EDGES_MS = 300_000
_RECORDS = 60
_EDGE_RECORDS = 300
_SENDS = 30
_MOST = 8
_GOOD, _POOR = 0.5, 0.1  # shares of those asked that bid


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of ours. `http` is the status of its answer; `read` what was understood."""

    at: int
    request_id: str
    lead_id: str
    to: str
    to_id: str
    kind: str
    http: int | None
    read: str
    price: str
    took_ms: int | None
    attempt: int
    next_at: int | None = None
    seller_id: str = ""

    @property
    def outcome(self) -> str:
        return self.read.replace(" ", "_")


async def sent_lately(market: Market, actor: Actor, mode: str) -> list[Sent]:
    """Pings, posts and postbacks, the newest first."""
    lines: list[Sent] = []
    for row in await market.db.read(newest_records, actor, mode, 0, _RECORDS):
        lines += _of_request(market, row)
    if mode == "live":
        lines += [_postback(row) for row in await market.db.read(newest_sends, actor, _SENDS)]
    return sorted(lines, key=lambda each: -each.at)


def _of_request(market: Market, row: Row) -> list[Sent]:
    record = read_trail(bytes(row["document"]))
    answers = _answers(market, row)
    lines = [_ping(market, row, line, answers) for line in record["asked"]]
    seen: Counter[str] = Counter()
    for post in record["posts"]:
        seen[post["contract"]] += 1
        lines.append(_post(market, row, post, answers, seen[post["contract"]]))
    return lines[::-1]


def _answers(market: Market, row: Row) -> Mapping[tuple[str, str], int]:
    """The HTTP status of each answer, by contract and stage; of several messages the last."""
    if row["sealed"] is None or row["wrapped"] is None:
        return {}
    try:
        key = market.vault.data_key(bytes(row["wrapped"]))
        wires = orjson.loads(market.vault.open(key, f"wires:{row['wire_id']}", bytes(row["sealed"])))
    except VaultError:
        return {}
    return {(wire["contract"], wire["stage"]): wire["status"] for wire in wires if "status" in wire}


def _ping(market: Market, row: Row, line: Mapping[str, Any], answers: Mapping[tuple[str, str], int]) -> Sent:
    bids = line["bids"]
    best = max((Money.parse(bid["price"], "USD").units for bid in bids), default=None)
    read = "bid" if bids else str(line.get("reason", "no_bid")).replace("_", " ")
    return Sent(
        row["received_at"] + int(line["at"]),
        row["id"],
        row["lead_id"],
        market.deals.buyer_name(line["contract"]),
        _buyer_id(market, line["contract"]),
        "ping",
        answers.get((line["contract"], "ping")),
        read,
        money(Money(best, _currency(market, line["contract"]))) if best is not None else "",
        round(line["took"]),
        1,
        seller_id=row["seller_id"] or "",
    )


def _post(
    market: Market, row: Row, post: Mapping[str, Any], answers: Mapping[tuple[str, str], int], attempt: int
) -> Sent:
    price = Money.parse(post["price"], _currency(market, post["contract"]))
    return Sent(
        row["received_at"] + int(post["at"]),
        row["id"],
        row["lead_id"],
        market.deals.buyer_name(post["contract"]),
        _buyer_id(market, post["contract"]),
        f"post by {post['beside']}" if post.get("beside") else "post" if attempt == 1 else "retry",
        answers.get((post["contract"], "post")),
        str(post["state"]),
        money(price),
        round(post["took"]),
        attempt,
        seller_id=row["seller_id"] or "",
    )


def _postback(row: Row) -> Sent:
    return Sent(
        row["tried_at"],
        "",
        row["about"] if str(row["about"]).startswith("ld_") else "",
        f"{urlsplit(row['url']).hostname}",
        row["party_id"] or "",
        "postback" if row["kind"] == "postback" else "webhook",
        row["status"],
        str(row["state"]),
        "",
        row["took_ms"],
        row["total"],
        row["next_at"],
    )


def _buyer_id(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    return contract.buyer_id if contract is not None else contract_id


def _currency(market: Market, contract_id: str) -> str:
    contract = market.deals.contracts.get(contract_id)
    return contract.max_bid.currency if contract is not None else "USD"


async def edges(market: Market, actor: Actor, mode: str, now: int) -> Chart | None:
    """Who was asked about whose leads in the last five minutes: bands as thick as there were pings and posts, their
    colour and words the share of them that bid or took.
    """
    rows = await market.db.read(newest_records, actor, mode, now - EDGES_MS, _EDGE_RECORDS)
    asked, took = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in rows:
        record = read_trail(bytes(row["document"]))
        for line in record["asked"]:
            if line.get("detail") != CUT:
                edge = (row["seller_id"], _buyer_id(market, line["contract"]))
                asked[edge] += 1
                took[edge] += bool(line["bids"])
        pinged = {line["contract"] for line in record["asked"]}
        for post in record["posts"]:
            if post["contract"] not in pinged:
                edge = (row["seller_id"], _buyer_id(market, post["contract"]))
                asked[edge] += 1
                took[edge] += post["state"] == "accepted"
    return _drawn(market, _largest(asked), took, now) if asked else None


def _largest(asked: Counter[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Between the sellers and buyers with most."""
    sellers, buyers = Counter[str](), Counter[str]()
    for (seller, buyer), times in asked.items():
        sellers[seller] += times
        buyers[buyer] += times
    kept = {key for key, _ in sellers.most_common(_MOST)}, {key for key, _ in buyers.most_common(_MOST + 4)}
    return {edge: times for edge, times in sorted(asked.items()) if edge[0] in kept[0] and edge[1] in kept[1]}


def _drawn(market: Market, asked: Mapping[tuple[str, str], int], took: Counter[tuple[str, str]], now: int) -> Chart:
    sellers, buyers = _sums(asked, 0), _sums(asked, 1)
    columns = (
        Column("Sellers", tuple(Node(f"s:{key}", _seller(market, key), times, "one") for key, times in sellers)),
        Column("Buyers", tuple(_node(market, key, times, now) for key, times in buyers)),
    )
    flows = [
        Flow(f"s:{seller}", f"b:{buyer}", times, tone=_tone(took[(seller, buyer)] / times),
             told=f"{percent(took[(seller, buyer)], times)} bid or took")
        for (seller, _), (buyer, _) in ((s, b) for s in sellers for b in buyers)
        for times in [asked.get((seller, buyer), 0)]
        if times
    ]  # fmt: skip
    total, taken = sum(asked.values()), sum(took[edge] for edge in asked)
    summary = f"The last five minutes: {count(total)} pings and posts, {percent(taken, total)} of them bid or took"
    return sankey(columns, flows, summary)


def _sums(asked: Mapping[tuple[str, str], int], place: int) -> Sequence[tuple[str, int]]:
    sums: Counter[str] = Counter()
    for edge, times in asked.items():
        sums[edge[place]] += times
    return sums.most_common()


def _node(market: Market, buyer_id: str, times: int, now: int) -> Node:
    buyer = market.deals.buyers.get(buyer_id)
    state = market.breaker.state(buyer_id, now)
    mark = "breaker open" if state.open else "being tried" if state.sentence else ""
    return Node(f"b:{buyer_id}", buyer.name if buyer is not None else buyer_id, times, "sale", mark=mark)


def _seller(market: Market, seller_id: str) -> str:
    seller = market.deals.sellers.get(seller_id)
    return seller.name if seller is not None else seller_id


def _tone(share: float) -> str:
    return "sale" if share >= _GOOD else "warn" if share >= _POOR else "bad"

"""What ranking by worth is worth: the same simulated leads and bids, sold under each rule, by the product's own stages.

    python -m bench.ranking [--leads 8000] [--seeds 6]

Sixteen buyers, some of them bait: they bid high and refuse what they won. A refused lead lives on with a chance (δ).
What is learned is learned as in the product: posts counted by day, faded, each contract drawn to all others. No
assumption is measured at a real exchange: trust signs and orders of size.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from exchange.model.auction import Bid, Progress
from exchange.model.lead import Mode
from exchange.model.money import Money
from exchange.model.party import Contract, SaleMode, State, Strategy
from exchange.model.worth import WHOLE, Odds, Worth
from exchange.stages.auction import Rules, run_auction
from exchange.stages.quality.days import Curves, weights
from exchange.stages.quality.odds import bidding
from exchange.stages.score.exposure import estimate

BUYERS, DAYS, SEGMENTS = 16, 28, 8
ZERO = Money(0, "USD")


class Buyer(NamedTuple):
    """`level` and `likes` move its bids; it takes and gives back leads with these chances."""

    level: float
    likes: tuple[float, ...]
    taken: float
    back: float
    answers: float


class Lead(NamedTuple):
    """One lead with every draw made before: bids by buyer, and the luck of each post, of living on, of coming back."""

    day: int
    bids: Mapping[str, int]
    luck: Mapping[str, float]
    lives: tuple[float, ...]
    back: Mapping[str, float]


class Sold(NamedTuple):
    """What an arm brought: money after returns, posts, and those refused."""

    net_units: int = 0
    posts: int = 0
    refused: int = 0


ARMS = ("highest bid", "bid × keep", "bid × accept × keep", "worth", "worth, all known")


def market(seed: int, leads: int, baits: int) -> tuple[dict[str, Buyer], list[Lead]]:
    draw = random.Random(seed)
    buyers = {}
    for number in range(BUYERS):
        bait = number < baits
        level = draw.gauss(0, 0.3) + (0.45 if bait else 0.0)
        likes = tuple(draw.gauss(0, 0.25) for _ in range(SEGMENTS))
        taken = draw.uniform(0.1, 0.3) if bait else draw.uniform(0.6, 0.95)
        buyers[f"b{number:02d}"] = Buyer(level, likes, taken, draw.uniform(0.02, 0.3), draw.uniform(0.4, 0.9))
    made = []
    for number in range(leads):
        segment, worth = draw.randrange(SEGMENTS), draw.gauss(3.2, 0.25)
        bids = {
            name: round(2.718281828 ** (worth + buyer.level + buyer.likes[segment] + draw.gauss(0, 0.3)) * 10_000)
            for name, buyer in buyers.items()
            if draw.random() < buyer.answers
        }
        luck = {name: draw.random() for name in buyers}
        back = {name: draw.random() for name in buyers}
        made.append(Lead(number * DAYS // leads, bids, luck, tuple(draw.random() for _ in range(BUYERS)), back))
    return buyers, made


def sell(buyers: Mapping[str, Buyer], leads: Sequence[Lead], arm: str, lives: float) -> Sold:
    """All leads under one rule; what it learns it learns from its own posts, at the end of each day."""
    contracts = {name: _contract(name) for name in buyers}
    posts: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    sales: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    worth, day, sold = _worth(arm, buyers, posts, sales, 0, lives), 0, Sold()
    for lead in leads:
        if lead.day != day:
            day = lead.day
            worth = _worth(arm, buyers, posts, sales, day, lives)
        strategy = Strategy.HIGHEST_PRICE if arm == "highest bid" else Strategy.EXPECTED
        rules = Rules(strategy, 1, ZERO, worth=worth)
        bids = [Bid(name, name, Money(units, "USD"), True, None, None) for name, units in lead.bids.items()]
        sold = _post(sold, lead, bids, contracts, rules, buyers, lives, posts, sales)
    return sold


def _post(
    sold: Sold,
    lead: Lead,
    bids: Sequence[Bid],
    contracts: Mapping[str, Contract],
    rules: Rules,
    buyers: Mapping[str, Buyer],
    lives: float,
    posts: dict[tuple[int, str], list[int]],
    sales: dict[tuple[int, str], list[int]],
) -> Sold:
    refusers: list[str] = []
    progress = Progress()
    for turn in range(len(bids)):
        plan = run_auction(bids, contracts, rules, progress, 0)
        if not plan.winners:
            break
        bid = plan.winners[0]
        name = bid.contract_id
        posts[lead.day, name][0] += 1
        if lead.luck[name] < buyers[name].taken:
            gone = lead.back[name] < buyers[name].back
            posts[lead.day, name][1] += 1
            sales[lead.day, name][0] += 1
            sales[lead.day, name][1] += gone
            for each in refusers:
                posts[lead.day, each][2] += 1
            return Sold(sold.net_units + (0 if gone else bid.price.units), sold.posts + turn + 1, sold.refused + turn)
        refusers.append(name)
        progress = progress._replace(refused=progress.refused | {name})
        if lead.lives[turn] >= lives:
            break
    return Sold(sold.net_units, sold.posts + len(refusers), sold.refused + len(refusers))


def _worth(
    arm: str,
    buyers: Mapping[str, Buyer],
    posts: Mapping[tuple[int, str], Sequence[int]],
    sales: Mapping[tuple[int, str], Sequence[int]],
    today: int,
    lives: float,
) -> Worth:
    if arm == "highest bid":
        return Worth()
    if arm == "worth, all known":
        odds = {name: Odds(round(each.taken * WHOLE), round(each.back * WHOLE)) for name, each in buyers.items()}
        return Worth(round(lives * WHOLE), contracts=odds)
    learned = bidding(_posts(posts, today), _sales(sales, today)).worth("seller")
    if arm == "bid × keep":
        return learned._replace(alive=WHOLE)
    return learned._replace(alive=0) if arm == "bid × accept × keep" else learned


def _posts(posts: Mapping[tuple[int, str], Sequence[int]], today: int) -> list[dict[str, Any]]:
    """As `post_sums` tells them."""
    by_day = {each.day: each.short for each in weights(today, Curves())}
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for (day, name), counts in posts.items():
        for place, count in enumerate(counts):
            sums[name][place] += count
            sums[name][place + 3] += count * by_day[day]
    names = ("posts", "taken", "refused_alive", "posts_short", "taken_short", "alive_short")
    nothing = {"lowered": 0, "bid_units": 0, "price_units": 0, "currency": "USD", "seller_id": "seller"}
    return [
        {**nothing, **dict(zip(names, counts, strict=True)), "buyer_id": name, "contract_id": name}
        for name, counts in sums.items()
    ]


def _sales(sales: Mapping[tuple[int, str], Sequence[int]], today: int) -> list[dict[str, Any]]:
    """As `sale_sums` tells them: what came back is told at once here."""
    back = Curves(back=estimate([(0.0, 30.0)] * 500))
    by_day = {each.day: each for each in weights(today, back)}
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * 4)
    for (day, name), (sold, gone) in sales.items():
        weight = by_day[day]
        for place, amount in enumerate((sold, gone, gone * weight.short, (sold - gone) * weight.back)):
            sums[name][place] += amount
    nothing = dict.fromkeys(
        ("contacted", "converted", "contact_hits", "contact_of", "conversion_hits", "conversion_fading",
         "conversion_ended", "conversion_open", "lost_units", "price_units"),
        0,
    )  # fmt: skip
    names = ("sold", "returned", "return_hits", "return_fading")
    return [
        {**nothing, **dict(zip(names, amounts, strict=True)), "buyer_id": name, "currency": "USD"}
        for name, amounts in sums.items()
    ]


def _contract(name: str) -> Contract:
    return Contract(
        name, 1, name, name, "solar", name, State.ACTIVE, Mode.LIVE, SaleMode.EXCLUSIVE, 1, "none", None, None,
        Money(10_000_000, "USD"),
    )  # fmt: skip


def compare(seeds: int, leads: int, baits: int, lives: float) -> dict[str, tuple[float, float, float]]:
    """By arm: gain over the highest bid in percent with its standard error, and the share of posts refused."""
    gains: dict[str, list[float]] = defaultdict(list)
    refused: dict[str, list[float]] = defaultdict(list)
    for seed in range(seeds):
        buyers, made = market(seed, leads, baits)
        base = 1
        for arm in ARMS:
            sold = sell(buyers, made, arm, lives)
            base = sold.net_units if arm == ARMS[0] else base
            gains[arm].append((sold.net_units / base - 1) * 100)
            refused[arm].append(sold.refused / max(sold.posts, 1))
    return {
        arm: (
            statistics.fmean(gains[arm]),
            statistics.stdev(gains[arm]) / seeds**0.5 if seeds > 1 else 0.0,
            statistics.fmean(refused[arm]),
        )
        for arm in ARMS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=8_000)
    parser.add_argument("--seeds", type=int, default=6)
    given = parser.parse_args()
    for baits, lives in ((2, 0.7), (2, 0.0), (2, 1.0), (0, 0.7), (1, 0.7), (4, 0.7)):
        print(f"\n{baits} of {BUYERS} buyers are bait, a refused lead lives on {lives:.0%}")
        for arm, (gain, error, refused) in compare(given.seeds, given.leads, baits, lives).items():
            print(f"  {arm:22} net {gain:+6.2f} % ± {error:.2f}   refused posts {refused:.3f}")


if __name__ == "__main__":
    main()

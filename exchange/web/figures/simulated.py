"""The numbers of a simulation in words: the same on the page, in the ping tree's editor and on the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from exchange.model.draft import Draft
from exchange.model.money import Money
from exchange.stages.simulate.result import Result
from exchange.web import words
from exchange.web.words import MINUS


def headline(result: Result, draft: Draft) -> str:
    """`8,812 leads, 1 tier and 1 contract changed, 18.0% of bids estimated, seed 1`."""
    told = [words.plural(result.before.leads, "lead"), f"{changed_words(draft)} changed"]
    told.append(f"{words.percent(result.guessed, result.asked)} of bids estimated" if result.asked else "no bids")
    return ", ".join([*told, f"seed {result.seed}"])


def changed_words(draft: Draft) -> str:
    found: Counter[str] = Counter()
    for kind, _ in {(_kind(each.kind, each.setting), (each.id, _tier(each.setting))) for each in draft}:
        found[kind] += 1
    told = [words.plural(count, kind) for kind, count in sorted(found.items())]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told) if told else "nothing"


def _kind(kind: str, setting: str) -> str:
    return "tier" if setting.startswith("tier.") else kind


def _tier(setting: str) -> str:
    return setting.split(".")[1] if setting.startswith("tier.") else ""


def rows(result: Result) -> list[list[str]]:
    """Sold, revenue, payout, margin, answer: as recorded, under the draft, and the difference with its range."""
    before, after, leads = result.before, result.after, result.before.leads
    points = (after.sold - before.sold) * 1_000 // leads if leads else 0
    shares = [words.percent(each.sold, leads) if leads else "-" for each in (before, after)]
    told = [["sold", *shares, f"{_signed(points, f'{abs(points) // 10}.{abs(points) % 10}')} pt"]]
    for name, was, then, which in (
        ("revenue", before.revenue, after.revenue, 0),
        ("payout", before.payout, after.payout, None),
        ("margin", before.margin, after.margin, 1),
    ):
        change = money_change(then - was, result.currency)
        if which is not None and result.spread(which):
            low, high = (money_change(then - was + sign * result.spread(which), result.currency) for sign in (-1, 1))
            change += f"   (range {low} to {high})"
        told.append([name, _money(was, result.currency), _money(then, result.currency), change])
    waited = after.usual_ms - before.usual_ms
    told.append(
        [
            "answer p50",
            *(words.duration(each.usual_ms) for each in (before, after)),
            f"{_signed(waited, str(abs(waited)))} ms",
        ]
    )
    return told


def money_change(units: int, currency: str) -> str:
    return _signed(units, _money(abs(units), currency))


def _money(units: int, currency: str) -> str:
    return words.money(Money(units, currency))


def _signed(number: int, text: str) -> str:
    return f"+{text}" if number > 0 else f"{MINUS}{text}" if number < 0 else text


def winners(result: Result, name_of: Callable[[str], str], most: int) -> tuple[list[str], list[str]]:
    """Buyers that would buy more, and those that would buy less."""
    more = [(side.sold_then - side.sold, buyer_id) for buyer_id, side in result.moved()]
    gain = [f"{name_of(each)} {_signed(count, str(count))} leads" for count, each in more if count > 0]
    lose = [f"{name_of(each)} {_signed(count, str(-count))} leads" for count, each in more if count < 0]
    return gain[:most], lose[:most]

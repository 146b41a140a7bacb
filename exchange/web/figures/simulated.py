"""The numbers of a simulation in words: the same on the page, beside a ping tree and on the command line.

All of it is read from what `Result.fields` tells, which is what is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from exchange.model.draft import Draft
from exchange.model.money import Money, read_units
from exchange.web import words
from exchange.web.words import MINUS

Told = Mapping[str, Any]


def headline(told: Told, draft: Draft) -> str:
    """`8,812 leads, 1 contract and 1 tier changed, 18.0% of bids estimated, seed 1`."""
    bids = told["estimated_bids"]
    return ", ".join(
        [
            words.plural(told["leads"], "lead"),
            f"{changed_words(draft)} changed",
            f"{words.percent(bids['estimated'], bids['bids'])} of bids estimated" if bids["bids"] else "no bids",
            f"seed {told['seed']}",
        ]
    )


def changed_words(draft: Draft) -> str:
    found: Counter[str] = Counter()
    for kind, _ in {(_kind(each.setting, each.kind), (each.id, _tier(each.setting))) for each in draft}:
        found[kind] += 1
    told = [words.plural(count, kind) for kind, count in sorted(found.items())]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told) if told else "nothing"


def _kind(setting: str, kind: str) -> str:
    return "tier" if setting.startswith("tier.") else kind


def _tier(setting: str) -> str:
    return setting.split(".")[1] if setting.startswith("tier.") else ""


def rows(told: Told) -> list[list[str]]:
    """Sold, revenue, payout, margin, answer: as recorded, under the draft, and the difference with its range."""
    now, then, change, leads = told["now"], told["then"], told["change"], told["leads"]
    points = change["sold"] * 1_000 // leads if leads else 0
    shares = [words.percent(each["sold"], leads) if leads else "-" for each in (now, then)]
    lines = [["sold", *shares, f"{_signed(points, f'{abs(points) // 10}.{abs(points) % 10}')} pt"]]
    for name in ("revenue", "payout", "margin"):
        moved = change[name]
        about = moved if isinstance(moved, str) else moved["about"]
        words_of = signed_money(about, told["currency"])
        if not isinstance(moved, str) and moved["low"] != moved["high"]:
            low, high = (signed_money(moved[each], told["currency"]) for each in ("low", "high"))
            words_of += f"   (range {low} to {high})"
        lines.append(
            [name, shown_money(now[name], told["currency"]), shown_money(then[name], told["currency"]), words_of]
        )
    waited = change["answer_p50_ms"]
    answers = (words.duration(each["answer_p50_ms"]) for each in (now, then))
    return [*lines, ["answer p50", *answers, f"{_signed(waited, str(abs(waited)))} ms"]]


def shown_money(text: str, currency: str) -> str:
    return words.money(Money(read_units(text), currency))


def signed_money(text: str, currency: str) -> str:
    units = read_units(text)
    return _signed(units, words.money(Money(abs(units), currency)))


def _signed(number: int, text: str) -> str:
    return f"+{text}" if number > 0 else f"{MINUS}{text}" if number < 0 else text


def winners(told: Told, name_of: Callable[[str], str], most: int) -> tuple[list[str], list[str]]:
    """Buyers that would buy more, and those that would buy less, the most first."""
    more = sorted(((side["sold_more"], name) for name, side in told["buyers"].items()), key=lambda each: -abs(each[0]))
    gain = [f"{name_of(each)} {_signed(count, words.plural(count, 'lead'))}" for count, each in more if count > 0]
    lose = [f"{name_of(each)} {_signed(count, words.plural(-count, 'lead'))}" for count, each in more if count < 0]
    return gain[:most], lose[:most]


def sides(told: Told, who: str, name_of: Callable[[str], str]) -> list[tuple[str, list[str]]]:
    """One line a buyer or seller: leads and money then and now, and the differences; who moves most comes first."""
    currency, money = told["currency"], "payout" if who == "sellers" else "revenue"
    found = []
    for name, side in told[who].items():
        was, then = (read_units(text) for text in side[money])
        cells = [
            words.count(side["sold"][0]), words.count(side["sold"][1]),
            _signed(side["sold_more"], words.count(abs(side["sold_more"]))),
            words.money(Money(was, currency)), words.money(Money(then, currency)),
            _signed(then - was, words.money(Money(abs(then - was), currency))),
        ]  # fmt: skip
        found.append((-abs(then - was), name_of(name), cells))
    return [(name, cells) for _, name, cells in sorted(found)]

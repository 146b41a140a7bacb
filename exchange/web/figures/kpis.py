"""The six figures at the head of the dashboard, each with its line, its change and the list it counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from exchange.model.money import Money
from exchange.web import words
from exchange.web.charts.bars import spark
from exchange.web.figures.day import Asked, Day
from exchange.web.render import address


@dataclass(frozen=True, slots=True)
class Kpi:
    """`moved` is its change against what it is compared with, `tone` whether that is welcome."""

    id: str
    name: str
    value: str
    moved: str
    tone: str
    note: str
    href: str
    line: Markup


def lead_list(asked: Asked, **more: str | None) -> str:
    """The list a figure counts."""
    test = "test" if asked.mode == "test" else None
    return address("/console/leads", **more, vertical=asked.vertical or None, **asked.period.given, mode=test)


def kpis(day: Day, asked: Asked, limit_ms: int) -> list[Kpi]:
    now, before = day.now, day.before
    sold, all_leads = lead_list(asked, status="sold"), lead_list(asked)
    upto = f"{words.count(before.leads)} {day.period.compared}" if day.period.compared else ""
    other = "".join(f" and {words.money(each.revenue)}" for each in day.other)
    count = now.groups["sold"]
    each = f"{words.money(_each(now.revenue, count))} a sold lead{other}" if count else "no sale yet"
    paid = f"{words.money(_each(now.payout, count))} a sold lead" if count else ""
    share = f"{words.percent(now.margin.units, now.revenue.units)} of revenue{_before_checks(day)}"
    slices = day.slices
    return [
        _kpi("leads", "Leads in", words.count(now.leads), (now.leads, before.leads), upto, all_leads,
             _running(part.leads for part in slices), "t-one"),
        _sold(day, sold),
        _kpi("revenue", "Revenue", words.money(now.revenue), (now.revenue.units, before.revenue.units), each, sold,
             _running(part.payout + part.margin for part in slices), "t-one"),
        _kpi("payout", "Seller payout", words.money(now.payout), (now.payout.units, before.payout.units), paid, sold,
             _running(part.payout for part in slices), "t-own"),
        _kpi("margin", "Margin", words.margin(now.revenue, now.payout), (now.margin.units, before.margin.units), share,
             sold, _running(part.margin for part in slices), "t-good"),
        _waited(day, all_leads, limit_ms),
    ]  # fmt: skip


def _before_checks(day: Day) -> str:
    """What outside checks took of it, where any were paid for."""
    return f", before {words.money(day.now.checks)} of checks" if day.now.checks.units else ""


def _kpi(
    id: str, name: str, value: str, moved: tuple[int, int], note: str, href: str, line: list[float], tone: str
) -> Kpi:
    """More payout is neither good nor bad."""
    now, before = moved
    welcome = "" if id == "payout" else "good" if now >= before else "bad"
    return Kpi(id, name, value, words.change(now, before), welcome, note, href, spark(line, tone))


def _sold(day: Day, href: str) -> Kpi:
    now, before = day.now, day.before
    sold, was = now.groups["sold"], before.groups["sold"]
    moved = ""
    if now.leads and before.leads:
        points = 100 * sold / now.leads - 100 * was / before.leads
        moved = f"{'+' if points >= 0 else words.MINUS}{abs(points):.1f} pt"
    tone = "good" if sold * before.leads >= was * now.leads else "bad"
    shares = [100 * part.sold / part.leads for part in day.slices if part.leads]
    value = words.rate(sold, now.leads)
    return Kpi("sold", "Sold", value, moved, tone, words.plural(sold, "lead"), href, spark(shares, "t-good"))


def _waited(day: Day, href: str, limit_ms: int) -> Kpi:
    p50, before = day.p50_ms, day.p50_before_ms
    moved, tone = "", ""
    if p50 is not None and before:
        moved = f"{'+' if p50 >= before else words.MINUS}{words.duration(abs(p50 - before))}"
        tone = "bad" if p50 > before * 1.05 else "good"
    value = words.duration(p50) if p50 is not None else "none yet"
    note = f"p95 {words.duration(day.p95_ms)}" if day.p95_ms is not None else ""
    note += f", limit {words.duration(limit_ms)}" if note and limit_ms else ""
    line = [float(part.p50_ms) for part in day.slices if part.p50_ms is not None]
    return Kpi("answer", "Answer to seller", value, moved, tone, note, href, spark(line, "t-bad"))


def _running(values: Iterable[int]) -> list[float]:
    """What had come in by the end of each part, as far as the period has gone."""
    kept = list(values)
    last = max((index for index, value in enumerate(kept) if value), default=-1)
    total, found = 0.0, []
    for value in kept[: last + 1]:
        total += value
        found.append(total)
    return found


def _each(whole: Money, leads: int) -> Money:
    return Money(whole.units // leads, whole.currency)

"""What a fixed report shows above its chart and table: a picture of its own, and what it says."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from exchange.flows.analysis import PAGE_PATIENCE_MS, explore
from exchange.flows.counting import uncounted
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.web.analytics.answer import Answer
from exchange.web.analytics.asked import Asked
from exchange.web.charts.across import Range, ranges
from exchange.web.charts.chart import Chart
from exchange.web.charts.funnel import Step, funnel
from exchange.web.charts.heat import HeatCell, HeatColumn, Shaded, heat
from exchange.web.figures.bids import landscape
from exchange.web.figures.day import Asked as DayAsked
from exchange.web.figures.pings import latencies, ping_limit_ms
from exchange.web.words import FEW, count, duration, money, percent, rate

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FUNNEL = ("leads", "pings", "bids", "sold", "return_rate", "contact_rate", "conversion_rate")


class Special(NamedTuple):
    """`heat` is a table instead of a picture: its head and its rows. `alone`: nothing else is shown beneath."""

    title: str
    chart: Chart | None = None
    note: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[Shaded, ...]], ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    alone: bool = False
    link: tuple[str, str] = ("", "")
    second: Chart | None = None


async def special(market: Market, actor: Actor, made: Answer) -> Special | None:
    """None for the explorer itself, and where there is nothing to show."""
    match made.asked.report:
        case "funnel":
            return await _funnel(market, actor, made.asked)
        case "bid-landscape":
            return await _landscape(market, actor, made.asked)
        case "latency":
            return await _latency(market, actor, made.asked)
        case "hour-of-week":
            return _week(made)
        case "price-left":
            note = (
                "A sale is contested when another buyer had bid too: it would have cost the winner no less than the "
                "second bid. Bids under the floor are sales that a lower floor might have brought."
            )
            return Special("How to read this", None, note)
        case "cohorts":
            told = (
                "Weeks are those in which leads came. Reports come late: the newest weeks show only a share of theirs."
            )
            link = ("What each week will come to", "/console/quality/cohorts")
            return Special("How to read this", None, told, link=link)
    return None


async def _funnel(market: Market, actor: Actor, asked: Asked) -> Special:
    question = asked.question._replace(measures=_FUNNEL, groups=())
    found = (await explore(market, actor, question, PAGE_PATIENCE_MS)).total
    leads, sold = (found["bought"], found["bought"]) if question.placed else (found["leads"], found["sold"])
    sales, kept = found["sales"], found["sales"] - found["returned"]
    steps = [
        Step("Leads received", leads, "one", "100.0%"),
        Step("Asked about: a buyer got a ping", found["asked"], "one", percent(found["asked"], leads)),
        Step("A buyer bid", found["bid_on"], "one", percent(found["bid_on"], leads)),
        Step("Sold", sold, "sale", percent(sold, leads)),
    ]
    after = [
        Step("Sales, one for each buyer", sales, "sale", percent(sales, sales)),
        Step("Kept: not given back", kept, "sale", percent(kept, sales)),
        Step("Contact reported", found["contacted"], "five", percent(found["contacted"], sales)),
        Step("Conversion reported", found["converted"], "five", percent(found["converted"], sales)),
    ]
    told = f"Of {count(leads)} leads {count(sold)} were sold, {percent(sold, leads)}"
    then = f"Of {count(sales)} sales {count(kept)} were kept, and {count(found['converted'])} converted by now"
    note = "Leads posted without a ping are sold at a fixed price, or out of the store: nobody was asked to bid."
    return Special("From arrival to conversion", funnel(steps, told), note, second=funnel(after, then))


async def _landscape(market: Market, actor: Actor, asked: Asked) -> Special | None:
    vertical = next((cell.value for cell in asked.cells if cell.dimension == "vertical"), "")
    day = DayAsked(asked.period, asked.mode, vertical)
    found = await landscape(market, actor, day, "", asked.currency, await uncounted(market))
    if found is None:
        return None
    median = f" The median winning price is about {money(found.median)}." if found.median is not None else ""
    note = (
        f"{count(found.won)} of {count(found.bids)} bids won.{median} Only a vertical and a time narrow this picture."
    )
    return Special("Bids by price", found.chart, note, legend=(("k-sale", "Won"), ("k-payout", "Lost")))


async def _latency(market: Market, actor: Actor, asked: Asked) -> Special | None:
    vertical = next((cell.value for cell in asked.cells if cell.dimension == "vertical"), "")
    day = DayAsked(asked.period, asked.mode, vertical)
    found = await latencies(market, actor, day, await uncounted(market))
    if not found:
        return None
    limit = ping_limit_ms(market, vertical)
    rows = [
        Range(
            each.name,
            each.p50_ms,
            each.p95_ms,
            (duration(each.p50_ms), duration(each.p95_ms), f"{count(each.timeouts)} of {count(each.pings)}"),
            "bad" if each.slow else "one",
        )
        for each in found
    ]
    slow = [each.name for each in found if each.slow]
    told = f"Slow: {', '.join(slow)}." if slow else "No buyer is slow."
    summary = f"Half of the answers came within the dot, 95 of 100 within the bar. {told}"
    chart = ranges(rows, float(limit), f"limit {duration(limit)}", summary, ("Buyer", "p50", "p95", "Too late"))
    note = "The dot is the time in which half of a buyer's answers came, the end of the bar that of 95 of 100."
    return Special("Answer to a ping", chart, f"{note} {told}")


def _week(made: Answer) -> Special:
    """Leads and sales by hour of the day and day of the week, in the exchange's zone."""
    leads, sold = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for (at, *_), sums in made.found.rows.items():
        local = made.times.local(int(at))
        place = (local.hour, local.weekday())
        leads[place] += sums["bought"] if made.placed else sums["leads"]
        sold[place] += sums["bought"] if made.placed else sums["sold"]
    share = made.asked.show == "sold_rate"
    cells = [
        [_hour(leads[(hour, day)], sold[(hour, day)], share=share) for day in range(len(_DAYS))] for hour in range(24)
    ]
    shaded = heat([HeatColumn(day, 1) for day in _DAYS], cells)
    most = max(leads, key=lambda place: (leads[place], place), default=None)
    told = ""
    if most is not None and leads[most]:
        told = (
            f"Most leads came {_DAYS[most[1]]} from {most[0]:02d} to {(most[0] + 1) % 24:02d} h: {count(leads[most])}."
        )
    rows = tuple((f"{hour:02d} h", tuple(line)) for hour, line in enumerate(shaded))
    what = "Sold, of the leads of each hour" if share else "Leads of each hour"
    note = f"{told} Shade compares the hours of one day of the week: green is more than its middle hour, red is less."
    return Special(what, None, note.strip(), ("Hour", *_DAYS), rows, alone=True)


def _hour(leads: int, sold: int, *, share: bool) -> HeatCell:
    if not share:
        return HeatCell(count(leads), float(leads))
    return HeatCell(rate(sold, leads) if leads else "–", sold / leads if leads >= FEW else None)

"""Rates of landing pages and weekly cohorts over real leads (Olist, 2018), each foretold with what was known before.

The files lie outside the repository (non-commercial licence): `olist_marketing_qualified_leads_dataset.csv` and
`olist_closed_deals_dataset.csv`.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from exchange.model.worth import WHOLE
from exchange.stages.quality.cohorts import cohorts
from exchange.stages.quality.days import Curves, age_of, weights
from exchange.stages.quality.level import levels
from exchange.stages.quality.rates import BY_NAME, tree
from exchange.stages.quality.shrink import Tally
from exchange.stages.quality.tail import fitted
from exchange.stages.score.exposure import Exposure

LEADS, DEALS = "olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"
FIRST, LAST = date(2018, 3, 1), date(2018, 5, 31)
FIRST_DAY = (FIRST - date(2018, 1, 1)).days
LARGE_PAGE = 30  # leads foretold, for the error of its rate
AGES = ((7, 14), (14, 28), (28, 56))
LOSS, RATIO, ERROR = 0.365, (0.93, 1.08), 0.034
ASKED = {(7, 14): 0.028, (14, 28): 0.018, (28, 56): 0.016}


class Lead(NamedTuple):
    """Days since year 1; `lag` in days, None when it never closed."""

    day: int
    page: str
    lag: float | None

    @property
    def won(self) -> float:
        return math.inf if self.lag is None else self.day + self.lag

    def known(self, today: int) -> bool:
        return self.won < today


def read_leads(folder: Path) -> list[Lead]:
    """Leads of 2018, the earliest first: labels of earlier ones are cut off."""
    won = {row["mql_id"]: datetime.fromisoformat(row["won_date"]) for row in _rows(folder / DEALS)}
    leads = []
    for row in _rows(folder / LEADS):
        day = datetime.fromisoformat(row["first_contact_date"])
        if day.year == 2018:
            closed = won.get(row["mql_id"])
            lag = max((closed - day).total_seconds() / 86_400, 0.0) if closed is not None else None
            leads.append(Lead(day.toordinal(), row["landing_page_id"], lag))
    return sorted(leads, key=lambda lead: lead.day)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def curves_at(leads: Sequence[Lead], today: int) -> Curves:
    cases = [(lead.lag, float(today - lead.day)) for lead in leads if lead.lag is not None and lead.known(today)]
    curve = fitted(cases, Exposure().usual_days)
    days: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for lead in leads:
        days[lead.page, lead.day][0] += 1
        days[lead.page, lead.day][1] += lead.known(today)
    rows = [
        {"day": day, "seller_id": "", "sub_id": page, "sold": sold, "converted": came}
        for (page, day), (sold, came) in days.items()
    ]
    return Curves(conversion=curve, level=levels(rows, lambda day: curve.share(age_of(day, today)), today))


def page_rates(leads: Sequence[Lead], today: int) -> dict[str, float]:
    """The rate of each page as of the evening before; `""` for a page nobody has seen."""
    past = [lead for lead in leads if lead.day < today]
    by_day = {each.day: each for each in weights(today, curves_at(past, today), 200)}
    counts: Counter[tuple[str, int, bool]] = Counter((lead.page, lead.day, lead.known(today)) for lead in past)
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for (page, day, known), number in counts.items():
        weight = by_day[day]
        one = Tally(
            number * known * weight.long / WHOLE,
            number * weight.conversion / WHOLE,
            number * known,
            number * weight.share / WHOLE,
        )
        tallies["", page] = tallies["", page].plus(one)
    tallies["", ""] = Tally()
    return {page: rate.value for (_, page), rate in tree(BY_NAME["conversion"], tallies).subs.items()}


def rate_figures(leads: Sequence[Lead]) -> dict[str, float]:
    """Log loss, foretold for each that came, and the error of the rates of pages, weighed by their leads."""
    foretold: list[tuple[float, Lead]] = []
    by_day: dict[int, list[Lead]] = defaultdict(list)
    for lead in leads:
        by_day[lead.day].append(lead)
    for day in range(FIRST.toordinal(), LAST.toordinal() + 1):
        if by_day[day]:
            rates = page_rates(leads, day)
            foretold += [(rates.get(lead.page, rates[""]), lead) for lead in by_day[day]]
    came = sum(lead.lag is not None for _, lead in foretold)
    loss = -sum(math.log(rate if lead.lag is not None else 1.0 - rate) for rate, lead in foretold) / len(foretold)
    pages: dict[str, list[tuple[float, Lead]]] = defaultdict(list)
    for each in foretold:
        pages[each[1].page].append(each)
    large = [each for each in pages.values() if len(each) >= LARGE_PAGE]
    squares = sum(
        (sum(rate for rate, _ in page) - sum(lead.lag is not None for _, lead in page)) ** 2 / len(page)
        for page in large
    )
    error = math.sqrt(squares / sum(map(len, large)))
    return {
        "leads": len(foretold),
        "loss": loss,
        "ratio": sum(rate for rate, _ in foretold) / came,
        "error": error,
    }


def cohort_errors(leads: Sequence[Lead]) -> dict[tuple[int, int], tuple[float, float, float]]:
    """By age of weekly cohorts: the mean error of their rate as shown and as projected, and the share that is shown."""
    final: dict[int, tuple[int, int]] = {}
    for monday in {_monday(lead.day) for lead in leads}:
        week = [lead for lead in leads if _monday(lead.day) == monday]
        final[monday] = (sum(lead.lag is not None for lead in week), len(week))
    found: dict[tuple[int, int], list[tuple[float, float, float]]] = defaultdict(list)
    for today in range(FIRST.toordinal(), date(2018, 6, 30).toordinal()):
        past = [lead for lead in leads if lead.day < today]
        for cohort in cohorts(_days(past, today), today - _EPOCH, curves_at(past, today)):
            monday = cohort.day + _EPOCH
            came, sold = final[monday]
            age = today - monday - 3.5
            for low, high in AGES:
                if monday + 7 <= today and low <= age < high and came:
                    shown, real = cohort.converted / cohort.sold, came / sold
                    errors = (abs(shown - real), abs(cohort.conversion.value - real), shown / real)
                    found[low, high].append(errors)
    return {ages: _means(errors) for ages, errors in sorted(found.items())}


def _means(errors: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    raw, projected, shown = (sum(each) / len(errors) for each in zip(*errors, strict=True))
    return raw, projected, shown


_EPOCH = date(1970, 1, 1).toordinal()


def _monday(day: int) -> int:
    return day - (day - 1) % 7


def _days(past: Sequence[Lead], today: int) -> list[dict[str, object]]:
    """As `week_sums` tells them: days since the epoch."""
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for lead in past:
        counts[lead.day][0] += 1
        counts[lead.day][1] += lead.known(today)
    none = ("contacted", "returned", "heard_ended", "early_open", "early_reached", "price_units", "lost_units")
    nothing = dict.fromkeys((*none, "payout_units"), 0)
    return [
        {"day": day - _EPOCH, "sold": sold, "heard": sold, "converted": won, "currency": "USD", **nothing}
        for day, (sold, won) in sorted(counts.items())
    ]


def lines(folder: Path) -> Iterator[str]:
    """Every figure with what is asked of it."""
    leads = read_leads(folder)
    found = rate_figures(leads)
    yield f"  {'leads foretold':44}{found['leads']:8.0f}"
    yield f"  {'log loss':44}{found['loss']:8.4f}  at most {LOSS}"
    yield f"  {'foretold for each that came':44}{found['ratio']:8.3f}  {RATIO[0]} to {RATIO[1]}"
    yield f"  {'error of the rates of pages':44}{found['error']:8.4f}  at most {ERROR}"
    for ages, (raw, projected, shown) in cohort_errors(leads).items():
        name = f"cohorts {ages[0]} to {ages[1]} days old: error"
        yield f"  {name:44}{projected:8.4f}  at most {ASKED[ages]}; {raw:.4f} as shown, {shown:.0%} of it shown"

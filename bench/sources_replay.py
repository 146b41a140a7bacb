"""A stream sent through the real flows and storage on its own clock, and each evening what the exchange says of it.

Leads are posted, screened, sold and settled; what buyers said is reported when they said it; each evening days are
counted, sources judged and measures taken, by the duties that do it in a serving process.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.quality_cost import Cost
from bench.quality_stream import DAY_MS, Truth, read_truths, replay
from exchange.demo.stream import Row, read_rows, seller_slug
from exchange.flows.market import Market
from exchange.flows.measures import consider, set_rule
from exchange.flows.quality import keep_quality
from exchange.flows.standings import Standings
from exchange.model.actor import SYSTEM
from exchange.model.measure import Action, MeasureState, SourceRule
from exchange.stages.quality.cohorts import Cohort, cohorts
from exchange.storage.database import Db
from exchange.storage.measures import read_measures
from exchange.storage.quality_sums import week_sums

Key = tuple[str, str, str]
"""Vertical, seller and sub id."""
ROTTEN_SHARE, GOOD_SHARE, LARGE = 0.3, 0.15, 10
MEMORY = Path("/dev/shm")
"""A disk would be waited for nine times a lead, which says nothing of sources."""
AGES = ((7, 14), (14, 28), (28, 56))
_RULE = SourceRule("", Action.BLOCK)
_NINETEEN = 1.645  # standard deviations, of twenty cases


class Told(NamedTuple):
    """How one vertical stood on an evening: rates by source and by seller, its own, and its weekly cohorts."""

    sources: Mapping[tuple[str, str], float]
    sellers: Mapping[str, float]
    base: float
    cohorts: Sequence[Cohort]

    def rate(self, seller: str, sub_id: str) -> float:
        return self.sources.get((seller, sub_id), self.sellers.get(seller, self.base))


class Evenings:
    """What was said each evening: `named` the first a sub id was found rotten, `blocked` that a rule shut it out;
    `held` those that are called rotten still, by how many days the stream is old.

    `acts`: a rule is switched on.
    """

    def __init__(self, began: int, acts: bool = True) -> None:
        self.began, self.acts = began, acts
        self.named: dict[Key, int] = {}
        self.blocked: dict[Key, int] = {}
        self.held: dict[int, frozenset[Key]] = {}
        self.told: dict[tuple[int, str], Told] = {}  # by the day that begins, and vertical

    async def __call__(self, market: Market) -> None:
        now, live = market.clock.now(), market.live.standings
        if not self.told and self.acts:
            await set_rule(market, _RULE, "The bench lets rules act", SYSTEM)
        live.at = live.counted_at = 0  # at once, whatever the time since the last look
        await keep_quality(market)
        await consider(market)
        day = -((self.began - now) // DAY_MS)  # the stream is so many days old, the last one perhaps in part
        open_ones = await market.db.read(read_measures, now + 1, 1_000)
        self.say(day, ((each.vertical, each.seller_id, each.sub_id) for each in open_ones))
        for each in open_ones:
            if each.state is MeasureState.IN_FORCE:
                self.blocked.setdefault((each.vertical, each.seller_id, each.sub_id), day)
        await told_of(self, market.db, live, now)

    def say(self, day: int, rotten: Iterable[Key]) -> None:
        """Those that are called rotten this evening."""
        self.held[day] = frozenset(rotten)
        for key in self.held[day]:
            self.named.setdefault(key, day)


async def told_of(evenings: Evenings, db: Db, held: Standings, now: int) -> None:
    """Write down how every vertical stands this evening."""
    for vertical, each in held.verticals.items():
        curves = held.curves[vertical]
        days = await db.read(week_sums, SYSTEM, vertical, 0, "", curves.silent, curves.promise.buyers)
        evenings.told[now // DAY_MS, vertical] = Told(
            {key: source.rates["conversion"].value for key, source in each.sources.items()},
            {key: source.rates["conversion"].value for key, source in each.sellers.items()},
            each.base["conversion"],
            cohorts(days, now / DAY_MS, curves),
        )


class Sent(NamedTuple):
    """One lead, as far as rotten sub ids are judged by it."""

    key: Key
    at: int
    fraud: bool


class Replayed(NamedTuple):
    """One stream, as it was answered and judged."""

    rows: Sequence[Row]
    truths: Mapping[str, Truth]
    sold: Sequence[Row]
    evenings: Evenings

    @property
    def sent(self) -> list[Sent]:
        return [Sent(key_of(row), row.at, self.truths[row.lead_id].kind == "fraud") for row in self.rows]

    @property
    def days(self) -> int:
        """So many of its evenings were looked at."""
        return max((day for day, _ in self.evenings.told), default=0) - self.evenings.began // DAY_MS


def replayed(
    stream: Path,
    truth: Path,
    lists: Path,
    evenings_of: Callable[[int], Evenings] = lambda began: Evenings(began),
    days: int | None = None,
) -> Replayed:
    """A stream and its truth, sent through, or the first days of it. `evenings_of` makes the evenings from the moment
    the stream begins."""
    truths = read_truths(truth)
    rows = [row for row in read_rows(stream) if row.lead_id in truths]
    evenings = evenings_of(rows[0].at)
    sent = [row for row in rows if days is None or row.at < rows[0].at + (days + 1) * DAY_MS]
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        seen = asyncio.run(replay(Path(folder), sent, truths, Cost(), lists, evenings))
    return Replayed(rows, truths, [each.row for each in seen if each.status == "accepted"], evenings)


def key_of(row: Row) -> Key:
    return row.vertical, seller_slug(row.seller_id), row.values.get("sub_id1", "")


class Found(NamedTuple):
    """By a day: rotten sub ids and those of them found; all that were ever named, and how many of those are not rotten;
    those that are named still, and how many of those are not, or are.

    `good_blocked` are good ones that a rule shut out.
    """

    rotten: int = 0
    found: int = 0
    named: int = 0
    wrongly: int = 0
    good_blocked: int = 0
    held: int = 0
    held_wrongly: int = 0

    def plus(self, other: Found) -> Found:
        return Found(*(one + more for one, more in zip(self, other, strict=True)))

    @property
    def recall(self) -> float:
        return self.found / self.rotten if self.rotten else 1.0

    @property
    def precision(self) -> float:
        return 1.0 - self.wrongly / self.named if self.named else 1.0

    @property
    def held_precision(self) -> float:
        return 1.0 - self.held_wrongly / self.held if self.held else 1.0


def shares(sent: Iterable[Sent], until: float = math.inf) -> dict[Key, tuple[float, int]]:
    """Of fraud in what each sub id sent, in all or before a moment, and how many leads that were."""
    leads: Counter[Key] = Counter()
    frauds: Counter[Key] = Counter()
    for each in sent:
        if each.at < until:
            leads[each.key] += 1
            frauds[each.key] += each.fraud
    return {key: (frauds[key] / count, count) for key, count in leads.items()}


def found_by(sent: Sequence[Sent], evenings: Evenings, day: int, large: int = LARGE, whole: bool = False) -> Found:
    """Rotten are sub ids that by then sent `large` leads, of which at least `ROTTEN_SHARE` are fraud.

    `whole`: of which that share is fraud in the whole stream, whatever came by then.
    """
    by_then, in_all = shares(sent, evenings.began + day * DAY_MS), shares(sent)
    judged = in_all if whole else by_then
    rotten = {key for key, (_, leads) in by_then.items() if leads >= large and judged[key][0] >= ROTTEN_SHARE}
    named = {key for key, at in evenings.named.items() if at <= day}
    wrongly = {key for key in named if max(in_all[key][0], by_then[key][0]) < ROTTEN_SHARE}
    blocked = {key for key, at in evenings.blocked.items() if at <= day and in_all[key][0] < GOOD_SHARE}
    held = evenings.held.get(max((at for at in evenings.held if at <= day), default=day), frozenset())
    counts = (len(rotten), len(rotten & named), len(named), len(wrongly), len(blocked))
    return Found(*counts, len(held), len(held & wrongly))


class Foretold(NamedTuple):
    """Rates of sources, as known the evening before, against what became of the leads that came.

    `floor` is the error that is to be expected of whoever knows each source's true rate, as so few leads came; in one
    of twenty streams it is over `luck`. Of `sources` with enough of them.
    """

    leads: int
    loss: float
    constant: float  # of one true rate for all
    ratio: float  # foretold for each that came
    error: float  # of the rates of sources, weighed by their leads
    floor: float
    luck: float
    sources: int

    @property
    def beyond(self) -> float:
        """The part of the error that is no chance."""
        return math.sqrt(max(self.error**2 - self.floor**2, 0.0))


def foretold(run: Replayed, from_day: int, large: int = 30) -> Foretold:
    cases: list[tuple[float, bool, Key]] = []
    for row in run.sold:
        held = run.evenings.told.get((row.at // DAY_MS, row.vertical))
        if held is not None and row.at >= run.evenings.began + from_day * DAY_MS:
            vertical, seller, sub_id = key_of(row)
            rate = min(max(held.rate(seller, sub_id), 1e-3), 1 - 1e-3)
            cases.append((rate, run.truths[row.lead_id].converted, (vertical, seller, sub_id)))
    came = sum(converted for _, converted, _ in cases)
    loss = -sum(math.log(rate if converted else 1 - rate) for rate, converted, _ in cases) / len(cases)
    base = came / len(cases)
    constant = -(base * math.log(base) + (1 - base) * math.log(1 - base))
    by_key: dict[Key, list[tuple[float, bool]]] = defaultdict(list)
    for rate, converted, key in cases:
        by_key[key].append((rate, converted))
    known = [each for each in by_key.values() if len(each) >= large]
    leads = max(sum(map(len, known)), 1)
    error = math.sqrt(sum(sum(rate - came for rate, came in each) ** 2 / len(each) for each in known) / leads)
    floor, luck = floor_of([(sum(came for _, came in each), len(each)) for each in known])
    return Foretold(
        len(cases), loss, constant, sum(rate for rate, _, _ in cases) / came, error, floor, luck, len(known)
    )


def floor_of(sources: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The error of rates that chance alone makes, from what came of how many leads of each source: expected, and what
    it is below in nineteen of twenty cases. The variance of one lead is estimated without bias.
    """
    leads = max(sum(of for _, of in sources), 1)
    parts = [came * (of - came) / (of * (of - 1)) / leads for came, of in sources]
    mean, spread = sum(parts), math.sqrt(2.0 * sum(part * part for part in parts))
    return math.sqrt(mean), math.sqrt(mean + _NINETEEN * spread)


def cohort_errors(run: Replayed, from_day: int) -> dict[tuple[int, int], tuple[float, float, float]]:
    """By age of weekly cohorts: the mean error of their rate as shown and as projected, and what share is shown."""
    final: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in run.sold:
        counts = final[row.vertical, _monday(row.at // DAY_MS)]
        counts[0] += run.truths[row.lead_id].converted
        counts[1] += 1
    errors: dict[tuple[int, int], list[tuple[float, float, float]]] = defaultdict(list)
    first = run.evenings.began // DAY_MS + from_day
    for (today, vertical), held in run.evenings.told.items():
        for cohort in held.cohorts:
            came, sold = final[vertical, cohort.day]
            age = today - cohort.day - 3.5
            for low, high in AGES:
                if max(cohort.day + 7, first) <= today and low <= age < high and came and cohort.sold:
                    shown, real = cohort.converted / cohort.sold, came / sold
                    errors[low, high].append((abs(shown - real), abs(cohort.conversion.value - real), shown / real))
    return {ages: _means(each) for ages, each in sorted(errors.items())}


def _means(errors: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    raw, projected, shown = (sum(each) / len(errors) for each in zip(*errors, strict=True))
    return raw, projected, shown


def _monday(day: int) -> int:
    return (day + 3) // 7 * 7 - 3


def mistakes(run: Replayed) -> Iterator[str]:
    """Every sub id that was named, and every rotten one that never was."""
    share = shares(run.sent)
    for key, day in sorted(run.evenings.named.items(), key=lambda each: each[1]):
        shut = f", shut out on day {run.evenings.blocked[key]}" if key in run.evenings.blocked else ""
        yield f"    day {day:3}: {key[1]} {key[2]}: {share[key][0]:.0%} of {share[key][1]} leads were fraud{shut}"
    for key in sorted(key for key, (bad, leads) in share.items() if bad >= ROTTEN_SHARE and leads >= LARGE):
        if key not in run.evenings.named:
            yield f"    never:   {key[1]} {key[2]}: {share[key][0]:.0%} of {share[key][1]} leads were fraud"

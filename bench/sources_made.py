"""Streams made from real base rows with seeds: sub ids of which some are rotten, and when each is found.

The sub ids are real (Olist's landing pages, segments of a bank's campaign), with their true sizes; who is rotten, when
fraud comes, what the screen misses and what buyers say of it are drawn, at the shares of the public stream. Fraud comes
in episodes, as bursts and farms do; good sub ids are hit by a burst too. Judged evening by evening.
"""

from __future__ import annotations

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.sources_olist import LEADS
from exchange.model.quality import DayWeight
from exchange.stages.quality.days import Curves, weights
from exchange.stages.quality.standing import Band, Standing, standing
from exchange.stages.quality.suspicion import TO_ACT, enough
from exchange.stages.score.exposure import estimate
from exchange.storage.quality_sums import BURST, SPANS

BANK = "uci_bank_full_noage.csv"
LEADS_MADE, DAYS, ROTTEN = 18_000, 56, 15
ROTTEN_SHARE = 0.3
LARGE = 20  # leads by week four, for a sub id to be judged
GOOD_SHARE = 0.15
_SEEN_BY_SCREEN, _BAD_IF_FRAUD, _BAD_IF_GOOD = 0.9, 0.9, 0.048
_OTHERWISE_REFUSED = 0.125
Key = tuple[str, str]


class Made(NamedTuple):
    """One lead: `state` is fraud (the screen refused it), other (another check did) or sold."""

    at: float
    vertical: str
    key: Key
    fraud: bool
    state: str
    bad_at: float | None


class Found(NamedTuple):
    """By an evening: rotten sub ids, those found, all that were named, wrongly, and good ones a rule would block."""

    by_day: int
    rotten: int
    found: int
    named: int
    wrongly: int
    good_blocked: int


def make(folder: Path, seed: int) -> list[Made]:
    """A stream of eight weeks, the earliest first."""
    draw = random.Random(seed)
    sizes = Counter(_base_rows(folder, draw))
    large = [each for each, size in sorted(sizes.items()) if 40 <= size <= 700]
    rotten = set(draw.sample(large, ROTTEN))
    leads: list[Made] = []
    for (vertical, key), size in sorted(sizes.items()):
        share = draw.uniform(0.32, 0.7) if (vertical, key) in rotten else _usual_share(draw)
        frauds = round(size * share)
        in_episodes = (vertical, key) in rotten or size > 100
        for at in _episodes(draw, frauds, in_episodes):
            leads.append(_fraud(draw, at, vertical, key))
        leads += [_other(draw, vertical, key) for _ in range(size - frauds)]
    good = [each for each in large if each not in rotten]
    for vertical, key in draw.sample(good, 5):  # one bad hour
        at = draw.uniform(2, 26)
        leads += [_fraud(draw, at + number / 300, vertical, key) for number in range(12)]
    return sorted(leads)


def _base_rows(folder: Path, draw: random.Random) -> Iterator[tuple[str, Key]]:
    with (folder / LEADS).open(newline="", encoding="utf-8") as lines:
        pages = [row for row in csv.DictReader(lines) if row["first_contact_date"] >= "2018"]
    with (folder / BANK).open(newline="", encoding="utf-8") as lines:
        bank = list(csv.DictReader(lines))
    for row in draw.sample(pages, min(LEADS_MADE // 3, len(pages))):
        yield "b2b_marketplace", (f"OL-{row['origin']}", row["landing_page_id"][:6])
    count = LEADS_MADE * 2 // 3
    begin = draw.randrange(len(bank) - count)
    for row in bank[begin : begin + count]:
        yield "term_deposit", (f"BK-{row['job']}", f"{row['job']}/{row['marital']}/{row['education']}")


def _usual_share(draw: random.Random) -> float:
    """Of fraud, in a sub id that is not rotten: few have more than a little."""
    kind = draw.random()
    return (
        draw.uniform(0.15, 0.28) if kind < 0.03 else draw.uniform(0.06, 0.15) if kind < 0.15 else draw.uniform(0, 0.05)
    )


def _episodes(draw: random.Random, count: int, together: bool) -> list[float]:
    found: list[float] = []
    while len(found) < count:
        at, size = draw.uniform(0, DAYS), draw.choice((1, 1, 1, 2, 5, 12, 18)) if together else 1
        found += [at + draw.random() for _ in range(min(size, count - len(found)))]
    return found


def _fraud(draw: random.Random, at: float, vertical: str, key: Key) -> Made:
    if draw.random() < _SEEN_BY_SCREEN:
        return Made(at, vertical, key, True, "fraud", None)
    return Made(at, vertical, key, True, "sold", _bad(draw, at, _BAD_IF_FRAUD))


def _other(draw: random.Random, vertical: str, key: Key) -> Made:
    at = draw.uniform(0, DAYS)
    if draw.random() < _OTHERWISE_REFUSED:
        return Made(at, vertical, key, False, "other", None)
    return Made(at, vertical, key, False, "sold", _bad(draw, at, _BAD_IF_GOOD))


def _bad(draw: random.Random, at: float, chance: float) -> float | None:
    """When a buyer says so: within a day that nobody real is behind it, or within a week by giving it back."""
    if draw.random() >= chance:
        return None
    return at + (draw.expovariate(2.5) if draw.random() < 0.5 else min(max(draw.gauss(4.2, 1.8), 1.0), 7.5))


def judge(leads: Sequence[Made], seed_days: Sequence[int] = (28, 56)) -> list[Found]:
    """Look every evening, and tell what was named by the evenings asked for."""
    named: set[tuple[str, Key]] = set()
    blocked: set[tuple[str, Key]] = set()
    truth: dict[tuple[str, Key], list[int]] = defaultdict(lambda: [0, 0])
    for lead in leads:
        truth[lead.vertical, lead.key][0] += 1
        truth[lead.vertical, lead.key][1] += lead.fraud
    share = {each: frauds / count for each, (count, frauds) in truth.items()}
    made = []
    for today in range(5, max(seed_days) + 1):
        for vertical, told in standings_at(leads, today).items():
            for key, source in told.sources.items():
                if source.band is Band.ROTTEN and source.suspicion is not None:
                    named.add((vertical, key))
                    if source.suspicion.steady > 0.99 and enough(source.suspicion.counts, TO_ACT):
                        blocked.add((vertical, key))
        if today in seed_days:
            counts = Counter((lead.vertical, lead.key) for lead in leads if lead.at < today)
            rotten = {each for each, size in counts.items() if share[each] >= ROTTEN_SHARE and size >= LARGE}
            right = {each for each in named if share[each] >= ROTTEN_SHARE}
            bad = [each for each in blocked if share[each] < GOOD_SHARE]
            made.append(Found(today, len(rotten), len(rotten & named), len(named), len(named) - len(right), len(bad)))
    return made


def standings_at(leads: Sequence[Made], today: int) -> dict[str, Standing]:
    past = [lead for lead in leads if lead.at < today]
    cases = [
        (lead.bad_at - lead.at, today - lead.at) for lead in past if lead.bad_at is not None and lead.bad_at < today
    ]
    by_day = {each.day: each for each in weights(today, Curves(bad=estimate(cases)))}
    found = {}
    for vertical in {lead.vertical for lead in past}:
        own = [lead for lead in past if lead.vertical == vertical]
        found[vertical] = standing(
            vertical, _sales(own, today, by_day), _posts(own, today, by_day), _bads(own, today, by_day), today
        )
    return found


def _known_bad(lead: Made, today: int) -> bool:
    return lead.bad_at is not None and lead.bad_at < today


def _sales(leads: Sequence[Made], today: int, by_day: Mapping[int, DayWeight]) -> list[dict[str, Any]]:
    """As `sale_sums` tells them."""
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    for lead in leads:
        if lead.state == "sold":
            weight, bad = by_day[int(lead.at)], _known_bad(lead, today)
            sums[lead.key].update(
                {
                    "sold": 1,
                    "heard": 1,
                    "bad": int(bad),
                    "bad_fading": (not bad) * weight.bad,
                    "bad_fading_long": (not bad) * weight.bad_long,
                    **_in_spans("sold", 1, lead.at, today),
                }
            )
    return [{**_NO_SALES, **sums[key], **_named(key)} for key in sums]


def _in_spans(name: str, count: int, at: float, today: int) -> dict[str, int]:
    return {f"{span}_{name}": count * (int(at) > today - days) for span, days in SPANS.items()}


def _posts(leads: Sequence[Made], today: int, by_day: Mapping[int, DayWeight]) -> list[dict[str, Any]]:
    """As `source_sums` tells them."""
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    for lead in leads:
        weight, fraud = by_day[int(lead.at)], lead.state == "fraud"
        sums[lead.key].update(
            {
                "leads": 1,
                "fraud": int(fraud),
                "refused": int(lead.state != "sold"),
                "leads_short": weight.short,
                "fraud_hits": fraud * weight.short,
                "clean_short": (not fraud) * weight.short,
                "clean_long": (not fraud) * weight.long,
                **_in_spans("leads", 1, lead.at, today),
            }
        )
    first = {lead.key: int(lead.at) for lead in reversed(leads)}
    return [{**_NO_POSTS, **sums[key], **_named(key), "first_day": first[key]} for key in sums]


def _bads(leads: Sequence[Made], today: int, by_day: Mapping[int, DayWeight]) -> list[dict[str, Any]]:
    """As `bad_sums` tells them."""
    days: dict[tuple[Key, int], Counter[str]] = defaultdict(Counter)
    for lead in leads:
        fraud, bad = lead.state == "fraud", _known_bad(lead, today)
        if fraud or bad:
            days[lead.key, int(lead.at)].update({"fraud": int(fraud), "bad": 1})
    sums: dict[Key, Counter[str]] = defaultdict(Counter)
    for (key, day), counts in days.items():
        capped = min(counts["bad"], BURST)
        fraud_counted = min(counts["fraud"], capped)
        sums[key].update({"told": capped, "days": 1})
        for fading, weight in (("short", by_day[day].short), ("long", by_day[day].long)):
            sums[key][f"fraud_{fading}"] += fraud_counted * weight
            sums[key][f"bad_{fading}"] += (capped - fraud_counted) * weight
        lately = {"bad": counts["bad"], "fraud": counts["fraud"], "steady": fraud_counted, "days": 1}
        for name, count in {**lately, "fraud_days": int(counts["fraud"] > 0)}.items():
            sums[key].update(_in_spans(name, count, day, today))
    return [{**_NO_BADS, **sums[key], **_named(key)} for key in sums]


def _named(key: Key) -> dict[str, str]:
    return {"seller_id": key[0], "sub_id": key[1], "currency": "USD"}


_NO_SALES: Mapping[str, Any] = dict.fromkeys(
    (
        "sold", "heard", "contacted", "converted", "ended", "returned", "bad", "price_units", "payout_units",
        "lost_units", "contact_hits", "contact_of", "conversion_hits", "conversion_fading", "conversion_ended",
        "conversion_open", "plain_fading", "plain_hits", "return_hits", "return_fading", "bad_fading",
        "bad_fading_long",
        *(f"{span}_sold" for span in SPANS),
    ),
    0,
)  # fmt: skip
_NO_POSTS: Mapping[str, Any] = dict.fromkeys(
    (
        "leads", "refused", "duplicate", "fraud", "passed", "bought", "leads_short", "refused_hits", "duplicate_hits",
        "fraud_hits", "clean_short", "clean_long", *(f"{span}_leads" for span in SPANS),
    ),
    0,
)  # fmt: skip
_NO_BADS: Mapping[str, Any] = dict.fromkeys(
    (
        "fraud_short", "fraud_long", "bad_short", "bad_long", "told", "days",
        *(f"{span}_{name}" for span in SPANS for name in ("bad", "fraud", "steady", "fraud_days", "days")),
    ),
    0,
)  # fmt: skip


def lines(folder: Path, seeds: int) -> Iterator[str]:
    """Over several streams together."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0] * 5)
    for seed in range(seeds):
        for each in judge(make(folder, seed)):
            counts = (each.rotten, each.found, each.named, each.wrongly, each.good_blocked)
            sums[each.by_day] = [one + other for one, other in zip(sums[each.by_day], counts, strict=True)]
    for by_day, (rotten, found, named, wrong, blocked) in sorted(sums.items()):
        asked = "  recall at least 0.85, precision at least 0.90" if by_day == 28 else ""
        yield (
            f"  rotten sub ids by week {by_day // 7}: recall {found / rotten:.3f} ({found} of {rotten}), precision "
            f"{1 - wrong / max(named, 1):.3f} ({named} named){asked}"
        )
        yield f"  good sub ids that a rule would block by week {by_day // 7}: {blocked}, none allowed"

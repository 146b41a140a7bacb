"""Long streams judged within seconds: not sent through the flows, but as whole replays were measured to see them.

Which sub ids are rotten, when their leads come and which of them are fraud are those of the stream of the same seed
(`stream_made`). What the screen sees of fraud and what other checks refuse is drawn at the shares of whole replays, and
what buyers say as the stream draws it. Every evening sub ids are judged by the exchange's own rule.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from bench.quality_stream import DAY_MS
from bench.sources_replay import Evenings, Key, Sent
from bench.stream_made import DAYS, Base, without_people
from exchange.demo.stream import epoch_ms, seller_slug
from exchange.model.quality import MONTH_DAYS, PAST_DAYS, DayWeight
from exchange.stages.quality.days import Curves, weights
from exchange.stages.quality.measures import is_past
from exchange.stages.quality.suspicion import Counts, Month, Shares, suspicions
from exchange.stages.score.exposure import estimate
from exchange.storage.quality_sums import BURST

_SEEN: Mapping[str, float] = {"lead_farm": 1.0, "velocity_burst": 0.92}
_SEEN_ALONE = 0.98  # of lone fraud
_REFUSED: Mapping[str, float] = {"bad": 0.75, "duplicate": 0.9}  # by other checks
_BAD_WORDS = ("bad_number", "wrong_person", "returned")


@dataclass(slots=True)
class Day:
    """What one sub id sent on a day; `bad` of the sold ones were called so by now."""

    leads: int = 0
    fraud: int = 0
    sold: int = 0
    bad: int = 0


class Word(NamedTuple):
    """A buyer calls a sold lead bad."""

    at: int
    key: Key
    sent_at: int


@dataclass(slots=True)
class Book:
    """What is counted so far, by sub id and day."""

    days: dict[Key, dict[int, Day]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Day)))
    lags: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))  # said and sent at


def sketched(folder: Path, seed: int) -> tuple[list[Sent], Evenings]:
    """The stream of a seed, and what was said of it each evening."""
    draw, sent, words = random.Random(f"sketch {seed}"), list[Sent](), list[Word]()
    posts: list[tuple[Sent, str]] = []
    for each, at, truth in without_people(folder, seed):
        key = (each.vertical, seller_slug(each.seller), each.sub_id)
        lead = Sent(key, at, each.kind == "fraud")
        fate = _fate(each, draw)
        bad = [epoch_ms(told["ts"]) for told in truth["dispositions"] if told["status"] in _BAD_WORDS]
        if fate == "sold" and bad:
            words.append(Word(min(bad), key, at))
        sent.append(lead)
        posts.append((lead, fate))
    evenings = Evenings(sent[0].at)
    _lived(evenings, posts, sorted(words))
    return sent, evenings


def _fate(each: Base, draw: random.Random) -> str:
    luck = draw.random()
    if each.kind == "fraud":
        return "fraud" if luck < _SEEN.get(each.dirt, _SEEN_ALONE) else "sold"
    return "refused" if luck < _REFUSED.get(each.kind, 0.0) else "sold"


def _lived(evenings: Evenings, posts: Sequence[tuple[Sent, str]], words: Sequence[Word]) -> None:
    book, said, held = Book(), 0, frozenset[Key]()
    first = evenings.began // DAY_MS
    for day, of_day in groupby(posts, key=lambda post: post[0].at // DAY_MS):
        while said < len(words) and words[said].at < day * DAY_MS:
            word, said = words[said], said + 1
            book.days[word.key][word.sent_at // DAY_MS].bad += 1
            book.lags[word.key[0]].append((word.at, word.sent_at))
        if day > first:
            held = _judged(book, day, held)
            evenings.say(day - first, held)
        for lead, fate in of_day:
            each = book.days[lead.key][day]
            each.leads += 1
            each.fraud += fate == "fraud"
            each.sold += fate == "sold"
    held = _judged(book, first + DAYS, held)
    evenings.say(DAYS, held)


def _judged(book: Book, today: int, held: frozenset[Key]) -> frozenset[Key]:
    """Those that are called rotten this evening."""
    rotten: set[Key] = set()
    for vertical in {key[0] for key in book.days}:
        cases = [((at - sent) / DAY_MS, today - sent / DAY_MS) for at, sent in book.lags[vertical]]
        weighed = {each.day: each for each in weights(today, Curves(bad=estimate(cases, 2.0)))}
        own = {key[1:]: _counts(days, weighed, today) for key, days in book.days.items() if key[0] == vertical}
        for (seller_id, sub_id), suspicion in suspicions(own).items():
            key = (vertical, seller_id, sub_id)
            if suspicion.rotten or (key in held and not is_past(suspicion)):
                rotten.add(key)
    return frozenset(rotten)


def _counts(days: Mapping[int, Day], weighed: Mapping[int, DayWeight], today: int) -> Counts:
    """As the sums of the storage tell them."""
    bad_ones = [(day, min(each.fraud + each.bad, BURST), each) for day, each in days.items() if each.fraud + each.bad]
    found = []
    for fading, good in (("short", "bad"), ("long", "bad_long")):
        fraud = sum(min(each.fraud, most) * getattr(weighed[day], fading) for day, most, each in bad_ones)
        bad = sum(max(most - each.fraud, 0) * getattr(weighed[day], fading) for day, most, each in bad_ones)
        passed = sum((each.leads - each.fraud) * getattr(weighed[day], fading) for day, each in days.items())
        sold = sum((each.sold - each.bad) * getattr(weighed[day], good) for day, each in days.items())
        found.append(Shares(*(each / 1e6 for each in (fraud, passed, bad, sold))))
    leads, told = sum(each.leads for each in days.values()), sum(most for _, most, _ in bad_ones)
    month, past = (_month(days, today, length) for length in (MONTH_DAYS, PAST_DAYS))
    short, long = found
    return Counts(short, long, month, told, leads, len(bad_ones), past)


def _month(days: Mapping[int, Day], today: int, length: int) -> Month:
    since = today - length + 1
    own = [each for day, each in days.items() if day >= since]
    bad_ones = [each for each in own if each.fraud + each.bad]
    return Month(
        sum(each.leads for each in own),
        sum(each.sold for each in own),
        today - max(min(days), since) + 1,
        sum(each.fraud for each in own),
        sum(min(each.fraud, BURST) for each in own),
        sum(each.fraud > 0 for each in own),
        sum(each.bad for each in own),
        len(bad_ones),
    )

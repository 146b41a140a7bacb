"""Who acts in the demo: how sellers send, how buyers bid, how fast they answer, how they misbehave. Read from a file.

A buyer's decision is a function of (seed, buyer, reference of the lead): the same lead meets the same buyer again.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from exchange.demo.dialects import DIALECTS
from exchange.demo.shapes import Source
from exchange.yaml_files import load

Percent = Field(ge=0, le=100)
REFUSALS = ("not in our area this week", "outside our criteria", "enough leads of this kind", "score too low")
DUPLICATES = ("lead exists in CRM (90 days)", "same phone within 30 days")
QUANTILE_95 = 1.645  # standard deviations from the median to the 95th percentile


def _known_dialect(name: str) -> str:
    if name not in DIALECTS:
        raise ValueError(f"dialects are {', '.join(DIALECTS)}")
    return name


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(Shape):
    id: str
    name: str
    share_percent: int = Percent  # of the reseller's bid


class Latency(Shape):
    median: int = Field(ge=0, le=10_000)
    p95: int = Field(ge=0, le=30_000)


class Trouble(Shape):
    """From `after_s` seconds after the start, answers take `latency_ms`; None means no answer at all. It lasts `for_s`,
    or until the next. Before the start, in the made past, `after_s` is negative.
    """

    after_s: int
    for_s: int | None = Field(default=None, ge=1)
    latency_ms: int | None = Field(default=None, ge=0)

    def is_on(self, running_s: float) -> bool:
        return running_s >= self.after_s and (self.for_s is None or running_s < self.after_s + self.for_s)


class Mood(Shape):
    """From `after_s` seconds after the start, a buyer bids so many cents on so many pings; None: as it usually does."""

    after_s: int
    bid_percent: int | None = Field(default=None, ge=0, le=100)
    bid_cents: int | None = Field(default=None, ge=0)


class Shaving(Shape):
    """From so many days before the start a buyer takes fewer of the leads it won, and calls more of them duplicates."""

    days: int = Field(ge=1, le=60)
    accept_percent: int = Percent
    duplicate_percent: int = Percent


class Personality(Shape):
    """One buyer's behaviour. Bids are in cents; percents are of pings for bids and of posts for the rest."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")
    port: int = Field(ge=0, le=65_535)
    dialect: Annotated[str, AfterValidator(_known_dialect)]
    reference_field: str  # the name under which requests carry the exchange's reference
    ping_field: str  # the name under which a post repeats the id this buyer gave to the ping
    price_field: str = "price"  # the name under which a post repeats the price it was won at
    prefix: str  # of the references this buyer gives
    bid_cents_least: int = Field(ge=0)
    bid_cents_most: int = Field(ge=0)
    bid_percent: int = Percent
    accept_percent: int = Percent
    duplicate_percent: int = Field(default=0, ge=0, le=100)  # of the refused posts
    lost_percent: int = Field(default=0, ge=0, le=100)  # takes the lead, then drops the connection
    silent_percent: int = Field(default=0, ge=0, le=100)  # takes the lead, then says nothing
    odd_percent: int = Field(default=0, ge=0, le=100)  # of the pings without a bid: a word nobody was told of
    latency_ms: Latency
    troubles: tuple[Trouble, ...] = ()
    moods: tuple[Mood, ...] = ()
    shaves: Shaving | None = None
    brands: tuple[Brand, ...] = ()
    redirect: str | None = None


class Rush(Shape):
    """So many leads one after another, so many hours before the start: an advertisement was on television."""

    hours_before: int = Field(ge=1)
    leads: int = Field(ge=1, le=200)
    every_s: int = Field(ge=1)


class Shared(Shape):
    """Of so many percent of the leads the consumer came by the campaign `of` before."""

    of: str
    percent: int = Percent


class SellerHabits(Shape):
    """How one campaign sends leads: how many of all (`share`), in which format, by which calls, how clean. `rush` and
    `shared` are of the made past.
    """

    campaign: str
    share: int = Field(ge=1)
    formats: tuple[Literal["form", "json", "xml"], ...] = Field(min_length=1)
    calls: tuple[Literal["ping_post", "pingpost", "post"], ...] = Field(min_length=1)
    gives_up_percent: int = Field(default=0, ge=0, le=100)  # of the good pings: the seller sold it elsewhere
    mode: Literal["live", "test"] = "live"
    sub_ids: dict[str, int] = Field(min_length=1)
    states: dict[str, int] = Field(min_length=1)
    landing_pages: tuple[str, ...] = Field(min_length=1)
    dirt_bp: dict[str, int] = Field(default_factory=dict)
    junk_sub_id: str | None = None
    rush: Rush | None = None
    shared: Shared | None = None
    zone: str = "America/New_York"

    @property
    def source(self) -> Source:
        return Source(self.sub_ids, self.states, self.landing_pages, self.dirt_bp, self.junk_sub_id, self.zone)


ACTORS = ("buyers", "sellers")


class Cast(Shape):
    buyers: tuple[Personality, ...] = Field(min_length=1)
    sellers: tuple[SellerHabits, ...] = ()


def read_cast(path: Path) -> Cast:
    """The actors of a file and of those beside it in the folder of its name.

    A problem in one is a `ValueError` that lists every one.
    """
    parts = [load(each.read_text(encoding="utf-8")) for each in with_parts(path)]
    return Cast.model_validate({name: [who for part in parts for who in part.get(name, ())] for name in ACTORS})


def with_parts(path: Path) -> list[Path]:
    """A file, and those in the folder of its name (`market.yaml`, `market/faxes.yaml`), in the order of their names."""
    return [path, *sorted(path.with_suffix("").glob("*.yaml"))]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a buyer will do with one request. `cents` 0 means no; `odd`: said in a word nobody was told of.

    `answers` False: nothing is said after receipt.
    """

    cents: int
    accepts: bool
    duplicate: bool
    reference: str
    reason: str
    latency_ms: int
    answers: bool
    drops: bool
    odd: bool = False


def react(who: Personality, seed: int, stage: str, token: str, running_s: float) -> Reaction:
    """The decision on `token` (the lead's reference) at a stage (ping, post, ask), `running_s` into the demo.

    The demo's past is before that: negative.
    """
    takes = who.shaves if who.shaves is not None and running_s >= -who.shaves.days * 86_400 else who
    rng = random.Random(f"{seed}:{who.name}:{token}")
    percent, fixed_cents = _mood(who, running_s)
    bids = rng.randrange(100) < percent
    cents = rng.randint(who.bid_cents_least, max(who.bid_cents_least, who.bid_cents_most))
    cents = cents if fixed_cents is None else fixed_cents
    accepts = rng.randrange(100) < takes.accept_percent
    duplicate = rng.randrange(100) < takes.duplicate_percent
    reference = f"{who.prefix}{rng.randrange(10_000_000):07d}"
    reason = rng.choice(DUPLICATES if duplicate and stage != "ping" else REFUSALS)
    fate = rng.randrange(100)
    wait = random.Random(f"{seed}:{who.name}:{token}:{stage}")
    latency_ms, alive = _latency(who, wait, running_s)
    drops = stage == "post" and accepts and fate < who.lost_percent
    silent = stage == "post" and accepts and not drops and fate < who.lost_percent + who.silent_percent
    odd = random.Random(f"{seed}:{who.name}:{token}:odd").randrange(100) < who.odd_percent
    return Reaction(
        cents if bids else 0, accepts, duplicate, reference, reason, latency_ms, alive and not silent, drops, odd
    )


def _mood(who: Personality, running_s: float) -> tuple[int, int | None]:
    """On how many of a hundred pings it bids now, and how much, when that is not drawn."""
    now = max((each for each in who.moods if running_s >= each.after_s), key=lambda each: each.after_s, default=None)
    if now is None:
        return who.bid_percent, None
    return who.bid_percent if now.bid_percent is None else now.bid_percent, now.bid_cents


def _latency(who: Personality, rng: random.Random, running_s: float) -> tuple[int, bool]:
    for trouble in sorted(who.troubles, key=lambda each: -each.after_s):
        if trouble.is_on(running_s):
            return trouble.latency_ms or 0, trouble.latency_ms is not None
    median, p95 = who.latency_ms.median, who.latency_ms.p95
    if median == 0:
        return 0, True
    spread = math.log(max(p95, median) / median) / QUANTILE_95
    return int(median * math.exp(rng.gauss(0.0, spread))), True

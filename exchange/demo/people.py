"""Made-up consumers and the leads they leave, the same for the same seed.

Everything about one person agrees: the ZIP lies in the city, the area code in the state, the mail address carries the
name. Phones use exchanges no subscriber has, mail goes to `*.example`, IP addresses are documentation ranges.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exchange.demo import dirt
from exchange.demo.media import tags_of
from exchange.demo.names import (
    ADDRESS_BLOCKS,
    CONSENT_TEXT,
    FIRST_NAMES,
    LAST_NAMES,
    MAIL_DOMAINS,
    STREET_KINDS,
    STREET_NAMES,
    USER_AGENTS,
)
from exchange.demo.plausible import TRAPS, plausible, weighted
from exchange.demo.shapes import GeneratedLead, Home, Homes, Source
from exchange.model.attribution import CLICK_IDS, UTM
from exchange.model.vertical import FieldSpec, Presence, Vertical

# Leads by local hour, percent of the busiest hour: people fill in forms between breakfast and bed.
HOURLY = (14, 9, 6, 5, 6, 12, 26, 45, 64, 80, 92, 98, 100, 96, 92, 90, 88, 90, 94, 97, 92, 74, 48, 27)
EVEN = (100,) * 24
BASIS = 10_000
HUMAN_FORM_SECONDS = (14, 240, 48)  # least, most, mode
PAUSE_MS = (250, 4_000, 1_200)  # between the answer to a ping and the post


def generate(
    seed: int,
    vertical: Vertical,
    homes: Homes,
    source: Source,
    *,
    starts_at: int,
    per_minute: float,
    hourly: Sequence[int] = HOURLY,
) -> Iterator[GeneratedLead]:
    """Leads without end from `starts_at` (epoch ms), `per_minute` on average over a day, denser by day.

    `hourly` has 24 percents of the busiest hour; `EVEN` makes every hour alike. The same arguments give the same leads.
    Bursts of junk come on top of the rate.
    """
    rng = random.Random(f"{seed}:{vertical.name}:{sorted(source.sub_ids)}")
    spoil = dirt.Spoiler(vertical, homes, source.dirt_bp)
    phones: set[str] = set()
    earlier: list[GeneratedLead] = []
    waiting: list[tuple[int, int, GeneratedLead]] = []  # a burst overlaps the leads that follow it
    made, number = 0, 0
    for at in arrivals(rng, starts_at, per_minute, source.zone, hourly):
        clean = _lead(rng, at, vertical, homes, source, phones)
        lead = spoil(rng, clean, earlier)
        earlier = [*earlier[-199:], lead]
        fresh = [lead]
        if source.junk_sub_id and rng.randrange(BASIS) < source.dirt_bp.get("junk_burst", 0):
            fresh += dirt.burst(rng, clean, source.junk_sub_id)
        for each in fresh:
            made += 1
            heapq.heappush(waiting, (each.arrived_at, made, each))
        while waiting and waiting[0][0] <= at:
            number += 1
            yield replace(heapq.heappop(waiting)[2], number=number)


def arrivals(
    rng: random.Random, starts_at: int, per_minute: float, zone: str, hourly: Sequence[int] = HOURLY
) -> Iterator[int]:
    """Epoch milliseconds of a Poisson process whose rate follows the hours of `zone` (thinned from the busiest)."""
    assert per_minute > 0
    local = ZoneInfo(zone)
    busiest = per_minute * 100 * len(hourly) / sum(hourly)
    at = float(starts_at)
    while True:
        at += -math.log(1.0 - rng.random()) / busiest * 60_000
        if rng.randrange(100) < hourly[datetime.fromtimestamp(at / 1000, local).hour]:
            yield int(at)


@dataclass(frozen=True, slots=True)
class Person:
    first_name: str
    last_name: str
    email: str
    phone: str
    address: str
    home: Home


def person(rng: random.Random, homes: Homes, states: Mapping[str, int], phones: set[str]) -> Person:
    """Somebody new: `phones` holds the numbers given out so far and gains one."""
    home = rng.choice(homes.in_state(weighted(rng, states)))
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    phone = _phone(rng, home.area_codes, phones)
    local = f"{first}.{last}".lower().replace("'", "")
    return Person(
        first_name=first,
        last_name=last,
        email=f"{local}{rng.randint(1, 99_999)}@{rng.choice(MAIL_DOMAINS)}",
        phone=phone,
        address=f"{rng.randint(11, 9_899)} {rng.choice(STREET_NAMES)} {rng.choice(STREET_KINDS)}",
        home=home,
    )


def _phone(rng: random.Random, area_codes: Sequence[str], taken: set[str]) -> str:
    """A number of an exchange that has no subscribers: 958 and 959 are the telephone companies' own for tests."""
    while True:
        phone = f"{rng.choice(area_codes)}{rng.choice(('958', '959'))}{rng.randrange(10_000):04d}"
        if phone not in taken:
            taken.add(phone)
            return phone


def _lead(
    rng: random.Random,
    at: int,
    vertical: Vertical,
    homes: Homes,
    source: Source,
    phones: set[str],
) -> GeneratedLead:
    who = person(rng, homes, source.states, phones)
    values = _about(who, rng) | _visit(rng, at, source)
    values |= tags_of(values["seller_lead_id"])
    if "consented_buyers" in vertical.consent.required:
        values["consented_buyers"] = NAMED_COMPANY
    today = datetime.fromtimestamp(at / 1000, ZoneInfo(source.zone)).date()
    for spec in vertical.fields:
        if spec.name not in values and _filled(spec, rng):
            values[spec.name] = plausible(spec, rng, values, today)
    wanted = {spec.name for spec in vertical.fields} | SENT_ALWAYS
    kept = {name: text for name, text in values.items() if name in wanted and text}
    return GeneratedLead(0, vertical.name, at, int(rng.triangular(*PAUSE_MS)), kept)


SENT_ALWAYS = frozenset({"sub_id1", "seller_lead_id", "landing_page_url", "ip_address", "user_agent"}) | frozenset(
    {"trustedform_cert_url", "tcpa_consent", "tcpa_consent_text", "tcpa_consent_at", "jornaya_leadid"}
    | {"consent_page_url", "consented_buyers", "visitor_id", *UTM, *CLICK_IDS}
)
NAMED_COMPANY = "Juniper Health Plans"  # where a consent must name a company


def _filled(spec: FieldSpec, rng: random.Random) -> bool:
    if spec.name in TRAPS:
        return False
    return Presence.REQUIRED in (spec.ping, spec.post) or rng.random() < 0.6


def _about(who: Person, rng: random.Random) -> dict[str, str]:
    return {
        "first_name": who.first_name,
        "last_name": who.last_name,
        "email": who.email,
        "phone": who.phone,
        "address": who.address,
        "city": who.home.city,
        "state": who.home.state,
        "zip": who.home.zip,
        "country": "US",
    }


def _visit(rng: random.Random, at: int, source: Source) -> dict[str, str]:
    """What the form saw: the browser, the page, and the consent given a few seconds before the lead was sent."""
    agreed = datetime.fromtimestamp(at / 1000 - rng.randint(2, 9), UTC)
    return {
        "sub_id1": weighted(rng, source.sub_ids),
        "seller_lead_id": f"{rng.getrandbits(40):010x}",
        "landing_page_url": rng.choice(source.landing_pages),
        "ip_address": f"{rng.choice(ADDRESS_BLOCKS)}.{rng.randint(1, 254)}",
        "user_agent": rng.choice(USER_AGENTS),
        "form_ms": str(int(1_000 * rng.triangular(*HUMAN_FORM_SECONDS))),
        "trustedform_cert_url": f"https://cert.trustedform.com/{rng.getrandbits(160):040x}",
        "jornaya_leadid": _uuid(rng),
        "consent_page_url": source.landing_pages[0],
        "tcpa_consent": "yes",
        "tcpa_consent_text": CONSENT_TEXT,
        "tcpa_consent_at": agreed.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032X}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

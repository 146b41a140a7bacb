"""Price rules of contracts and payout tiers of campaigns: their text, one rule a line, and which of them fits a lead.

    grade=A,B state=AZ,CA hours=8:00-18:00 days=mon-fri -> 24.00
    band=strong -> 26.00/13.00
    grade=D,E,F -> 60%

Left of the arrow stands when: `grade`, `band` (strong, usual, weak, rotten), `state`, `hours` and `days` in the
contract's zone; all of them must hold, and the first line that fits is used. Right of it stands the price, with that of
a shared sale behind a slash; of a payout tier an amount, a percent of the price, or both with a plus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.model.money import BadMoney, Money
from exchange.model.party import Campaign, Payout, PayoutTier, PriceRule, When
from exchange.stages.quality.standing import Band
from exchange.stages.schedule import DAY_MINUTES
from exchange.stages.score.grade import GRADES

RULES_MOST = 50
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BANDS = tuple(band.value for band in Band)
_HOURS = re.compile(r"(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?")
_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?%")
HOLDOUT_MOST_BP = 5_000


class BadRule(ValueError):
    """A line that is no rule; the sentence says which and why."""


class Moment(NamedTuple):
    """What rules look at: a lead's grade and state, its source's band, and the time (epoch ms)."""

    grade: str | None
    band: str
    state: str | None
    at: int


def fits(when: When, moment: Moment, zone: str) -> bool:
    """Whether every condition holds."""
    if when.grades and moment.grade not in when.grades:
        return False
    if when.bands and moment.band not in when.bands:
        return False
    if when.states and moment.state not in when.states:
        return False
    if when.opens == when.closes and not when.days:
        return True
    local = datetime.fromtimestamp(moment.at // 1000, ZoneInfo(zone))
    if when.days and local.weekday() not in when.days:
        return False
    minute = local.hour * 60 + local.minute
    if when.opens < when.closes:
        return when.opens <= minute < when.closes
    return when.opens == when.closes or minute >= when.opens or minute < when.closes  # through midnight


def rule_for(rules: Sequence[PriceRule], moment: Moment, zone: str) -> PriceRule | None:
    """The first rule that fits."""
    return next((rule for rule in rules if fits(rule.when, moment, zone)), None)


def tier_for(tiers: Sequence[PayoutTier], moment: Moment) -> PayoutTier | None:
    """The first tier that fits; time is no part of them."""
    return next((tier for tier in tiers if fits(tier.when, moment, "UTC")), None)


def parse_rules(text: str, currency: str) -> tuple[PriceRule, ...]:
    """Raises `BadRule` for the first line that is none."""
    rules = []
    for number, line in _lines(text):
        when, _, worth = line.rpartition("->")
        price, _, shared = worth.partition("/")
        rules.append(
            PriceRule(
                _when(when, number, True),
                _money(price, currency, number),
                _money(shared, currency, number) if shared.strip() else None,
            )
        )
    return tuple(rules)


def parse_tiers(text: str, currency: str) -> tuple[PayoutTier, ...]:
    """Raises `BadRule` for the first line that is none."""
    tiers = []
    for number, line in _lines(text):
        when, _, worth = line.rpartition("->")
        tiers.append(PayoutTier(_when(when, number, False), _payout(worth, currency, number)))
    return tuple(tiers)


class Floors(NamedTuple):
    """Least prices by state; `holdout_bp` of the leads of those states keep the campaign's own floor."""

    by_state: tuple[tuple[str, Money], ...] = ()
    holdout_bp: int = 0


def parse_floors(text: str, currency: str) -> Floors:
    """Floors by state, `AZ -> 14.00` a line, and `holdout -> 10%` once. Raises `BadRule`."""
    floors: dict[str, Money] = {}
    holdout: int | None = None
    for number, line in _lines(text):
        state, _, worth = line.rpartition("->")
        code = state.strip().upper()
        if code == "HOLDOUT" and holdout is None:
            holdout = _holdout(worth.strip(), number)
            continue
        if len(code) != 2 or not code.isalpha() or code in floors:
            raise BadRule(f"Line {number}: begin with a state's two letters, or holdout, each once.")
        floors[code] = _money(worth, currency, number)
    if holdout and not floors:
        raise BadRule("A hold-out needs the floor of a state beside it.")
    return Floors(tuple(sorted(floors.items())), holdout or 0)


def _holdout(text: str, number: int) -> int:
    share = _basis_points(text)
    if share is None or share > HOLDOUT_MOST_BP:
        raise BadRule(f"Line {number}: a hold-out is 0% to {HOLDOUT_MOST_BP // 100}% of the leads.")
    return share


def floors_text(floors: Floors) -> str:
    lines = [f"{state} -> {floor.text}" for state, floor in floors.by_state]
    share = floors.holdout_bp
    if share:
        lines.append(f"holdout -> {share // 100}{f'.{share % 100:02d}' if share % 100 else ''}%")
    return "\n".join(lines)


def floors_of(campaign: Campaign) -> Floors:
    return Floors(campaign.floors, campaign.floor_holdout_bp)


def rule_text(rule: PriceRule) -> str:
    shared = f"/{rule.shared_price.text}" if rule.shared_price is not None else ""
    return f"{_when_text(rule.when)} -> {rule.price.text}{shared}".strip()


def tier_text(tier: PayoutTier) -> str:
    return f"{_when_text(tier.when)} -> {payout_text(tier.payout)}".strip()


def payout_text(payout: Payout) -> str:
    """`12.00`, `75%` or `5.00+40%`."""
    percent = f"{payout.share_bp // 100}.{payout.share_bp % 100:02d}".removesuffix(".00") + "%"
    if not payout.share_bp:
        return payout.fixed.text
    return percent if not payout.fixed.units else f"{payout.fixed.text}+{percent}"


@lru_cache(maxsize=1_024)
def shown(rule: PriceRule) -> str:
    """What a rule asks for, as a record tells it."""
    return _when_text(rule.when) or "always"


def _lines(text: str) -> Iterable[tuple[int, str]]:
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > RULES_MOST:
        raise BadRule(f"At most {RULES_MOST} rules, not {len(lines)}.")
    for number, line in lines:
        if "->" not in line:
            raise BadRule(f"Line {number}: write conditions, an arrow (->) and what is paid.")
        yield number, line


def _when(text: str, number: int, timed: bool) -> When:
    grades: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    opens = closes = 0
    for part in text.split():
        name, _, value = part.partition("=")
        values = tuple(each.strip() for each in value.split(",") if each.strip())
        match name.lower():
            case "grade":
                grades = _among(tuple(each.upper() for each in values), GRADES, name, number)
            case "band":
                bands = _among(tuple(each.lower() for each in values), _BANDS, name, number)
            case "state" if timed:
                states = tuple(each.upper() for each in values)
                if not values or not all(len(each) == 2 and each.isalpha() for each in states):
                    raise BadRule(f"Line {number}: state takes two-letter codes such as AZ,CA.")
            case "hours" if timed:
                opens, closes = _hours(value, number)
            case "days" if timed:
                days = _days(values, number)
            case _:
                known = "grade, band, state, hours, days" if timed else "grade, band"
                raise BadRule(f"Line {number}: {part[:20]!r} is no condition. There are {known}.")
    return When(grades, bands, states, days, opens, closes)


def _among(values: tuple[str, ...], known: Sequence[str], name: str, number: int) -> tuple[str, ...]:
    if not values or not set(values) <= set(known):
        raise BadRule(f"Line {number}: {name} is one or more of {', '.join(known)}.")
    return values


def _hours(value: str, number: int) -> tuple[int, int]:
    found = _HOURS.fullmatch(value)
    told = BadRule(f"Line {number}: hours are from-to, such as 8:00-18:00.")
    if found is None:
        raise told
    opens = int(found[1]) * 60 + int(found[2] or 0)
    closes = int(found[3]) * 60 + int(found[4] or 0)
    if not (0 <= opens < DAY_MINUTES and 0 <= closes <= DAY_MINUTES and opens != closes):
        raise told
    return opens, closes


def _days(values: tuple[str, ...], number: int) -> tuple[int, ...]:
    found: set[int] = set()
    for value in values:
        first, _, last = value.lower().partition("-")
        if first not in _DAYS or (last and last not in _DAYS):
            raise BadRule(f"Line {number}: days are {', '.join(_DAYS)}, or from-to such as mon-fri.")
        begin = _DAYS.index(first)
        count = (_DAYS.index(last) - begin) % 7 if last else 0
        found |= {(begin + step) % 7 for step in range(count + 1)}
    return tuple(sorted(found))


def _money(text: str, currency: str, number: int) -> Money:
    try:
        money = Money.parse(text.strip(), currency)
    except BadMoney:
        raise BadRule(f"Line {number}: {text.strip()[:20]!r} is no amount such as 24.00.") from None
    if money.units < 0:
        raise BadRule(f"Line {number}: an amount is never negative.")
    return money


def _payout(text: str, currency: str, number: int) -> Payout:
    fixed, share = Money.zero(currency), 0
    for part in text.split("+"):
        found = _basis_points(part.strip())
        if found is None:
            fixed = fixed + _money(part, currency, number)
            continue
        share += found
    if share > 10_000:
        raise BadRule(f"Line {number}: a payout is at most 100 percent.")
    return Payout(fixed, share)


def _basis_points(text: str) -> int | None:
    """Of a share such as 7.5%; None for anything else."""
    found = _PERCENT.fullmatch(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0") or 0) if found is not None else None


def _when_text(when: When) -> str:
    parts = [f"grade={','.join(when.grades)}"] if when.grades else []
    parts += [f"band={','.join(when.bands)}"] if when.bands else []
    parts += [f"state={','.join(when.states)}"] if when.states else []
    if when.opens != when.closes:
        parts.append(f"hours={_clock(when.opens)}-{_clock(when.closes)}")
    parts += [f"days={','.join(_DAYS[day] for day in when.days)}"] if when.days else []
    return " ".join(parts)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"

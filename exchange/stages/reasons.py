"""The words for every failed check, in one place: the console, `exchange why` and the API render the same sentence.

A check keeps two short texts for ever, `got` and `required`. What they hold, by check:

| check           | got                                | required                             |
|-----------------|------------------------------------|--------------------------------------|
| contract_active | `paused by pat@… since 09:12 EST: CRM migration`, `deleted` | `active`    |
| buyer_active    | `on vacation until Mon 23 Nov`, or as above | `active`                    |
| mode            | `test`                             | `live`                               |
| schedule        | `07:14 MST`                        | `08:00 MST`, or `never`              |
| filter:a        | `$101 to $150`, or `no a`          | `$150 or more`                       |
| filter:a|b      | `no a; b no`                       | `a $150 or more, or b yes`           |
| geo             | `ZIP 85016; state CA`              | `in its 212 ZIPs; not in CA`         |
| source          | `sub ID pop-19`, `Cedar Digital`   | `listed`, or `not blocked`           |
| grade           | `C (55)`, or `none`                | `B`                                  |
| consent         | `none`                             | `jornaya_leadid`                     |
| named_seller    | `3 companies`, `nobody`, `nobody yet` | `Northsun Solar`                     |
| quiet_hours     | a sentence                         | `calling hours`                      |
| duplicate_buyer | `phone on 2 Nov`                   | `30 days`                            |
| suppression     | `customers.csv`                    | `not listed`                         |
| conflict        | `Helio One`                        | `another group`, or `another company`|
| cap:day, budget | `40 at 09:02:51 EST`, or `$480.00 + $25.00` | `40`, or `$500.00`                   |
| pacing          | `12`, or `$120.00`                 | `12`, or `$125.00`: by now           |
| balance         | `$12.40`                           | `$25.00`                             |
| price           | `fixed $7.00`, `bid $7.00`, `EUR`  | `$8.00`, or `USD`                    |
| health          | a sentence                         | `in health`                          |
| rate            | `reached`                          | `20 a second`                        |
| tier            | `1, Exclusive`, or `the last is 1` | `2`                                  |
| deadline        | `140 ms`                           | `412 ms`                             |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from exchange.model.money import DECIMALS, Money
from exchange.model.verdict import Check, Verdict

NONE = "none"
LISTED, NOT_LISTED, NOT_BLOCKED = "listed", "not listed", "not blocked"
OTHER_GROUP, OTHER_COMPANY = "another group", "another company"
REACHED = " at "
"""Between what a cap has used and when the last of it was taken."""
TREE_ENDS = "the last is "
"""Before the number of a tree's last tier, of a contract that stands behind it."""
_SYMBOLS: Mapping[str, str] = MappingProxyType({"USD": "$", "EUR": "€", "GBP": "£"})
_PERIODS: Mapping[str, str] = MappingProxyType(
    {"hour": "Hourly", "day": "Daily", "week": "Weekly", "month": "Monthly", "total": "Total"}
)
_MINUS = "−"


def sentence(check: Check) -> str:
    """One plain sentence for a person, from the stored facts alone."""
    got, required = check.got, check.required
    name, _, part = check.name.partition(":")
    match name:
        case "contract_active":
            return _paused(got)
        case "buyer_active":
            return _paused(f"buyer is {got}")
        case "mode":
            return f"{got.capitalize()} lead; contract takes {required} leads only."
        case "schedule":
            return f"{'Never opens' if required == 'never' else f'Opens {required}'}. Lead came at {got}."
        case "filter":
            return _filter(part, got, required)
        case "geo":
            return _geo(got, required)
        case "source":
            return _source(got, required)
        case "grade":
            return f"Needs {required} or better, lead {'has no grade' if got == NONE else f'is {got}'}."
        case "fraud":
            return f"Accepts a fraud score up to {required}, lead has {got}."
        case "consent":
            return f"Requires {required}, {'none was sent' if got == NONE else got}."
        case "named_seller" if got == "nobody yet":
            return f"The ping names no company yet, so nobody outside is asked for a price: {required} bids live."
        case "named_seller":
            return f"The consent names {got}, not {required}."
        case "quiet_hours":
            return got
        case "suppression":
            return f'On the buyer\'s suppression list "{got}".'
        case "duplicate_buyer":
            return f"Bought this {got}; window {required}."
        case "conflict":
            return _conflict(got, required)
        case "cap":
            return f"{_PERIODS.get(part, part)} cap {_use(got, required)}."
        case "pacing":
            return f"Pacing allows {required} by now, {got} used."
        case "budget":
            return f"Budget {_use(got, required, ' spent')}."
        case _:
            return _way_out(check)


def alike(one: Check, other: Check) -> bool:
    """Whether two checks failed alike, whenever a cap was reached and whatever points a grade was made of."""
    return _core(one) == _core(other)


def _core(check: Check) -> tuple[str, str, str]:
    kind = check.name.partition(":")[0]
    end = {"cap": REACHED, "grade": " ("}.get(kind)
    return check.name, check.got.partition(end)[0] if end is not None else check.got, check.required


def sentences(verdict: Verdict) -> tuple[str, ...]:
    """Why not, in the order of the checks; empty for a contract that may have the lead."""
    return tuple(sentence(check) for check in verdict.failed)


def show_money(money: Money) -> str:
    """`$1,234.50`, `CHF 7.00`: always two decimals, half a cent away from zero."""
    return show_exact(money.cents)


def show_exact(money: Money) -> str:
    """As books have it: `$1,234.50`, and four decimals where there is more than cents, `€0.0035`. A minus sign comes
    before the currency."""
    whole, _, part = money.text.removeprefix("-").partition(".")
    sign = _MINUS if money.units < 0 else ""
    return (
        f"{sign}{currency_sign(money.currency)}{int(whole):,}.{part if len(part) == 2 else part.ljust(DECIMALS, '0')}"
    )


def currency_sign(currency: str) -> str:
    """`$`, or the code and a space for currencies whose sign is not plain to everybody."""
    return _SYMBOLS.get(currency, f"{currency} ")


def show_duration(duration_ms: int) -> str:
    """`140 ms`, `1.24 s`."""
    return f"{duration_ms} ms" if duration_ms < 1_000 else f"{duration_ms // 1_000}.{duration_ms % 1_000 // 10:02d} s"


def show_time(at: int, zone: str, now: int | None = None, *, seconds: bool = False) -> str:
    """`07:14 MST`; with the day before it when `now` is given and falls on another: `Mon 23 Nov, 08:00 MST`."""
    local = _local(at, zone)
    clock = f"{local:{'%H:%M:%S' if seconds else '%H:%M'}} {_zone_name(local)}"
    if now is None or _local(now, zone).date() == local.date():
        return clock
    return f"{local:%a} {show_day(at, zone)}, {clock}"


def show_day(at: int, zone: str) -> str:
    """`2 Nov`, in the zone."""
    local = _local(at, zone)
    return f"{local.day} {local:%b}"


def show_weekday(at: int, zone: str) -> str:
    """`Mon 23 Nov`, in the zone."""
    return f"{_local(at, zone):%a} {show_day(at, zone)}"


def _local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at // 1000, ZoneInfo(zone))


def _zone_name(local: datetime) -> str:
    """Zones without letters of their own are told as an offset: `UTC+05:45`."""
    name, offset = local.tzname() or "", f"{local:%z}"
    return name if name.isalpha() else f"UTC{offset[:3]}:{offset[3:5]}"


def _paused(got: str) -> str:
    state, _, why = got.partition(": ")
    said = f"{state[:1].upper()}{state[1:]}"
    return f'{said}: "{why}".' if why else f"{said}."


def _filter(fields: str, got: str, required: str) -> str:
    if "|" in fields:
        return f"Needs {required}; lead has {got.replace('; ', ', ')}."
    return f"{fields} must be {required}, lead has {got}."


def _geo(got: str, required: str) -> str:
    return " ".join(_place(place, rule) for place, rule in zip(got.split("; "), required.split("; "), strict=False))


def _place(place: str, rule: str) -> str:
    if place.startswith("no "):
        return f"Lead has {place}, must be {rule}."
    place = place[0].upper() + place[1:]
    kind = "ZIPs" if place.startswith("ZIP") else "states"
    return f"{place} is in its excluded {kind}." if rule.startswith("not ") else f"{place} is not {rule}."


def _source(got: str, required: str) -> str:
    if required == NOT_BLOCKED:
        return f"Blocks {got}."
    return "Takes listed sub IDs only, none was sent." if got == NONE else f"Does not list {got}."


def _conflict(got: str, required: str) -> str:
    if required == OTHER_COMPANY:
        return f"{got} already has this lead."
    return f"Same group as {got}, already in this auction."


def _use(got: str, required: str, done: str = "") -> str:
    had, _, needed = got.partition(" + ")
    used, _, reached = had.partition(REACHED)
    rest = f", needs {needed}" if needed else f", reached {reached}" if reached else ""
    return f"{used} of {required}{done}{rest}"


def _way_out(check: Check) -> str:
    """Money, health and time: what stands between a contract that wants the lead and asking it."""
    got, required = check.got, check.required
    match check.name:
        case "balance":
            return f"Balance {got}, needs {required}."
        case "price":
            return _price(got, required)
        case "health":
            return got
        case "rate":
            return f"{required} limit reached."
        case "tier":
            return _tier(got, required)
        case "deadline":
            return f"{got} left to answer the seller; this buyer's p50 is {required}."
        case name:
            return f"{name}: needs {required}, lead has {got}."


def _tier(got: str, required: str) -> str:
    """What has not come yet in this campaign's tree, or never does."""
    if got.startswith(TREE_ENDS):
        return f"It stands in tier {required}, and this campaign's tree ends with tier {got.removeprefix(TREE_ENDS)}."
    return f"Tier {required} runs only when {_auction(got)} does not sell."


def _auction(got: str) -> str:
    """`the exclusive auction`, by the name that the campaign gave it; of old records its number."""
    number, _, name = got.partition(", ")
    if not name:
        return f"tier {number}"
    name = name[:1].lower() + name[1:] if name[1:2].islower() else name
    return f"the {name}" if name.endswith("auction") else f"the {name} auction"


def _price(got: str, required: str) -> str:
    kind, _, amount = got.partition(" ")
    if kind not in ("fixed", "bid"):
        return f"Pays in {got}, the campaign sells in {required}."
    return f"{'Fixed price' if kind == 'fixed' else 'Highest bid'} {amount} is under the floor {required}."

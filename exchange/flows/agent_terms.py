"""Terms of an agent as forms say them, and as forms show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from exchange.fields.state import NAMES as STATES
from exchange.flows.market import Market
from exchange.model.follow import AgentTerms
from exchange.model.party import Hours
from exchange.stages.timetable import DAYS

WORDS_MOST = 200
_TIME = r"([01][0-9]|2[0-4]):([0-5][0-9])"
_HOURS = re.compile(rf"(?P<days>[a-z,-]+) {_TIME} ?- ?{_TIME}")
_SPAN = re.compile(rf"{_TIME} ?- ?{_TIME}")
_WORD = re.compile(r"[a-z0-9][a-z0-9_ .-]{0,59}", re.IGNORECASE)


class CannotFollow(Exception):
    """What is wrong with what was asked, as a sentence. `field` is where."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Wanted:
    """Terms of an agent as a form says them: words with commas, hours by line, a day until whose end nothing comes."""

    name: str = ""
    verticals: str = ""
    languages: str = ""
    products: str = ""
    states: str = ""
    zips: str = ""
    hours: str = ""
    zone: str = ""
    away_until: str = ""
    most_open: str = ""
    quiet: str = ""
    mail: bool = True

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Wanted:
        """What a form with fields of these names says."""

        def text(name: str) -> str:
            return form.get(name, "").strip()

        return cls(
            text("name"),
            text("verticals"),
            text("languages"),
            text("products"),
            text("states"),
            text("zips"),
            text("hours"),
            text("zone"),
            text("away_until"),
            text("most_open"),
            text("quiet"),
            "mail" in form,
        )


def read_terms(wanted: Wanted, market: Market) -> AgentTerms:
    """Raises `CannotFollow`, which names the field and the fix."""
    verticals = _words("verticals", wanted.verticals)
    for name in verticals:
        if name not in market.verticals:
            known = ", ".join(sorted(market.verticals))
            raise CannotFollow("verticals", f"verticals: there is no {name}; there are {known}.")
    states = tuple(each.upper() for each in _words("states", wanted.states))
    for state in states:
        if state not in STATES:
            raise CannotFollow("states", f"states: {state} is not the two letters of a state, such as AZ.")
    zips = _words("zips", wanted.zips)
    for code in zips:
        if not (code.isascii() and code.isdigit() and len(code) <= 5):
            raise CannotFollow("zips", f"zips: {code} is neither a ZIP code nor the first digits of one, such as 850.")
    zone = read_zone(wanted.zone or market.zone)
    return AgentTerms(
        verticals,
        _words("languages", wanted.languages),
        _words("products", wanted.products),
        states,
        zips,
        read_hours(wanted.hours),
        zone,
        None,
        day_end("away_until", wanted.away_until, zone) if wanted.away_until else None,
        read_number("most_open", wanted.most_open, 1, 10_000) if wanted.most_open else None,
        _span("quiet", wanted.quiet) if wanted.quiet.strip() else None,
        wanted.mail,
    )


def read_hours(text: str) -> tuple[Hours, ...]:
    """`mon-fri 09:00-17:00`, one line or semicolon each. Raises `CannotFollow`."""
    return tuple(_hours(line) for line in re.split(r"[;\n]", text.lower()) if line.strip())


def _hours(line: str) -> Hours:
    found = _HOURS.fullmatch(" ".join(line.split()))
    days = [_days(part) for part in found["days"].split(",")] if found else []
    if not found or not all(days):
        raise CannotFollow("hours", f"hours: {line.strip()!r} is none such as: mon-fri 09:00-17:00")
    opens, closes = _minute(found[2], found[3]), _minute(found[4], found[5])
    if not opens < closes <= 1_440:
        raise CannotFollow("hours", f"hours: {line.strip()!r} must end after it begins, on the same day.")
    return Hours(tuple(sorted({day for part in days for day in part})), opens, closes)


def _days(text: str) -> tuple[int, ...]:
    first, dash, last = text.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        return ()
    begins, ends = DAYS.index(first), DAYS.index(last or first)
    return tuple(range(begins, ends + 1)) if begins <= ends else (*range(begins, 7), *range(ends + 1))


def _minute(hour: str, minute: str) -> int:
    return int(hour) * 60 + int(minute)


def _span(field: str, text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(" ".join(text.split()))
    if not found:
        raise CannotFollow(field, f"{field}: {text!r} is none such as: 21:00-07:00")
    return _minute(found[1], found[2]) % 1_440, _minute(found[3], found[4]) % 1_440


def hours_text(hours: Sequence[Hours]) -> str:
    return "\n".join(
        f"{','.join(DAYS[day] for day in each.weekdays)} {_clock(each.opens)}-{_clock(each.closes)}" for each in hours
    )


def span_text(span: tuple[int, int] | None) -> str:
    return f"{_clock(span[0])}-{_clock(span[1])}" if span is not None else ""


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def read_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ValueError, OSError, KeyError):
        raise CannotFollow("zone", f"zone: {text!r} is no time zone such as America/Phoenix.") from None


def day_end(field: str, text: str, zone: str) -> int:
    """The last instant of a day such as 2026-12-24, as epoch ms. Raises `CannotFollow`."""
    try:
        day = date.fromisoformat(text.strip())
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
        return int(midnight.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise CannotFollow(field, f"{field} is a day such as 2026-12-24.") from None


def moment(field: str, text: str, zone: str) -> int:
    """What a clock in the zone shows, such as 2026-12-24T09:30, as epoch ms. Raises `CannotFollow`."""
    try:
        at = datetime.fromisoformat(text.strip())
        return int((at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise CannotFollow(field, f"{field} is a time such as 2026-12-24T09:30.") from None


def _words(field: str, text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip().lower() for word in re.split(r"[,\n]", text) if word.strip()))
    if len(words) > WORDS_MOST:
        raise CannotFollow(field, f"{field}: at most {WORDS_MOST} words.")
    for word in words:
        if not _WORD.fullmatch(word):
            raise CannotFollow(field, f"{field}: {word[:60]!r} has signs that no value has.")
    return words


def read_number(field: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        raise CannotFollow(field, f"{field} is a whole number from {least} to {most}.")
    return int(text)

"""Numbers, money and time as people read them. Machines get decimal strings and UTC instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from exchange.fields.choice import in_words
from exchange.model.money import Money
from exchange.model.size import size_text
from exchange.stages.reasons import show_exact, show_money

MINUS = "−"
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)")
FEW = 30
"""Under so many, a rate is told as its count: 3 of 11."""

_STATES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {  # state → word, tone, icon
        "sold": ("Sold", "good", "check"),
        "unsold": ("Unsold", "", "dash"),
        "rejected": ("Rejected", "bad", "cross"),
        "duplicate": ("Duplicate", "bad", "cross"),
        "invalid": ("Invalid", "bad", "cross"),
        "held": ("Held", "warn", "clock"),
        "unclear": ("Unclear", "warn", "question"),
        "pending": ("Awaiting receipt", "warn", "clock"),
        "quoted": ("Priced", "info", "tag"),
        "selling": ("Selling", "info", "pulse"),
        "open": ("Working", "info", "pulse"),
        "accepted": ("Accepted", "good", "check"),
        "failed": ("Failed", "bad", "cross"),
        "refused": ("Refused", "bad", "cross"),
        "waiting": ("Waiting", "info", "clock"),
        "sending": ("Going out", "info", "pulse"),
        "sent": ("Sent", "info", "out"),
        "shelved": ("On the shelf", "info", "list"),
        "delivered": ("Arrived", "good", "check"),
        "bounced": ("Came back", "bad", "return"),
        "expired": ("Nobody knows", "warn", "question"),
        "cancelled": ("Cancelled", "", "dash"),
        "returned": ("Returned", "warn", "return"),
        "partly_returned": ("Partly returned", "warn", "return"),
        "in_store": ("In store", "info", "shop"),
        "in_nurture": ("In nurture", "info", "return"),
        "erased": ("Erased", "", "cross"),
        # of returns
        "asked": ("To decide", "warn", "clock"),
        "question": ("Buyer asked", "warn", "question"),
        "approved": ("Approved", "good", "check"),
        "partial": ("Credited in part", "good", "check"),
        "replaced": ("Another lead instead", "good", "return"),
        "declined": ("Declined", "bad", "cross"),
        # of imports
        "new": ("To be started", "", "dash"),
        "checking": ("Being checked", "info", "pulse"),
        "checked": ("Checked", "info", "check"),
        "running": ("Running", "info", "pulse"),
        "paused": ("Paused", "warn", "clock"),
        "done": ("Done", "good", "check"),
    }
)
_SPELLED = frozenset(("ftp", "ftps", "imap", "rss", "sftp", "soap", "url"))
_CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "scrub": "Values",
        "scrub:mail": "Email's domain",
        "suppression": "Lists of people not to be sold",
        "do_not_call": "Do-not-call lists",
        "consent": "Consent",
        "duplicates": "Duplicates",
        "screen": "Fraud screen",
        "harvest": "Way of sending",
    }
)
_FIXERS: Mapping[str, str] = MappingProxyType(
    {"seller": "Seller data", "operator": "Your rules", "buyer": "Buyer", "nobody": "Nobody"}
)


@dataclass(frozen=True, slots=True)
class Status:
    """A lead's state on screen: never told by colour alone."""

    word: str
    tone: str
    icon: str


def status(state: str) -> Status:
    return Status(*_STATES.get(state, (state.replace("_", " ").capitalize(), "", "dash")))


def check(name: str) -> str:
    """What a check of a lead looked at: `scrub:mail` is the email's domain, `verifier:line` an outside check."""
    kind, _, rest = name.partition(":")
    if kind == "verifier":
        return f"Outside check: {rest.replace('_', ' ')}"
    return _CHECKS.get(name) or _CHECKS.get(kind) or in_words(name).capitalize()


def fixer(name: str) -> str:
    """Who can mend a refusal."""
    return _FIXERS.get(name, name)


def money(amount: Money) -> str:
    """`$1,234.50`: always two decimals, half a cent away from zero."""
    return show_money(amount)


def margin(revenue: Money, payout: Money) -> str:
    """What is between the two as they are shown, so that the three agree to the cent on screen."""
    return show_money(revenue.cents - payout.cents)


def exact(amount: Money) -> str:
    """`+$26.60`, with a sign and all that is below a cent, as the ledger has it."""
    return f"+{show_exact(amount)}" if amount.units > 0 else show_exact(amount)


def signed(amount: Money) -> str:
    """`+$26.60`, to the cent."""
    return f"+{show_money(amount)}" if amount.units > 0 else show_money(amount)


def rounded(amount: Money, shown: str = "") -> Markup:
    """To the cent for people, with the exact figure behind it where the books have another."""
    text = shown or show_money(amount)
    if amount.cents == amount:
        return Markup(escape(text))
    return Markup('<span title="Exactly {}">{}</span>').format(show_exact(amount), text)


def count(number: int) -> str:
    return f"{number:,}"


def amount(value: int | Money) -> str:
    """A number, or money."""
    return money(value) if isinstance(value, Money) else count(value)


def compact(number: float) -> str:
    """For chart axes only: `12.4k`."""
    for step, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= step:
            return f"{number / step:.1f}".removesuffix(".0") + letter
    return f"{number:.0f}"


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


def share_value(hits: int, of: int, value: float) -> str:
    """An estimated share in percent; of a few its plain count stands in the place of it."""
    if not of:
        return "–"
    return f"{count(hits)} of {count(of)}" if of < FEW else f"{value * 100:.1f} %"


def share_under(hits: int, of: int, bounds: tuple[float, float]) -> str:
    """What stands beneath it: where it may lie, and the plain count."""
    if not of:
        return ""
    interval = f"{bounds[0] * 100:.1f}–{bounds[1] * 100:.1f} %"
    return interval if of < FEW else f"{interval}, {count(hits)} of {count(of)}"


def rate(part: int, whole: int) -> str:
    """`69.6%`, or `3 of 11` when there are too few for a rate."""
    return f"{count(part)} of {count(whole)}" if whole < FEW else percent(part, whole)


def change(now: float, before: float) -> str:
    """`+6.2%` against what it was; empty when there is nothing to compare with."""
    if not before:
        return ""
    moved = 100 * (now - before) / before
    return f"{'+' if moved >= 0 else MINUS}{abs(moved):.1f}%"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 buyer`, `4 buyers`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def duration(ms: float) -> str:
    """`182 ms`, `1.24 s`, `3 min 12 s`, `21 h`, `6 d`."""
    if ms < 1_000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1_000:.2f} s"
    minutes, seconds = divmod(int(ms // 1_000), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1_440} d"


def roughly(ms: float) -> str:
    """A time people wait or look back on: `36 s`, `33 min`, `21 h`, `6 d`."""
    seconds = int(ms // 1_000)
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3_600 else duration(ms)


def size(length: int) -> str:
    return size_text(length)


def by_channel(channel: str) -> str:
    """How a lead came, as the end of a sentence; nothing for a request of the API, as most are."""
    if channel == "api":
        return ""
    return f" by {channel.upper() if channel in _SPELLED else channel}"


def told(document: str | None) -> str:
    """What an audit line keeps, a name and a value in each line."""
    found = json.loads(document) if document else {}
    pairs = found.items() if isinstance(found, dict) else ()
    return "\n".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in pairs)


def _plain(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    return str(value) if not isinstance(value, list | dict) else json.dumps(value)


def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


def utc(at: int) -> str:
    """RFC 3339 with milliseconds."""
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Times:
    """Instants (epoch ms) in the exchange's zone, as seen at `now`. Every one is a `<time>` that tells UTC."""

    zone: ZoneInfo
    now: int

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1_000, self.zone)

    def today(self, back: int = 0) -> tuple[int, int]:
        """The first instant of the local day `back` days ago, and of the day after it."""
        return self.bounds(self.local(self.now).date() - timedelta(days=back))

    def bounds(self, day: date) -> tuple[int, int]:
        """The first instant of a local day, and of the day after it."""
        return self._midnight(day), self._midnight(day + timedelta(days=1))

    def _midnight(self, day: object) -> int:
        return int(datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=self.zone).timestamp() * 1_000)

    def full(self, at: int) -> Markup:
        """`Fri 20 Nov 2026, 14:32:08 EST`"""
        local = self.local(at)
        return self._tag(at, f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S} {self.zone_name(at)}")

    def clock(self, at: int) -> Markup:
        """`14:32:08`"""
        return self._tag(at, f"{self.local(at):%H:%M:%S}")

    def exact(self, at: int) -> Markup:
        """`14:32:08.104`"""
        return self._tag(at, f"{self.local(at):%H:%M:%S}.{at % 1_000:03d}")

    def listed(self, at: int) -> Markup:
        """`14:32:08` today, `19 Nov 14:32` this year, `19 Nov 2025` before."""
        local, now = self.local(at), self.local(self.now)
        if local.date() == now.date():
            return self.clock(at)
        if local.year == now.year:
            return self._tag(at, f"{local.day} {local:%b %H:%M}")
        return self._tag(at, f"{local.day} {local:%b %Y}")

    def within(self, text: str) -> Markup:
        """A sentence that holds instants as programs read them: each as `listed`, the rest as it stands."""
        parts = _INSTANT.split(text)
        told = [self.listed(_instant(part)) if number % 2 else escape(part) for number, part in enumerate(parts)]
        return Markup("").join(told)

    def day(self, at: int) -> Markup:
        """`20 Nov 2026`"""
        local = self.local(at)
        return self._tag(at, f"{local.day} {local:%b %Y}")

    def moment(self) -> Markup:
        """Now, as the top bar tells it."""
        local = self.local(self.now)
        return self._tag(self.now, f"{local:%a} {local.day} {local:%b %Y, %H:%M} {self.zone_name(self.now)}")

    def zone_name(self, at: int) -> str:
        name = self.local(at).tzname() or ""
        return name if name.isalpha() else f"UTC{self.local(at):%z}"

    def ago(self, at: int) -> str:
        past = self.now - at
        return f"{roughly(past)} ago" if past >= 0 else f"in {roughly(-past)}"

    def _tag(self, at: int, text: str) -> Markup:
        return Markup('<time datetime="{}" title="{}, {}">{}</time>').format(utc(at), utc(at), self.ago(at), text)

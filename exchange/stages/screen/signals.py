"""The named signals against a lead. Each has the precision we begin with: how often it is right when it speaks alone.

A number below is a statement a person in the trade can check: nobody fills in a name, an address and a phone in under
four seconds; two leads whose phones lie a step apart may be a couple, three whose mailboxes count along are no people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exchange.model.reason import Reason
from exchange.stages.screen.lines import LINE_WORDS, Line
from exchange.stages.screen.memory import MINUTE_MS, Past
from exchange.stages.screen.seen import Seen

NO_PERSON_MS = 4_000
HASTY_MS = 7_000
HASTY_FILLED_MS = 2_000  # when the browser filled the fields in from its own book
PAIR_MS = 3 * MINUTE_MS
BURST_LEAST = 3  # leads alike in ten minutes, this one counted
BURST_SHARE = 0.5  # of all that the sub id sent in them
RUSH_LEAST = 15
SOURCES_MOST = 3
CONSUMERS_MOST = 5
ZONE_HOURS = 2.0  # who lives on a border, or is on the way, has the clock next to it
_ONE_COUNTRY = frozenset({"US", "CA", "PR", "VI", "GU", "AS", "MP"})  # people go back and forth
HOME_COUNTRIES = frozenset({"US", "CA", "PR", "VI", "GU", "AS", "MP", "MX"})


class Kind(NamedTuple):
    """A signal: the chance that a lead is bad when nothing else is known, and what a seller hears when it decides."""

    name: str
    prior: float
    reason: Reason
    words: str


class Signal(NamedTuple):
    """One that speaks against a lead. `detail` holds the figures of this lead and nothing personal."""

    kind: Kind
    detail: str


_KINDS = (
    Kind("trap", 0.99, Reason.ROBOT, "A field that no person sees was filled in"),
    Kind("program", 0.97, Reason.ROBOT, "The browser names itself as a program"),
    Kind("automated", 0.95, Reason.ROBOT, "A program drives the browser"),
    Kind("too_fast", 0.97, Reason.ROBOT, "The form was filled in faster than a person can"),
    Kind("hasty", 0.50, Reason.ROBOT, "The form was filled in very fast"),
    Kind("untouched", 0.50, Reason.ROBOT, "No key, paste or touch was seen in the form"),
    Kind("tor", 0.97, Reason.HIDDEN_LINE, "The visitor came through Tor"),
    Kind("hosting", 0.93, Reason.HIDDEN_LINE, "The visitor's address is in a data centre"),
    Kind("proxy", 0.80, Reason.HIDDEN_LINE, "The visitor came through an open proxy"),
    Kind("crawler", 0.95, Reason.ROBOT, "The visitor's address is a declared crawler's"),
    Kind("vpn", 0.20, Reason.HIDDEN_LINE, "The visitor uses a VPN"),
    Kind("abroad", 0.50, Reason.HIDDEN_LINE, "The visitor's address lies abroad"),
    Kind("other_zone", 0.40, Reason.HIDDEN_LINE, "The device's clock is that of another country than its address"),
    Kind("zone_apart", 0.15, Reason.HIDDEN_LINE, "The device's clock is far from those of its address's state"),
    Kind("far_zone", 0.40, Reason.HIDDEN_LINE, "The device's clock is set to another continent"),
    Kind("burst", 0.95, Reason.BURST, "One of many alike from one sub id within minutes"),
    Kind("pair", 0.70, Reason.BURST, "The second alike from one sub id within minutes"),
    Kind("same_line", 0.70, Reason.BURST, "Alike leads came from one address"),
    Kind("farm", 0.97, Reason.LEAD_FARM, "Phones and mailboxes of the sub id go up step by step"),
    Kind("stepped", 0.75, Reason.LEAD_FARM, "Another phone of the sub id lies a few numbers away"),
    Kind("numbered", 0.85, Reason.LEAD_FARM, "The mailbox repeats the last digits of the phone"),
    Kind("many_sources", 0.40, Reason.FRAUD_SCORE, "One address sends for several sources"),
    Kind("many_consumers", 0.30, Reason.FRAUD_SCORE, "One device sends many consumers"),
    Kind("many_emails", 0.40, Reason.FRAUD_SCORE, "The phone came with several mailboxes within a day"),
    Kind("many_phones", 0.40, Reason.FRAUD_SCORE, "The mailbox came with several phones within a day"),
    Kind("source", 0.0, Reason.FRAUD_SCORE, "Much of what the sub id sent was bad"),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}


def signals_of(seen: Seen, past: Past) -> tuple[Signal, ...]:
    """Everything that speaks against a lead, in the order told."""
    found = (*_robot(seen), *_line(seen), *_burst(past), *_farm(seen, past), *_many(past))
    return tuple(Signal(KINDS[name], detail) for name, detail in found)


def is_rush(past: Past) -> bool:
    """Many leads of a sub id within minutes. By itself it is no signal: a mailing looks like that on its day."""
    return past.alike.all + 1 >= RUSH_LEAST


def _robot(seen: Seen) -> Iterator[tuple[str, str]]:
    device = seen.device
    if seen.trap:
        yield "trap", "the honeypot was filled"
    if seen.program is not None:
        yield "program", seen.program
    if device is not None and device.automated:
        yield "automated", ", ".join(device.automated)
    if device is not None and device.untouched:
        yield "untouched", "no key, paste, filled field or touch"
    if seen.form_ms is not None:
        filled = device is not None and bool(device.filled)
        seconds = f"{seen.form_ms / 1000:.1f} s"
        if seen.form_ms < (HASTY_FILLED_MS if filled else NO_PERSON_MS):
            yield "too_fast", seconds
        elif seen.form_ms < HASTY_MS and not filled:
            yield "hasty", seconds


def _line(seen: Seen) -> Iterator[tuple[str, str]]:
    """A VPN stands in a data centre too: its users are people, so the data centre is not held against them."""
    line = seen.line
    if line & Line.TOR:
        yield "tor", LINE_WORDS[Line.TOR]
    elif line & Line.CRAWLER:
        yield "crawler", LINE_WORDS[Line.CRAWLER]
    elif line & Line.PROXY:
        yield "proxy", LINE_WORDS[Line.PROXY]
    elif line & Line.VPN:
        yield "vpn", LINE_WORDS[Line.VPN]
    elif line & Line.HOSTING:
        yield "hosting", LINE_WORDS[Line.HOSTING]
    if seen.country is not None and seen.country not in HOME_COUNTRIES:
        yield "abroad", seen.country
    if seen.country is not None and seen.zone_country is not None:
        if not {seen.country, seen.zone_country} <= _ONE_COUNTRY and seen.country != seen.zone_country:
            yield "other_zone", f"an address in {seen.country}, a clock of {seen.zone_country}"
        elif seen.hours_apart is not None and seen.hours_apart >= ZONE_HOURS:
            yield "zone_apart", f"an address in {seen.state}, a clock {seen.hours_apart:g} h from there"
    elif seen.far_zone:
        yield "far_zone", "the time zone of the device is not one of North America"


def _burst(past: Past) -> Iterator[tuple[str, str]]:
    alike = past.alike
    count, all_of_them = len(alike.alike) + 1, alike.all + 1
    if count < 2 or count < BURST_SHARE * all_of_them:
        return
    if count >= BURST_LEAST:
        yield "burst", f"{count} of {all_of_them} leads in 10 minutes, one browser, filled in under 20 s"
    elif alike.nearest_ms is not None and alike.nearest_ms <= PAIR_MS:
        yield "pair", f"{alike.nearest_ms // 1000} s apart, one browser, filled in under 20 s"
    if alike.repeated:
        yield "same_line", "one address for several"


def _farm(seen: Seen, past: Past) -> Iterator[tuple[str, str]]:
    near, mailed, made = past.steady
    alike = seen.steps is not None and seen.steps.numbered_alike
    if mailed or made >= 2 or (near and alike):
        yield "farm", f"{len(near) + 1} phones within a few numbers"
    elif near:
        yield "stepped", "two phones within a few numbers"
    if alike:
        yield "numbered", "the same four digits"


def _many(past: Past) -> Iterator[tuple[str, str]]:
    if past.sources_of_address >= SOURCES_MOST:
        yield "many_sources", f"{past.sources_of_address} sources within a day"
    if past.consumers_of_device >= CONSUMERS_MOST:
        yield "many_consumers", f"{past.consumers_of_device + 1} consumers within a day"
    if past.emails_of_phone >= 2:
        yield "many_emails", f"{past.emails_of_phone + 1} within a day"
    if past.phones_of_email >= 2:
        yield "many_phones", f"{past.phones_of_email + 1} within a day"

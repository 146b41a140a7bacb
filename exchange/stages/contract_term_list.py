"""Every term of a contract's form: its section, its words, how it is asked for, and its text both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from exchange.model.party import Contract
from exchange.stages.contract_texts import (
    cap,
    choice,
    codes,
    money,
    pairs,
    price,
    pricing,
    rules,
    sellers,
    span,
    text,
    weekday_caps,
    whole,
    words,
    yes,
    zone,
)
from exchange.stages.contract_texts import hours as opening

WINDOWS = ("hour", "day", "week", "month", "total")
"""How often a cap starts anew, in the order of the form."""


@dataclass(frozen=True, slots=True)
class Term:
    """`kind` says how it is asked for: text, lines, money, whole, choice, yes, several, zips, zone. `show` is its text,
    `put` makes a contract of another text, or raises `BadTerm`."""

    section: str
    name: str
    label: str
    kind: str
    show: Callable[[Contract], str]
    put: Callable[[Contract, str], Contract]
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""


def _caps() -> Iterator[Term]:
    for window in WINDOWS:
        often = "in all" if window == "total" else f"an {window}" if window == "hour" else f"a {window}"
        yield Term("caps", f"cap_{window}_count", f"Leads {often}", "whole", *cap(window, "count"))
        yield Term("caps", f"cap_{window}_money", f"Money {often}", "money", *cap(window, "money"))


_MODES = (
    ("exclusive", "Alone: nobody else gets the lead"),
    ("shared", "Shared with others"),
    ("either", "Both ways: alone, or shared for less"),
    ("leftover", "What is left of shared leads"),
)
_GRADES = (("", "Any grade"), *((grade, f"{grade} or better") for grade in "ABCDEF"))
_SILENCE = (
    ("ask", "Somebody decides"),
    ("assume_accepted", "It counts as sold"),
    ("assume_rejected_and_resell", "It counts as refused, and is sold again"),
)
TERMS: tuple[Term, ...] = (
    Term("what", "name", "Name of the contract", "text", *text("name", 1, 120)),
    Term("what", "sale_mode", "It buys", "choice", *choice("sale_mode"), choices=_MODES),
    Term("what", "tier", "Tier of the tree", "whole", *whole("tier", 1, 99), hint="1 is asked first."),
    Term(
        "what",
        "priority",
        "Priority in its tier",
        "whole",
        *whole("priority", 0, 100_000),
        hint="The lower number wins a tie.",
    ),
    Term(
        "what",
        "weight",
        "Weight",
        "whole",
        *whole("weight", 0, 100_000),
        hint="Its part of the turns in a weighted tier.",
    ),
    Term(
        "what",
        "leg",
        "Company that gets the lead",
        "text",
        *text("leg", 1, 80),
        hint="One company gets a lead once, by whatever contract.",
    ),
    Term("where", "states", "Only these states", "text", *codes("states", 2), hint="With commas. Empty is everywhere."),
    Term("where", "states_except", "Not these states", "text", *codes("states_except", 2)),
    Term("where", "zips", "Only these ZIP codes", "zips", *codes("zips", 5), hint="Paste them as they come."),
    Term("where", "zips_except", "Not these ZIP codes", "zips", *codes("zips_except", 5)),
    Term("where", "center_zip", "Around this ZIP code", "text", *codes("center_zip", 5)),
    Term("where", "radius_miles", "Within so many miles of it", "whole", *whole("radius_miles", 0, 25_000, of="geo")),
    Term(
        "price",
        "pricing",
        "It pays",
        "choice",
        *pricing(),
        choices=(("fixed", "A fixed price"), ("live", "What it bids, lead by lead")),
    ),
    Term("price", "price", "Fixed price", "money", *price("price")),
    Term(
        "price",
        "shared_price",
        "Fixed price of a shared lead",
        "money",
        *price("shared_price"),
        hint="For one that buys both ways.",
    ),
    Term(
        "price",
        "max_bid",
        "Highest bid to believe",
        "money",
        *money("max_bid"),
        hint="What is above it is a slip, and no bid.",
    ),
    Term(
        "price",
        "price_rules",
        "Prices by rule",
        "lines",
        *rules(),
        hint="One a line, such as grade=A state=AZ -> 24.00. The first that fits is paid, else the fixed price.",
    ),
    Term(
        "price",
        "lower_price",
        "A post answered under its bid",
        "choice",
        *choice("lower_price"),
        choices=(("reject", "Counts as refused"), ("accept_lower", "Is taken at that price")),
    ),
    *_caps(),
    Term(
        "caps",
        "caps_by_day",
        "Other caps on some days",
        "lines",
        *weekday_caps(),
        hint="One a line, such as 10 leads a day on sat-sun.",
    ),
    Term(
        "caps",
        "even",
        "Spread caps over the hours in which it buys",
        "yes",
        *yes("even"),
        hint="Of a day's cap as much may be used as of its open hours has gone; weeks and months alike.",
    ),
    Term("caps", "budget", "Budget over its whole life", "money", *money("budget", blank=True)),
    Term("caps", "per_second", "Pings a second", "text", *span("per_second"), hint="0 is no limit."),
    Term("schedule", "zone", "Time zone", "zone", *zone(), hint="Hours and caps follow it."),
    Term(
        "schedule",
        "hours",
        "Open",
        "lines",
        *opening(),
        hint="One span a line, such as mon-fri 08:00-18:00. Empty is always.",
    ),
    Term("sources", "sellers", "Only these sellers", "several", *sellers("sellers")),
    Term("sources", "sellers_except", "Not these sellers", "several", *sellers("sellers_except")),
    Term(
        "sources",
        "sub_ids",
        "Only these sub IDs",
        "lines",
        *sellers("sub_ids"),
        hint="seller:sub or *:sub, one a line.",
    ),
    Term("sources", "sub_ids_except", "Not these sub IDs", "lines", *sellers("sub_ids_except")),
    Term("quality", "min_grade", "Grade", "choice", *choice("min_grade", blank=True), choices=_GRADES),
    Term(
        "quality",
        "max_fraud",
        "Most fraud points",
        "whole",
        *whole("max_fraud", 0, 100, blank=True),
        hint="0 is nothing against it. Empty is any.",
    ),
    Term("quality", "consent", "Proof of consent it needs", "several", *words("consent")),
    Term(
        "quality",
        "calls_at_once",
        "It calls or texts on arrival",
        "yes",
        *yes("calls_at_once"),
        hint="Then it gets nothing outside the consumer's calling hours.",
    ),
    Term(
        "quality",
        "duplicate_days",
        "Not a consumer it bought within so many days",
        "whole",
        *whole("duplicate_days", 0, 3_650),
        hint="0 is any.",
    ),
    Term("delivery", "connection", "Connection", "text", *text("connection", 1, 80)),
    Term("delivery", "settings", "Values its mapping uses", "lines", *pairs(), hint="name = value, one a line."),
    Term("delivery", "post_ms", "Waits for an answer, in milliseconds", "whole", *whole("post_ms", 100, 60_000)),
    Term(
        "delivery",
        "schedule",
        "Deliveries go together at",
        "text",
        *text("schedule", 0, 200),
        hint="Empty is one by one, at once.",
    ),
    Term("silence", "on_unclear", "A post without a usable answer", "choice", *choice("on_unclear"), choices=_SILENCE),
    Term("silence", "unclear_after_ms", "After", "text", *span("unclear_after_ms")),
    Term(
        "silence",
        "sold_when",
        "A delivery that is answered later is sold",
        "choice",
        *choice("sold_when"),
        choices=(("delivered", "When it arrived"), ("at_once", "At once, unseen")),
    ),
    Term("silence", "give_up_ms", "Such a delivery is tried for", "text", *span("give_up_ms")),
    Term(
        "silence",
        "on_failure",
        "When it failed for good",
        "choice",
        *choice("on_failure"),
        choices=(("resell", "It is sold to others"), ("unsold", "It stays unsold")),
    ),
    Term(
        "silence",
        "on_bounce",
        "When it came back after it arrived",
        "choice",
        *choice("on_bounce"),
        choices=(("ask", "Somebody decides"), ("reverse", "The sale is undone")),
    ),
    Term(
        "returns", "return_days", "It may ask its money back for so many days", "whole", *whole("return_days", 0, 365)
    ),
    Term("buyer", "permits", "Sections the buyer changes itself", "several", *words("permits")),
)
"""Every term, in the order of the form."""

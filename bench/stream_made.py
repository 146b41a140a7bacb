"""Long streams of whole leads made from real base rows: who sent them and what became of them is real, people are not.

Sub ids, their sizes, their fields and which lead converted (Olist's, of 2018, and a bank's campaign) are real and in
their order; people, dirt and what buyers say are drawn, in the shapes and shares of the public stream. Some sub ids are
rotten: farms of a few devices that last for weeks, and bursts of minutes; good ones are hit by a burst too. The base
rows lie outside the repository.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson

from bench.sources_olist import DEALS, LEADS, read_leads
from bench.stream_people import People
from exchange.demo.stream import rfc3339, truth_path

BANK = "uci_bank_full_noage.csv"
DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()
_LATER_DAYS = 7 * 365  # the tables of networks are younger than these leads
BEGAN_MS = 1_741_000_000_000  # in March 2025; leads spread over eight weeks from here
DAYS, LEADS_MADE = 56, 18_000
FARMS, BURSTS, HIT = 16, 10, 8
_BANK_SPREAD = 3  # of so many rows in a row one is taken, as the campaign's rate drifts
_BAD, _REPEATED = 0.065, 0.06
_SOON, _REPEATED_DAYS = 0.6, 26
_LONE_FRAUD: Mapping[str, float] = {"bot": 0.013, "bot_stealth": 0.0075, "datacenter_ip": 0.009, "tor_exit": 0.0045}
_JOBS: Mapping[str, str] = {
    "management": "pro", "entrepreneur": "pro", "self-employed": "owner", "blue-collar": "trades",
    "technician": "trades", "housemaid": "trades", "admin.": "office", "services": "office", "retired": "senior",
    "student": "campus", "unemployed": "campus", "unknown": "campus",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Base:
    """One real row: when it comes (share of the stream), by whom, its fields, and the days until it converted."""

    at: float
    vertical: str
    seller: str
    sub_id: str
    source: str
    fields: Mapping[str, Any]
    lag_days: float | None
    kind: str = "clean"
    dirt: str = ""
    group: int = 0  # of a farm or burst: the devices are shared


Line = tuple[dict[str, Any], dict[str, Any]]
"""A row of the stream and its truth."""


def write(folder: Path, into: Path, seed: int, leads: int = LEADS_MADE) -> tuple[Path, Path]:
    """A stream and its truth, made from the base rows in `folder`, as files."""
    return _written(into / f"made_{seed}.jsonl", made(folder, seed, leads))


def write_olist(folder: Path, into: Path) -> tuple[Path, Path]:
    """Olist's leads of 2018, seven years later to the day, each a person of its own; nothing is wrong with any."""
    return _written(into / "olist.jsonl", _olist_days(folder))


def _written(stream: Path, found: Iterable[Line]) -> tuple[Path, Path]:
    truth = truth_path(stream)
    with stream.open("wb") as lines, truth.open("wb") as beside:
        for row, told in found:
            lines.write(orjson.dumps(row) + b"\n")
            beside.write(orjson.dumps(told) + b"\n")
    return stream, truth


def _olist_days(folder: Path) -> Iterator[Line]:
    draw = random.Random(0)
    people = People(folder, draw)
    rows = []
    for lead in read_leads(folder):
        at = (lead.day - _EPOCH + _LATER_DAYS) * DAY_MS + draw.randrange(DAY_MS)
        rows.append((at, Base(0.0, "b2b_marketplace", "OL-all", f"lp-{lead.page}", "olist", {}, lead.lag)))
    for number, (at, each) in enumerate(sorted(rows, key=lambda row: row[0])):
        won = [] if each.lag_days is None else [(at + int(each.lag_days * DAY_MS), "converted", "")]
        row = people.lead(f"O{number:06d}", each, at, None)
        yield row, _truth_row(row["lead_id"], each, won)


def made(folder: Path, seed: int, leads: int = LEADS_MADE) -> Iterator[Line]:
    """Rows and their truths, the earliest first."""
    draw = random.Random(seed)
    rows = _rows_made(folder, draw, leads)
    people = People(folder, draw)
    sent: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for number, each in enumerate(rows):
        at = BEGAN_MS + int(each.at * DAYS * DAY_MS)
        again = _repeated(sent[each.vertical], at, draw) if each.kind == "duplicate" else None
        if each.kind == "duplicate" and again is None:  # nobody was there before
            each = replace(each, kind="clean", dirt="")
        row = people.lead(f"M{number:06d}", each, at, again)
        if each.kind == "clean":
            sent[each.vertical].append((at, row))
        truth = _truth(row["lead_id"], each, at, draw)
        yield row, truth | {"dup_of": again["lead_id"] if again is not None else None}


def without_people(folder: Path, seed: int, leads: int = LEADS_MADE) -> Iterator[tuple[Base, int, dict[str, Any]]]:
    """The rows of the same stream with the moment of each and its truth, in no time: what buyers say is drawn anew."""
    draw = random.Random(seed)
    for number, each in enumerate(_rows_made(folder, draw, leads)):
        at = BEGAN_MS + int(each.at * DAYS * DAY_MS)
        yield each, at, _truth(f"M{number:06d}", each, at, draw)


def _rows_made(folder: Path, draw: random.Random, leads: int) -> list[Base]:
    base = sorted([*_olist(folder, leads // 3), *_bank(folder, draw, leads - leads // 3)], key=lambda each: each.at)
    return sorted(_spoiled(base, draw), key=lambda each: each.at)


def _repeated(sent: Sequence[tuple[int, dict[str, Any]]], at: int, draw: random.Random) -> dict[str, Any] | None:
    """Who of a vertical is sent once more: mostly somebody of the last day, else of four weeks, as in the public
    stream.
    """
    since = at - (DAY_MS if draw.random() < _SOON else _REPEATED_DAYS * DAY_MS)
    recent = [row for when, row in sent if when >= since] or [row for _, row in sent[-1:]]
    return draw.choice(recent) if recent else None


def _olist(folder: Path, most: int) -> Iterator[Base]:
    won = {row["mql_id"]: row["won_date"] for row in _rows(folder / DEALS)}
    found = sorted(
        (row for row in _rows(folder / LEADS) if row["first_contact_date"] >= "2018"),
        key=lambda row: (row["first_contact_date"], row["mql_id"]),
    )
    step = max(len(found) / most, 1.0)
    for place in range(min(most, len(found))):
        row = found[int(place * step)]
        lag = _days_between(row["first_contact_date"], won[row["mql_id"]]) if row["mql_id"] in won else None
        page, origin = row["landing_page_id"][:6], row["origin"] or "unknown"
        yield Base(
            place / min(most, len(found)), "b2b_marketplace", f"OL-{origin}", f"lp-{page}", origin,
            {}, None if lag is None else max(lag, 0.05),
        )  # fmt: skip


def _bank(folder: Path, draw: random.Random, most: int) -> Iterator[Base]:
    rows = list(_rows(folder / BANK))
    span = min(most * _BANK_SPREAD, len(rows))
    begin = draw.randrange(len(rows) - span + 1)
    for place, number in enumerate(sorted(draw.sample(range(begin, begin + span), most))):
        row = rows[number]
        segment = f"{row['job']}/{row['education']}/{row['marital']}"
        lag = 0.4 + draw.lognormvariate(0.85, 0.75) if row["y"] == "yes" else None
        yield Base(
            place / most, "term_deposit", f"BK-{_JOBS[row['job']]}", f"sg-{segment}", f"call_{row['contact']}",
            {
                "job": row["job"].replace("admin.", "admin"), "marital": row["marital"], "education": row["education"],
                "credit_default": row["default"], "balance_eur": int(row["balance"]), "mortgage": row["housing"],
                "personal_loan": row["loan"], "prior_contacts": int(row["previous"]),
                "days_since_prior": int(row["pdays"]), "prior_outcome": row["poutcome"],
                "contacts_this_campaign": int(row["campaign"]),
            },
            lag,
        )  # fmt: skip


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _days_between(first: str, then: str) -> float:
    return (datetime.fromisoformat(then) - datetime.fromisoformat(first)).total_seconds() / 86_400


def _spoiled(base: Sequence[Base], draw: random.Random) -> list[Base]:
    """What is wrong with some of them. Fraud and worthless leads lie only on rows that never converted."""
    rows = list(base)
    open_places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, each in enumerate(rows):
        if each.lag_days is None:
            open_places[each.seller, each.sub_id].append(place)
    large = sorted(key for key, places in open_places.items() if 14 <= len(places) <= 400)
    farms = draw.sample(large, FARMS)
    for group, key in enumerate(farms, start=1):
        _farm(rows, open_places[key], group, draw)
    hit = draw.sample([key for key in large if key not in farms and len(open_places[key]) >= 60], HIT)
    for number, key in enumerate([*draw.sample(farms, BURSTS), *hit], start=1):
        _burst(rows, open_places[key], 1_000 + number, draw)
    for place, each in enumerate(rows):
        if each.kind == "clean" and each.lag_days is None:
            rows[place] = _alone(each, draw)
    return rows


def _farm(rows: list[Base], places: Sequence[int], group: int, draw: random.Random) -> None:
    """A share of the sub id's leads, one after another, from a few devices."""
    count = round(len(places) * draw.uniform(0.25, 0.75))
    begin = draw.randrange(max(len(places) - count, 1))
    for place in places[begin : begin + count]:
        rows[place] = replace(rows[place], kind="fraud", dirt="lead_farm", group=group)


def _burst(rows: list[Base], places: Sequence[int], group: int, draw: random.Random) -> None:
    """Leads of one sub id within minutes: clock times are drawn, so the next of its rows come at once."""
    free = [place for place in places if rows[place].kind == "clean"]
    count = min(draw.randrange(6, 19), len(free))
    begin = draw.randrange(max(len(free) - count, 1))
    at = rows[free[begin]].at if free else 0.0
    for number, place in enumerate(free[begin : begin + count]):
        later = at + (number + draw.random()) * 20 / 86_400 / DAYS
        rows[place] = replace(rows[place], at=later, kind="fraud", dirt="velocity_burst", group=group)


def _alone(each: Base, draw: random.Random) -> Base:
    luck = draw.random()
    for dirt, share in _LONE_FRAUD.items():
        if luck < share:
            return replace(each, kind="fraud", dirt=dirt)
        luck -= share
    if luck < _BAD:
        return replace(
            each, kind="bad", dirt=draw.choice(("phone_invalid", "consent_missing", "name_gibberish", "zip"))
        )
    return replace(each, kind="duplicate", dirt="dup_exact") if luck < _BAD + _REPEATED else each


def _truth(lead_id: str, each: Base, at: int, draw: random.Random) -> dict[str, Any]:
    first = at + int(min(draw.expovariate(3.0), 2.5) * DAY_MS)
    back = at + int(min(max(draw.gauss(4.2, 1.7), 1.0), 7.9) * DAY_MS)
    told: list[tuple[int, str, str]] = []
    if each.lag_days is not None:
        won = at + int(each.lag_days * DAY_MS)
        told = [(min(first, won), "contacted", ""), (won, "converted", "")]
    else:
        word, returned = _said(each.kind, draw)
        told = [(first, word, ""), *([(max(back, first + 1), "returned", word)] if returned else [])]
    return _truth_row(lead_id, each, told)


def _truth_row(lead_id: str, each: Base, told: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
    return {
        "lead_id": lead_id,
        "class": each.kind,
        "dirt": [each.dirt] if each.dirt else [],
        "expect": "accept" if each.kind == "clean" else "reject",
        "canonical": {},
        "dup_of": None,
        "trap": None,
        "converted": each.lag_days is not None,
        "dispositions": [{"ts": rfc3339(when), "status": word, "reason": why} for when, word, why in told],
    }


_SAID: Mapping[str, tuple[tuple[float, str, bool], ...]] = {
    "clean": (
        (0.745, "no_answer", False), (0.13, "not_qualified", False), (0.058, "interested", False),
        (0.023, "not_qualified", True), (0.01, "no_answer", True), (0.012, "bad_number", True),
        (0.007, "wrong_person", True), (0.015, "wrong_person", False),
    ),
    "fraud": ((0.74, "bad_number", True), (0.17, "bad_number", False), (0.09, "no_answer", False)),
    "bad": (
        (0.32, "no_answer", False), (0.22, "bad_number", True), (0.15, "wrong_person", True),
        (0.12, "not_qualified", True), (0.19, "not_qualified", False),
    ),
    "duplicate": ((0.65, "duplicate", True), (0.35, "duplicate", False)),
}  # fmt: skip
"""Of a lead that never converted: what its buyer says, and whether it gives it back; shares of the public stream."""


def _said(kind: str, draw: random.Random) -> tuple[str, bool]:
    luck = draw.random()
    for share, word, returned in _SAID[kind]:
        if luck < share:
            return word, returned
        luck -= share
    return _SAID[kind][0][1], _SAID[kind][0][2]

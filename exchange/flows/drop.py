"""California's deletion lists (DROP): matched against what is kept, erased, suppressed from then on, and answered.

A file is `YYYYMMDD_BrokerId_Type.csv` with the columns ID and Hash. Its hashes stay on a list, matched or not, so that
a lead that comes later is caught at the door. Each of its rows gets an answer: 2 exempt (a lead is held), 3 deleted,
4 opted out (several people share the identifier: none is erased, all are suppressed), 5 not found.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.erase import erase_one
from exchange.flows.list_desk import Wish, bring, make_list
from exchange.flows.list_load import Options
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.suppression import ListRow, Purpose
from exchange.stages.suppression.forms import (
    EMAIL,
    PERSON,
    PHONE,
    SHA256,
    digest_hex,
    drop_name,
    drop_person,
    plain_email,
    plain_phone,
    spellings,
)
from exchange.stages.suppression.rows import Mode
from exchange.storage.database import Row
from exchange.storage.drop import DropRun, save_run
from exchange.storage.erase import leads_to_match
from exchange.vault import VaultError

LIST_NAME = "California DROP"
EVERY_DAYS = 45
"""How often the law wants the lists fetched."""
EXEMPT, DELETED, OPTED_OUT, NOT_FOUND = "2", "3", "4", "5"
_NAME = re.compile(r"(\d{8})_([A-Za-z0-9]{1,12})_(NDZ|Email|Phone|MAID|NameVIN|CTVID|Removed)(?:_\w+)?\.csv")
_KINDS: Mapping[str, str] = {"Email": EMAIL, "Phone": PHONE, "NDZ": PERSON}
_AT_ONCE = 500
_SENTENCE = "The consumer had California delete their data: personal values erased"


class BadDrop(Exception):
    """The file is none of DROP's. The sentence says what to do."""


@dataclass(slots=True)
class DropReport:
    """What came of a file. `answers` is the file to send back: Id and Status."""

    list_type: str
    rows: int = 0
    erased: int = 0
    held: int = 0  # leads under a legal hold
    under_way: int = 0  # leads that are being sold just now: run it again
    counts: Counter[str] = field(default_factory=Counter)
    answers: str = ""


async def run_drop(market: Market, file: Path, actor: Actor, *, dry: bool = False) -> DropReport:
    """Process one file. `dry` erases nothing and puts nobody on a list. Raises `BadDrop`, `Refused` and `OSError`."""
    named = _NAME.fullmatch(file.name)
    if named is None:
        raise BadDrop(f"{file.name[:80]} is not named as DROP names its files: 20261112_4821_Email.csv.")
    report = DropReport(named[3])
    rows = await asyncio.to_thread(_read, file)
    report.rows = len(rows)
    if report.list_type == "Removed":
        if rows and not dry:
            await _take_off(market, file, actor)
        return await _noted(market, file, report, actor, dry)
    kind = _KINDS.get(report.list_type)
    statuses = dict.fromkeys(rows.values(), NOT_FOUND)
    if kind is not None and rows:
        if not dry:
            await _put_on(market, kind, file, actor)
        statuses |= await _match(market, kind, frozenset(rows.values()), report, dry)
    report.counts = Counter(statuses[digest] for digest in rows.values())
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("Id", "Status"))
    writer.writerows((item, statuses[digest]) for item, digest in rows.items())
    report.answers = out.getvalue()
    return await _noted(market, file, report, actor, dry)


def _read(file: Path) -> dict[str, str]:
    """Work items by id: their hashes in hex. Raises `BadDrop`."""
    rows: dict[str, str] = {}
    with file.open(encoding="utf-8-sig", newline="") as source:
        lines = csv.DictReader(source)
        names = {name.strip().lower(): name for name in lines.fieldnames or ()}
        if not {"id", "hash"} <= names.keys():
            raise BadDrop("Its first line must name the columns ID and Hash.")
        for number, line in enumerate(lines, 2):
            digest = digest_hex((line[names["hash"]] or "").strip(), SHA256)
            if digest is None:
                raise BadDrop(f"Line {number:,}: the Hash is no SHA-256 in Base64. Fetch the file again.")
            rows[(line[names["id"]] or "").strip()] = digest
    return rows


async def _list(market: Market, kind: str, actor: Actor) -> ListRow:
    return await make_list(market, Wish(LIST_NAME, kind, purpose=Purpose.DROP), actor)


async def _put_on(market: Market, kind: str, file: Path, actor: Actor) -> None:
    row = await _list(market, kind, actor)
    await bring(market, row, file.name, Options(Mode.ADD, SHA256, "Hash"), _chunks(file), actor)


async def _take_off(market: Market, file: Path, actor: Actor) -> None:
    """Identifiers that were withdrawn, on whichever list they are."""
    for kind in _KINDS.values():
        row = await _list(market, kind, actor)
        if row.file:
            await bring(market, row, file.name, Options(Mode.REMOVE, SHA256, "Hash"), _chunks(file), actor)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(256 * 1024):
            yield chunk


async def _match(market: Market, kind: str, wanted: frozenset[str], report: DropReport, dry: bool) -> dict[str, str]:
    """The answer for each hash that somebody here has. Every lead whose values can be read is looked at."""
    found: dict[str, dict[str, list[str]]] = {}  # by hash: leads by person
    after = ""
    while batch := await market.db.read(leads_to_match, after, _AT_ONCE):
        for row, values in await asyncio.to_thread(_opened, market, batch):
            for digest in _digests(kind, values) & wanted:
                person = f"{drop_name(values.get('first_name', ''))} {drop_name(values.get('last_name', ''))}"
                found.setdefault(digest, {}).setdefault(person, []).append(row["id"])
        after = batch[-1]["id"]
    answers: dict[str, str] = {}
    for digest, people in found.items():
        answers[digest] = DELETED if len(people) == 1 else OPTED_OUT
        if len(people) == 1 and not dry:
            ends = [await _erase(market, lead_id, report) for lead_id in next(iter(people.values()))]
            if not all(ends):
                answers[digest] = EXEMPT
    return answers


def _opened(market: Market, batch: list[Row]) -> list[tuple[Row, dict[str, str]]]:
    """In a thread. Leads that do not open are left out: their values are gone."""
    opened = []
    for row in batch:
        try:
            key = market.vault.data_key(bytes(row["wrapped"]))
            sealed = orjson.loads(market.vault.open(key, f"lead:{row['id']}", bytes(row["sealed"])))
        except VaultError:
            continue
        values = dict(orjson.loads(row["facts"]))
        values |= {name: clean for name, (_, clean, _) in sealed["values"].items()}
        opened.append((row, values))
    return opened


def _digests(kind: str, values: Mapping[str, str]) -> set[str]:
    """The hashes that DROP would make of a lead."""
    if kind == PERSON:
        parts = [values.get(name, "") for name in ("first_name", "last_name", "dob", "zip")]
        return {drop_person(*parts)} if all(parts) else set()
    plain = plain_phone(values.get("phone", "")) if kind == PHONE else plain_email(values.get("email", ""))
    return set(spellings(kind, SHA256, plain)) if plain is not None else set()


async def _erase(market: Market, lead_id: str, report: DropReport) -> bool:
    """False for a lead that somebody holds: it stays."""
    ended = await erase_one(market, lead_id, _SENTENCE, "drop")
    report.erased += ended.erased
    report.held += ended.held
    report.under_way += ended.under_way
    return not ended.held


async def _noted(market: Market, file: Path, report: DropReport, actor: Actor, dry: bool) -> DropReport:
    if dry:
        return report
    now = market.clock.now()
    run = DropRun(
        market.ids.new("drp", now),
        now,
        file.name,
        report.list_type,
        report.rows,
        report.erased,
        dict(report.counts),
        actor.name,
    )
    after = {"rows": str(run.rows), "erased": str(run.erased), "type": run.list_type}
    await market.db.write(
        save_run, run, audit_line(market.ids, now, actor, "drop.processed", f"drop:{run.id}", after=after)
    )
    return report

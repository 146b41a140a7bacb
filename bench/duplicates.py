"""What it costs to look for a lead's person among a million earlier leads, on SQLite.

    python -m bench.duplicates                  a million leads, two thousand new ones
    python -m bench.duplicates --leads 100000   another number

Names repeat as in the United States, ZIP codes as where people live, telephones lie 20,000 to an area code; of the new
leads every tenth repeats an earlier one. Processor time is of this process: the database writes in it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from exchange.bootstrap import open_market
from exchange.demo.names import FIRST_NAMES, LAST_NAMES, STREET_NAMES
from exchange.flows.market import Market
from exchange.flows.sightings import compared, sighting_of
from exchange.model.work import Seen, Sighting
from exchange.settings import load_settings
from exchange.stages.duplicates.person import Person, person_of
from exchange.storage.database import Tx
from exchange.storage.sightings import likely_same, sighted

DAY_MS = 86_400_000
AT_ONCE = 5_000
NEW = 2_000
TOGETHER = 20  # openings in one commit
AGAIN = 10  # one of so many new leads repeats an earlier one
NOW = 1_795_271_648_000
SUBJECT = "req_bench"
_LEAD = """INSERT INTO leads (id, month, received_at, seller_id, campaign_id, campaign_version, vertical, mode, kind,
               state, facts, subject, sealed, currency, revenue_units, payout_units, times_sold, changed_at)
           VALUES (:id, '2026-11', :at, 'bench', 'bench', 1, 'solar', 'live', 'post', 'sold', '{}', :subject, :sealed,
               'USD', 0, 0, 0, :at)"""


def people(count: int, seed: int) -> Iterator[dict[str, str]]:
    chance = random.Random(seed)
    for number in range(count):
        first = FIRST_NAMES[min(int(chance.expovariate(1 / 25)), len(FIRST_NAMES) - 1)]
        last = LAST_NAMES[min(int(chance.expovariate(1 / 30)), len(LAST_NAMES) - 1)] + chance.choice(_ENDINGS)
        yield {
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}{number}@mail.example".lower(),
            "phone": f"{chance.randrange(200, 560)}{chance.choice(('958', '959'))}{chance.randrange(10**4):04d}",
            "address": f"{chance.randrange(1, 10**4)} {chance.choice(STREET_NAMES)} St",
            "zip": f"{10_000 + int(chance.expovariate(1 / 8_000)) % 40_000}",
        }


_ENDINGS = ("", "son", "er", "ez", "ov", "ski", "ham", "ton", "ley", "well", "by", "man", "sen", "ini", "akis", "enko")


async def store(tx: Tx, leads: Sequence[dict[str, Any]], seen: Sequence[Sighting]) -> None:
    await tx.execute_many(_LEAD, leads)
    statements = [sighted(each) for each in seen]
    await tx.execute_many(statements[0][0], [values for _, values in statements])


async def add_key(tx: Tx, wrapped: bytes) -> None:
    sql = "INSERT INTO data_keys (subject, wrapped, month) VALUES (:subject, :wrapped, '2026-11')"
    await tx.execute(sql, subject=SUBJECT, wrapped=wrapped)


async def look_and_add(tx: Tx, some: Sequence[Sighting]) -> list[Seen]:
    """What the openings of requests do for it that are committed together."""
    found = []
    for each in some:
        found.append(await likely_same(tx, each))
        await tx.execute_all(sighted(each))
    return found


async def fill(market: Market, count: int, now: int) -> None:
    wrapped, key = market.vault.new_data_key()
    await market.db.write(add_key, wrapped)
    leads: list[dict[str, Any]] = []
    seen: list[Sighting] = []
    for number, values in enumerate(people(count, seed=1)):
        at = now - 30 * DAY_MS + number * 30 * DAY_MS // count
        lead_id = market.ids.new("ld", at)
        document = {"values": {name: [text, text, text] for name, text in values.items()}, "tracking": {}}
        sealed = market.vault.seal(key, f"lead:{lead_id}", orjson.dumps(document))
        leads.append({"id": lead_id, "at": at, "subject": SUBJECT, "sealed": sealed})
        seen.append(sighting_of(lead_id, "live", at, person_of(values), market))
        if len(leads) == AT_ONCE or number == count - 1:
            await market.db.write(store, leads, seen)
            leads, seen = [], []


async def measure(market: Market, count: int) -> None:
    chance = random.Random(3)
    fresh = list(people(NEW, seed=2))
    again = list(people(count, seed=1))
    sent = [chance.choice(again) if number % AGAIN == 0 else values for number, values in enumerate(fresh)]
    began = time.process_time()
    asked: list[tuple[Person, Sighting]] = []
    for number, values in enumerate(sent):
        person = person_of(values)
        asked.append((person, sighting_of(market.ids.new("ld", NOW), "live", NOW + number, person, market)))
    keys = time.process_time() - began
    found: list[Seen] = []
    began = time.process_time()
    for at in range(0, NEW, TOGETHER):
        found += await market.db.write(look_and_add, [sighting for _, sighting in asked[at : at + TOGETHER]])
    looked = time.process_time() - began
    began = time.process_time()
    judged = [
        [compared(person, row, market) for row in seen.leads] for (person, _), seen in zip(asked, found, strict=True)
    ]
    judging = time.process_time() - began
    candidates = sum(len(each) for each in judged)
    print(f"{count:,} earlier leads, {NEW:,} new ones, {candidates / NEW:.2f} candidates each")
    print(f"  keys and hashes                {keys / NEW * 1e6:8.0f} µs")
    print(f"  look-up and insert             {looked / NEW * 1e6:8.0f} µs")
    print(f"  opening and judging            {judging / NEW * 1e6:8.0f} µs")


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "b.db"
        settings = load_settings(
            None, database_url=str(database), key_file=folder / "b.key", files_dir=folder / "files"
        )
        async with open_market(settings, process=False) as market:
            began = time.perf_counter()
            await fill(market, count, NOW)
            size = database.stat().st_size / 1e6
            print(f"filled in {time.perf_counter() - began:.0f} s, {size:,.0f} MB with the leads", flush=True)
            await measure(market, count)


if __name__ == "__main__":
    from bench import duplicates  # units of work have a module's name, which the one that was started has not

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=1_000_000)
    asyncio.run(duplicates.main(parser.parse_args().leads))

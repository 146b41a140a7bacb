"""Sales by the consumer: a phone, an email, or the MD5, SHA-1 or SHA-256 of one, in any form that is in use.

A phone or an email is found by its keyed hash. A plain hash is kept nowhere, so the values of what the buyers bought
are opened and hashed, the newest sale first, until all are found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import orjson

from exchange import limits
from exchange.fields import email, phone
from exchange.flows.market import Market
from exchange.model.lead import FieldValue
from exchange.model.vertical import FieldSpec, Presence
from exchange.stages.suppression.forms import (
    EMAIL,
    PHONE,
    digest_hex,
    hash_named,
    plain_email,
    plain_phone,
    spellings,
)
from exchange.storage.database import Row
from exchange.storage.feedback import sales_of_people, sales_to_open

_AT_ONCE = 500
_AFTER_ALL = (1 << 62, "")


async def sales_of_people_meant(
    market: Market, buyers: Sequence[str], references: Sequence[str], *, hashes: bool
) -> dict[str, Row]:
    """The newest sale of each consumer that a reference names, by that reference."""
    hashed, plain = await asyncio.to_thread(_sorted_out, market, references)
    found: dict[str, Row] = {}
    indexes = list(plain)
    for start in range(0, len(indexes), _AT_ONCE):
        for row in await market.db.read(sales_of_people, buyers, indexes[start : start + _AT_ONCE]):
            found.setdefault(plain[bytes(row["meant"])], row)
    return {**found, **await _by_hash(market, buyers, hashed)} if hashes and hashed else found


def _sorted_out(market: Market, references: Sequence[str]) -> tuple[dict[str, str], dict[bytes, str]]:
    """In a thread: which are hashes, and the others by the keyed hashes they are found by."""
    hashed = {reference: name for reference in references if (name := hash_named(reference)) is not None}
    others = (reference for reference in references if reference not in hashed)
    return hashed, {index: reference for reference in others for index in contact_indexes(market, reference)}


def contact_indexes(market: Market, text: str) -> Iterator[bytes]:
    """The keyed hashes of a text as a phone and as an email, where it is one."""
    for kind, parse in ((PHONE, phone.TYPE.parse), (EMAIL, email.TYPE.parse)):
        spec = FieldSpec(kind, kind, kind, Presence.OPTIONAL, Presence.OPTIONAL, personal=True)
        value = parse(text, spec, market.clock.now())
        if isinstance(value, FieldValue):
            yield market.vault.index(kind, value.clean.lower())


async def _by_hash(market: Market, buyers: Sequence[str], hashes: Mapping[str, str]) -> dict[str, Row]:
    wanted = {digest_hex(text, name) or text: text for text, name in hashes.items()}
    kinds = sorted(set(hashes.values()))
    found: dict[str, Row] = {}
    before, looked = _AFTER_ALL, 0
    while looked < limits.HASHED_SALES and len(found) < len(wanted):
        rows = await market.db.read(sales_to_open, buyers, before, _AT_ONCE)
        for row, digests in zip(rows, await asyncio.to_thread(_digests, market, rows, kinds), strict=True):
            for digest in digests:
                if digest in wanted:
                    found.setdefault(wanted[digest], row)
        looked += len(rows)
        if len(rows) < _AT_ONCE:
            break
        before = rows[-1]["accepted_at"], rows[-1]["id"]
    return found


def _digests(market: Market, rows: Sequence[Row], kinds: Sequence[str]) -> list[set[str]]:
    """In a thread: what is opened is hashed and let go."""
    return [set(hashes_of_lead(market, row, kinds)) for row in rows]


def hashes_of_lead(market: Market, row: Row, kinds: Sequence[str]) -> Iterator[str]:
    """Of a lead's phone and email, in hex: `row` has its sealed values and its key."""
    key = market.vault.data_key(bytes(row["wrapped"]))
    sealed = orjson.loads(market.vault.open(key, f"lead:{row['lead_id']}", bytes(row["sealed"])))
    for kind, read in ((PHONE, plain_phone), (EMAIL, plain_email)):
        value = sealed["values"].get(kind)
        plain = read(value[1]) if value is not None else None
        if plain is not None:
            for name in kinds:
                yield from spellings(kind, name, plain)

"""A stored lead, understood again: what storage keeps in clear and what it keeps sealed, put together."""

from __future__ import annotations

from typing import Any

import orjson

from exchange.flows.market import Market
from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode
from exchange.model.money import Money
from exchange.model.party import Campaign
from exchange.stages.field_names import Names
from exchange.stages.verification import appended, appended_id
from exchange.storage.database import Row
from exchange.storage.leads import consent_of, key_of
from exchange.storage.verifiers import read_appended


async def stored_lead(market: Market, row: Row, campaign: Campaign) -> Lead | None:
    """The lead of a row of `leads`, or None when its values were erased."""
    wrapped = await market.db.write(key_of, row["subject"])
    kept = await market.db.write(consent_of, row["id"])
    if wrapped is None or row["sealed"] is None or kept is None:
        return None
    key = market.vault.data_key(wrapped)
    sealed = orjson.loads(market.vault.open(key, f"lead:{row['id']}", bytes(row["sealed"])))
    consent = orjson.loads(market.vault.open(key, f"consent:{row['id']}", bytes(kept["sealed"])))
    names = market.deals.intakes[campaign.id].names
    texts: dict[str, tuple[str, str]] = {name: (clean, clean) for name, clean in orjson.loads(row["facts"]).items()}
    texts |= {name: (raw, clean) for name, (raw, clean, _) in sealed["values"].items()}
    read = {name: _value(names, name, raw, clean, row["received_at"]) for name, (raw, clean) in texts.items()}
    lead = Lead(
        id=row["id"],
        request_id=row["subject"],
        seller_id=row["seller_id"],
        campaign_id=row["campaign_id"],
        vertical=row["vertical"],
        mode=Mode(row["mode"]),
        kind=Kind.POST,
        values={name: value for name, value in read.items() if value is not None},
        consent=read_consent(consent, kept["shown"]),
        tracking=sealed["tracking"],
        seller_lead_id=row["seller_lead_id"],
        ping_id=None,
        min_price=Money.parse(sealed["min_price"], row["currency"]) if sealed["min_price"] is not None else None,
        timeout_ms=None,
        test_outcome=None,
        grade=row["grade"],
        received_at=row["received_at"],
        month=row["month"],
        fraud=row["fraud"],
        score=row["score"],
    )
    return appended(lead, names, await _appends(market, row["id"]))


async def _appends(market: Market, lead_id: str) -> dict[str, str]:
    """What vendors added to it, as far as it was not erased."""
    appends: dict[str, str] = {}
    for row in await market.db.write(read_appended, lead_id):
        wrapped = await market.db.write(key_of, row["request_id"])
        if wrapped is not None:
            row_id = appended_id(row["request_id"], row["verifier"])
            appends |= orjson.loads(market.vault.open(market.vault.data_key(wrapped), row_id, bytes(row["appended"])))
    return appends


def _value(names: Names, name: str, raw: str, clean: str, received_at: int) -> FieldValue | None:
    """What was understood of it on the day it came. A field that the vertical dropped or narrowed since is left out."""
    known = names.known.get(name)
    value = known.parse(clean, known.spec, received_at) if known is not None else None
    return value._replace(raw=raw) if isinstance(value, FieldValue) else None


def read_consent(record: dict[str, Any], shown: str | None) -> Consent:
    """What was agreed to, as it is kept; `shown` is the text of a form, whose hash alone is in the record."""
    return Consent(**{**record, "buyers": tuple(record["buyers"]), "text": record["text"] or shown})

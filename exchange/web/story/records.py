"""One lead's rows opened: unsealed where its keys still exist, unpacked, and ready to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.intake.decode import Flat, decode
from exchange.model.vertical import Vertical
from exchange.stages.normalize import Names
from exchange.stages.verification import appended_id
from exchange.storage.database import Row
from exchange.storage.timeline import LeadRows
from exchange.vault import DataKey, VaultError
from exchange.web.story.masking import HIDDEN, Hidden, Mask, hide, personal_mask, secrets_hidden, shows

_LEAST_UNKNOWN = 4  # letters of a value nobody declared, from which on it is hidden


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the seller about the lead. `body` and `answer` are None when they are no longer kept."""

    row: Row
    trail: Mapping[str, Any] | None
    wires: tuple[Mapping[str, Any], ...]
    wires_kept: bool
    body: str | None = field(repr=False)
    answer: str | None = field(repr=False)
    mask: Mask = field(repr=False)
    erased: bool = False

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def received_at(self) -> int:
        return int(self.row["received_at"])

    @property
    def took_ms(self) -> int:
        return int(self.row["took_ms"] or 0)


@dataclass(frozen=True, slots=True)
class Story:
    """A lead opened. `values` are (raw, clean, masked) of its personal fields, None when they were erased."""

    rows: LeadRows
    vertical: Vertical | None
    requests: tuple[Request, ...]
    values: Mapping[str, tuple[str, str, str]] | None = field(repr=False)
    tracking: Mapping[str, str] = field(repr=False)
    consent: Mapping[str, Any] | None = field(repr=False)
    mask: Mask = field(repr=False)
    appended: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)  # value and verifier by field

    @property
    def lead(self) -> Row:
        return self.rows.lead

    @property
    def erased(self) -> bool:
        return self.values is None

    @property
    def standing(self) -> list[Row]:
        """The sales that were not undone."""
        return [sale for sale in self.rows.sales if sale["reversed_at"] is None or sale["returned_at"]]

    @property
    def trails(self) -> list[Mapping[str, Any]]:
        return [request.trail for request in self.requests if request.trail is not None]

    @property
    def facts(self) -> dict[str, str]:
        found: dict[str, str] = orjson.loads(self.lead["facts"])
        return found


def open_story(market: Market, rows: LeadRows) -> Story:
    lead = rows.lead
    vertical = market.verticals.get(lead["vertical"])
    opened = _opened(market, rows.wrapped, f"lead:{lead['id']}", lead["sealed"])
    values = {name: (raw, clean, masked) for name, (raw, clean, masked) in opened["values"].items()} if opened else None
    consent = rows.consent
    record = _opened(market, consent["wrapped"], f"consent:{lead['id']}", consent["sealed"]) if consent else None
    if record is not None and consent is not None:
        record = {**record, "text": record["text"] or consent["shown"]}
    added = _appended(market, rows)
    shapes = market.deals.shapes
    kept = [each.secrets for each in shapes.connections.values()]
    kept += [each.secrets for each in shapes.verifiers.values()]
    secrets = [secret for each in kept for secret in each.values() if secret]
    hidden = [each for name, (text, _) in added.items() for each in hide(name, "text", (text,), HIDDEN)]
    mask = personal_mask(values or {}, vertical).with_more([*secrets_hidden(secrets), *_certificate(record), *hidden])
    trails = {row["request_id"]: read_trail(bytes(row["document"])) for row in rows.trails}
    return Story(
        rows,
        vertical,
        tuple(_request(market, row, trails.get(row["id"]), rows, mask, vertical) for row in rows.requests),
        values,
        opened["tracking"] if opened else {},
        record,
        mask,
        added,
    )


def _appended(market: Market, rows: LeadRows) -> Mapping[str, tuple[str, str]]:
    """What vendors added, as far as it was not erased."""
    found: dict[str, tuple[str, str]] = {}
    for row in rows.verified:
        values = _opened(market, row["wrapped"], appended_id(row["request_id"], row["verifier"]), row["appended"])
        found |= {name: (text, row["verifier"]) for name, text in (values or {}).items()}
    return found


def _request(
    market: Market,
    row: Row,
    trail: Mapping[str, Any] | None,
    rows: LeadRows,
    mask: Mask,
    vertical: Vertical | None,
) -> Request:
    key = _key(market, row["wrapped"])
    body = _unsealed(market, key, f"raw:{row['id']}", row["raw"])
    answer = _unsealed(market, key, f"answer:{row['id']}", row["answer"])
    names = market.deals.names(row["campaign_id"] or "")
    if body is not None:
        mask = mask.with_more(_sent(body, row, names, vertical))
    wires = [wire for wire in rows.wires if wire["subject"] == row["id"]]
    told: list[Mapping[str, Any]] = []
    for wire in wires:
        told += _opened(market, wire["wrapped"], f"wires:{wire['id']}", wire["sealed"]) or []
    return Request(
        row,
        trail,
        tuple(told),
        bool(told),
        _text(body),
        _text(answer),
        mask,
        erased=key is None,
    )


def _sent(body: bytes, row: Row, names: Names | None, vertical: Vertical | None) -> list[Hidden]:
    """What the seller sent that may be personal: also values that could not be read, and fields nobody declared."""
    content_type = "application/json" if row["endpoint"] == "ping" else row["content_type"]
    flat = decode(body, content_type, repeats="first")
    if not isinstance(flat, Flat) or names is None:
        return []
    hidden: list[Hidden] = []
    for sent, text in flat.fields.items():
        name = names.canonical(sent)
        known = names.known.get(name) if name is not None else None
        if name is None or known is None:
            if len(text) >= _LEAST_UNKNOWN:
                hidden += hide(sent, "text", (text,), HIDDEN)
        elif known.spec.personal and not shows(name, vertical):
            hidden += hide(name, known.spec.type, (text,), HIDDEN)
    return hidden


def _certificate(consent: Mapping[str, Any] | None) -> list[Hidden]:
    """A certificate's address opens the whole consumer: it is shown cut."""
    url = consent.get("trustedform_url") if consent is not None else None
    return hide("trustedform_cert_url", "text", (url,), f"{url[:36]}…{url[-4:]}") if url else []


def _opened(market: Market, wrapped: bytes | None, row_id: str, sealed: bytes | None) -> Any:
    data = _unsealed(market, _key(market, wrapped), row_id, sealed)
    return orjson.loads(data) if data is not None else None


def _key(market: Market, wrapped: bytes | None) -> DataKey | None:
    return market.vault.data_key(bytes(wrapped)) if wrapped is not None else None


def _unsealed(market: Market, key: DataKey | None, row_id: str, sealed: bytes | None) -> bytes | None:
    """None when it is no longer kept, was erased, or does not open."""
    if key is None or sealed is None:
        return None
    try:
        return market.vault.open(key, row_id, bytes(sealed))
    except VaultError:
        return None


def _text(data: bytes | None) -> str | None:
    return data.decode("utf-8", "replace") if data is not None else None

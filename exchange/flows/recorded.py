"""Recorded leads read again, many at once, as the checks of a book look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from exchange.flows.market import Market
from exchange.flows.stored_lead import read_consent
from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode
from exchange.model.party import Clause, Contract, Group
from exchange.model.vertical import Vertical
from exchange.stages.field_names import Known, Names
from exchange.storage.database import Row
from exchange.vault import VaultError

_NO_CONSENT = Consent(False, None, None, None, None, (), None, None, 0)
_PLACES = ("postal_code", "state")
_OF_THE_DAY = frozenset({"date", "dob", "instant"})  # types whose reading depends on when it was


def fields_of(group: Group | None) -> frozenset[str]:
    """The names of the fields a filter looks at."""
    names: set[str] = set()
    for part in group.clauses if group is not None else ():
        names |= {part.field} if isinstance(part, Clause) else fields_of(part)
    return frozenset(names)


def fields_looked_at(contracts: Sequence[Contract], vertical: Vertical) -> frozenset[str]:
    """The names of all fields that the checks of these contracts read."""
    names = {spec.name for spec in vertical.fields if spec.type in _PLACES}
    for contract in contracts:
        names |= fields_of(contract.filters) | set(contract.consent) | ({"phone"} if contract.calls_at_once else set())
    return frozenset(names)


def needs_opening(contracts: Sequence[Contract], vertical: Vertical) -> bool:
    """Whether the checks ask for what leads keep sealed: personal fields, consent, more sub ids than the first."""
    names = fields_looked_at(contracts, vertical)
    asks = any(each.consent or each.sources.sub_ids or each.sources.sub_ids_except for each in contracts)
    by_name = vertical.consent.by_name or bool(vertical.consent.states)
    return asks or by_name or any(spec.personal for spec in vertical.fields if spec.name in names)


class Reader:
    """Reads rows of `recorded.offered_leads`: the fields that are looked at alone. What a value means is worked out
    once for all leads that carry it.
    """

    def __init__(self, market: Market, looked_at: frozenset[str], *, opened: bool) -> None:
        self._vault, self._deals = market.vault, market.deals
        self._looked_at, self._opened = looked_at, opened
        self._known: dict[tuple[str, str, str], FieldValue | None] = {}

    def lead(self, row: Row) -> Lead | None:
        """None for one whose campaign is gone, or whose values were erased where they are asked for."""
        names = self._deals.names(row["campaign_id"])
        if names is None:
            return None
        texts: dict[str, str] = orjson.loads(row["facts"])
        consent, tracking = _NO_CONSENT, {"sub_id1": row["sub_id1"]} if row["sub_id1"] else {}
        if self._opened:
            sealed = self._unsealed(row)
            if sealed is None:
                return None
            tracking, consent = sealed[0]["tracking"], sealed[1]
            texts |= {name: value[1] for name, value in sealed[0]["values"].items()}
        return _lead(row, self._values(row, names, texts), consent, tracking)

    def _values(self, row: Row, names: Names, texts: Mapping[str, str]) -> dict[str, FieldValue]:
        values: dict[str, FieldValue] = {}
        for name in self._looked_at & texts.keys():
            known = names.known.get(name)
            value = self._read(row, name, texts[name], known) if known is not None else None
            if value is not None:
                values[name] = value
        return values

    def _read(self, row: Row, name: str, text: str, known: Known) -> FieldValue | None:
        lasting = known.spec.type not in _OF_THE_DAY and not known.spec.until
        key = (row["campaign_id"], name, text)
        if lasting and key in self._known:
            return self._known[key]
        read = known.parse(text, known.spec, row["received_at"])
        value = read if isinstance(read, FieldValue) else None
        if lasting:
            self._known[key] = value
        return value

    def _unsealed(self, row: Row) -> tuple[dict[str, dict[str, str]], Consent] | None:
        if row["sealed"] is None or row["wrapped"] is None:
            return None
        try:
            key = self._vault.data_key(bytes(row["wrapped"]))
            sealed = orjson.loads(self._vault.open(key, f"lead:{row['id']}", bytes(row["sealed"])))
            if row["consent"] is None:
                return sealed, _NO_CONSENT
            record = orjson.loads(self._vault.open(key, f"consent:{row['id']}", bytes(row["consent"])))
        except VaultError:
            return None
        return sealed, read_consent(record, row["shown"])


def _lead(row: Row, values: Mapping[str, FieldValue], consent: Consent, tracking: Mapping[str, str]) -> Lead:
    return Lead(
        id=row["id"],
        request_id=row["subject"],
        seller_id=row["seller_id"],
        campaign_id=row["campaign_id"],
        vertical=row["vertical"],
        mode=Mode.LIVE,
        kind=Kind(row["kind"]),
        values=values,
        consent=consent,
        tracking=tracking,
        seller_lead_id=None,
        ping_id=None,
        min_price=None,
        timeout_ms=None,
        test_outcome=None,
        grade=row["grade"],
        received_at=row["received_at"],
        month=row["month"],
        fraud=row["fraud"],
        score=row["score"],
    )

"""Made-up buyers, contracts and leads for the tests of stages."""

from __future__ import annotations

from exchange.model.lead import Consent, FieldValue, Kind, Lead, Mode
from exchange.model.ledger import Billing
from exchange.model.money import Money
from exchange.model.party import Buyer, Contract, SaleMode, State

NOW = 1_795_271_648_000  # Sat 21 Nov 2026, 14:34:08 UTC


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def buyer(id: str = "by_1", *, name: str = "Helio One", group: str = "", away_until: int | None = None) -> Buyer:
    return Buyer(id, name, State.ACTIVE, Billing.PREPAID, usd("0"), group, away_until)


def contract(id: str = "ct_1", buyer_id: str = "by_1", price: str | None = "25") -> Contract:
    return Contract(
        id=id,
        version=3,
        buyer_id=buyer_id,
        name="Solar Southwest",
        vertical="solar",
        leg=buyer_id,
        state=State.ACTIVE,
        mode=Mode.LIVE,
        sale_mode=SaleMode.EXCLUSIVE,
        tier=1,
        connection="helio",
        price=None if price is None else usd(price),
        shared_price=None,
        max_bid=usd("60"),
    )


def value(clean: str, masked: str | None = None, **parts: object) -> FieldValue:
    return FieldValue(clean, clean, clean if masked is None else masked, parts)


def lead(kind: Kind = Kind.DIRECT, mode: Mode = Mode.LIVE, **values: FieldValue) -> Lead:
    return Lead(
        id="ld_1",
        request_id="rq_1",
        seller_id="sl_1",
        campaign_id="cm_1",
        vertical="solar",
        mode=mode,
        kind=kind,
        values=values,
        consent=Consent(False, None, None, None, None, (), None, None, NOW),
        tracking={},
        seller_lead_id=None,
        ping_id=None,
        min_price=None,
        timeout_ms=None,
        test_outcome=None,
        grade=None,
        received_at=NOW,
        month="2026-11",
    )

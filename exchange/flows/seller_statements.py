"""A seller's statement as a document: the same figures and lines for a page, a paper, a table and a program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from exchange.flows.market import Market
from exchange.flows.payouts import Preview, preview
from exchange.model.actor import Actor, Role
from exchange.model.ledger import seller_account
from exchange.model.money import Money
from exchange.model.payout import BankFile, Figures, Method, Payment, Run
from exchange.model.statement import BEGINNING, Cut, Party, Period
from exchange.stages.respond import rfc3339
from exchange.storage.earned import kept_sums
from exchange.storage.movements import first_movement_at
from exchange.storage.payout_payments import payments_of
from exchange.storage.payout_runs import find_run
from exchange.storage.payout_sums import OPEN, Cursor, EntryLine, SumLine, entries, moved_accounts

_PAGE = 1_000


class Part(NamedTuple):
    """One line of the sum: what it is called, how many entries, and how much. `key` names it for programs."""

    key: str
    word: str
    entries: int | None
    money: Money


@dataclass(frozen=True, slots=True)
class Document:
    """A statement, issued or running. `number` None: it is not issued; its period runs, or waits to be closed."""

    number: str | None
    run: Run | None
    party: Party
    currency: str
    since: int | None
    until: int
    due_at: int
    method: Method
    figures: Figures
    lines: tuple[SumLine, ...]
    payments: tuple[Payment, ...]
    period: Period

    def money(self, units: int) -> Money:
        return Money(units, self.currency)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The sum, from what was carried over to what is paid: every part but the last two adds up to those."""
        figures, found = self.figures, self.figures.sums
        told = (
            ("carried", "Carried over from the statement before", None, figures.carried),
            ("sold", "Sold", found.sold_count, found.sold),
            ("returned", "Returned", found.returned_count, found.returned),
            ("adjusted", "Adjustments", found.adjusted_count, found.adjusted),
            ("released", "Reserve let go", None, figures.released),
            ("held", "Reserve held back", None, -figures.held),
            ("rounding", "Rest of a cent", None, figures.rounding),
            ("carry", "Carried over into the next statement", None, -figures.carry),
            ("pay", "To pay", None, figures.pay),
        )
        return tuple(Part(key, word, count, self.money(units)) for key, word, count, units in told)

    @property
    def state(self) -> str:
        """`running`, `over`, `prepared`, `issued`, `paid`, `carried`."""
        if self.run is None:
            return "running"
        if self.run.state.value == "paid" and not self.figures.pay:
            return "carried"
        return self.run.state.value


async def statement(market: Market, actor: Actor, name: str) -> Document | None:
    """An issued statement by its number or run, or a prepared one for those who run the exchange; None: not there."""
    run = await market.db.read(find_run, actor, name)
    if run is None:
        return None
    lines = await market.db.read(kept_sums, run.period)
    payments = await market.db.read(payments_of, [run.id])
    return Document(
        run.number, run, run.party, run.currency, run.since.at or await _began(market, run.seller_id, run.currency),
        run.until.at, run.due_at, run.method, run.figures, lines, tuple(payments), run.period,
    )  # fmt: skip


async def running(market: Market, actor: Actor, seller_id: str, currency: str) -> Document | None:
    """What moved since the last statement, as it stands at this moment. A seller sees its own."""
    if actor.role is Role.SELLER and actor.party_id != seller_id:
        return None
    return running_of(market, await preview(market, seller_id, currency))


def running_of(market: Market, found: Preview) -> Document:
    terms = found.terms.terms
    since = found.last.until if found.last is not None else BEGINNING
    cut = Cut(found.until, OPEN) if found.over else Cut(OPEN, OPEN)
    seller = market.deals.sellers.get(found.seller_id)
    name = seller.name if seller is not None else found.seller_id
    party = Party(found.seller_id, name, terms.address, terms.tax_id, terms.zone or market.zone)
    return Document(
        None, None, party, found.currency, found.since, found.until, found.due_at, terms.method_for(found.currency),
        found.figures, found.lines, (), Period(seller_account(found.seller_id), found.currency, since, cut),
    )  # fmt: skip


async def currencies_of(market: Market, seller_id: str) -> list[str]:
    """Those in which a seller has an account."""
    return [currency for known, currency in await market.db.read(moved_accounts) if known == seller_id]


async def entries_of(
    market: Market, document: Document, kind: str = "", campaign_id: str | None = None
) -> AsyncIterator[EntryLine]:
    """Every entry of a document, or of one of its lines, oldest first; read page by page."""
    after: Cursor | None = None
    while True:
        page = await market.db.read(entries, document.period, after, _PAGE, kind, campaign_id)
        for each in page:
            yield each
        if len(page) < _PAGE:
            return
        after = (page[-1].at, page[-1].reference, page[-1].line)


def document_fields(document: Document) -> dict[str, Any]:
    """For programs. Amounts are decimal text."""
    return {
        "statement": document.number,
        "state": document.state,
        "seller_id": document.party.id,
        "seller": document.party.name,
        "currency": document.currency,
        "since": rfc3339(document.since) if document.since else None,
        "until": rfc3339(document.until),
        "due_at": rfc3339(document.due_at),
        "method": document.method.value,
        "counts": {part.key: part.entries for part in document.parts if part.entries is not None},
        **{part.key: part.money.text for part in document.parts},
        "lines": [
            {
                "kind": line.kind,
                "campaign_id": line.campaign_id or None,
                "entries": line.entries,
                "amount": document.money(line.units).text,
            }
            for line in document.lines
        ],
        "payments": [payment_fields(each) for each in document.payments],
    }


def entry_fields(document: Document, entry: EntryLine) -> dict[str, Any]:
    return {
        "at": rfc3339(entry.at),
        "kind": entry.kind,
        "lead_id": entry.lead_id,
        "campaign_id": entry.campaign_id or None,
        "sub_id1": entry.sub_id1,
        "sold_at": rfc3339(entry.sold_at) if entry.sold_at is not None else None,
        "note": entry.note or None,
        "amount": document.money(entry.units).text,
    }


def payment_fields(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "run_id": payment.run_id,
        "part": payment.part,
        "amount": payment.money.text,
        "currency": payment.money.currency,
        "method": payment.method.value,
        "state": payment.state.value,
        "hold_reason": payment.hold_reason or None,
        "file_id": payment.file_id,
        "reference": payment.reference or None,
        "paid_at": rfc3339(payment.paid_at) if payment.paid_at is not None else None,
        "bounce_reason": payment.bounce_reason or None,
    }


def run_fields(run: Run) -> dict[str, Any]:
    figures = run.figures
    return {
        "run_id": run.id,
        "statement": run.number,
        "seller_id": run.seller_id,
        "currency": run.currency,
        "state": run.state.value,
        "hold_reason": run.hold_reason or None,
        "since": rfc3339(run.since.at) if run.since.at else None,
        "until": rfc3339(run.until.at),
        "due_at": rfc3339(run.due_at),
        "method": run.method.value,
        **figure_fields(figures, run.currency),
        "prepared_by": run.prepared_by,
        "issued_at": rfc3339(run.issued_at) if run.issued_at is not None else None,
        "issued_by": run.issued_by,
    }


def own_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """A run as its seller may read it: who prepared and approved it is nobody else's business."""
    inside = ("run_id", "prepared_by", "issued_by", "hold_reason")
    return {name: value for name, value in fields.items() if name not in inside}


def preview_fields(market: Market, found: Preview) -> dict[str, Any]:
    terms = found.terms.terms
    return {
        "seller_id": found.seller_id,
        "currency": found.currency,
        "since": rfc3339(found.since) if found.since else None,
        "until": rfc3339(found.until),
        "over": found.over,
        "due_at": rfc3339(found.due_at),
        "method": terms.method_for(found.currency).value,
        **figure_fields(found.figures, found.currency),
    }


def figure_fields(figures: Figures, currency: str) -> dict[str, Any]:
    amounts = {
        "carried": figures.carried,
        "sold": figures.sums.sold,
        "returned": figures.sums.returned,
        "adjusted": figures.sums.adjusted,
        "released": figures.released,
        "held": -figures.held,
        "rounding": figures.rounding,
        "carry": -figures.carry,
        "pay": figures.pay,
    }
    counts = {"sold": figures.sums.sold_count, "returned": figures.sums.returned_count}
    return {**{key: Money(units, currency).text for key, units in amounts.items()}, "counts": counts}


def file_fields(file: BankFile) -> dict[str, Any]:
    return {
        "file_id": file.id,
        "format": file.format,
        "name": file.name,
        "currency": file.currency,
        "payments": file.payments,
        "amount": Money(file.units, file.currency).text,
        "sha256": file.sha256,
        "effective_day": file.effective_day,
        "made_at": rfc3339(file.made_at),
        "made_by": file.made_by,
    }


async def _began(market: Market, seller_id: str, currency: str) -> int | None:
    return await market.db.read(first_movement_at, seller_account(seller_id), currency)

"""`exchange ledger`: check the books, read balances, book what was paid or is to be set right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.money import BadMoney, Money
from exchange.stages.reasons import show_exact

if TYPE_CHECKING:
    from exchange.flows.books import Proved
    from exchange.flows.market import Market
    from exchange.flows.payout_check import PayoutsChecked
    from exchange.flows.reproduce import Reproduced
    from exchange.storage.verify import Verification


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    ours = "exchange ledger"
    return (
        ("verify", verify, f"{ours} verify", f"{ours} verify --json --quiet"),
        ("balances", balances, f"{ours} balances", f"{ours} balances --json"),
        (
            "top-up",
            top_up,
            f"{ours} top-up northsun 500.00 --reference wire-2291",
            f"{ours} top-up northsun 500.00 --reference wire-2291 --yes",
        ),
        (
            "adjust",
            adjust,
            f'{ours} adjust northsun 25.00 --reference case-7 --note "goodwill"',
            f'{ours} adjust seller:acme --reference case-8 --note "sent twice" -- -9.50',
        ),
    )


def verify(context: typer.Context) -> None:
    """Walk every chain from the first entry to the last, compare every balance with its entries, and count every
    issued document again."""
    from exchange.commands.opening import run

    run(_verify(context.obj))


async def _verify(terminal: Terminal) -> None:
    from exchange.clock import SystemClock
    from exchange.commands.opening import opened_database, settings_of
    from exchange.commands.progress import finished, progress
    from exchange.flows.books import prove
    from exchange.storage.ledger import all_balances

    clock = SystemClock()
    settings = settings_of(terminal)
    async with opened_database(settings) as db:
        began = clock.monotonic()
        with progress(terminal, "Checking", None, clock):
            proved = await prove(db, clock.now())
        accounts = len(await db.read(all_balances))
        seconds = clock.monotonic() - began
    finished(terminal, "Checking", f"{proved.books.sealed:,} entries   {seconds:.1f} s")
    terminal.result(proved_document(proved, accounts), proved_lines(proved, accounts, settings.currency))
    if not proved.sound:
        raise Stop(Exit.CHECK_FAILED)


def proved_document(proved: Proved, accounts: int) -> dict[str, object]:
    """What a proof of the books found, for programs."""
    books = proved.books
    kinds = {kind.value: count for kind, count in proved.again.counts.items()}
    return {
        "sound": proved.sound,
        "entries": books.sealed,
        "not_sealed_yet": books.unsealed,
        "sum": {currency: Money(units, currency).text for currency, units in sorted(books.totals.items())},
        "accounts": accounts,
        "head": books.head,
        "audit_lines": proved.audit.sealed,
        "audit_head": proved.audit.head,
        "documents": kinds | {"payout": proved.payouts.statements},
        "documents_head": proved.documents.head,
        "payouts_head": proved.statements.head,
        "flaws": [{"where": flaw.where, "id": flaw.row_id, "sentence": flaw.sentence} for flaw in proved.flaws],
    }


def proved_lines(proved: Proved, accounts: int, currency: str) -> list[str]:
    """The same for people."""
    return [
        *_verified(proved.books, proved.audit, accounts, currency),
        _documents_told(proved.again, bool(proved.documents.flaws)),
        _payouts_told(proved.payouts, bool(proved.statements.flaws)),
        *(f"  FAIL        {flaw.sentence}" for flaw in proved.flaws),
    ]


def _verified(books: Verification, audit: Verification, accounts: int, currency: str) -> list[str]:
    sums = [Money(units, code) for code, units in sorted(books.totals.items())] or [Money.zero(currency)]
    drifted = {flaw.row_id for flaw in books.flaws if flaw.where == "account_balances"}
    chain = [flaw for flaw in books.flaws if flaw.where not in ("account_balances", "sales")]
    waiting = f", {books.unsealed:,} not sealed yet" if books.unsealed else ""
    told = []
    if not chain:
        told = [
            f"  Sum         {', '.join(show_exact(total) for total in sums)}",
            f"  Accounts    {accounts - len(drifted):,} of {accounts:,} balances match their entries",
        ]
    told.append(f"  Chain       {'BROKEN' if chain else f'intact, head {books.head[:6]}…{waiting}'}")
    if any(flaw.where == "sales" for flaw in books.flaws):
        told.append("  Sales       BROKEN")
    told.append(
        f"  Audit       {'BROKEN' if audit.flaws else f'{audit.sealed:,} lines intact, head {audit.head[:6]}…'}"
    )
    return told


def _payouts_told(payouts: PayoutsChecked, altered: bool) -> str:
    if altered or payouts.flaws:
        return "  Payouts     BROKEN"
    number = payouts.statements
    told = f"{number:,} statement{'' if number == 1 else 's'} of sellers"
    return f"  Payouts     {told} reproduce to the cent" if number else "  Payouts     none issued yet"


def _documents_told(again: Reproduced, altered: bool) -> str:
    """`61 invoices, 12 credit notes reproduce to the cent`."""
    if altered or again.flaws:
        return "  Documents   BROKEN"
    counted = [
        f"{count:,} {kind.value.replace('_', ' ')}{'' if count == 1 else 's'}"
        for kind, count in sorted(again.counts.items(), key=lambda pair: -pair[1])
    ]
    return f"  Documents   {', '.join(counted)} reproduce to the cent" if counted else "  Documents   none issued yet"


def balances(context: typer.Context) -> None:
    """What every account holds, has set aside for posts in flight, and may still spend; the house's own ones too."""
    from exchange.commands.opening import run

    run(_balances(context.obj))


async def _balances(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_database, settings_of
    from exchange.storage.ledger import all_accounts
    from exchange.storage.ledger_views import house_sums

    async with opened_database(settings_of(terminal)) as db:
        rows, house = await db.read(all_accounts), await db.read(house_sums)
    fields = ("posted", "held", "limit", "available")
    document = [
        {"account": row.account, "currency": row.posted.currency}
        | {field: getattr(row, field).text for field in fields}
        for row in rows
    ]
    document += [{"account": name, "currency": money.currency, "posted": money.text} for name, money in house]
    table: list[tuple[str, ...]] = [("Account", "Balance", "Held", "Limit", "Available")]
    table += [(row.account, *(show_exact(getattr(row, field)) for field in fields)) for row in rows]
    table += [(name, show_exact(money), "", "", "") for name, money in house]
    terminal.result(document, columns(table) if rows or house else ["  No accounts yet."])


def top_up(
    context: typer.Context,
    buyer: Annotated[str, typer.Argument(help="The buyer's id.")],
    amount: Annotated[str, typer.Argument(help="What was paid, such as 500.00.")],
    reference: Annotated[str, typer.Option(help="Of the payment; the same one is booked once.")],
) -> None:
    """Book what a buyer paid in."""
    from exchange.commands.opening import run

    run(_top_up(context.obj, buyer, amount, reference))


async def _top_up(terminal: Terminal, buyer_id: str, text: str, reference: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows import top_up as flow
    from exchange.storage.ledger import BookingConflict

    async with opened_market(settings_of(terminal)) as market:
        buyer = market.deals.buyers.get(buyer_id)
        if buyer is None:
            raise Stop(Exit.FAILED, f"There is no buyer {buyer_id}. {_ids(market.deals.buyers)}")
        amount = _amount(text, buyer.limit.currency)
        if amount.units <= 0:
            raise Stop(Exit.USAGE, f"{text} is nothing to book; take money back with exchange ledger adjust.")
        terminal.confirm(
            f"Book {show_exact(amount)} paid by {buyer.name}?",
            f"{show_exact(amount)} were not booked for {buyer.name}.",
        )
        try:
            done = await flow.top_up(market, buyer_id, amount, reference, operator())
        except BookingConflict as error:
            raise Stop(Exit.REFUSED, f"{reference} is booked already, for another amount.") from error
        assert done is not None
    what = f"Booked {show_exact(amount)} for {buyer.name}." if done.new else f"{reference} was booked before."
    terminal.result(
        {
            "new": done.new,
            "buyer": buyer_id,
            "amount": amount.text,
            "currency": amount.currency,
            "posted": done.posted.text,
            "available": done.available.text,
        },
        [f"  {what} Balance {show_exact(done.posted)}, may spend {show_exact(done.available)}."],
    )


def adjust(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="A buyer, or seller:ID.")],
    amount: Annotated[str, typer.Argument(help="25.00 gives, -25.00 takes (write -- before it).")],
    note: Annotated[str, typer.Option(help="Why; it stays in the books.")],
    reference: Annotated[str, typer.Option(help="Makes a repeat harmless.")],
    currency: Annotated[str, typer.Option(help="Of the amount; the buyer's or the seller's own unless said.")] = "",
) -> None:
    """Set an account right against the house's margin. Entries are never edited: this adds one."""
    from exchange.commands.opening import run

    run(_adjust(context.obj, account, amount, note, reference, currency.strip().upper()))


async def _adjust(terminal: Terminal, party: str, text: str, note: str, reference: str, currency: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.by_hand import account_of
    from exchange.flows.payments import correct
    from exchange.storage.ledger import BookingConflict

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        account = account_of(market, party)
        if account is None:
            raise Stop(Exit.FAILED, f"There is no account {party}: see exchange ledger balances.")
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise Stop(Exit.USAGE, "--currency is a code of three letters, such as EUR.")
        amount = _amount(text, currency or _own_currency(market, account) or settings.currency)
        if amount.units == 0:
            raise Stop(Exit.USAGE, "Zero adjusts nothing.")
        terminal.confirm(f"Move {show_exact(amount)} to {account}?", f"{account} was not adjusted.")
        try:
            balance = (await correct(market, account, amount, reference, note, operator())).balance
        except BookingConflict as error:
            raise Stop(Exit.REFUSED, f"{reference} is booked already, for another amount.") from error
    terminal.result(
        {"account": account, "amount": amount.text, "currency": amount.currency, "posted": balance.posted.text},
        [f"  {account} adjusted by {show_exact(amount)}, balance {show_exact(balance.posted)}."],
    )


def _own_currency(market: Market, account: str) -> str:
    """The one a party's account is mostly in; empty where nobody said."""
    role, name = account.split(":")[:2]
    if role == "buyer":
        return market.deals.buyers[name].limit.currency
    return market.deals.sellers[name].terms.currency if name in market.deals.sellers else ""


def _amount(text: str, currency: str) -> Money:
    try:
        return Money.parse(text, currency)
    except BadMoney as error:
        raise Stop(Exit.USAGE, f"{text} is no amount: write it as 500.00.") from error


def _ids(known: Iterable[str]) -> str:
    real = sorted(name for name in known if not name.startswith("simulated-"))
    return f"There are {', '.join(real[:20])}." if real else "There are none yet."

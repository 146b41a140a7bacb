"""`exchange invoice`: what buyers were billed, how they are billed, and what is done about a document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.money import BadMoney, Money
from exchange.stages.reasons import show_money

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.model.statement import Statement

_NUMBER = Annotated[str, typer.Argument(help="Such as INV-2026-00042.")]
_BUYER = Annotated[str, typer.Argument(help="The buyer's id.")]
LISTED = 500


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    ours = "exchange invoice"
    return (
        ("list", list_all, f"{ours} list", f"{ours} list --status overdue --json"),
        ("show", show, f"{ours} show INV-2026-00042", f"{ours} show INV-2026-00042 --pdf invoice.pdf"),
        ("issue", issue, f"{ours} issue northsun", f"{ours} issue northsun --yes --json"),
        (
            "paid",
            paid,
            f"{ours} paid INV-2026-00042 728.69 --reference wire-2291",
            f"{ours} paid INV-2026-00042 100 --reference wire-2292 --yes",
        ),
        (
            "cancel",
            cancel,
            f'{ours} cancel INV-2026-00042 --reason "wrong address"',
            f'{ours} cancel INV-2026-00042 --reason "no tax id" --yes',
        ),
        (
            "terms",
            terms,
            f"{ours} terms northsun --every week --zone America/Phoenix",
            f'{ours} terms northsun --tax-percent 19 --tax-name VAT --address "1 Main St"',
        ),
    )


def list_all(
    context: typer.Context,
    status: Annotated[str, typer.Option(help="to_pay, overdue, paid or cancelled.")] = "",
    kind: Annotated[str, typer.Option(help="invoices, credit_notes or statements.")] = "",
    buyer: Annotated[str, typer.Option(help="Of this buyer only.")] = "",
) -> None:
    """Documents, the newest first, and what is still open of each."""
    from exchange.commands.opening import run
    from exchange.web.bills.lists import KINDS, STATUSES

    for name, given, known in (("status", status, STATUSES), ("kind", kind, KINDS)):
        if given and given not in known:
            raise Stop(Exit.USAGE, f"--{name} is one of {', '.join(known)}.")
    asked = {"status": status, "kind": kind, "buyer": buyer}
    run(_list(context.obj, {name: value for name, value in asked.items() if value}))


async def _list(terminal: Terminal, given: dict[str, str]) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.storage.spans import Span
    from exchange.web.bills.lists import read_bills

    async with opened_market(settings_of(terminal)) as market:
        lines = await read_bills(market, operator(), given, Span(limit=LISTED))
    shown = [
        (
            each.statement.number,
            each.title,
            each.statement.party.name,
            show_money(each.statement.totals.total),
            each.standing.state.value.replace("_", " "),
            f"{show_money(each.standing.open)} open" if each.standing.open.units else "",
        )
        for each in lines
    ]
    terminal.result([each.fields() for each in lines], columns(shown) or ["  No document yet."])


def show(
    context: typer.Context,
    number: _NUMBER,
    pdf: Annotated[Path | None, typer.Option(help="Write it as PDF to this file.")] = None,
) -> None:
    """One document with its lines, or its PDF in a file."""
    from exchange.commands.opening import run

    run(_show(context.obj, number, pdf))


async def _show(terminal: Terminal, number: str, pdf: Path | None) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.payments import account_standings
    from exchange.web.bills.files import fields_of
    from exchange.web.bills.paper import draw
    from exchange.web.bills.told import told

    async with opened_market(settings_of(terminal)) as market:
        statement = await _found(market, number)
        period = statement.period
        standing = (await account_standings(market, operator(), period.account, period.currency))[number]
    bill = told(statement)
    if pdf is not None:
        pdf.write_bytes(draw(bill))
    rows = [(row.what, row.group, f"{row.entries:,}", row.amount) for row in bill.rows]
    rows += [(label, "", "", amount) for label, amount in (*bill.after, bill.total)]
    lines = [f"  {bill.title} {number}", f"  {', '.join(bill.receiver)}", *columns(rows)]
    lines.append(f"  {standing.state.value.replace('_', ' ')}, {show_money(standing.open)} open")
    terminal.result(fields_of(statement, standing, f"/console/invoices/{number}"), lines)


def issue(context: typer.Context, buyer: _BUYER) -> None:
    """Close a buyer's open period now, and issue what belongs to it."""
    from exchange.commands.opening import run

    run(_issue(context.obj, buyer))


async def _issue(terminal: Terminal, buyer_id: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.billing import CannotIssue, bill
    from exchange.storage.ledger import balances_of
    from exchange.worker import seal_chains

    async with opened_market(settings_of(terminal)) as market:
        buyer = market.deals.buyers.get(buyer_id)
        if buyer is None:
            raise Stop(Exit.FAILED, f"There is no buyer {buyer_id}.")
        terminal.confirm(f"Close the open period of {buyer.name} now?", "Nothing was issued.")
        while await seal_chains(market):  # an exchange that is not served seals nothing by itself
            pass
        made: list[Statement] = []
        try:
            for each in await market.db.read(balances_of, operator(), f"buyer:{buyer_id}"):
                if each.account.endswith((":prepaid", ":receivable")):
                    made += await bill(market, each.account, each.posted.currency, market.clock.now(), operator())
        except CannotIssue as error:
            raise Stop(Exit.REFUSED, str(error)) from error
    lines = [f"  {each.number}  {show_money(each.totals.total)}" for each in made]
    terminal.result({"issued": [each.number for each in made]}, lines or ["  There was nothing to invoice."])


def paid(
    context: typer.Context,
    number: _NUMBER,
    amount: Annotated[str, typer.Argument(help="What came, such as 500.00.")],
    reference: Annotated[str, typer.Option(help="Of the transfer; the same one is booked once.")],
) -> None:
    """Book what came from the bank for an invoice."""
    from exchange.commands.opening import run

    run(_paid(context.obj, number, amount, reference))


async def _paid(terminal: Terminal, number: str, text: str, reference: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.payments import NothingToPay, account_standings, pay_invoice
    from exchange.storage.ledger import BookingConflict

    async with opened_market(settings_of(terminal)) as market:
        period = (await _found(market, number)).period
        try:
            amount = Money.parse(text, period.currency)
        except BadMoney as error:
            raise Stop(Exit.USAGE, f"{text} is no amount: write it as 500.00.") from error
        terminal.confirm(f"Book {show_money(amount)} for {number}?", "Nothing was booked.")
        try:
            done = await pay_invoice(market, number, amount, reference, operator())
        except NothingToPay as error:
            raise Stop(Exit.USAGE, str(error)) from error
        except BookingConflict as error:
            raise Stop(Exit.REFUSED, f"{reference} is booked already, for another payment.") from error
        standing = (await account_standings(market, operator(), period.account, period.currency))[number]
    what = "Booked" if done.new else f"{reference} was booked before"
    fields = {"new": done.new, "number": number, "state": standing.state.value, "open": standing.open.text}
    terminal.result(fields, [f"  {what}. {number} is {standing.state.value}, {show_money(standing.open)} open."])


def cancel(
    context: typer.Context,
    number: _NUMBER,
    reason: Annotated[str, typer.Option(help="Why; it stands on the credit note.")],
) -> None:
    """Take an invoice back by a credit note; another one for the same period takes its place."""
    from exchange.commands.opening import run

    run(_cancel(context.obj, number, reason))


async def _cancel(terminal: Terminal, number: str, reason: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.billing import CannotIssue
    from exchange.flows.billing import cancel as flow
    from exchange.stages.notes import note_problem

    if (wrong := note_problem(reason)) is not None:
        raise Stop(Exit.USAGE, wrong.message.replace("note", "reason"))
    async with opened_market(settings_of(terminal)) as market:
        await _found(market, number)
        terminal.confirm(f"Cancel {number} and issue another in its place?", f"{number} stands as it was.")
        try:
            gone, anew = await flow(market, number, reason, operator())
        except CannotIssue as error:
            raise Stop(Exit.REFUSED, str(error)) from error
    fields = {"credit_note": gone.number, "invoice": anew.number, "total": anew.totals.total.text}
    terminal.result(fields, [f"  {gone.number} takes {number} back; {anew.number} takes its place."])


def terms(
    context: typer.Context,
    buyer: _BUYER,
    every: Annotated[str | None, typer.Option(help="week, half_month, month or by_hand.")] = None,
    zone: Annotated[str | None, typer.Option(help="Its time zone; empty for yours.")] = None,
    due_days: Annotated[str | None, typer.Option(help="Days to pay, 0 to 120.")] = None,
    tax_percent: Annotated[str | None, typer.Option(help="A tax on its invoices, such as 19; 0 for none.")] = None,
    tax_name: Annotated[str | None, typer.Option(help="What the tax is called.")] = None,
    tax_id: Annotated[str | None, typer.Option(help="The buyer's tax id.")] = None,
    address: Annotated[str | None, typer.Option(help="Its address; \\n begins a line.")] = None,
    security: Annotated[str | None, typer.Option(help="What has to be paid in before a contract goes live.")] = None,
) -> None:
    """How a buyer is billed from now on; without an option, how it is."""
    from exchange.commands.opening import run

    given = {
        "every": every,
        "zone": zone,
        "due_days": due_days,
        "tax_percent": tax_percent,
        "tax_name": tax_name,
        "tax_id": tax_id,
        "security": security,
        "address": address.replace("\\n", "\n") if address is not None else None,
    }
    run(_terms(context.obj, buyer, {name: text for name, text in given.items() if text is not None}))


async def _terms(terminal: Terminal, buyer_id: str, typed: dict[str, str]) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.billing_terms import WrongTerms, set_terms, typed_of

    async with opened_market(settings_of(terminal)) as market:
        buyer = market.deals.buyers.get(buyer_id)
        if buyer is None:
            raise Stop(Exit.FAILED, f"There is no buyer {buyer_id}.")
        try:
            found = await set_terms(market, buyer, typed, operator()) if typed else buyer.terms
        except WrongTerms as error:
            raise Stop(Exit.USAGE, str(error)) from error
    fields = typed_of(found)
    terminal.result(fields, columns((name, text.replace("\n", ", ")) for name, text in fields.items()))


async def _found(market: Market, number: str) -> Statement:
    from exchange.commands.opening import operator
    from exchange.storage.statements import read_statement

    statement = await market.db.read(read_statement, operator(), number)
    if statement is None:
        raise Stop(Exit.FAILED, f"{number} was never issued.")
    return statement

"""`exchange payout`: what sellers are owed; runs prepared, approved, written into bank files, and marked paid."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.money import Money
from exchange.stages.reasons import show_money

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.model.actor import Actor
    from exchange.model.payout import Payment, Run

_RUN = Annotated[str, typer.Argument(help="The run, by its id or its statement's number.")]
_SELLER = Annotated[str, typer.Argument(help="The seller's id.")]


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    return (
        ("preview", preview, "exchange payout preview", "exchange payout preview --json"),
        ("prepare", prepare, "exchange payout prepare acme", "exchange payout prepare acme --currency EUR --json"),
        ("list", list_all, "exchange payout list", "exchange payout list --state prepared --json"),
        ("approve", approve, "exchange payout approve pay_01KAG4", "exchange payout approve pay_01KAG4 --yes --json"),
        (
            "hold",
            hold,
            'exchange payout hold pay_01KAG4 --reason "sub ids under question"',
            "exchange payout hold pay_01KAG4 --reason ''",
        ),
        ("discard", discard, "exchange payout discard pay_01KAG4", "exchange payout discard pay_01KAG4 --yes"),
        ("export", export, "exchange payout export ach", "exchange payout export sepa --to payouts.xml"),
        (
            "withdraw",
            withdraw,
            'exchange payout withdraw pfl_01KAG4 --reason "file refused, wrong origin"',
            'exchange payout withdraw pfl_01KAG4 --reason "sent twice" --yes',
        ),
        (
            "paid",
            paid,
            "exchange payout paid PO-2026-00007 --reference 'wire 2291'",
            "exchange payout paid pfl_01KAG4 --reference 'batch 12'",
        ),
        (
            "bounced",
            bounced,
            'exchange payout bounced pmt_01KAG4 --reason "R03 no account"',
            'exchange payout bounced pmt_01KAG4 --reason "R01" --yes',
        ),
    )


def preview(context: typer.Context) -> None:
    """What each seller has coming: the period that is over and not prepared, else the one that runs."""
    _run(context, _preview)


async def _preview(terminal: Terminal, market: Market, _: Actor) -> None:
    from exchange.flows.payouts import previews
    from exchange.flows.seller_statements import preview_fields

    found = await previews(market)
    rows: list[tuple[str, ...]] = [("Seller", "Until", "Sold", "Returned", "Adjusted", "Reserve", "Carried", "To pay")]
    for each in found:
        figures, sums = each.figures, each.figures.sums
        amounts = (
            sums.sold,
            sums.returned,
            sums.adjusted,
            figures.released - figures.held,
            figures.carried,
            figures.pay,
        )
        over = "" if each.over else " (runs)"
        shown = (show_money(each.money(units)) for units in amounts)
        rows.append((each.seller_id, _day(market, each.until - 1) + over, *shown))
    terminal.result(
        [preview_fields(market, each) for each in found], columns(rows) if found else ["  Nobody earned yet."]
    )


def prepare(
    context: typer.Context,
    seller: _SELLER,
    currency: Annotated[str, typer.Option(help="Of the account, where it has several.")] = "",
) -> None:
    """Make the run of the period that is over. Made before, it is that one again."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows import payouts

        if seller not in market.deals.sellers:
            raise Stop(Exit.FAILED, f"There is no seller {seller}.")
        wanted = currency.upper() or market.deals.sellers[seller].terms.currency or await _only_currency(market, seller)
        await _tell(terminal, market, await payouts.prepare(market, seller, wanted, actor, program=True))

    _run(context, work)


async def _only_currency(market: Market, seller: str) -> str:
    from exchange.storage.payout_sums import moved_accounts

    found = [currency for seller_id, currency in await market.db.read(moved_accounts) if seller_id == seller]
    if len(found) != 1:
        raise Stop(Exit.USAGE, f"Say --currency: {', '.join(found) or 'nothing was earned yet'}.")
    return found[0]


def list_all(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="prepared, issued or paid; all unless said.")] = "",
) -> None:
    """Runs, newest first."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows.seller_statements import run_fields
        from exchange.storage.payout_lists import RunFilter, list_runs
        from exchange.storage.spans import Span

        found = await market.db.read(list_runs, actor, RunFilter(state, span=Span(limit=200)))
        rows = [
            (
                each.id,
                each.number or "-",
                each.seller_id,
                _day(market, each.until.at - 1),
                _money(each),
                each.state.value,
            )
            for each in found
        ]
        terminal.result([run_fields(each) for each in found], columns(rows) if rows else ["  No runs."])

    _run(context, work)


def approve(context: typer.Context, run_id: _RUN) -> None:
    """Say yes to a run, up to payout_two_above. Above it people do, signed in to the console."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows import payouts

        found = await _find(market, actor, run_id)
        terminal.confirm(f"Approve {_money(found)} to {found.party.name}?", f"{found.id} was not approved.")
        await _tell(terminal, market, await payouts.approve(market, found.id, actor, program=True))

    _run(context, work)


def hold(
    context: typer.Context, run_id: _RUN, reason: Annotated[str, typer.Option(help="Why; empty lets it go.")]
) -> None:
    """Keep a prepared run from being approved, or let it go."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows import payouts

        found = await _find(market, actor, run_id)
        await _tell(terminal, market, await payouts.hold(market, found.id, reason.strip(), actor))

    _run(context, work)


def discard(context: typer.Context, run_id: _RUN) -> None:
    """Take back a run that was prepared and not approved; its period can be prepared anew."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows import payouts

        found = await _find(market, actor, run_id)
        terminal.confirm(f"Discard the run of {found.party.name}?", f"{found.id} was not discarded.")
        await _tell(terminal, market, await payouts.discard(market, found.id, actor))

    _run(context, work)


def export(
    context: typer.Context,
    method: Annotated[str, typer.Argument(help="ach or sepa; or the id of a file, which is told again.")],
    to: Annotated[Path | None, typer.Option(help="Where to write it; in a pipe it goes to stdout.")] = None,
) -> None:
    """Write what is due into a file for a bank. A file that was exported is the same bytes again."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows.payout_files import export as write_file
        from exchange.flows.payout_files import open_file
        from exchange.flows.seller_statements import file_fields
        from exchange.model.payout import Method

        left_out: list[str] = []
        if method.startswith("pfl_"):
            found = await open_file(market, method, actor)
            if found is None:
                raise Stop(Exit.FAILED, f"There is no file {method}.")
            file, content = found
        elif method in (Method.ACH.value, Method.SEPA.value):
            made = await write_file(market, Method(method), actor)
            file, content = made.file, made.content
            left_out = [f"{each.payment.id}: {each.why}" for each in made.left_out]
        else:
            raise Stop(Exit.USAGE, "Say ach, sepa or the id of a file.")
        target = to or (Path(file.name) if terminal.json or sys.stdout.isatty() else None)
        if target is None:
            sys.stdout.buffer.write(content)
            sys.stdout.flush()
        else:
            target.write_bytes(content)
            told = f"  {file.payments} payments, {show_money(Money(file.units, file.currency))}, in {target}."
            terminal.result({**file_fields(file), "written_to": str(target), "left_out": left_out}, [told])
        terminal.remark(*(f"  Left out {each}" for each in left_out))

    _run(context, work)


def withdraw(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="The file's id.")],
    reason: Annotated[str, typer.Option(help="What the bank said.")],
) -> None:
    """Say that a bank did not take a file: its payments are due again, for another one."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows import payout_files

        terminal.confirm(f"Pay what is in {file} again?", f"{file} was not withdrawn.")
        count = await payout_files.withdraw(market, file, reason, actor)
        terminal.result({"file_id": file, "payments": count}, [f"  {count} payments are due again."])

    _run(context, work)


def paid(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="A run, a payment (pmt_…) or a whole file (pfl_…).")],
    reference: Annotated[str, typer.Option(help="What the bank calls the payment.")],
) -> None:
    """Say that money left the bank. Said twice, it moves once."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows import payout_payments as flow

        if what.startswith("pfl_"):
            done = await flow.mark_file_paid(market, what, reference, actor)
        elif what.startswith("pmt_"):
            done = [await flow.mark_paid(market, what, reference, actor)]
        else:
            done = await flow.mark_run_paid(market, (await _find(market, actor, what)).id, reference, actor)
        _tell_payments(terminal, done)

    _run(context, work)


def bounced(
    context: typer.Context,
    payment: Annotated[str, typer.Argument(help="The payment's id.")],
    reason: Annotated[str, typer.Option(help="The bank's code and words.")],
) -> None:
    """Say that a payment came back: it is booked back and owed again."""

    async def work(terminal: Terminal, market: Market, actor: Actor) -> None:
        from exchange.flows.payout_payments import take_back

        terminal.confirm(f"Book {payment} back?", f"{payment} was not booked back.")
        _tell_payments(terminal, [await take_back(market, payment, reason, actor)])

    _run(context, work)


def _run(context: typer.Context, work: Callable[[Terminal, Market, Actor], Awaitable[None]]) -> None:
    from exchange.commands.opening import opened_market, operator, run, settings_of
    from exchange.flows.payouts import CannotPay

    async def worked() -> None:
        async with opened_market(settings_of(context.obj)) as market:
            try:
                await work(context.obj, market, operator())
            except CannotPay as error:
                raise Stop(Exit.REFUSED, str(error)) from error

    run(worked())


async def _find(market: Market, actor: Actor, name: str) -> Run:
    from exchange.storage.payout_runs import find_run

    found = await market.db.read(find_run, actor, name)
    if found is None:
        raise Stop(Exit.FAILED, f"There is no run {name}. exchange payout list shows them.")
    return found


async def _tell(terminal: Terminal, market: Market, run: Run) -> None:
    from exchange.flows.payouts import waits_for
    from exchange.flows.seller_statements import run_fields

    waits = await waits_for(market, run)
    told = f"  {run.number or run.id} of {run.party.name}: {_money(run)}, {run.state.value}. {waits}".rstrip()
    terminal.result({**run_fields(run), "waits_for": waits}, [told])


def _tell_payments(terminal: Terminal, payments: list[Payment]) -> None:
    from exchange.flows.seller_statements import payment_fields

    rows = [(each.id, each.seller_id, show_money(each.money), each.state.value, each.reference) for each in payments]
    terminal.result([payment_fields(each) for each in payments], columns(rows))


def _money(run: Run) -> str:
    return show_money(run.money(run.figures.pay))


def _day(market: Market, at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1000, ZoneInfo(market.zone)):%d %b %Y}"

"""`exchange settle`: deliveries nobody knows the outcome of, and a person's word on one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.money import BadMoney, Money
from exchange.stages.reasons import show_money

if TYPE_CHECKING:
    from exchange.flows.market import Market

WORDS = ("accepted", "rejected")


def settle(
    context: typer.Context,
    delivery: Annotated[str, typer.Argument(help="Its id, our reference, or its lead's id.")] = "",
    outcome: Annotated[str, typer.Argument(help="accepted or rejected")] = "",
    price: Annotated[str, typer.Option(help="What the buyer pays, when it is less than the bid.")] = "",
    note: Annotated[str, typer.Option(help="Who said so; it stays with the lead.")] = "",
) -> None:
    """List the deliveries whose outcome is unclear, or say what one of them was."""
    from exchange.commands.opening import run

    if not delivery:
        run(_list(context.obj))
        return
    if outcome not in WORDS:
        raise Stop(Exit.USAGE, f"Say what {delivery} was: accepted or rejected.")
    run(_settle(context.obj, delivery, outcome == "accepted", price, note))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of, zone_of

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_market(settings) as market:
        rows = await _open(market)
        document = [_document(row) for row in rows]
        shown = [
            (
                row["id"],
                f"{datetime.fromtimestamp(row['made_at'] / 1000, zone):%d %b %H:%M:%S}",
                row["state"],
                _contract_name(market, row),
                show_money(Money(row["price_units"], row["currency"])),
                row["reason"] or "",
                row["lead_id"],
            )
            for row in rows
        ]
    terminal.result(document, columns(shown) or ["  No delivery is unclear."])


async def _open(market: Market) -> list[Any]:
    from exchange.model.actor import SYSTEM
    from exchange.storage.unclear import UnclearFilter, list_unclear

    return await market.db.read(list_unclear, SYSTEM, UnclearFilter())


def _document(row: Any) -> dict[str, object]:
    told = ("id", "lead_id", "buyer_id", "contract_id", "state", "reason", "detail", "reference", "mode", "made_at")
    price = Money(row["price_units"], row["currency"])
    return {name: row[name] for name in told} | {"price": price.text, "currency": price.currency}


def _contract_name(market: Market, row: Any) -> str:
    contract = market.deals.contracts.get(row["contract_id"])
    return contract.name if contract is not None else str(row["contract_id"])


async def _settle(terminal: Terminal, wanted: str, accepted: bool, price: str, note: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.settle import CannotSettle, Decision
    from exchange.flows.settle import settle as flow

    async with opened_market(settings_of(terminal)) as market:
        row = await _find(market, wanted)
        if row is None:
            raise Stop(Exit.FAILED, f"No delivery that waits goes by {wanted}: see exchange settle.")
        bid = Money(row["price_units"], row["currency"])
        paid = _price(price, bid) if accepted else None
        name = _contract_name(market, row)
        word = f"accepted at {show_money(paid or bid)}" if accepted else "rejected"
        terminal.confirm(f"Book that {name} {word}? This cannot be taken back.", f"{row['id']} was not settled.")
        actor = operator()
        try:
            state = await flow(market, row["id"], Decision(accepted, note or f"told by {actor.name}", paid), actor)
        except CannotSettle as error:
            raise Stop(Exit.FAILED, str(error)) from error
    terminal.result(
        {"delivery": row["id"], "lead_id": row["lead_id"], "accepted": accepted, "lead_state": state.value},
        [f"  {name} {word}. {row['lead_id']} is {state.value}."],
    )


async def _find(market: Market, wanted: str) -> Any:
    """The delivery by its own id or reference; by its lead's id when only one of that lead waits."""
    from exchange.storage.selling import lead_attempts, read_attempt

    row = await market.db.read(read_attempt, wanted)
    if row is not None:
        return row
    of_lead = [each for each in await market.db.read(lead_attempts, wanted) if each["state"] in ("unclear", "pending")]
    if len(of_lead) > 1:
        ids = ", ".join(each["id"] for each in of_lead)
        raise Stop(Exit.USAGE, f"{wanted} has several deliveries that wait: {ids}.")
    if of_lead:
        return of_lead[0]
    return next((each for each in await _open(market) if each["reference"] == wanted), None)


def _price(text: str, bid: Money) -> Money | None:
    if not text:
        return None
    try:
        return Money.parse(text, bid.currency)
    except BadMoney as error:
        raise Stop(Exit.USAGE, f"{text} is no amount: write it as 12.50.") from error

"""Many returns by one file: looked at first, with what each row would do, then done.

The same file twice changes nothing: a lead is asked for once, a request decided once.
"""

from __future__ import annotations

from typing import NamedTuple

from exchange.flows.dispositions import Recorded
from exchange.flows.market import Market
from exchange.flows.return_decide import CannotDecide, Choice, decide_return, outlook
from exchange.flows.return_rules import consider
from exchange.flows.returns import Asked, Asking, Window, ask_return, find_returnable, problem_of
from exchange.flows.settle import StillAtWork
from exchange.model.actor import Actor
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.returns import OPEN_RETURNS, ReturnState
from exchange.stages.returns.files import AskRow, DecideRow
from exchange.stages.returns.terms import NO_RETURNS
from exchange.storage.database import Row
from exchange.storage.return_views import read_request

_STATES = {
    "approve": ReturnState.APPROVED,
    "decline": ReturnState.DECLINED,
    "part": ReturnState.PARTIAL,
    "replace": ReturnState.REPLACED,
}
_LOOKED_AT_ONCE = 50
_OPEN = tuple(each.value for each in OPEN_RETURNS)
WRONG, UNCHANGED, WOULD, DONE = "wrong", "unchanged", "would", "done"


class RowTold(NamedTuple):
    """What became of a row, or would: `wrong`, `unchanged`, `would` or `done`, and why in a sentence."""

    number: int
    name: str
    verdict: str
    sentence: str
    credit: Money | None = None
    debit: Money | None = None


async def look_at_asks(market: Market, actor: Actor, rows: tuple[AskRow, ...]) -> list[RowTold]:
    """What asking would do; nothing is done. A lead that a row before asks for is asked; one it gets wrong is not."""
    told, seen = [], set[str]()
    for row in rows:
        each = await _look_at_ask(market, actor, row)
        if each.verdict == WOULD and row.reason not in NO_RETURNS:
            if each.name in seen:
                each = each._replace(verdict=UNCHANGED, sentence="The same lead stands in the file before.")
            seen.add(each.name)
        told.append(each._replace(name=row.lead))
    return told


async def _look_at_ask(market: Market, actor: Actor, row: AskRow) -> RowTold:
    found = await find_returnable(market, actor, row.lead) if row.lead else None
    if found is None:
        return RowTold(row.number, row.lead, WRONG, "Not matched: you bought no such lead.")
    name = str(found.sale["id"])
    if row.reason in NO_RETURNS:
        return RowTold(row.number, name, WOULD, "That is a disposition: it is recorded as one.")
    if found.request is not None:
        return RowTold(row.number, name, UNCHANGED, f"Asked before; it is {found.request['state']}.")
    problem = problem_of(found, row.reason, Asking(row.reason, row.note, row.theirs or None))
    if problem is not None:
        return RowTold(row.number, name, WRONG, f"{problem.message[:1].upper()}{problem.message[1:]}.")
    if found.window is Window.CLOSED:
        return RowTold(row.number, name, WOULD, "Its window is closed: a rule declines it.")
    return RowTold(row.number, name, WOULD, "It is asked.")


async def ask_all(market: Market, actor: Actor, rows: tuple[AskRow, ...]) -> list[RowTold]:
    """Ask for each. What cannot be asked is told, and does not keep the others.

    The rules look at once at a short file; of a long one each request's job looks, as vendors may have to be asked.
    """
    return [await _ask(market, actor, row, look=len(rows) <= _LOOKED_AT_ONCE) for row in rows]


async def _ask(market: Market, actor: Actor, row: AskRow, *, look: bool) -> RowTold:
    found = await find_returnable(market, actor, row.lead) if row.lead else None
    if found is None:
        return RowTold(row.number, row.lead, WRONG, "Not matched: you bought no such lead.")
    asking = Asking(row.reason, row.note, row.theirs or None, amount=row.amount)
    made = await ask_return(market, actor, found, asking)
    if isinstance(made, Problem):
        return RowTold(row.number, row.lead, WRONG, f"{made.message[:1].upper()}{made.message[1:]}.")
    if isinstance(made, Recorded):
        verdict = DONE if made.disposition_id is not None else UNCHANGED
        return RowTold(row.number, row.lead, verdict, "Recorded as a disposition.")
    assert isinstance(made, Asked)
    request = await consider(market, made.request["id"]) if look else made.request
    by_rule = f", by rule {request['rule']}" if request["automatic"] else ""
    return RowTold(row.number, row.lead, DONE if made.new else UNCHANGED, f"It is {request['state']}{by_rule}.")


async def look_at_decisions(market: Market, actor: Actor, rows: tuple[DecideRow, ...]) -> list[RowTold]:
    """What deciding would do; nothing is done."""
    return [await _decided(market, actor, row, "") for row in rows]


async def decide_all(market: Market, actor: Actor, rows: tuple[DecideRow, ...], ip: str) -> list[RowTold]:
    return [await _decided(market, actor, row, ip, really=True) for row in rows]


async def _decided(market: Market, actor: Actor, row: DecideRow, ip: str, *, really: bool = False) -> RowTold:
    request = await market.db.read(read_request, actor, row.return_id)
    if request is None:
        return RowTold(row.number, row.return_id, WRONG, "Not matched: there is no such return.")
    if request["state"] not in _OPEN:
        return RowTold(row.number, row.return_id, UNCHANGED, f"Decided before: it is {request['state']}.")
    try:
        choice = _choice(row, request)
        told = await outlook(market, request, choice)
        if not really:
            return RowTold(row.number, row.return_id, WOULD, told.sentence, told.effect.credit, told.effect.debit)
        made = await decide_return(market, row.return_id, choice, actor, ip)
    except BadMoney:
        return RowTold(row.number, row.return_id, WRONG, "credit must be an amount such as 12.50.")
    except (CannotDecide, StillAtWork) as error:
        return RowTold(row.number, row.return_id, WRONG, str(error))
    verdict = DONE if made.first else UNCHANGED
    return RowTold(row.number, row.return_id, verdict, told.sentence, told.effect.credit, told.effect.debit)


def _choice(row: DecideRow, request: Row) -> Choice:
    if row.decision not in _STATES:
        raise CannotDecide("decision is approve, decline, part or replace.")
    if row.decision == "decline" and not row.why:
        raise CannotDecide("why is needed to decline.")
    credit = Money.parse(row.credit, request["currency"]) if row.decision == "part" else None
    return Choice(_STATES[row.decision], row.why[:500], credit)

"""`exchange why`: what was decided about a lead and every contract, as it was kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.money import Money
from exchange.model.verdict import Check, Verdict
from exchange.stages.reasons import sentences

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.storage.database import Row


def why(
    context: typer.Context,
    lead: Annotated[str, typer.Argument(help="A lead, request, ping or delivery id, a buyer's reference, a phone.")],
    contract: Annotated[str, typer.Argument(help="A contract's id or name, or its buyer's; all when left out.")] = "",
) -> None:
    """Why a contract did or did not get a lead: every check, as it stood when it was decided."""
    from exchange.commands.opening import run

    run(_why(context.obj, lead, contract))


@dataclass(frozen=True, slots=True)
class Told:
    """One contract: what became of it with this lead, and the sentences behind that."""

    contract_id: str
    name: str
    outcome: str
    sentences: tuple[str, ...]


async def _why(terminal: Terminal, text: str, wanted: str) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.trail import read_trail
    from exchange.model.actor import SYSTEM
    from exchange.storage.leads import read_lead_of, trails_of
    from exchange.storage.selling import lead_attempts

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        lead_id = await _find(market, text)
        lead = await market.db.read(read_lead_of, SYSTEM, lead_id) if lead_id else None
        if lead is None:
            raise Stop(Exit.FAILED, f"Nothing here goes by {text}.")
        trails = [read_trail(row["document"]) for row in await market.db.read(trails_of, lead["id"])]
        attempts = {row["contract_id"]: row for row in await market.db.read(lead_attempts, lead["id"])}
        looked_at = dict.fromkeys([*_judged(trails), *attempts])
        told = [
            _as_delivered(_told(market, contract_id, trails), attempts.get(contract_id)) for contract_id in looked_at
        ]
    if wanted:
        told = [each for each in told if wanted.lower() in _names(market, each)]
        if not told:
            raise Stop(Exit.FAILED, f"{wanted} was not looked at for {lead['id']}: no contract goes by that name.")
    document = {
        "lead_id": lead["id"],
        "state": lead["state"],
        "reason": lead["reason"],
        "contracts": [
            {"contract": each.contract_id, "name": each.name, "outcome": each.outcome, "checks": list(each.sentences)}
            for each in told
        ],
    }
    head = "  " + ", ".join(part for part in (f"{lead['id']}  {lead['state']}", lead["reason"]) if part)
    terminal.result(document, [head, *(_in_full(told) if wanted else _in_lines(told))])


async def _find(market: Market, text: str) -> str | None:
    """The lead behind whatever was given. A phone or an email is looked up by its keyed hash."""
    from exchange.storage.leads import find_by_any_id

    digits = "".join(character for character in text if character.isdigit())
    phone = f"+1{digits[-10:]}" if len(digits) >= 10 and not text[:1].isalpha() else text
    return await market.db.read(
        find_by_any_id, text, market.vault.index("phone", phone), market.vault.index("email", text.lower())
    )


def _judged(trails: list[dict[str, Any]]) -> list[str]:
    """Every contract in any record, those that were asked first."""
    asked = [line["contract"] for trail in trails for line in trail["asked"]]
    posted = [line["contract"] for trail in trails for line in trail["posts"]]
    judged = [contract_id for trail in trails for contract_id in trail["verdicts"]]
    return list(dict.fromkeys([*posted, *asked, *judged]))


def _told(market: Market, contract_id: str, trails: list[dict[str, Any]]) -> Told:
    contract = market.deals.contracts.get(contract_id)
    outcome = "could have it"
    said: tuple[str, ...] = ()
    for trail in trails:  # oldest first: what came later is told
        if (verdict := trail["verdicts"].get(contract_id)) is not None:
            checks = tuple(Check(*check) for check in verdict["failed"])
            said = sentences(Verdict(contract_id, verdict["version"], checks))
            outcome = "not asked" if said else "could have it"
        for line in trail["asked"]:
            if line["contract"] == contract_id:
                outcome, said = _asked(line)
        for line in trail["posts"]:
            if line["contract"] == contract_id:
                outcome, said = _posted(line)
    buyer = market.deals.buyers.get(contract.buyer_id) if contract else None
    name = contract.name if contract else contract_id
    return Told(contract_id, f"{buyer.name}, {name}" if buyer and buyer.name not in name else name, outcome, said)


def _as_delivered(told: Told, attempt: Row | None) -> Told:
    """What the delivery became after its record was kept, or without one: a process that stopped keeps none."""
    if attempt is None or told.outcome == f"post {attempt['state']}":
        return told
    if told.outcome.startswith("post "):
        return replace(
            told, outcome=f"post {attempt['state']}", sentences=(*told.sentences, f"Later {attempt['state']}.")
        )
    line = {**attempt, "price": Money(attempt["price_units"], attempt["currency"]).text}
    outcome, sentences = _posted(line)
    return replace(told, outcome=outcome, sentences=sentences)


def _asked(line: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    took = f"after {line['took']:.0f} ms"
    if line["bids"]:
        return f"bid {', '.join(bid['price'] for bid in line['bids'])}", (f"Bid {took}.",)
    return line["reason"].replace("_", " "), (f"Answered {took}{_quoted(line.get('detail'))}.",)


def _posted(line: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    reason = f"{line['reason'].replace('_', ' ')}" if line.get("reason") else ""
    said = f"Posted at {line['price']}{f', {reason}' if reason else ''}{_quoted(line.get('detail'))}."
    return f"post {line['state']}", (said,)


def _quoted(detail: str | None) -> str:
    return f': "{detail}"' if detail else ""


def _names(market: Market, each: Told) -> tuple[str, ...]:
    contract = market.deals.contracts.get(each.contract_id)
    buyer = market.deals.buyers.get(contract.buyer_id) if contract else None
    names = [each.contract_id, each.name, *([contract.name] if contract else [])]
    names += [buyer.id, buyer.name] if buyer else []
    return tuple(name.lower() for name in names)


def _in_lines(told: list[Told]) -> list[str]:
    """One line a contract: the first sentence, and how many more there are."""
    rows = []
    for each in told:
        more = f" And {len(each.sentences) - 1} more." if len(each.sentences) > 1 else ""
        rows.append((each.contract_id, each.outcome, (each.sentences or ("Nothing stood in its way.",))[0] + more))
    return columns(rows) or ["  No contract was looked at."]


def _in_full(told: list[Told]) -> list[str]:
    lines: list[str] = []
    for each in told:
        lines += [f"  {each.name} ({each.contract_id}): {each.outcome}"]
        lines += [f"    {sentence}" for sentence in each.sentences or ("Every check passed.",)]
    return lines

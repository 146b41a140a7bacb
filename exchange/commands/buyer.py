"""`exchange buyer test`: what a contract's connection sends for a sample lead, what came back, and how it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.reply_file import cannot_make, read_reply
from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.flows.trial import Trial, Tried
    from exchange.model.wire import HttpMessage, Reply

STAGES = ("ping", "post")


def test(
    context: typer.Context,
    contract: Annotated[str, typer.Argument(help="A contract's id, or the name of a connection.")],
    stage: Annotated[str, typer.Option(help="ping or post")] = "post",
    lead: Annotated[str, typer.Option(help="A sample, 1 to 10, or a past lead's id.")] = "1",
    reply: Annotated[Path | None, typer.Option(help="Read the answer in this file; nothing is sent.")] = None,
    status: Annotated[int, typer.Option(help="The HTTP status that goes with --reply.", min=100, max=599)] = 200,
    show: Annotated[bool, typer.Option("--show", help="Show the request and send nothing.")] = False,
) -> None:
    """Try a connection. No lead, no hold, no sale; a past lead is sent with a made-up person in it."""
    from exchange.commands.opening import run

    if stage not in STAGES:
        raise Stop(Exit.USAGE, f"--stage is ping or post, not {stage}.")
    run(_test(context.obj, contract, stage, lead, read_reply(reply, status), show))


async def _test(terminal: Terminal, wanted: str, stage: str, lead: str, pasted: Reply | None, show_only: bool) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.connector import BadReply
    from exchange.flows.trial import dotted, read, rendered, send

    async with opened_market(settings_of(terminal)) as market:
        trial = await _trial(market, wanted, stage, lead)
        try:
            message = rendered(market, trial)
        except BadReply as error:
            raise cannot_make(error.why) from error
        shown = dotted(message.shown()) if message is not None else None
        tried = None
        if pasted is not None:
            tried = read(market, trial, pasted)
        elif not show_only:
            terminal.confirm(f"Send a test {stage} to {trial.contract.name}?", "Nothing was sent.")
            tried = await send(market, trial)
    terminal.result(_document(trial, shown, tried), _lines(terminal, shown, tried))
    if tried is not None and not tried.outcome:
        raise Stop(Exit.SOME_FAILED)


async def _trial(market: Market, wanted: str, stage: str, lead: str) -> Trial:
    from exchange.commands.opening import operator
    from exchange.flows.trial import NoSuchSample, Trial, pick_lead, stand_in_contract

    contract = market.deals.contracts.get(wanted)
    name = contract.connection if contract is not None else wanted
    connection = market.connections.get(name)
    if connection is None:
        raise Stop(Exit.FAILED, f"There is no contract and no connection {wanted}.")
    contract = contract or stand_in_contract(market, name)
    try:
        return Trial(contract, connection, stage, await pick_lead(market, contract, lead, operator()))
    except NoSuchSample as error:
        raise Stop(Exit.FAILED, str(error)) from error


def _document(trial: Trial, message: HttpMessage | None, tried: Tried | None) -> dict[str, Any]:
    from exchange.web.story.answered import told_answer

    told: dict[str, Any] = {
        "contract": trial.contract.id,
        "connection": trial.contract.connection,
        "stage": trial.stage,
        "request": _request_fields(message),
    }
    if tried is None:
        return told
    reply = tried.reply
    answered = told_answer(tried.answer, tried.outcome)
    return told | {
        "response": {"status": reply.status, "headers": dict(reply.headers), "body": _text(reply.body)}
        if reply is not None
        else None,
        "trouble": tried.trouble,
        "took_ms": sum(record.took_ms for record in tried.records),
        "outcome": tried.outcome or "unmapped",
        "answer": answered.title,
        "facts": list(answered.facts),
        "read": [{"where": each.where, "rule": each.rule, "meaning": each.meaning} for each in tried.matches],
        "values": [{"place": seen.place, "text": seen.text} for seen in tried.values],
    }


def _request_fields(message: HttpMessage | None) -> dict[str, Any] | None:
    if message is None:
        return None
    return {
        "method": message.method,
        "url": message.url,
        "headers": dict(message.headers),
        "body": _text(message.body),
    }


def _lines(terminal: Terminal, message: HttpMessage | None, tried: Tried | None) -> list[str]:
    from exchange.web.story.answered import told_answer

    lines = (
        _message(terminal, "Request", f"{message.method} {message.url}", message.headers, message.body)
        if message
        else []
    )
    if tried is None:
        return lines
    reply = tried.reply
    if reply is not None:
        took = f", {sum(record.took_ms for record in tried.records)} ms" if tried.records else ""
        lines += _message(terminal, "Response", f"HTTP {reply.status}{took}", reply.headers, reply.body)
    else:
        lines += ["", f"  No response: {tried.trouble}"]
    answered = told_answer(tried.answer, tried.outcome)
    paint = {"good": "green", "bad": "red", "warn": "yellow"}.get(answered.tone, "grey")
    lines += ["", f"  {terminal.paint(answered.title, paint)}", *(f"    {fact}" for fact in answered.facts)]
    if tried.matches:
        lines += columns([(each.where, each.rule, each.meaning) for each in tried.matches], "    ")
    if not tried.outcome and tried.values:
        lines += ["", "  Values a rule could read:"]
        lines += columns([(seen.place, seen.text) for seen in tried.values], "    ")
    return lines


def _message(terminal: Terminal, title: str, first: str, headers: Any, body: bytes) -> list[str]:
    told = [f"    {name}: {value}" for name, value in headers.items()]
    text = [f"    {line}" for line in _text(body).splitlines()]
    return [f"  {title}  {terminal.paint(first, 'grey')}", *told, *([""] if text else []), *text]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")

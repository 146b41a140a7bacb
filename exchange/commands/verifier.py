"""`exchange verifier`: outside checks, how they did, and what one would say about a sample lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.reply_file import cannot_make, read_reply
from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.verifier_figures import VerifierLine
    from exchange.flows.verifier_trial import VerifierTrial, VerifierTried
    from exchange.model.wire import HttpMessage, Reply


def list_all(context: typer.Context) -> None:
    """Every verifier: what it looks at, who uses it, and how it did in the last 30 days."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.verifier_figures import verifier_fields, verifier_lines

    async with opened_market(settings_of(terminal)) as market:
        lines = await verifier_lines(market)
    shown = columns([_shown(line) for line in lines]) or ["  There is no verifier."]
    terminal.result([verifier_fields(line) for line in lines], shown)


def _shown(line: VerifierLine) -> tuple[str, ...]:
    card, figure = line.ready.card, line.figure
    missing = f"needs {', '.join(line.ready.unset)}" if line.ready.unset and line.uses else ""
    late = f"{line.late} proofs late" if line.late else ""
    return (
        line.name,
        card.checks.value.replace("_", " "),
        f"{len(line.uses)} uses" if len(line.uses) != 1 else "1 use",
        f"{figure.asked} asked, {figure.cached} from before, {figure.away} away",
        f"{figure.good} good, {figure.bad} bad, {figure.unknown} unknown",
        " ".join(f"{money.text} {money.currency}" for money in line.costs) or "0",
        f"{figure.took_ms} ms",
        "; ".join(part for part in (missing, late) if part),
    )


def test(
    context: typer.Context,
    verifier: Annotated[str, typer.Argument(help="Its name, from the list.")],
    stage: Annotated[str, typer.Option(help="verify, or retain where its vendor keeps proofs")] = "verify",
    lead: Annotated[str, typer.Option(help="A sample, 1 to 10, or a past lead's id.")] = "1",
    vertical: Annotated[str, typer.Option(help="The vertical that a sample is of.")] = "",
    reply: Annotated[Path | None, typer.Option(help="Read the answer in this file; nothing is sent.")] = None,
    status: Annotated[int, typer.Option(help="The HTTP status that goes with --reply.", min=100, max=599)] = 200,
    show: Annotated[bool, typer.Option("--show", help="Show the request and send nothing.")] = False,
) -> None:
    """Try a verifier. Nothing is stored or booked; the vendor may charge for what is sent."""
    from exchange.commands.opening import run

    if stage not in ("verify", "retain"):
        raise Stop(Exit.USAGE, f"--stage is verify or retain, not {stage}.")
    run(_test(context.obj, verifier, stage, lead, vertical, read_reply(reply, status), show))


async def _test(
    terminal: Terminal, name: str, stage: str, lead: str, vertical: str, pasted: Reply | None, show_only: bool
) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.connector import BadReply
    from exchange.flows.trial import NoSuchSample, dotted
    from exchange.flows.verifier_trial import made_trial, read, rendered, send

    async with opened_market(settings_of(terminal)) as market:
        try:
            trial = await made_trial(market, name, stage, lead, vertical, operator())
        except (LookupError, NoSuchSample) as error:
            raise Stop(Exit.FAILED, str(error.args[0]) if error.args else str(error)) from error
        try:
            message = dotted(rendered(market, trial).shown())
        except BadReply as error:
            raise cannot_make(error.why) from error
        tried = None
        if pasted is not None:
            tried = read(market, trial, pasted)
        elif not show_only:
            terminal.confirm(f"Ask {trial.ready.card.vendor} about a sample lead?", "Nothing was sent.")
            tried = await send(market, trial)
    terminal.result(_document(trial, message, tried), _lines(terminal, message, tried))
    if tried is not None and tried.answer is None:
        raise Stop(Exit.SOME_FAILED)


def _document(trial: VerifierTrial, message: HttpMessage, tried: VerifierTried | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "verifier": trial.ready.card.name,
        "stage": trial.stage,
        "request": {
            "method": message.method,
            "url": message.url,
            "headers": dict(message.headers),
            "body": _text(message.body),
        },
    }
    if tried is None:
        return told
    reply = tried.reply
    return told | {
        "response": {"status": reply.status, "body": _text(reply.body)} if reply is not None else None,
        "verdict": tried.verdict,
        "facts": list(tried.facts),
        "trouble": tried.trouble,
        "read": [{"where": each.where, "rule": each.rule, "meaning": each.meaning} for each in tried.matches],
    }


def _lines(terminal: Terminal, message: HttpMessage, tried: VerifierTried | None) -> list[str]:
    lines = [f"  Request  {terminal.paint(f'{message.method} {message.url}', 'grey')}"]
    lines += [f"    {name}: {value}" for name, value in message.headers.items()]
    lines += [f"    {line}" for line in _text(message.body).splitlines()]
    if tried is None:
        return lines
    if tried.reply is not None:
        lines += ["", f"  Response  {terminal.paint(f'HTTP {tried.reply.status}', 'grey')}"]
        lines += [f"    {line}" for line in _text(tried.reply.body).splitlines()]
    paint = {"good": "green", "bad": "red"}.get(tried.tone, "yellow")
    lines += ["", f"  {terminal.paint(tried.verdict.capitalize(), paint)}", *(f"    {fact}" for fact in tried.facts)]
    return lines + columns([(each.where, each.rule, each.meaning) for each in tried.matches], "    ")


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")

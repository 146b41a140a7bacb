"""`exchange consent`: consent that was taken back, and who was told of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.model.revocation import NoticeRow, RevocationRow


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    return (
        (
            "revoke",
            revoke,
            'exchange consent revoke 6025550142 --means "by telephone"',
            "exchange consent revoke - < revoked.txt",
        ),
        ("list", list_all, "exchange consent list", "exchange consent list --open --json"),
        (
            "evidence",
            evidence,
            'exchange consent evidence 6025550142 --why "Case 12-3401"',
            'exchange consent evidence ld_01KAG4 --why "Subpoena" --json',
        ),
        (
            "hold",
            hold,
            'exchange consent hold ld_01KAG4 --why "Case 12-3401"',
            'exchange consent hold ld_01KAG4 --lift --why "Settled"',
        ),
        (
            "erase",
            erase,
            'exchange consent erase 6025550142 --why "Their letter of 3 November" --yes',
            'exchange consent erase ld_01KAG4 --why "Request 2026-118" --yes --json',
        ),
    )


def revoke(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="A phone or an email address; - reads many from stdin, one a line.")] = "",
    lead: Annotated[str, typer.Option(help="A lead, in place of who its consumer is.")] = "",
    vertical: Annotated[str, typer.Option(help="Only for this vertical; else for everything.")] = "",
    means: Annotated[str, typer.Option(help="How they told: a text, a call, a letter.")] = "",
) -> None:
    """Take a consent back: nobody is sold who is meant, at once, and everybody who got their leads is told."""
    from exchange.commands.opening import run

    people = [line.strip() for line in sys.stdin if line.strip()] if who == "-" else [who]
    run(_revoke(context.obj, people, lead, vertical, means))


async def _revoke(terminal: Terminal, people: list[str], lead: str, vertical: str, means: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of, zone_of
    from exchange.flows.revoke import CannotRevoke, Taken
    from exchange.flows.revoke import revoke as take_back

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    made: list[RevocationRow] = []
    wrong: list[str] = []
    async with opened_market(settings) as market:
        for number, who in enumerate(people, 1):
            try:
                made.append(await take_back(market, Taken(who, lead, vertical, "consumer", means), operator()))
            except CannotRevoke as error:
                if len(people) == 1:
                    raise Stop(Exit.USAGE, f"{error.field}: {error}") from error
                wrong.append(f"line {number}: {error}")
    lines = [f"  {row.id}: to be heeded by everybody until {_day(row.due_at - 1, zone)}." for row in made]
    terminal.remark(*(f"  {each}" for each in wrong))
    terminal.result([_fields(row, ()) for row in made], lines)
    if wrong:
        raise Stop(Exit.SOME_FAILED)


def list_all(
    context: typer.Context,
    open_only: Annotated[bool, typer.Option("--open", help="Only those of which somebody is not told yet.")] = False,
) -> None:
    """Revocations, newest first, with who was told how."""
    from exchange.commands.opening import run

    run(_list(context.obj, open_only))


async def _list(terminal: Terminal, open_only: bool) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of, zone_of
    from exchange.model.revocation import ACKNOWLEDGED
    from exchange.storage.revocations import list_revocations

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_market(settings) as market:
        found = await market.db.read(list_revocations, operator())
    shown = [
        (row, notices) for row, notices in found if not open_only or any(each.state != ACKNOWLEDGED for each in notices)
    ]
    rows = [
        (
            row.id,
            _day(row.heard_at, zone),
            row.vertical or "everything",
            row.source,
            row.means,
            f"due {_day(row.due_at - 1, zone)}",
            ", ".join(f"{each.buyer_id} {each.state.replace('_', ' ')}" for each in notices) or "nobody has a lead",
        )
        for row, notices in shown
    ]
    fields = [_fields(row, notices) for row, notices in shown]
    terminal.result(fields, columns(rows) or ["  No consent was taken back."])


def evidence(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="A phone, an email address, or the id of a lead.")],
    why: Annotated[str, typer.Option(help="Why you look: it is kept with your name.")],
) -> None:
    """What is kept of the consent of somebody who was erased: what they agreed to, and who got the lead."""
    from exchange.commands.opening import run

    run(_evidence(context.obj, who, why))


async def _evidence(terminal: Terminal, who: str, why: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of, zone_of
    from exchange.flows.evidence import NoEvidence, show_evidence

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_market(settings) as market:
        try:
            found = await show_evidence(market, who, why, operator())
        except NoEvidence as error:
            raise Stop(Exit.CHECK_FAILED, str(error)) from error
    lines = []
    for each in found:
        consent = each["consent"]
        lines.append(
            f"  {each['lead_id']}: {each['name']}, {each['phone']}, kept until {_day(each['keep_until'], zone)}"
        )
        agreed = _day(consent["agreed_at"], zone) if consent["agreed_at"] is not None else "an unknown day"
        lines.append(f"    agreed on {agreed}, {consent['method'] or 'in a way not told'}, at {consent['page_url']}")
        lines.append(f"    to: {consent['text'] or 'words of SHA-256 ' + str(consent['text_hash'])}")
        proofs = (consent["trustedform_url"], consent["jornaya_leadid"])
        lines += [f"    proof: {proof}" for proof in proofs if proof]
        lines += [
            f"    got it: {got['buyer']}, {_day(got['at'], zone)}, {got['reference']}" for got in each["recipients"]
        ]
    terminal.result(found, lines)


def hold(
    context: typer.Context,
    lead: Annotated[str, typer.Argument(help="The id of a lead.")],
    why: Annotated[str, typer.Option(help="Why: it is kept with your name.")],
    lift: Annotated[bool, typer.Option("--lift", help="Let it be erased again.")] = False,
) -> None:
    """Keep a lead from being erased while somebody is sued about it, whoever asks for the deletion."""
    from exchange.commands.opening import run

    run(_hold(context.obj, lead, why, lift))


async def _hold(terminal: Terminal, lead: str, why: str, lift: bool) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows import evidence as desk

    async with opened_market(settings_of(terminal)) as market:
        try:
            await (desk.lift if lift else desk.hold)(market, lead, why, operator())
        except desk.NoEvidence as error:
            raise Stop(Exit.CHECK_FAILED, str(error)) from error
    told = "may be erased again" if lift else "is not erased until the hold is lifted"
    terminal.result({"lead_id": lead, "held": not lift}, [f"  {lead} {told}."])


def erase(
    context: typer.Context,
    who: Annotated[str, typer.Argument(help="A phone, an email address, or the id of a lead.")],
    why: Annotated[str, typer.Option(help="Why: it is kept with your name.")],
) -> None:
    """Erase a consumer who asks for it: all their leads, in every backup too. Buyers hear of it, nobody sells them."""
    from exchange.commands.opening import run

    terminal: Terminal = context.obj
    terminal.confirm("Erase them?", "Nothing is erased: it cannot be undone.")
    run(_erase(context.obj, who, why))


async def _erase(terminal: Terminal, who: str, why: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.erase import CannotErase, erase_person

    async with opened_market(settings_of(terminal)) as market:
        try:
            ended = await erase_person(market, who, why, operator())
        except CannotErase as error:
            raise Stop(Exit.CHECK_FAILED, str(error)) from error
    told = f"  {ended.erased} leads erased, {ended.held} under a legal hold stay, {ended.under_way} are being sold."
    terminal.result(ended._asdict(), [told])
    if ended.under_way:
        raise Stop(Exit.SOME_FAILED)


def _day(at: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%d %b %Y}"


def _fields(row: RevocationRow, notices: tuple[NoticeRow, ...]) -> dict[str, object]:
    return {
        "revocation_id": row.id,
        "revoked_at": row.revoked_at,
        "heard_at": row.heard_at,
        "due_at": row.due_at,
        "vertical": row.vertical or None,
        "source": row.source,
        "means": row.means,
        "lead_id": row.lead_id,
        "recipients": [
            {
                "notice_id": each.id,
                "buyer": each.buyer_id,
                "lead_id": each.lead_id,
                "state": each.state,
                "way": each.way,
            }
            for each in notices
        ],
    }

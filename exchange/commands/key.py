"""`exchange key`: make, list and revoke the keys of campaigns, buyers and operators' programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.lead import Mode
from exchange.model.rights import Staff, staff_of

if TYPE_CHECKING:
    from exchange.settings import Settings
    from exchange.storage.parties import Parties


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    for_program = "exchange key create --operator payouts-script --role finance --expires 90d"
    return (
        (
            "create",
            create,
            'exchange key create --campaign solar-acme --mode test --name "Acme dev"',
            for_program,
        ),
        ("list", list_all, "exchange key list", "exchange key list --json"),
        ("revoke", revoke, "exchange key revoke key_01KAG4", "exchange key revoke key_01KAG4 --yes"),
    )


def create(
    context: typer.Context,
    campaign: Annotated[str, typer.Option(help="The seller's campaign the key posts into.")] = "",
    buyer: Annotated[str, typer.Option(help="Or the buyer whose API key it is.")] = "",
    csv: Annotated[str, typer.Option(help="Or the contract whose leads lie as CSV at an address.")] = "",
    operator: Annotated[str, typer.Option(help="Or the program of yours that acts for operators, by a name.")] = "",
    mode: Annotated[Mode | None, typer.Option(help="A test key sells to simulated buyers only. Default: test.")] = None,
    name: Annotated[str, typer.Option(help="What to call it in lists.")] = "",
    role: Annotated[Staff | None, typer.Option(help="What an operators' program may do. Default: analyst.")] = None,
    expires: Annotated[str, typer.Option(help="Days it is good for, such as 90d. Default: until it is revoked.")] = "",
) -> None:
    """Make a key. It is shown once; only its hash is kept."""
    from exchange.commands.opening import run

    parties = (("campaign", campaign), ("buyer", buyer), ("csv", csv), ("operator", operator))
    said = [(kind, party) for kind, party in parties if party]
    if len(said) != 1:
        raise Stop(Exit.USAGE, "Say one of --campaign, --buyer, --csv and --operator.")
    if operator and mode is Mode.TEST:
        raise Stop(Exit.USAGE, "A key of operators is always live: leave --mode out.")
    if role is not None and not operator:
        raise Stop(Exit.USAGE, "--role is for --operator: the key of a party may do what the party may.")
    duty = (role or Staff.ANALYST).value if operator else ""
    run(_create(context.obj, *said[0], Mode.LIVE if operator else mode or Mode.TEST, name, duty, _days(expires)))


def _days(expires: str) -> int | None:
    from exchange.flows.key_desk import CannotKey, read_days

    try:
        return read_days(expires)
    except CannotKey as error:
        raise Stop(Exit.USAGE, f"--{error}") from error


async def _create(
    terminal: Terminal, kind: str, party_id: str, mode: Mode, name: str, duty: str, days: int | None
) -> None:
    from exchange.clock import SystemClock
    from exchange.commands.opening import opened_database, operator, settings_of
    from exchange.flows.by_hand import create_key
    from exchange.flows.csv_addresses import address_url
    from exchange.ids import SystemIds
    from exchange.storage.parties import read_parties

    settings = settings_of(terminal)
    async with opened_database(settings) as db:
        if kind != "operator":
            _require_party(await db.read(read_parties), "contract" if kind == "csv" else kind, party_id)
        key = await create_key(
            db, SystemClock(), SystemIds(), kind, party_id, mode, name or party_id, operator(), duty=duty, days=days
        )
    document = {"id": key.id, "key": key.secret, "kind": kind, "party": party_id, "mode": mode.value}
    if duty:
        document |= {"role": duty}
    base = settings.public_url.rstrip("/")
    if kind == "csv":
        document |= {"url": address_url(base, key.secret)}
        terminal.secret(document, document["url"], f'shown once; id {key.id}; =IMPORTDATA("{document["url"]}")')
        return
    if kind == "campaign":
        document |= {"page": await _posting_page(settings, party_id)}
        terminal.secret(document, key.secret, f"shown once; id {key.id}; posting page {document['page']}")
        return
    what = f"calls, as {duty}," if kind == "operator" else "takes from"
    terminal.secret(document, key.secret, f"shown once; id {key.id}; {what} {base}/api/v1")


async def _posting_page(settings: Settings, campaign_id: str) -> str:
    from exchange.commands.opening import opened_market
    from exchange.flows.specs import keep_specs, page_url

    async with opened_market(settings) as market:
        await keep_specs(market)
        return page_url(market, campaign_id)


def _require_party(parties: Parties, kind: str, party_id: str) -> None:
    known = {each.id for each in getattr(parties, f"{kind}s")}
    if party_id not in known:
        raise Stop(Exit.FAILED, f"There is no {kind} {party_id}. {_there_are(kind, known)}")


def _there_are(kind: str, known: set[str]) -> str:
    return f"There are {', '.join(sorted(known)[:20])}." if known else f"There is no {kind} yet."


def list_all(context: typer.Context) -> None:
    """All keys, newest first, without their secrets."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_database, settings_of, zone_of
    from exchange.storage.by_hand import list_keys

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_database(settings) as db:
        rows = await db.read(list_keys)
    shown = [
        (
            row["id"],
            f"…{row['last4']}",
            row["mode"],
            f"{row['kind']} {row['party_id']}",
            row["name"],
            staff_of(row["duty"]).value if row["kind"] == "operator" else "",
            f"made {_told(row['made_at'], zone)}{_by(row['made_by'])}",
            f"last used {_told(row['used_at'], zone)}" if row["used_at"] else "never used",
            "revoked" if row["revoked_at"] else f"until {_told(row['expires_at'], zone)}" if row["expires_at"] else "",
        )
        for row in rows
    ]
    terminal.result([dict(row) for row in rows], columns(shown) or ["  No keys yet: exchange key create"])


def _told(at: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone):%d %b %Y %H:%M}"


def _by(name: str) -> str:
    return f" by {name}" if name else ""


def revoke(context: typer.Context, key: Annotated[str, typer.Argument(help="The key's id, from the list.")]) -> None:
    """Take a key back. Requests with it are refused within a second."""
    from exchange.commands.opening import run

    terminal: Terminal = context.obj
    terminal.confirm(f"Revoke {key}? Whoever posts with it is refused from now on.", f"{key} was not revoked.")
    run(_revoke(terminal, key))


async def _revoke(terminal: Terminal, key_id: str) -> None:
    from exchange.clock import SystemClock
    from exchange.commands.opening import opened_database, operator, settings_of
    from exchange.flows.by_hand import revoke as take_back
    from exchange.ids import SystemIds

    async with opened_database(settings_of(terminal)) as db:
        if not await take_back(db, SystemClock(), SystemIds(), key_id, operator()):
            raise Stop(Exit.FAILED, f"There is no key {key_id} in use: see exchange key list.")
    terminal.result({"id": key_id, "revoked": True}, [f"  Revoked {key_id}."])

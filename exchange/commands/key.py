"""`exchange key`: make, list and revoke the keys of campaigns, buyers and operators' programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.lead import Mode

if TYPE_CHECKING:
    from exchange.settings import Settings
    from exchange.storage.parties import Parties


def create(
    context: typer.Context,
    campaign: Annotated[str, typer.Option(help="The seller's campaign the key posts into.")] = "",
    buyer: Annotated[str, typer.Option(help="Or the buyer whose API key it is.")] = "",
    csv: Annotated[str, typer.Option(help="Or the contract whose leads lie as CSV at an address.")] = "",
    operator: Annotated[str, typer.Option(help="Or the program of yours that acts for operators, by a name.")] = "",
    mode: Annotated[Mode | None, typer.Option(help="A test key sells to simulated buyers only. Default: test.")] = None,
    name: Annotated[str, typer.Option(help="What to call it in lists.")] = "",
) -> None:
    """Make a key. It is shown once; only its hash is kept."""
    from exchange.commands.opening import run

    parties = (("campaign", campaign), ("buyer", buyer), ("csv", csv), ("operator", operator))
    said = [(kind, party) for kind, party in parties if party]
    if len(said) != 1:
        raise Stop(Exit.USAGE, "Say one of --campaign, --buyer, --csv and --operator.")
    if operator and mode is Mode.TEST:
        raise Stop(Exit.USAGE, "A key of operators is always live: leave --mode out.")
    run(_create(context.obj, *said[0], Mode.LIVE if operator else mode or Mode.TEST, name))


async def _create(terminal: Terminal, kind: str, party_id: str, mode: Mode, name: str) -> None:
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
        key = await create_key(db, SystemClock(), SystemIds(), kind, party_id, mode, name or party_id, operator())
    document = {"id": key.id, "key": key.secret, "kind": kind, "party": party_id, "mode": mode.value}
    base = settings.public_url.rstrip("/")
    if kind == "csv":
        document |= {"url": address_url(base, key.secret)}
        terminal.secret(document, document["url"], f'shown once; id {key.id}; =IMPORTDATA("{document["url"]}")')
        return
    if kind == "campaign":
        document |= {"page": await _posting_page(settings, party_id)}
        terminal.secret(document, key.secret, f"shown once; id {key.id}; posting page {document['page']}")
        return
    what = "calls" if kind == "operator" else "takes from"
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
            f"made {datetime.fromtimestamp(row['made_at'] / 1000, zone):%d %b %Y %H:%M}",
            "revoked" if row["revoked_at"] else "",
        )
        for row in rows
    ]
    terminal.result([dict(row) for row in rows], columns(shown) or ["  No keys yet: exchange key create"])


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

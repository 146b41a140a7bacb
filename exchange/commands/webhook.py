"""`exchange webhook`: who is told of events, what was sent, and what failed again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.endpoints import NotSaved, Wanted
    from exchange.model.actor import Role
    from exchange.storage.webhooks import LogFilter

_LISTED = 200
_Id = Annotated[str, typer.Argument(help="Its id, from the list.")]
_Since = Annotated[str, typer.Option(help="From this time on: 2026-11-20T14:00:00Z.")]
_Type = Annotated[str, typer.Option("--type", help="An event, or a family such as lead.*")]
_State = Annotated[str, typer.Option(help="waiting, delivered or failed.")]


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    return (
        ("list", list_all, "exchange webhook list", "exchange webhook list --json"),
        (
            "add",
            add,
            "exchange webhook add https://ops.harbor.example/hook --events 'lead.* webhook.disabled'",
            "exchange webhook add 'https://t.acme.example/p?id={seller_lead_id}&pay={price}' --seller acme --postback",
        ),
        ("test", try_out, "exchange webhook test whk_01KAG4", "exchange webhook test whk_01KAG4 --json"),
        ("log", log, "exchange webhook log --state failed", "exchange webhook log --json"),
        (
            "replay",
            replay,
            "exchange webhook replay evt_01KAG4",
            "exchange webhook replay --since 2026-11-20T14:00:00Z --yes",
        ),
        ("rotate", rotate, "exchange webhook rotate whk_01KAG4", "exchange webhook rotate whk_01KAG4 --json"),
        ("enable", enable, "exchange webhook enable whk_01KAG4", "exchange webhook enable pbk_solar-acme"),
        ("disable", disable, "exchange webhook disable whk_01KAG4", "exchange webhook disable whk_01KAG4 --json"),
        ("remove", remove, "exchange webhook remove whk_01KAG4", "exchange webhook remove whk_01KAG4 --yes"),
    )


def list_all(context: typer.Context) -> None:
    """Every address that is told of events, and how it stands."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.endpoints import listed

    async with opened_market(settings_of(terminal)) as market:
        rows = await listed(market, operator())
    shown = [
        (
            row["id"],
            row["role"] if row["party_id"] is None else f"{row['role']} {row['party_id']}",
            row["kind"],
            "failing" if row["failing_since"] and row["state"] == "active" else row["state"],
            row["events"],
            f"{row['method']} {row['url']}",
        )
        for row in rows
    ]
    terminal.result([dict(row) for row in rows], columns(shown) or ["  Nobody is told of events."])


def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to. A postback's may hold macros such as {lead_id}.")],
    seller: Annotated[str, typer.Option(help="The seller that hears of its leads there.")] = "",
    buyer: Annotated[str, typer.Option(help="Or the buyer; without either it is the exchange's own.")] = "",
    events: Annotated[str, typer.Option(help="Names and wildcards with blanks between.")] = "",
    postback: Annotated[bool, typer.Option("--postback", help="A URL with values in it, for a seller.")] = False,
    method: Annotated[str, typer.Option(help="Of a postback: GET or POST.")] = "GET",
    per_second: Annotated[int, typer.Option(help="So many a second at most.")] = 20,
) -> None:
    """Have somebody told of events. A webhook's secret is shown once."""
    from exchange.commands.opening import run
    from exchange.flows.endpoints import Wanted
    from exchange.model.actor import Role
    from exchange.model.endpoint import EndpointKind

    if seller and buyer:
        raise Stop(Exit.USAGE, "Say either --seller or --buyer.")
    kind = EndpointKind.POSTBACK if postback else EndpointKind.SIGNED
    party = (Role.SELLER, seller) if seller else (Role.BUYER, buyer) if buyer else (Role.OPERATOR, None)
    run(_add(context.obj, Wanted(kind, url, tuple(events.split()), method.upper(), per_second), party))


async def _add(terminal: Terminal, wanted: Wanted, party: tuple[Role, str | None]) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.endpoints import NotSaved, save
    from exchange.model.actor import Role

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        role, party_id = party
        known = market.deals.sellers if role is Role.SELLER else market.deals.buyers
        if party_id is not None and party_id not in known:
            raise Stop(Exit.FAILED, f"There is no {role.value} {party_id}.")
        try:
            saved = await save(market, wanted, operator(), settings.allowed_networks, party=party)
        except NotSaved as error:
            raise _wrong(error) from None
    if saved.secret is not None:
        document = {"id": saved.endpoint.id, "secret": saved.secret}
        terminal.secret(document, saved.secret, f"shown once; id {saved.endpoint.id}")
    else:
        terminal.result({"id": saved.endpoint.id}, [f"  Added {saved.endpoint.id}."])


def try_out(context: typer.Context, endpoint: _Id) -> None:
    """Send an example to an address now, and show what came back."""
    from exchange.commands.opening import run

    run(_try_out(context.obj, endpoint))


async def _try_out(terminal: Terminal, endpoint_id: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.endpoints import NotSaved, NotYours, Wanted, find
    from exchange.flows.endpoints import try_out as flow

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        try:
            found = find(market, endpoint_id, operator())
            wanted = Wanted(found.kind, found.url, found.events, found.method, id=found.id)
            tried = await flow(market, wanted, operator(), settings.allowed_networks)
        except NotYours:
            raise _unknown(endpoint_id) from None
        except NotSaved as error:
            raise _wrong(error) from None
    document = {
        "id": endpoint_id,
        "request": f"{tried.message.method} {tried.message.url}",
        "http_status": tried.result.status,
        "took_ms": tried.result.took_ms,
        "error": tried.error,
    }
    told = tried.error or f"HTTP {tried.result.status}"
    terminal.result(document, [f"  {document['request']}", f"  {told}, after {tried.result.took_ms} ms."])
    if tried.error is not None:
        raise Stop(Exit.FAILED)


def rotate(context: typer.Context, endpoint: _Id) -> None:
    """Give a webhook a new secret. For a day the old one signs too."""
    from exchange.commands.opening import run

    run(_rotate(context.obj, endpoint))


async def _rotate(terminal: Terminal, endpoint_id: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.endpoints import NotYours
    from exchange.flows.endpoints import rotate as flow

    async with opened_market(settings_of(terminal)) as market:
        try:
            secret = await flow(market, endpoint_id, operator())
        except NotYours:
            raise _unknown(endpoint_id) from None
    terminal.secret({"id": endpoint_id, "secret": secret}, secret, f"shown once; id {endpoint_id}")


def enable(context: typer.Context, endpoint: _Id) -> None:
    """Tell it again of what happens. What it missed can be replayed."""
    _move(context.obj, endpoint, "active")


def disable(context: typer.Context, endpoint: _Id) -> None:
    """Send it nothing. What happens meanwhile is kept."""
    _move(context.obj, endpoint, "disabled")


def remove(context: typer.Context, endpoint: _Id) -> None:
    """Take it out for good."""
    context.obj.confirm(f"Remove {endpoint}? Its secret is gone with it.", f"{endpoint} was not removed.")
    _move(context.obj, endpoint, "removed")


def _move(terminal: Terminal, endpoint_id: str, state: str) -> None:
    from exchange.commands.opening import run

    run(_set_state(terminal, endpoint_id, state))


async def _set_state(terminal: Terminal, endpoint_id: str, state: str) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.endpoints import NotSaved, NotYours, set_state

    async with opened_market(settings_of(terminal)) as market:
        try:
            changed = await set_state(market, endpoint_id, state, operator())
        except NotYours:
            raise _unknown(endpoint_id) from None
        except NotSaved as error:
            raise _wrong(error) from None
    told = f"  {endpoint_id} is {state}." if changed else f"  {endpoint_id} was {state} already."
    terminal.result({"id": endpoint_id, "state": state, "changed": changed}, [told])


def log(context: typer.Context, state: _State = "", type_: _Type = "", since: _Since = "") -> None:
    """What was sent, newest first, and when what waits is tried next."""
    from exchange.commands.opening import run

    run(_log(context.obj, _filter(state, type_, since)))


async def _log(terminal: Terminal, wanted: LogFilter) -> None:
    from exchange.commands.opening import opened_database, operator, settings_of, zone_of
    from exchange.storage.webhooks import log_of

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_database(settings) as db:
        rows = await db.read(log_of, operator(), wanted, _LISTED)

    def clock(at: int | None) -> str:
        return f"{datetime.fromtimestamp(at / 1000, zone):%d %b %H:%M:%S}" if at is not None else ""

    shown = [
        (
            clock(row["at"]),
            row["type"],
            row["about"],
            row["endpoint_id"],
            row["state"],
            str(row["status"] or ""),
            f"{row['took_ms']} ms" if row["took_ms"] is not None else "",
            f"{row['tries']} of 8",
            f"next {clock(row['next_at'])}" if row["next_at"] is not None else row["last_error"] or "",
            row["event_id"],
        )
        for row in rows
    ]
    terminal.result([dict(row) for row in rows], columns(shown) or ["  Nothing was sent that matches."])


def replay(
    context: typer.Context,
    event: Annotated[str, typer.Argument(help="One event's id, from the log.")] = "",
    state: _State = "failed",
    type_: _Type = "",
    since: _Since = "",
) -> None:
    """Send again one event, or all that failed since a time, each under its own id."""
    from exchange.commands.opening import run

    run(_replay(context.obj, event, _filter(state, type_, since)))


async def _replay(terminal: Terminal, event: str, wanted: LogFilter) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.endpoints import NotYours, count_replay
    from exchange.flows.endpoints import replay as flow

    async with opened_market(settings_of(terminal)) as market:
        if not event:
            count = await count_replay(market, wanted, operator())
            if count:
                terminal.confirm(f"{count} sends would go out again. Go on?", "Nothing was sent again.")
        try:
            done = await flow(market, wanted, operator(), event)
        except NotYours:
            raise Stop(Exit.FAILED, f"There is no event {event}: see exchange webhook log.") from None
    terminal.result({"replayed": done}, [f"  {done} go out again, at the pace of their addresses."])


def _filter(state: str, type_: str, since: str) -> LogFilter:
    from exchange.fields.instant import read_instant
    from exchange.storage.webhooks import LogFilter

    if state not in ("", "waiting", "delivered", "failed"):
        raise Stop(Exit.USAGE, "--state is waiting, delivered or failed.")
    at = read_instant(since) if since else 0
    if at is None:
        raise Stop(Exit.USAGE, f"{since} is no time: write it as 2026-11-20T14:00:00Z.")
    return LogFilter(state, type_, since=at)


def _unknown(endpoint_id: str) -> Stop:
    return Stop(Exit.FAILED, f"There is no webhook {endpoint_id}: see exchange webhook list.")


def _wrong(error: NotSaved) -> Stop:
    return Stop(Exit.FAILED, "It was not done:", [problem.message for problem in error.problems])

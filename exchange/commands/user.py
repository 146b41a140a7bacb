"""`exchange user`: who may sign in, and the links that let them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.follow import Duty
from exchange.model.rights import Staff

FIRST_LINK_MINUTES = 24 * 60


class UserRole(Enum):
    OPERATOR = "operator"
    SELLER = "seller"
    BUYER = "buyer"


_DUTIES: Mapping[UserRole, type[Staff] | type[Duty]] = MappingProxyType(
    {UserRole.OPERATOR: Staff, UserRole.BUYER: Duty}
)


def add(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="The address they sign in under.")],
    role: Annotated[UserRole, typer.Option(help="Operators see all, the others what is theirs.")] = UserRole.OPERATOR,
    party: Annotated[str, typer.Option(help="The seller or buyer they belong to.")] = "",
    duty: Annotated[
        str, typer.Option(help="What they do there: owner, admin, operator …; at a buyer admin, agent or finance.")
    ] = "",
) -> None:
    """Let somebody sign in, and print their first link."""
    from exchange.commands.opening import run

    if (role is UserRole.OPERATOR) == bool(party):
        raise Stop(Exit.USAGE, "Sellers and buyers need --party with their id; operators have none.")
    duties = [each.value for each in _DUTIES.get(role, ())]
    if duty and duty not in duties:
        told = (
            f"of --role {role.value} is one of {', '.join(duties)}" if duties else f"is nothing of --role {role.value}"
        )
        raise Stop(Exit.USAGE, f"--duty {told}; agent and finance of a buyer need --role buyer.")
    run(_add(context.obj, email, role, party, duty))


async def _add(terminal: Terminal, email: str, role: UserRole, party: str, duty: str) -> None:
    from email_validator import EmailNotValidError, validate_email

    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.agent_terms import CannotFollow, Wanted
    from exchange.flows.by_hand import invite
    from exchange.flows.follow_desk import invite_agent
    from exchange.flows.people import CannotChange, invite_person
    from exchange.flows.sign_in import invitation

    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise Stop(Exit.USAGE, f"{email}: {error}") from error
    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        known = market.deals.sellers if role is UserRole.SELLER else market.deals.buyers
        if party and party not in known:
            raise Stop(Exit.FAILED, f"There is no {role.value} {party}.")
        try:
            if role is UserRole.OPERATOR:
                link = await invite_person(market, email, duty or Staff.OWNER.value, operator(), FIRST_LINK_MINUTES)
            elif duty:
                link = await invite_agent(market, email, duty, Wanted(), operator(), party)
            elif await invite(market.db, market.clock, market.ids, email, role.value, party or None, operator()):
                link = await invitation(market, email, FIRST_LINK_MINUTES)
            else:
                raise CannotFollow("email", f"{email} is there already.")
        except (CannotFollow, CannotChange) as error:
            raise Stop(Exit.FAILED, f"{error} A new link: exchange user login-link {email}") from error
    terminal.result(
        {"email": email, "role": role.value, "duty": duty or None, "sign_in": link},
        [f"  Added {email}. Sign-in link (once, {'a week' if duty and role is UserRole.BUYER else '24 h'}): {link}"],
    )


def login_link(context: typer.Context, email: Annotated[str, typer.Argument(help="Who is to sign in.")]) -> None:
    """A link that signs somebody in, once, within 15 minutes."""
    from exchange.commands.opening import run

    run(_login_link(context.obj, email))


async def _login_link(terminal: Terminal, email: str) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.sign_in import NoSuchUser, make_login_link

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        try:
            link = f"{settings.public_url}/login/{await make_login_link(market, email)}"
        except NoSuchUser:
            raise Stop(Exit.FAILED, f"Nobody signs in as {email}. Let them: exchange user add {email}") from None
    terminal.result({"email": email, "sign_in": link}, [f"  {link}"])


def list_all(context: typer.Context) -> None:
    """Everybody who may sign in."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_database, settings_of, zone_of
    from exchange.storage.by_hand import list_users

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_database(settings) as db:
        rows = await db.read(list_users)
    shown = [
        (
            row["email"],
            row["role"],
            row["party_id"] or "",
            row["duty"],
            f"last in {datetime.fromtimestamp(row['seen_at'] / 1000, zone):%d %b %Y %H:%M}" if row["seen_at"] else "",
        )
        for row in rows
    ]
    terminal.result([dict(row) for row in rows], columns(shown) or ["  Nobody yet: exchange user add"])

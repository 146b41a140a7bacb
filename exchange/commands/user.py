"""`exchange user`: who may sign in, as what, and the links that let them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.follow import Duty
from exchange.model.rights import Staff, staff_of

if TYPE_CHECKING:
    from exchange.flows.market import Market

    Change = Callable[[Market, str], Awaitable[None]]

FIRST_LINK_MINUTES = 24 * 60


class UserRole(Enum):
    """A role of the exchange, or whose people they are."""

    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    FINANCE = "finance"
    QUALITY = "quality"
    ANALYST = "analyst"
    SELLER = "seller"
    BUYER = "buyer"

    @property
    def outside(self) -> bool:
        return self in (UserRole.SELLER, UserRole.BUYER)


Email = Annotated[str, typer.Argument(help="The address they sign in under.")]


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    add_out = "exchange user add ann@acme.example --role seller --party acme"
    link = "exchange user login-link agent@harbor.example"
    return (
        ("add", add, "exchange user add agent@harbor.example --role operator", add_out),
        ("login-link", login_link, link, f"{link} --json"),
        ("list", list_all, "exchange user list", "exchange user list --json"),
        ("role", role, "exchange user role fay@harbor.example finance", "exchange user role fay@harbor.example owner"),
        (
            "disable",
            disable,
            "exchange user disable fay@harbor.example",
            "exchange user disable fay@harbor.example --yes",
        ),
        ("enable", enable, "exchange user enable fay@harbor.example", "exchange user enable fay@harbor.example --json"),
        (
            "reset-2fa",
            reset_second,
            "exchange user reset-2fa fay@harbor.example",
            "exchange user reset-2fa fay@harbor.example --yes",
        ),
    )


def add(
    context: typer.Context,
    email: Email,
    role: Annotated[UserRole, typer.Option(help="What they are; seller and buyer need --party.")] = UserRole.OPERATOR,
    party: Annotated[str, typer.Option(help="The seller or buyer they belong to.")] = "",
    duty: Annotated[str, typer.Option(help="What they do at a buyer: admin, agent or finance.")] = "",
) -> None:
    """Let somebody sign in, and print their first link."""
    from exchange.commands.opening import run

    if role.outside != bool(party):
        raise Stop(Exit.USAGE, "Sellers and buyers need --party with their id; people of the exchange have none.")
    if role is UserRole.OPERATOR and duty in [each.value for each in Staff]:
        role, duty = UserRole(duty), ""
    duties = [each.value for each in Duty] if role is UserRole.BUYER else []
    if duty and duty not in duties:
        told = f"is one of {', '.join(duties)}" if duties else f"is nothing of --role {role.value}"
        raise Stop(Exit.USAGE, f"--duty {told}; agent and finance of a buyer need --role buyer.")
    run(_add(context.obj, email, role, party, duty))


async def _add(terminal: Terminal, email: str, role: UserRole, party: str, duty: str) -> None:
    from email_validator import EmailNotValidError, validate_email

    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.agent_terms import CannotFollow
    from exchange.flows.people import CannotChange

    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise Stop(Exit.USAGE, f"{email}: {error}") from error
    async with opened_market(settings_of(terminal)) as market:
        known = market.deals.sellers if role is UserRole.SELLER else market.deals.buyers
        if party and party not in known:
            raise Stop(Exit.FAILED, f"There is no {role.value} {party}.")
        try:
            link = await _invited(market, email, role, party, duty)
        except (CannotFollow, CannotChange) as error:
            raise Stop(Exit.FAILED, f"{error} A new link: {terminal.command(f'user login-link {email}')}") from error
    terminal.result(
        {"email": email, "role": role.value, "duty": duty or None, "sign_in": link},
        [f"  Added {email}. Sign-in link (once, {'a week' if duty else '24 h'}): {link}"],
    )


async def _invited(market: Market, email: str, role: UserRole, party: str, duty: str) -> str:
    """The link for somebody new. Raises `CannotFollow` and `CannotChange`."""
    from exchange.commands.opening import operator
    from exchange.flows.agent_terms import CannotFollow, Wanted
    from exchange.flows.by_hand import invite
    from exchange.flows.follow_desk import invite_agent
    from exchange.flows.people import invite_person
    from exchange.flows.sign_in import invitation

    if not role.outside:
        return await invite_person(market, email, role.value, operator(), FIRST_LINK_MINUTES)
    if duty:
        return await invite_agent(market, email, duty, Wanted(), operator(), party)
    if await invite(market.db, market.clock, market.ids, email, role.value, party, operator()):
        return await invitation(market, email, FIRST_LINK_MINUTES)
    raise CannotFollow("email", f"{email} is there already.")


def login_link(context: typer.Context, email: Email) -> None:
    """A link that signs somebody in, once, within 15 minutes."""
    from exchange.commands.opening import run

    run(_login_link(context.obj, email))


async def _login_link(terminal: Terminal, email: str) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.sign_in import NoSuchUser, make_login_link

    async with opened_market(settings_of(terminal)) as market:
        try:
            link = f"{market.public_url}/login/{await make_login_link(market, email)}"
        except NoSuchUser:
            add = terminal.command(f"user add {email}")
            raise Stop(Exit.FAILED, f"Nobody signs in as {email}. Let them: {add}") from None
    terminal.result({"email": email, "sign_in": link}, [f"  {link}"])


def list_all(context: typer.Context) -> None:
    """Everybody who may sign in, what they are, and by what they do."""
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
            staff_of(row["duty"]).value if row["role"] == "operator" else row["role"],
            row["party_id"] or "",
            row["duty"] if row["role"] != "operator" else "",
            f"last in {datetime.fromtimestamp(row['seen_at'] / 1000, zone):%d %b %Y %H:%M}" if row["seen_at"] else "",
            "two-factor" if row["has_app"] or row["passkeys"] else "",
            "" if row["state"] == "active" else "disabled",
        )
        for row in rows
    ]
    terminal.result([dict(row) for row in rows], columns(shown) or ["  Nobody yet: exchange user add"])


def role(
    context: typer.Context,
    email: Email,
    role: Annotated[Staff, typer.Argument(help="Their role from now on.")],
) -> None:
    """Give somebody of the exchange another role, from their next page on."""
    from exchange.commands.opening import run
    from exchange.flows.people import set_role

    async def change(market: Market, user_id: str) -> None:
        from exchange.commands.opening import operator

        await set_role(market, user_id, role.value, operator())

    run(_change(context.obj, email, change, {"role": role.value}, f"{email} is {role.value} now."))


def disable(context: typer.Context, email: Email) -> None:
    """Let somebody in no more, and end every session of theirs."""
    terminal: Terminal = context.obj
    terminal.confirm(f"Let {email} in no more? They are signed out everywhere.", f"{email} was not disabled.")
    _set_active(terminal, email, False)


def enable(context: typer.Context, email: Email) -> None:
    """Let somebody in again who was disabled."""
    _set_active(context.obj, email, True)


def _set_active(terminal: Terminal, email: str, active: bool) -> None:
    from exchange.commands.opening import operator, run
    from exchange.flows.people import set_anybody_active

    async def change(market: Market, user_id: str) -> None:
        await set_anybody_active(market, user_id, active, operator())

    told = f"{email} may sign in again." if active else f"{email} is let in no more."
    run(_change(terminal, email, change, {"active": active}, told))


def reset_second(context: typer.Context, email: Email) -> None:
    """Turn two-factor off for somebody who lost it: their app, recovery codes and passkeys."""
    from exchange.commands.opening import operator, run
    from exchange.flows.people import reset_anybody

    async def change(market: Market, user_id: str) -> None:
        await reset_anybody(market, user_id, operator())

    terminal: Terminal = context.obj
    terminal.confirm(
        f"Turn two-factor of {email} off? A password alone lets them in then.", f"Two-factor of {email} stays."
    )
    run(
        _change(
            terminal, email, change, {"two_factor": False}, f"Two-factor of {email} is off. They were told by mail."
        )
    )


async def _change(terminal: Terminal, email: str, change: Change, told: dict[str, object], sentence: str) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.people import CannotChange
    from exchange.storage.by_hand import list_users

    async with opened_market(settings_of(terminal)) as market:
        rows = await market.db.read(list_users)
        found = next((row for row in rows if row["email"] == email.strip().lower()), None)
        if found is None:
            raise Stop(Exit.FAILED, f"Nobody signs in as {email}. Who does: {terminal.command('user list')}")
        try:
            await change(market, found["id"])
        except CannotChange as error:
            raise Stop(Exit.FAILED, str(error)) from error
    terminal.result({"email": found["email"], **told}, [f"  {sentence}"])

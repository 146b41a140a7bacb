"""Who looks at a page: sessions in a cookie no script can read, and a token in every form."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from exchange import limits
from exchange.flows.security_rules import rules_in
from exchange.flows.sign_in import note_seen, session_of, sign_out
from exchange.flows.specs import PATH, page_of
from exchange.intake.body import client_ip, read_body
from exchange.intake.decode import Refused
from exchange.model.actor import Actor
from exchange.model.follow import Duty
from exchange.model.rights import WHO, Right, Staff, staff_of
from exchange.storage.database import StorageError
from exchange.storage.users import Session
from exchange.web import cookies
from exchange.web.cookies import cookie_of, drop
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import see_other
from exchange.web.render import SESSION, as_json, notice

CSRF_FIELD = "csrf"
HOME = "/console"
PORTALS: Mapping[str, str] = MappingProxyType({"seller": "/seller", "buyer": "/buyer"})
LOGIN = "/login"
TWO_FACTOR = "/account/two-factor"
FORM: web.RequestKey[Mapping[str, str]] = web.RequestKey("form", Mapping)
_FORM_FIELDS = limits.FIELDS + 50  # a field for every column of a file
_TWINS = (".json", ".csv")


def for_staff(right: Right, show: Handler, *, token: bool = True) -> Handler:
    """The page for those of the exchange who have a right. Without `token` the page checks the form's token itself:
    before it takes a file.
    """
    return for_role("operator", show, token=token, duties=WHO[right])


def for_role(role: str, show: Handler, *, token: bool = True, duties: Collection[Duty | Staff] = ()) -> Handler:
    """The page for one role; for anybody else the way in, or a refusal. Forms carry the token.

    Of its people only those with one of `duties` see it; none given: whoever has the role.
    """

    async def guarded(request: web.Request) -> web.StreamResponse:
        session = await find_session(request)
        if session is None:
            return await _way_in(request)
        request[SESSION] = session
        if session.user.role != role:
            return await _not_theirs(request, session, role)
        if (refusal := await _not_by_rule(request, session)) is not None:
            return refusal
        if duties and duty_of(session) not in duties:
            return await _not_their_duty(request, session, duties)
        if token and request.method == "POST" and not await has_token(request, session):
            return await without_token(request)
        return await show(request)

    return guarded


def for_anybody(show: Handler) -> Handler:
    """The page for whoever is signed in, whatever they are: what is about themself."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        session = await find_session(request)
        if session is None:
            return await _way_in(request)
        request[SESSION] = session
        if (refusal := await _not_by_rule(request, session, second=False)) is not None:
            return refusal
        if request.method == "POST" and not await has_token(request, session):
            return await without_token(request)
        return await show(request)

    return guarded


async def _not_by_rule(request: web.Request, session: Session, *, second: bool = True) -> web.StreamResponse | None:
    """What the exchange asks of its own people: from where, and by what they sign in. None: nothing is in the way."""
    if session.user.role != "operator":
        return None
    rules = rules_in(request.app[MARKET], session.rules)
    if not rules.lets_in(ip_of(request)):
        told = "Your address is in none of the networks this exchange's console may be used from."
        if request.path.endswith(_TWINS):
            return as_json({"status": "error", "message": told}, 403)
        return await notice(request, "Not from here", told, "An owner can add it.", http_status=403)
    if not second or not rules.staff_second or session.second:
        return None
    if request.path.endswith(_TWINS):
        return as_json({"status": "error", "message": "This exchange asks its people for a second factor."}, 403)
    return see_other(TWO_FACTOR)


def duty_of(session: Session) -> Duty | Staff:
    """What somebody does there. Who was let in without a duty may do everything."""
    if session.user.role == "operator":
        return staff_of(session.user.duty)
    return Duty(session.user.duty or Duty.ADMIN.value)


async def _not_their_duty(
    request: web.Request, session: Session, duties: Collection[Duty | Staff]
) -> web.StreamResponse:
    *others, last = [each.value for each in duties]
    needed = f"{', '.join(others)} or {last}" if others else last
    own = duty_of(session).value
    ours = session.user.role == "operator"
    word, whose = ("role", "the exchange") if ours else ("duty", "your company")
    if request.path.endswith(_TWINS):
        return as_json({"status": "error", "message": f"This needs the {word} {needed}; yours is {own}."}, 403)
    told = f"You are signed in as {session.user.email}, whose {word} is {own}. This needs the {word} {needed}."
    can = f"An admin of {whose} can do it, or change your {word}."
    return await notice(request, "This part is for others", told, can, http_status=403)


async def without_token(request: web.Request) -> web.StreamResponse:
    return await notice(
        request,
        "The form was not sent from here",
        "Its token is missing or of another session, so nothing was changed.",
        "Open the page again and repeat what you did.",
        http_status=403,
    )


async def find_session(request: web.Request) -> Session | None:
    secret = cookie_of(request, cookies.SESSION)
    session = await session_of(request.app[MARKET], secret) if secret else None
    if session is not None:
        with suppress(StorageError):  # whoever only looks is not kept out
            await note_seen(request.app[MARKET], session, ip_of(request))
    return session


async def read_form(request: web.Request) -> Mapping[str, str]:
    """The fields of a posted form, within the limits of any other body. What is no form has no fields."""
    body = await read_body(request)
    if isinstance(body, Refused):
        raise web.HTTPRequestEntityTooLarge(max_size=0, actual_size=0)
    try:
        return dict(parse_qsl(printable(body), max_num_fields=_FORM_FIELDS))
    except ValueError:
        return {}


def printable(body: bytes) -> str:
    """A form's body as text. What no database may hold becomes the sign for what cannot be read."""
    return body.decode("utf-8", "replace").replace("\0", "%00").replace("%00", "%EF%BF%BD")


async def has_token(request: web.Request, session: Session) -> bool:
    """Whether the form came from one of our pages. Its fields are then in `request[FORM]`."""
    form = request[FORM] = await read_form(request)
    return is_token(session, form)


def is_token(session: Session, form: Mapping[str, str]) -> bool:
    return hmac.compare_digest(form.get(CSRF_FIELD, "").encode(), session.csrf.encode())


def actor_of(request: web.Request) -> Actor:
    return replace(request[SESSION].user.actor, ip=ip_of(request))


def ip_of(request: web.Request) -> str:
    return client_ip(request, request.app[SETTINGS].trusted_proxies)


async def leave(request: web.Request) -> web.StreamResponse:
    """Sign out. Anybody with a session may, whatever their role."""
    session = await find_session(request)
    if session is not None:
        request[SESSION] = session
        if not await has_token(request, session):
            return await notice(request, "You are still signed in", "The form's token is missing.", http_status=403)
        await sign_out(request.app[MARKET], cookie_of(request, cookies.SESSION))
    response = see_other(LOGIN)
    drop(request, response, cookies.SESSION)
    return response


def is_local(path: str) -> bool:
    """Whether a form may send somebody back there: a page of the console, on this host."""
    parts = urlsplit(path)
    return not parts.scheme and not parts.netloc and path.startswith(HOME) and "\\" not in path


async def _way_in(request: web.Request) -> web.StreamResponse:
    if request.path.endswith(_TWINS):
        return as_json({"status": "error", "message": "Sign in first: this needs a session."}, 401)
    if request.method == "POST":
        return await notice(
            request, "You are signed out", "Nothing was changed. Sign in and repeat it.", http_status=401
        )
    return see_other(LOGIN)


async def _not_theirs(request: web.Request, session: Session, needed: str) -> web.StreamResponse:
    role = session.user.role
    if request.path.endswith(_TWINS):
        return as_json({"status": "error", "message": f"This needs the role {needed}; you are a {role}."}, 403)
    if role in PORTALS and request.path == HOME:
        return see_other(PORTALS[role])
    told = [f"You are signed in as {session.user.email}, a {role}. This page needs the role {needed}."]
    if role != "operator":
        calls = "/api/v1/leads" if role == "seller" else "/api/v1/sales"
        told.append(f"Your own pages begin at {PORTALS[role]}. The API tells you what is yours too: {calls}.")
    links = posting_pages(request, session) if role == "seller" else ()
    return await notice(request, f"This part is for {needed}s", *told, http_status=403, links=links)


def posting_pages(request: web.Request, session: Session) -> list[tuple[str, str]]:
    """Where a seller who signs in goes on: how to post into each of its campaigns."""
    market = request.app[MARKET]
    own = [each for each in market.deals.campaigns.values() if each.seller_id == session.user.party_id]
    return [(f"How to post: {each.name}", f"{PATH}{page_of(market, each.id)}") for each in own]

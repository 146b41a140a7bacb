"""One verifier: who uses it and how, its secrets, and a test: what would be asked, what came back, how it is read."""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.connector import BadReply
from exchange.flows.documents import save_secret
from exchange.flows.trial import NoSuchSample, dotted
from exchange.flows.verifier_trial import (
    STAGES,
    VerifierTrial,
    VerifierTried,
    made_trial,
    read,
    rendered,
    send,
)
from exchange.flows.verifier_uses import rules_using
from exchange.model.wire import HttpMessage, Reply
from exchange.stages.sample_lead import SAMPLES, name_of_sample
from exchange.storage.documents import read_secrets
from exchange.web.auth import FORM, actor_of
from exchange.web.console.checks.verifiers import HOME
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page

_PATH = HOME + "/{name:[a-z][a-z0-9_]{0,59}}"
_SECRET_CHARACTERS = 10_000


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _PATH, show),
        Page("POST", f"{_PATH}/test", test),
        Page("POST", f"{_PATH}/secrets", set_secret),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request, request.query.get("stage", "verify"), request.query.get("lead", "1"))


async def test(request: web.Request) -> web.StreamResponse:
    """Show the request, really send it, or read a reply that was pasted."""
    given = request[FORM]
    stage, lead, word = given.get("stage", "verify"), given.get("lead", "1").strip() or "1", given.get("do", "render")
    return await _page(request, stage, lead, word=word)


async def set_secret(request: web.Request) -> web.StreamResponse:
    market, form, name = request.app[MARKET], request[FORM], request.match_info["name"]
    ready = market.deals.shapes.verifiers.get(name)
    secret, value = form.get("secret", ""), form.get("value", "").strip()
    if ready is None or secret not in ready.secrets:
        return await _page(request, "verify", "1", problem=f"{name} names no secret {secret[:80]!r}", http_status=422)
    if not value or len(value) > _SECRET_CHARACTERS or not value.isprintable():
        told = f"{secret} must be 1 to {_SECRET_CHARACTERS} printable characters"
        return await _page(request, "verify", "1", problem=told, http_status=422)
    await save_secret(market, secret, value, actor_of(request))
    return see_other(f"{HOME}/{name}")


async def _page(
    request: web.Request, stage: str, wanted: str, *, word: str = "", problem: str = "", http_status: int = 200
) -> web.StreamResponse:
    market, name = request.app[MARKET], request.match_info["name"]
    if name not in market.deals.shapes.verifiers:
        return await notice(request, "There is no such verifier", "Its file may have been removed.", http_status=404)
    stage = stage if stage in STAGES else "verify"
    message: HttpMessage | None = None
    tried: VerifierTried | None = None
    try:
        trial = await made_trial(market, name, stage, wanted[:60], "", actor_of(request))
        tried = await _tried(request, trial, word)
        message = dotted(rendered(market, trial).shown())
    except (NoSuchSample, LookupError, ValueError) as error:
        problem, http_status = problem or str(error.args[0] if error.args else error), 422
    except BadReply as error:
        problem = problem or f"The request cannot be made: {error.why}."
    ready = market.deals.shapes.verifiers[name]
    kept = {row.name: row.last4 for row in await market.db.read(read_secrets)}
    return await page(
        request,
        "console/checks/verifier.html",
        title=ready.card.title,
        here="verifiers",
        verifier=name,
        card=ready.card,
        uses=tuple(rules_using(market, name).items()),
        secrets=[(secret, bool(value), kept.get(secret, "")) for secret, value in sorted(ready.secrets.items())],
        stages=STAGES if ready.keeps is not None else STAGES[:1],
        stage=stage,
        lead=wanted[:60],
        samples=[(str(number), name_of_sample(number)) for number in range(1, SAMPLES + 1)],
        message=message,
        body=message.body.decode("utf-8", "replace") if message is not None else "",
        tried=tried,
        reply=tried.reply.body.decode("utf-8", "replace") if tried is not None and tried.reply is not None else "",
        problem=problem,
        http_status=http_status,
    )


async def _tried(request: web.Request, trial: VerifierTrial, word: str) -> VerifierTried | None:
    """Raises `ValueError` about the status of a pasted reply."""
    market = request.app[MARKET]
    if word == "send":
        return await send(market, trial)
    if word != "read":
        return None
    given = request[FORM]
    status = given.get("status", "200").strip()
    if not (status.isdecimal() and len(status) == 3 and status[0] in "12345"):
        raise ValueError("HTTP status: three digits, such as 200.")
    body = given.get("reply_body", "").strip("\r\n").replace("\r\n", "\n").encode()[: limits.REPLY_BYTES]
    return read(market, trial, Reply(int(status), {}, body))

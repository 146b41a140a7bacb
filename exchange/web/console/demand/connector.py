"""One connection: what it says, its secrets, the replies its rules are tried on, and rules proposed from replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from exchange.flows.csv_addresses import NewAddress, addresses_of
from exchange.flows.documents import save_document, save_secret
from exchange.flows.go_live import NotReady, go_live
from exchange.flows.market import Market
from exchange.flows.samples import CannotKeep, drop_sample, keep_sample, read_again, readiness, samples_of
from exchange.flows.shapes import CONNECTION, DocumentProblems
from exchange.flows.teach import Change, change_to, document_of, is_file, propose_for
from exchange.flows.trial import STAGES
from exchange.flows.yaml_text import from_yaml, to_yaml
from exchange.model.wire import Reply
from exchange.storage.database import Row
from exchange.storage.documents import read_secrets
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice, page

PATH = "/console/connectors/{name:[A-Za-z0-9_.-]{1,80}}"
SECRET_CHARACTERS = 10_000


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", f"{PATH}.yaml", as_yaml),
        Page("GET", PATH, show),
        Page("POST", PATH, change),
        Page("POST", f"{PATH}/secrets", set_secret),
        Page("POST", f"{PATH}/samples/drop", drop),
        Page("POST", f"{PATH}/propose", propose),
        Page("POST", f"{PATH}/live", start_buying),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await show_connection(request)


async def as_yaml(request: web.Request) -> web.StreamResponse:
    """The document as a file would have it."""
    market, name = request.app[MARKET], request.match_info["name"]
    try:
        text = to_yaml(document_of(market, name))
    except DocumentProblems as error:
        return await missing(request, error)
    headers = {"Content-Disposition": f'attachment; filename="{name}.yaml"', "Cache-Control": "no-store"}
    return web.Response(text=text, content_type="application/yaml", headers=headers)


async def change(request: web.Request) -> web.StreamResponse:
    """A document as it was written: shown with what it changes, and saved once that is confirmed or is nothing."""
    market, form, name = request.app[MARKET], request[FORM], request.match_info["name"]
    text = form.get("document", "")
    try:
        return await save_or_show(request, name, await change_to(market, name, from_yaml(text)))
    except DocumentProblems as error:
        return await show_connection(request, problems=error.problems, text=text, http_status=422)


async def save_or_show(
    request: web.Request, name: str, made: Change, *, keep: Mapping[str, Reply] | None = None
) -> web.StreamResponse:
    """Save a change that reads no kept reply otherwise, or that was confirmed; else show what it does.

    `keep` are replies by the outcome they stand for, that are kept beside it. Raises `DocumentProblems`.
    """
    market = request.app[MARKET]
    locked = is_file(market, name)
    confirmed = request[FORM].get("confirm") == "yes"
    if locked or keep is not None or (made.differing and not confirmed):
        return await page(
            request,
            "console/demand/_change.html",
            title=f"Change {name}",
            here="connectors",
            connection=name,
            made=made,
            text=to_yaml(made.document),
            file=market.workshop.files[name].path if locked else "",
            differing=made.differing,
        )
    await save_document(market, CONNECTION, name, made.document, actor_of(request))
    return back(name)


async def set_secret(request: web.Request) -> web.StreamResponse:
    market, form, name = request.app[MARKET], request[FORM], request.match_info["name"]
    connection = market.connections.get(name)
    secret, value = form.get("secret", ""), form.get("value", "").strip()
    if connection is None or secret not in connection.secrets:
        return await show_connection(
            request, problems=[f"secret: {name} names no secret {secret[:80]!r}"], http_status=422
        )
    if not value or len(value) > SECRET_CHARACTERS or not value.isprintable():
        told = f"secret: {secret} must be 1 to {SECRET_CHARACTERS} printable characters"
        return await show_connection(request, problems=[told], http_status=422)
    await save_secret(market, secret, value, actor_of(request))
    return back(name)


async def drop(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if not await drop_sample(request.app[MARKET], name, request[FORM].get("sample", "")):
        return await show_connection(request, problems=["sample: it is gone already"], http_status=404)
    return back(name)


async def propose(request: web.Request) -> web.StreamResponse:
    """Rules made of the kept replies and of a yes and a no that were pasted, which are kept as samples."""
    market, form, name = request.app[MARKET], request[FORM], request.match_info["name"]
    stage = form.get("stage", "post")
    pasted = {word: pasted_reply(form, word) for word in ("accepted", "rejected") if form.get(word, "").strip()}
    yes, no = ([pasted[word]] if word in pasted else [] for word in ("accepted", "rejected"))
    try:
        if stage not in STAGES:
            raise DocumentProblems(["stage: say ping or post"])
        made = await propose_for(market, name, stage, tuple(yes), tuple(no))
        if made is None:
            told = "Nothing in these replies tells a yes from a no. Paste one of each, as the buyer sends them."
            return await show_connection(request, problems=[told], http_status=422)
        for word, reply in pasted.items():
            refused = "no_bid" if stage == "ping" else word
            expected = word if word == "accepted" else refused
            await keep_sample(market, name, stage, f"Pasted, {word}", expected, reply, actor_of(request))
        return await save_or_show(request, name, await change_to(market, name, made.document), keep=pasted)
    except DocumentProblems as error:
        return await show_connection(request, problems=error.problems, http_status=422)
    except CannotKeep as error:
        return await show_connection(request, problems=[str(error)], http_status=422)


async def start_buying(request: web.Request) -> web.StreamResponse:
    """A paused contract of this connection goes live, when the connection has shown that it reads a yes and a no."""
    market, form, name = request.app[MARKET], request[FORM], request.match_info["name"]
    contract, cap = market.deals.contracts.get(form.get("contract", "")), form.get("start_cap", "").strip()
    if contract is None or contract.connection != name:
        return await show_connection(
            request, problems=["contract: this connection has no such contract"], http_status=404
        )
    if cap and not (cap.isascii() and cap.isdecimal() and len(cap) < 8):
        told = "starting cap: a whole number of leads a day; empty leaves the caps as they are"
        return await show_connection(request, problems=[told], http_status=422)
    try:
        await go_live(market, contract.id, int(cap or 0), actor_of(request))
    except NotReady as error:
        return await show_connection(request, problems=error.missing, http_status=422)
    return back(name)


def pasted_reply(form: Mapping[str, str], name: str) -> Reply:
    """A reply out of a form: its text, and its HTTP status where one is given."""
    status = form.get(f"{name}_status", "").strip()
    number = int(status) if status.isdecimal() and len(status) == 3 and status[0] in "12345" else 200
    return Reply(number, {}, form[name].strip().encode())


async def missing(request: web.Request, error: DocumentProblems) -> web.StreamResponse:
    return await notice(request, "There is no such connection", *error.problems, http_status=404)


def back(name: str) -> web.Response:
    headers = {"Location": f"/console/connectors/{name}", "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)


async def show_connection(
    request: web.Request,
    *,
    problems: Any = (),
    text: str | None = None,
    made: NewAddress | None = None,
    http_status: int = 200,
) -> web.StreamResponse:
    """`made` is an address that was made just now: it is on this answer alone."""
    market, name = request.app[MARKET], request.match_info["name"]
    try:
        document = document_of(market, name)
    except DocumentProblems as error:
        return await missing(request, error)
    samples = read_again(market, name, None, await samples_of(market, name))
    return await page(
        request,
        "console/demand/connector.html",
        title=str(document.get("title") or name),
        here="connectors",
        connection=name,
        about=str(document.get("about") or ""),
        text=text if text is not None else to_yaml(document),
        file=market.workshop.files[name].path if is_file(market, name) else "",
        contracts=[each for each in market.deals.contracts.values() if each.connection == name],
        addresses=await _addresses(market, name),
        made=made,
        samples=samples,
        secrets=await _secrets(market, name),
        ready=await readiness(market, name),
        stages=[stage for stage in STAGES if stage in document],
        problems=list(problems),
        http_status=http_status,
    )


async def _addresses(market: Market, name: str) -> list[Row] | None:
    """The CSV addresses of its contracts; None where it has none."""
    connection = market.connections.get(name)
    return await addresses_of(market, name) if connection is not None and connection.tables is not None else None


async def _secrets(market: Market, name: str) -> list[tuple[str, bool, str]]:
    """Each secret that the connection names: whether it is set, and the last four letters of what is stored."""
    connection = market.connections.get(name)
    kept = {row.name: row.last4 for row in await market.db.read(read_secrets)}
    secrets = connection.secrets if connection is not None else {}
    return [(secret, bool(value), kept.get(secret, "")) for secret, value in sorted(secrets.items())]

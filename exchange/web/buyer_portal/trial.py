"""A buyer sends a test to its own system: what goes out, what comes back, how long each part took, how it is read."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from exchange.connector import BadReply
from exchange.flows.own_trial import TooOften, own_trial, send_own
from exchange.flows.preview import previews
from exchange.flows.trial import STAGES, Trial, Tried, connection_document, dotted, rendered
from exchange.model.party import Contract
from exchange.model.wire import HttpMessage, Message
from exchange.stages.sample_lead import SAMPLES, name_of_sample
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.buyer_portal._own import CONTRACT, no_contract, own_contract
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import notice, page
from exchange.web.story.answered import told_answer
from exchange.web.story.timing_split import timing_split


def pages() -> tuple[Page, ...]:
    return (Page("GET", f"{CONTRACT}/test", show), Page("POST", f"{CONTRACT}/test", act))


async def show(request: web.Request) -> web.StreamResponse:
    return await _answer(request, request.query, sends=False)


async def act(request: web.Request) -> web.StreamResponse:
    return await _answer(request, request[FORM], sends=True)


async def _answer(request: web.Request, given: Mapping[str, str], *, sends: bool) -> web.StreamResponse:
    market, contract = request.app[MARKET], own_contract(request)
    if contract is None:
        return await no_contract(request)
    stages = [stage for stage in STAGES if stage in (connection_document(market, contract.connection) or {})] or [
        "post"
    ]
    stage, sample = given.get("stage", ""), given.get("sample", "")
    number = int(sample) if sample.isascii() and sample.isdigit() and 1 <= int(sample[:3]) <= SAMPLES else 1
    trial = own_trial(market, contract, stage if stage in stages else stages[-1], number)
    if trial is None:
        told = "The exchange has taken your connection away. Ask the people who run it."
        links = [(contract.name, f"/buyer/contracts/{contract.id}")]
        return await notice(request, "There is nothing to test", told, http_status=409, links=links)
    message, why_not = _rendered(request, trial)
    tried, too_often = None, None
    if sends and _goes_out(trial) and not why_not:
        try:
            tried = await send_own(market, trial, actor_of(request), ip_of(request))
        except TooOften as error:
            too_often = error
    return await _page(request, contract, trial, stages, message, why_not, tried, too_often)


def _goes_out(trial: Trial) -> bool:
    """Whether anything is sent at all: to the store and to what is fetched a buyer comes itself."""
    return not (trial.connection.in_store or trial.connection.shelved)


def _rendered(request: web.Request, trial: Trial) -> tuple[Message | None, str]:
    try:
        return rendered(request.app[MARKET], trial), ""
    except BadReply as error:
        return None, error.why


async def _page(
    request: web.Request,
    contract: Contract,
    trial: Trial,
    stages: list[str],
    message: Message | None,
    why_not: str,
    tried: Tried | None,
    too_often: TooOften | None,
) -> web.StreamResponse:
    shown = dotted(message) if isinstance(message, HttpMessage) else None
    response = await page(
        request,
        "buyer_portal/trial.html",
        title="Send a test",
        here="contracts",
        contract=contract,
        stages=stages,
        stage=trial.stage,
        sample=trial.sample,
        samples=[(str(number), name_of_sample(number)) for number in range(1, SAMPLES + 1)],
        message=shown,
        body=shown.body.decode("utf-8", "replace") if shown is not None else "",
        previews=() if shown is not None else previews(request.app[MARKET], trial, message),
        why_not=why_not,
        goes_out=_goes_out(trial),
        several=trial.connection.several_messages,
        tried=tried,
        reply=tried.reply.body.decode("utf-8", "replace") if tried is not None and tried.reply is not None else "",
        answered=told_answer(tried.answer, tried.outcome) if tried is not None else None,
        timing=timing_split(tried.records) if tried is not None else (),
        problem=str(too_often) if too_often is not None else "",
        http_status=429 if too_often is not None else 200,
    )
    if too_often is not None:
        response.headers["Retry-After"] = str(too_often.seconds)
    return response

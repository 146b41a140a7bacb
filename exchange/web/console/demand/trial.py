"""A connection tested in three panes: what is sent, what came back, and how it is read. Works as one form.

The form holds all there is: which lead, the request as it was edited, the reply as it came or was pasted. A click on a
value of the reply chooses its radio button, because each value in the text is that button's label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from exchange import limits
from exchange.connector import BadReply, Preview
from exchange.flows.new_buyer import set_up_of
from exchange.flows.preview import previews
from exchange.flows.samples import OUTCOMES, CannotKeep, keep_sample
from exchange.flows.shapes import DocumentProblems
from exchange.flows.teach import change_by, is_file
from exchange.flows.trial import (
    STAGES,
    Edit,
    NoSuchSample,
    Trial,
    Tried,
    connection_document,
    dotted,
    pick_lead,
    read,
    rendered,
    send,
    stand_in_contract,
)
from exchange.model.lead import Mode
from exchange.model.party import Contract
from exchange.model.teaching import Taught
from exchange.model.wire import EmailMessage, HttpMessage, Message, Reply
from exchange.stages.sample_lead import SAMPLES, name_of_sample
from exchange.web.auth import FORM, actor_of
from exchange.web.console.demand.connector import PATH, missing, save_or_show
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import page
from exchange.web.story.answered import Answered, told_answer
from exchange.web.story.pieces import Piece, pieces
from exchange.web.story.timing_split import timing_split

MEANINGS = tuple((f"means:{word}", f"It means: {word.replace('_', ' ')}") for word in OUTCOMES)
FINALS = (
    ("means:rejected:again", "It means: rejected, but ask this buyer again later"),
    ("means:rejected:everyone", "It means: rejected, and final for every buyer"),
)
PARTS = (
    ("part:price", "It is the price"),
    ("part:reference", "It is the buyer's ID of the lead, or its token"),
    ("part:reason", "It is the reason"),
    ("part:redirect", "It is where the consumer is sent"),
    ("part:currency", "It is the currency"),
)
_HEADERS_MOST = 50


@dataclass(frozen=True, slots=True)
class Form:
    """What the page was sent, with what stands for what was not. Texts are as typed."""

    stage: str
    lead: str
    ping_reference: str
    headers: str = ""
    body: str = ""
    status: str = "200"
    reply_headers: str = ""
    reply_body: str = ""

    @property
    def has_reply(self) -> bool:
        return bool(self.reply_body.strip() or self.reply_headers.strip() or self.status != "200")

    def reply(self) -> Reply:
        """Raises `ValueError` with a sentence about the status or a header."""
        if not (self.status.isdecimal() and len(self.status) == 3 and self.status[0] in "12345"):
            raise ValueError("HTTP status: three digits, such as 200.")
        headers = {name.lower(): value for name, value in _headers(self.reply_headers, "reply").items()}
        return Reply(int(self.status), headers, self.reply_body.strip("\r\n").replace("\r\n", "\n").encode())

    def edit(self) -> Edit | None:
        """The request as it was edited; None when the page held none. Raises `ValueError`."""
        if not self.headers and not self.body:
            return None
        return Edit(_headers(self.headers, "request"), self.body.replace("\r\n", "\n").encode()[: limits.BODY_BYTES])


def pages() -> tuple[Page, ...]:
    return (Page("GET", f"{PATH}/test", show), Page("POST", f"{PATH}/test", act))


async def show(request: web.Request) -> web.StreamResponse:
    form = _form(request.query)
    trial = await _trial(request, form)
    if isinstance(trial, web.StreamResponse):
        return trial
    return await _page(request, trial, form)


async def act(request: web.Request) -> web.StreamResponse:
    given = request[FORM]
    form = _form(given)
    trial = await _trial(request, form)
    if isinstance(trial, web.StreamResponse):
        return trial
    word = given.get("do", "render")
    try:
        if word == "send":
            return await _send(request, trial, form)
        if word in ("read", "map", "keep"):
            return await _of_reply(request, trial, form, word)
    except ValueError as error:
        return await _page(request, trial, form, problem=str(error), http_status=422)
    return await _page(request, trial, replace(form, headers="", body=""))


async def _send(request: web.Request, trial: Trial, form: Form) -> web.StreamResponse:
    to = request[FORM].get("send_to", "").strip()
    if (
        to
        and trial.connection.elsewhere is None
        and ("@" not in to or any(not each.isprintable() or each == " " for each in to))
    ):
        raise ValueError("Send it to: an email address.")
    tried = await send(request.app[MARKET], trial, form.edit(), to)
    reply = tried.reply
    if reply is not None:
        form = replace(
            form,
            status=str(reply.status),
            reply_headers="\n".join(f"{name}: {value}" for name, value in reply.headers.items()),
            reply_body=reply.body.decode("utf-8", "replace"),
        )
    return await _page(request, trial, form, tried=tried)


async def _of_reply(request: web.Request, trial: Trial, form: Form, word: str) -> web.StreamResponse:
    market, given, name = request.app[MARKET], request[FORM], request.match_info["name"]
    reply = form.reply()
    tried = read(market, trial, reply)
    if word == "keep":
        try:
            label, expected = given.get("label", ""), given.get("expected", "")
            await keep_sample(market, name, trial.stage, label, expected, reply, actor_of(request))
        except CannotKeep as error:
            return await _page(request, trial, form, tried=tried, problem=str(error), http_status=422)
        return await _page(request, trial, form, tried=tried, done="Kept as a sample.")
    if word == "map":
        try:
            made = await change_by(market, name, trial.stage, _taught(given, tried))
            if is_file(market, name) or made.differing:
                return await save_or_show(request, name, made)
            await save_or_show(request, name, made)
        except DocumentProblems as error:
            return await _page(request, trial, form, tried=tried, problem=" ".join(error.problems), http_status=422)
        trial = replace(trial, connection=market.connections[name])
        return await _page(request, trial, form, tried=read(market, trial, reply), done="The rule is saved.")
    return await _page(request, trial, form, tried=tried)


def _taught(given: Mapping[str, str], tried: Tried) -> Taught:
    """The value that was chosen, and what it was said to be. A rule goes first where another one read the reply."""
    number, meaning = given.get("seen", ""), given.get("meaning", "")
    kind, _, word = meaning.partition(":")
    word, _, final = word.partition(":")
    known = {value for value, _ in (*MEANINGS, *FINALS, *PARTS)}
    if not number.isdecimal() or len(number) > 4 or int(number) >= len(tried.values):
        raise ValueError("Choose a value of the response first: click it, or its button in the list.")
    if meaning not in known:
        raise ValueError("Say what the value is.")
    seen = tried.values[int(number)]
    if kind == "part":
        return Taught(seen.place, seen.text, part=word)
    return Taught(seen.place, seen.text, means=word, final=final or "buyer", first=bool(tried.outcome))


def _form(given: Mapping[str, str]) -> Form:
    stage = given.get("stage", "")
    return Form(
        stage if stage in STAGES else "post",
        given.get("lead", "1").strip() or "1",
        given.get("ping_reference", "").strip()[:200],
        given.get("headers", ""),
        given.get("body", ""),
        given.get("status", "200").strip() or "200",
        given.get("reply_headers", ""),
        given.get("reply_body", ""),
    )


async def _trial(request: web.Request, form: Form) -> Trial | web.StreamResponse:
    """What is tried, or the page that says why it cannot be."""
    market, name = request.app[MARKET], request.match_info["name"]
    connection = market.connections.get(name)
    if connection is None:
        return await missing(request, DocumentProblems([f"connection: there is none called {name}"]))
    contract = _contract(request, name)
    try:
        lead = await pick_lead(market, contract, form.lead, actor_of(request))
    except NoSuchSample as error:
        trial = Trial(contract, connection, form.stage, await pick_lead(market, contract, "1", actor_of(request)))
        return await _page(request, trial, replace(form, lead="1"), problem=str(error), http_status=404)
    return Trial(
        contract, connection, form.stage, lead._replace(mode=Mode.TEST), form.ping_reference or "test-ping", form.lead
    )


def _contract(request: web.Request, name: str) -> Contract:
    market = request.app[MARKET]
    wanted = request.query.get("contract") or (request[FORM].get("contract", "") if request.method == "POST" else "")
    found = market.deals.contracts.get(wanted)
    return found if found is not None and found.connection == name else stand_in_contract(market, name)


async def _page(
    request: web.Request,
    trial: Trial,
    form: Form,
    *,
    tried: Tried | None = None,
    problem: str = "",
    done: str = "",
    http_status: int = 200,
) -> web.StreamResponse:
    market, name = request.app[MARKET], request.match_info["name"]
    message, why_not = _rendered(request, trial)
    if isinstance(message, HttpMessage):
        message = dotted(message)
        if not form.headers and not form.body:
            form = replace(
                form,
                headers="\n".join(f"{header}: {value}" for header, value in message.headers.items()),
                body=message.body.decode("utf-8", "replace"),
            )
    document = connection_document(market, name) or {}
    setup = await set_up_of(market, trial.contract.id)
    return await page(
        request,
        "console/demand/trial.html",
        setup=f"/console/buyers/new/{setup.id}/test" if setup is not None else "",
        kept_contract=trial.contract.id in market.deals.contracts,
        title=f"Test {name}",
        here="connectors",
        connection=name,
        form=form,
        contract=trial.contract,
        message=message if isinstance(message, HttpMessage) else None,
        mails=isinstance(message, EmailMessage),
        numbered=trial.connection.elsewhere is not None,
        why_not=why_not,
        previews=_previews(request, trial, message),
        several=trial.connection.several_messages,
        teachable=trial.connection.replies is not None,
        sends=not (trial.connection.in_store or trial.connection.shelved),
        stages=[stage for stage in STAGES if stage in document] or ["post"],
        samples=[(str(number), name_of_sample(number)) for number in range(1, SAMPLES + 1)],
        tried=tried,
        answered=_answered(tried),
        shown=_pieces(tried),
        timing=timing_split(tried.records) if tried is not None else (),
        meanings=(*MEANINGS, *FINALS, *PARTS),
        outcomes=OUTCOMES,
        locked=is_file(market, name),
        problem=problem,
        done=done,
        http_status=http_status,
    )


def _rendered(request: web.Request, trial: Trial) -> tuple[Message | None, str]:
    try:
        return rendered(request.app[MARKET], trial), ""
    except BadReply as error:
        return None, error.why


def _previews(request: web.Request, trial: Trial, message: Message | None) -> tuple[Preview, ...]:
    return () if isinstance(message, HttpMessage) else previews(request.app[MARKET], trial, message)


def _answered(tried: Tried | None) -> Answered | None:
    return told_answer(tried.answer, tried.outcome) if tried is not None else None


def _pieces(tried: Tried | None) -> tuple[Piece, ...]:
    if tried is None or tried.reply is None:
        return ()
    return pieces(tried.reply.body.decode("utf-8", "replace"), [seen.text for seen in tried.values])


def _headers(text: str, whose: str) -> dict[str, str]:
    """`Name: value`, one a line. Raises `ValueError` for a line that is none."""
    headers: dict[str, str] = {}
    for line in [line for line in text.splitlines() if line.strip()]:
        name, sign, value = line.partition(":")
        if not sign or not name.strip():
            raise ValueError(f"Headers of the {whose}: {line[:60]!r} is not written as Name: value.")
        headers[name.strip()] = value.strip()
    if len(headers) > _HEADERS_MOST:
        raise ValueError(f"Headers of the {whose}: more than {_HEADERS_MOST}.")
    return headers

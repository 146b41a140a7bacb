"""A form for consumers: on a page of its own, inside somebody's page, or posted to by plain HTML. No cookie is set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from exchange import limits
from exchange.flows.form_sale import Signals, choices_of, finish, words_of
from exchange.flows.form_visit import Place, Visit, Visitor, new_visit, open_view, place_of, read_visit, seal_visit
from exchange.flows.forms import CHOICE, CHOSEN, CONSENT, Done, Posted, Shown, look, take_page, take_whole
from exchange.intake.body import client_ip, read_body
from exchange.intake.decode import Refused
from exchange.model.form import Evidence, Form
from exchange.model.lead import Problem
from exchange.stages.consent import text_hash
from exchange.stages.forms import shown
from exchange.storage.forms import read_view
from exchange.web.auth import printable
from exchange.web.front import HEADERS
from exchange.web.keys import FRAMED, MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.public._addresses import ADDRESSES
from exchange.web.render import PAGES, as_json, notice
from exchange.web.words import plural

PATH = "/f/"
TRAP = "website-2"
"""The name of what nobody should fill in. No field of a vertical can be called so."""

_FORM = PATH + "{form:[a-z][a-z0-9_-]{0,59}}"
_URL_CHARACTERS = 2_000
_DEVICE_CHARACTERS = 400
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,60}")
_POLICY = "Content-Security-Policy"
_SILENT = Signals()
_CLOSED = "This form takes no requests at the moment."
_OVER = "The page was open for so long that it had to begin anew. Your answers on it are kept; go on from here."


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", _FORM, show),
        Page("POST", _FORM, take),
        Page("POST", _FORM + "/check", check),
        Page("GET", _FORM + "/done/{view:[A-Za-z0-9_-]{1,60}}", thanks),
        Page("GET", "/embed/{form:[a-z][a-z0-9_-]{0,59}}.js", embed),
        Page("GET", "/device.js", device_script),
    )


async def show(request: web.Request) -> web.StreamResponse:
    """The first step of a new visit."""
    place = _place(request)
    if isinstance(place, web.Response):
        return place
    if place is None:
        return await _none(request)
    visit = _visit(request, place)
    if request.method != "HEAD":  # who only asks whether it is there has not seen it
        await open_view(request.app[MARKET], place, visit)
    return _page(request, place, Shown(visit))


async def take(request: web.Request) -> web.StreamResponse:
    """One step, or everything at once from a page that holds plain HTML."""
    place = _place(request)
    if isinstance(place, web.Response):
        return place
    if place is None:
        return await _none(request)
    market, form = request.app[MARKET], await _fields(request)
    posted, token = _posted(form), form.get("_token")
    if token is None:
        result = await take_whole(market, place, _visit(request, place), posted, _visitor(request))
    elif (visit := read_visit(market, place.form.name, token)) is None:
        fresh = _visit(request, place)
        await open_view(market, place, fresh)
        result = await take_page(market, place, fresh, posted._replace(back=True), _visitor(request))
        assert isinstance(result, Shown)
        result = result._replace(note=_OVER, http_status=410)
    else:
        result = await take_page(market, place, visit, posted, _visitor(request))
    if isinstance(result, Done):
        return _see(f"{PATH}{place.form.name}/done/{result.view}")
    return _page(request, place, result, posted.signals)


async def check(request: web.Request) -> web.StreamResponse:
    """What is wrong with the answers of a step so far, in the words of the API, and as they are shown."""
    place = _place(request)
    if isinstance(place, web.Response):
        return place
    form = await _fields(request)
    visit = read_visit(request.app[MARKET], place.form.name, form.get("_token", "")) if place is not None else None
    if place is None or visit is None:
        return as_json({"status": "error", "message": "There is no such form, or its page is too old."}, 404)
    found = look(request.app[MARKET], place, visit, form, _visitor(request))
    labels = _labels(place)
    problems = [
        {
            "field": problem.field,
            "code": problem.code,
            "message": problem.message,
            "shown": shown(problem, labels[problem.field]),
        }
        for problem in found
    ]
    return as_json({"problems": problems})


async def thanks(request: web.Request) -> web.StreamResponse:
    """What was sent is thanked for, however often this is opened; what a stopped process left is finished first."""
    place = _place(request)
    if isinstance(place, web.Response):
        return place
    market, view_id = request.app[MARKET], request.match_info["view"]
    form = market.deals.shapes.forms.get(request.match_info["form"])
    view = await market.db.read(read_view, view_id)
    if form is None or view is None or view["form"] != form.name:
        return await _none(request)
    if view["submitted_at"] is None or (await finish(market, view_id)).status == "invalid":
        return _see(PATH + form.name)
    go = form.redirect
    return _render(request, form, parent=view["parent"], heading=form.title, done=True, go=go)


async def embed(request: web.Request) -> web.StreamResponse:
    """The script that shows the form inside another page. It is the same for every form: its address says which."""
    if request.match_info["form"] not in request.app[MARKET].deals.shapes.forms:
        raise web.HTTPNotFound(text="There is no such form.")
    return _script(request, "embed.js")


async def device_script(request: web.Request) -> web.StreamResponse:
    """The script for sellers' own forms: it tells how a form was filled in, in one field."""
    return _script(request, "device.js")


def _script(request: web.Request, name: str) -> web.Response:
    asset = request.app[PAGES].assets[name]
    response = web.Response(body=asset.body, content_type=asset.content_type, charset="utf-8")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.enable_compression()
    return response


def preview(request: web.Request, place: Place) -> web.StreamResponse:
    """Every step of a form one below the other, to look at and not to use: for the page that edits it."""
    request[FRAMED] = "'self'"
    text = words_of(place, Visit("", 0, 1, {}, {}, "", ""))
    return _render(
        request,
        place.form,
        heading=place.form.title,
        steps=place.steps,
        total=len(place.steps),
        words=text,
        preview=True,
    )


def _place(request: web.Request) -> Place | web.Response | None:
    """The form that is asked for, by somebody who does not come too often. Its hosts may frame whatever is answered."""
    market, name = request.app[MARKET], request.match_info["form"]
    form = market.deals.shapes.forms.get(name)
    if form is None:
        return None
    if form.hosts:
        request[FRAMED] = " ".join(form.hosts)
    wait = request.app[ADDRESSES].wait_seconds(_visitor(request).ip, market.clock.now())
    if wait:
        told = f"There were many requests from your connection. Wait {plural(wait, 'second')}, then try again."
        response = _render(request, form, 429, heading=form.title, closed=told)
        response.headers["Retry-After"] = str(wait)
        return response
    place = place_of(market, name)
    if place is None:
        return _render(request, form, 503, heading=form.title, closed=_CLOSED)
    return place


async def _none(request: web.Request) -> web.StreamResponse:
    return await notice(request, "There is no such form", "The address is wrong, or the form is gone.", http_status=404)


def _visitor(request: web.Request) -> Visitor:
    return Visitor(client_ip(request, request.app[SETTINGS].trusted_proxies), request.headers.get("User-Agent", ""))


def _visit(request: web.Request, place: Place) -> Visit:
    """A new one. The page around is believed only where the form's hosts say that it may show the form."""
    around = request.query.get("_page", "")[:_URL_CHARACTERS]
    origin = _origin(around)
    parent = origin if origin in place.form.hosts else ""
    own = f"{request.app[SETTINGS].public_url.rstrip('/')}{PATH}{place.form.name}"
    return new_visit(request.app[MARKET], place, request.query, around if parent else own, parent)


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


async def _fields(request: web.Request) -> Mapping[str, str]:
    """The fields of a posted form. What is no form has none."""
    body = await read_body(request)
    if isinstance(body, Refused):
        raise web.HTTPRequestEntityTooLarge(max_size=limits.BODY_BYTES, actual_size=limits.BODY_BYTES + 1)
    try:
        return dict(parse_qsl(printable(body), max_num_fields=limits.FIELDS))
    except ValueError:
        return {}


def _posted(form: Mapping[str, str]) -> Posted:
    zone, robot = form.get("_zone", ""), form.get("_robot", "")
    return Posted(
        form,
        form.get("_go") == "back",
        form.get(TRAP, "").strip(),
        bool(form.get("_agree")),
        form.get("_words", ""),
        Signals(
            zone if _ZONE.fullmatch(zone) else "",
            robot if robot in ("yes", "no") else "",
            form.get("xxTrustedFormCertUrl", ""),
            form.get("universal_leadid", ""),
            form.get("_device", "")[:_DEVICE_CHARACTERS],
        ),
    )


def _see(path: str) -> web.Response:
    return see_other(path)


def _page(request: web.Request, place: Place, told: Shown, signals: Signals = _SILENT) -> web.StreamResponse:
    visit, market = told.visit, request.app[MARKET]
    text = words_of(place, visit)
    return _render(
        request,
        place.form,
        told.http_status,
        heading=place.form.title,
        steps=place.steps[visit.step - 1 : visit.step],
        total=len(place.steps),
        token=seal_visit(market, place.form.name, visit),
        values=visit.values,
        problems=_sentences(place, told.problems),
        note=told.note,
        words=text,
        companies=choices_of(place, visit),
        chosen=visit.chosen,
        parent=visit.parent,
        certificate=signals.certificate,
        leadid=signals.leadid,
    )


def _sentences(place: Place, problems: Iterable[Problem]) -> dict[str, str]:
    labels = _labels(place)
    return {problem.field: shown(problem, labels[problem.field]) for problem in problems}


def _labels(place: Place) -> dict[str, str]:
    words = place.form.consent
    agree = {CONSENT: f"“{words.label}”", CHOSEN: "The choice of companies"} if words is not None else {}
    return {**agree, **{control.name: control.label for step in place.steps for control in step.controls}}


def _render(request: web.Request, form: Form, http_status: int = 200, **values: object) -> web.Response:
    pages = request.app[PAGES]
    given: dict[str, object] = {
        "steps": (),
        "total": 0,
        "token": "",
        "values": {},
        "problems": {},
        "note": "",
        "words": "",
        "companies": (),
        "chosen": (),
        "choice": CHOICE,
        "parent": "",
        "done": False,
        "closed": "",
        "go": "",
        "preview": False,
        "certificate": "",
        "leadid": "",
        **values,
    }
    given["embedded"] = bool(given["parent"])
    given["words_hash"] = text_hash(str(given["words"]))
    text = pages.templates.get_template("public/form.html").render(
        form=form, action=PATH + form.name, assets=pages.assets, **given
    )
    response = web.Response(text=text, status=http_status, content_type="text/html")
    response.headers["Cache-Control"] = "no-store"
    if form.evidence.wanted and not given["preview"]:
        response.headers[_POLICY] = _policy(form.evidence, form.hosts)
    response.enable_compression()
    return response


def _policy(evidence: Evidence, hosts: tuple[str, ...]) -> str:
    """The usual policy, and whose scripts watch this form: no other form lets any of them in."""
    theirs = ("https://*.trustedform.com",) * evidence.trustedform + ("https://*.lidstatic.com",) * bool(
        evidence.jornaya
    )
    more = " ".join(("'self'", *theirs, *(("https://*.leadid.com",) if evidence.jornaya else ())))
    framed = " ".join(hosts) or "'none'"
    policy = HEADERS[_POLICY].replace("frame-ancestors 'none'", f"frame-ancestors {framed}")
    return f"{policy}; script-src {more}; connect-src {more}; img-src {more}; frame-src {more}"

"""One form: its words and steps to change, a preview beside them, what to paste, and how far people come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from aiohttp import web

from exchange.flows.documents import remove_document
from exchange.flows.form_visit import Place, place_for, place_of
from exchange.flows.forms import save_form
from exchange.flows.shapes import FORM, DocumentProblems
from exchange.model.form import Form
from exchange.model.money import Money
from exchange.sources.form import Accent, BadForm, Theme, read_form
from exchange.stages.forms import form_problems
from exchange.storage.forms import form_figures, step_figures
from exchange.web.auth import FORM as FIELDS
from exchange.web.auth import actor_of
from exchange.web.console.supply._form_html import pasted_html
from exchange.web.console.supply._form_words import document_of, fields_of, is_askable, suggested
from exchange.web.console.supply.forms import DAY_MS, DAYS, HOME, epl_of
from exchange.web.keys import FRAMED, MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.public.form import preview as show_preview
from exchange.web.render import notice, page

_NAME = "{name:[a-z][a-z0-9_-]{0,59}}"
_ONE = f"{HOME}/{_NAME}"


@dataclass(frozen=True, slots=True)
class Reached:
    """How many came past one step, of those that opened the form."""

    title: str
    views: int


@dataclass(frozen=True, slots=True)
class Results:
    """The last 30 days. `steps` begins with those who opened it and ends with those whose lead was sold."""

    steps: tuple[Reached, ...]
    refused: int
    epl: Money | None


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", f"{HOME}/new", begin),
        Page("POST", f"{HOME}/preview", preview),
        Page("GET", _ONE, show),
        Page("POST", _ONE, save),
        Page("GET", f"{_ONE}/preview", saved_preview),
        Page("POST", f"{_ONE}/remove", remove),
    )


async def begin(request: web.Request) -> web.StreamResponse:
    """A form to begin with, made from the campaign's vertical. Nothing is saved yet."""
    market = request.app[MARKET]
    name, campaign_id = request.query.get("name", "").strip(), request.query.get("campaign", "")
    if name in market.deals.shapes.forms:
        return see_other(f"{HOME}/{name}")
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None:
        return await notice(request, "There is no such campaign", "Choose one in the list of forms.", http_status=404)
    return await _editor(request, name, suggested(campaign.id, market.verticals[campaign.vertical]))


async def show(request: web.Request) -> web.StreamResponse:
    form = _form(request)
    if form is None:
        return await notice(request, "There is no such form", "It was removed, or never made.", http_status=404)
    return await _editor(request, form.name, fields_of(form))


async def save(request: web.Request) -> web.StreamResponse:
    name, given = request.match_info["name"], request[FIELDS]
    try:
        await save_form(request.app[MARKET], name, document_of(given), actor_of(request))
    except DocumentProblems as error:
        return await _editor(request, name, given, error.problems, 422)
    return see_other(f"{HOME}/{name}?saved=1")


async def remove(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    await remove_document(request.app[MARKET], FORM, name, actor_of(request))
    if name in request.app[MARKET].deals.shapes.forms:
        told = f"It is the file config/forms/{name}.yaml, which the console does not delete."
        return await notice(
            request, "The form stays as its file has it", told, "What was saved over it is gone.", http_status=409
        )
    return see_other(HOME)


async def preview(request: web.Request) -> web.StreamResponse:
    """The form as it stands in the editor, saved or not; or what is wrong with it. It is shown in a frame there."""
    given = request[FIELDS]
    try:
        form = read_form(given.get("name", ""), document_of(given))
    except BadForm as error:
        return await _not_yet(request, error.problems)
    place = place_for(request.app[MARKET], form)
    if place is None:
        return await _not_yet(request, ("campaign: takes no leads at the moment",))
    if problems := form_problems(form, place.vertical):
        return await _not_yet(request, problems)
    return show_preview(request, place)


async def saved_preview(request: web.Request) -> web.StreamResponse:
    place = place_of(request.app[MARKET], request.match_info["name"])
    return show_preview(request, place) if place is not None else await _not_yet(request, ())


async def _not_yet(request: web.Request, problems: tuple[str, ...]) -> web.StreamResponse:
    request[FRAMED] = "'self'"
    told = problems or ("Save it first, or look whether its campaign takes leads.",)
    return await notice(request, "No preview yet", *told, http_status=422)


def _form(request: web.Request) -> Form | None:
    return request.app[MARKET].deals.shapes.forms.get(request.match_info["name"])


async def _editor(
    request: web.Request, name: str, given: Mapping[str, str], problems: tuple[str, ...] = (), http_status: int = 200
) -> web.StreamResponse:
    market = request.app[MARKET]
    form = market.deals.shapes.forms.get(name)
    place = place_for(market, form) if form is not None else None
    campaign = market.deals.campaigns.get(given.get("campaign", ""))
    vertical = market.verticals[campaign.vertical] if campaign is not None else None
    url = request.app[SETTINGS].public_url.rstrip("/")
    return await page(
        request,
        "console/supply/form.html",
        title=form.title if form is not None else f"New form {name}",
        here="forms",
        http_status=http_status,
        form_name=name,
        form=form,
        given=given,
        problems=problems,
        saved=bool(request.query.get("saved")) and not problems,
        campaigns=sorted(((each.id, each.name) for each in market.deals.campaigns.values()), key=lambda each: each[1]),
        askable=[spec for spec in vertical.fields if is_askable(spec)] if vertical is not None else [],
        accents=_words(get_args(Accent)),
        looks=_words(get_args(Theme)),
        url=f"{url}/f/{name}",
        script=f'<script src="{url}/embed/{name}.js" async></script>',
        plain=pasted_html(place, f"{url}/f/{name}") if place is not None else "",
        results=await _results(request, place) if place is not None else None,
        days=DAYS,
    )


def _words(values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(value, value.capitalize()) for value in values]


async def _results(request: web.Request, place: Place) -> Results:
    market, name = request.app[MARKET], place.form.name
    since = market.clock.now() - DAYS * DAY_MS
    row = next((each for each in await market.db.read(form_figures, since) if each["form"] == name), None)
    ended = await market.db.read(step_figures, name, since)
    steps = [Reached("Opened", sum(ended.values())), Reached("Started", int(row["starts"]) if row is not None else 0)]
    for step in place.steps[:-1]:
        past = sum(count for number, count in ended.items() if number >= step.number)
        steps.append(Reached(f"Finished step {step.number}, {step.title}", past))
    steps.append(Reached("Sent", int(row["sent"]) if row is not None else 0))
    steps.append(Reached("Sold", int(row["sold"]) if row is not None else 0))
    return Results(tuple(steps), int(row["refused"]) if row is not None else 0, epl_of(row))

"""One page of a form comes in: on to the next step, back, the same one with what is wrong, or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from exchange.flows.documents import save_document
from exchange.flows.form_sale import Signals, choices_of, must_name, refuse, send, with_companies, words_of
from exchange.flows.form_visit import Place, Visit, Visitor, open_view, request_of
from exchange.flows.market import Market
from exchange.flows.shapes import FORM, Document
from exchange.model.actor import Actor
from exchange.model.lead import Kind, Problem
from exchange.stages.consent import text_hash
from exchange.stages.forms import Control, completed, consent_text, problems_of, tidy
from exchange.storage.forms import keep_text, reach, read_text

HONEYPOT = "honeypot"
TOO_QUICK = "too_quick"
CONSENT = "tcpa_consent"
CHOSEN = "consented_buyers"
CHOICE = "_company"
"""Begins the name of each company's box; its number among the companies follows."""

_TRAP = "A field that must stay empty was filled in; it is empty again now. Press the button once more."
_QUICK = "That was very quick. Look through your answers, then press the button once more."
_NOT_SENT = "It could not be sent. Look through your answers, then press the button once more."
_NOBODY = "No company takes requests like yours at the moment, and nothing was sent. Please try again later."
_WORDS_CHANGED = "The companies that can help you are named below. Read who they are, and agree if you want that."


class Posted(NamedTuple):
    """One page as it came. `values` are the fields by name; `trap` is what stands where nobody should write."""

    values: Mapping[str, str]
    back: bool = False
    trap: str = ""
    agreed: bool = False
    words: str = ""  # the hash of the consent text that was on the page
    signals: Signals = Signals()


class Shown(NamedTuple):
    """What is shown next: `problems` are those of the visit's step."""

    visit: Visit
    problems: tuple[Problem, ...] = ()
    note: str = ""
    http_status: int = 200


class Done(NamedTuple):
    """It was sent; the visit's view knows the rest."""

    view: str


async def take_page(market: Market, place: Place, visit: Visit, posted: Posted, visitor: Visitor) -> Shown | Done:
    """One page of a visit."""
    step = place.steps[min(visit.step, len(place.steps)) - 1]
    visit = replace(visit, step=step.number, values=_with(visit.values, posted.values, step.controls))
    visit = replace(visit, chosen=_chosen(visit, posted))
    if posted.back:
        return Shown(visit.at(max(step.number - 1, 1)))
    if posted.trap:
        await refuse(market, place, visit, visitor, HONEYPOT)
        return Shown(visit, note=_TRAP, http_status=422)
    if wrong := _problems(market, place, visit, visitor, step.number):
        await market.db.write(reach, visit.view, step.number - 1, market.clock.now())
        return wrong
    if step.number == len(place.steps):
        return await _send(market, place, visit, posted, visitor)
    await market.db.write(reach, visit.view, step.number, market.clock.now())
    visit = visit.at(step.number + 1)
    if visit.step == len(place.steps):
        visit = await _named(market, place, visit, visitor)
    return Shown(visit, note=_NOBODY if visit.step == len(place.steps) and _nobody(place, visit) else "")


async def take_whole(market: Market, place: Place, visit: Visit, posted: Posted, visitor: Visitor) -> Shown | Done:
    """Every step at once, from plain HTML in somebody's own page: its words are those that were pasted there."""
    await open_view(market, place, visit)
    controls = [control for step in place.steps for control in step.controls]
    visit = replace(visit, step=len(place.steps), values=_with({}, posted.values, controls))
    if posted.trap:
        await refuse(market, place, visit, visitor, HONEYPOT)
        return Shown(visit, note=_TRAP, http_status=422)
    if wrong := _problems(market, place, visit, visitor, visit.step):
        await market.db.write(reach, visit.view, 0, market.clock.now())
        return wrong
    if must_name(place, visit):  # nobody could be chosen on somebody else's page
        visit = await _named(market, place, visit, visitor)
        return Shown(visit, note=_NOBODY if _nobody(place, visit) else _WORDS_CHANGED)
    text = words_of(place, visit)
    if text and posted.words != text_hash(text):
        text = await market.db.read(read_text, posted.words)
        if not text:
            return Shown(await _named(market, place, visit, visitor), note=_WORDS_CHANGED)
    untimed = replace(visit, began_at=0)  # nobody knows when somebody else's page was opened
    result = await _agreed(market, place, untimed, posted, visitor, text)
    return (
        result._replace(visit=replace(result.visit, began_at=visit.began_at)) if isinstance(result, Shown) else result
    )


async def _send(market: Market, place: Place, visit: Visit, posted: Posted, visitor: Visitor) -> Shown | Done:
    visit = await _named(market, place, visit, visitor)
    if _nobody(place, visit):
        return Shown(visit, note=_NOBODY)
    text = words_of(place, visit)
    if text and posted.words != text_hash(text):
        return Shown(visit, note=_WORDS_CHANGED)
    if market.clock.now() - visit.began_at < place.form.least_seconds * 1000:
        await refuse(market, place, visit, visitor, TOO_QUICK)
        return Shown(visit, note=_QUICK, http_status=422)
    return await _agreed(market, place, visit, posted, visitor, text)


async def _agreed(
    market: Market, place: Place, visit: Visit, posted: Posted, visitor: Visitor, text: str
) -> Shown | Done:
    """The last question is the consent itself; it must not be assumed."""
    if text and not posted.agreed and CONSENT in place.vertical.consent.required:
        return Shown(visit, (Problem(CONSENT, "missing", f"{CONSENT} is required."),), http_status=422)
    if choices_of(place, visit) and not visit.chosen:
        return Shown(visit, (Problem(CHOSEN, "missing", f"{CHOSEN} needs at least one tick."),), http_status=422)
    sent = await send(market, place, visit, visitor, posted.signals, text, posted.agreed)
    if sent.status in ("", "invalid"):
        wrong = _problems(market, place, visit, visitor, len(place.steps))
        return wrong or Shown(visit, note=_NOT_SENT, http_status=422)
    return Done(visit.view)


def look(
    market: Market, place: Place, visit: Visit, values: Mapping[str, str], visitor: Visitor
) -> tuple[Problem, ...]:
    """What is wrong with the filled fields of the step that is shown, as the API would say it. Nothing is kept."""
    step = place.steps[min(visit.step, len(place.steps)) - 1]
    visit = replace(visit, values=_with(visit.values, values, step.controls))
    request = request_of(market, place, Kind.DIRECT, completed(visit.values, place.names), visitor)
    found = problems_of(request, (step,), place.campaign, place.vertical, place.names)
    return tuple(problem for problem in found if visit.values.get(problem.field))


async def save_form(market: Market, name: str, document: Document, actor: Actor) -> int:
    """Save a form, and keep its words: a page may hold them long after they were changed. Raises `DocumentProblems`."""
    version = await save_document(market, FORM, name, document, actor)
    form = market.deals.shapes.forms[name]
    if form.consent is not None:
        text = consent_text(form.consent, ())
        await market.db.write(keep_text, text_hash(text), text, market.clock.now())
    return version


def _problems(market: Market, place: Place, visit: Visit, visitor: Visitor, until: int) -> Shown | None:
    """The first step up to this one where something is wrong, with all that is wrong there."""
    request = request_of(market, place, Kind.DIRECT, completed(visit.values, place.names), visitor)
    found = problems_of(request, place.steps[:until], place.campaign, place.vertical, place.names)
    for step in place.steps[:until]:
        here = tuple(problem for problem in found if problem.field in {control.name for control in step.controls})
        if here:
            return Shown(visit.at(step.number), here, http_status=422)
    return None


async def _named(market: Market, place: Place, visit: Visit, visitor: Visitor) -> Visit:
    words = place.form.consent
    return await with_companies(market, place, visit, visitor) if words is not None and words.named else visit


def _nobody(place: Place, visit: Visit) -> bool:
    """Whether companies must be named and none would have the lead."""
    return must_name(place, visit) and not visit.companies


def _chosen(visit: Visit, posted: Posted) -> tuple[str, ...]:
    """The companies that are ticked. A tick is a place among those that the page showed."""
    return tuple(name for number, name in enumerate(visit.companies) if posted.values.get(f"{CHOICE}{number}"))


def _with(values: Mapping[str, str], given: Mapping[str, str], controls: Sequence[Control]) -> dict[str, str]:
    """The values with what this step says; an emptied field is one that was not sent."""
    own = {control.name: tidy(given.get(control.name, "")) for control in controls}
    return {name: raw for name, raw in {**values, **own}.items() if raw}

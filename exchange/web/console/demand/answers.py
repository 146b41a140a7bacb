"""The form of one campaign's answers: chosen or written, seen before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import web

from exchange.flows.answers import save_answers, with_answers
from exchange.flows.shapes import DocumentProblems
from exchange.flows.specs import docs_of
from exchange.model.answer_shape import AnswerShape
from exchange.model.party import Campaign
from exchange.stages.answer_shapes import CUSTOM, MADE, PLAIN, STANDARD, shape_names
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.posting.words import answers as examples
from exchange.web.render import notice, page
from exchange.yaml_files import read_yaml

_HOME = "/console/campaigns/{campaign_id:[^/]{1,80}}/answers"
_SAID: Mapping[str, str] = MappingProxyType(
    {
        STANDARD: "Ours, in the format of the request.",
        "matched": "XML: status Matched or Unmatched, lead_id, price.",
        "success": "result success or failed, ping_id, price.",
        "accepted": "status ACCEPTED, DUPLICATED or ERROR, with a code.",
        CUSTOM: "Your own names, words and codes, below.",
    }
)
_BEGIN = """\
format: xml
root: PingResponse
words: {accepted: "1", otherwise: "0"}
fields:
  Success: word
  Id: id
  Price: {of: price, otherwise: "0.00"}
  Message: message
"""


def pages() -> tuple[Page, ...]:
    return (Page("GET", _HOME, show), Page("POST", _HOME, choose))


async def show(request: web.Request) -> web.StreamResponse:
    campaign = request.app[MARKET].deals.campaigns.get(request.match_info["campaign_id"])
    if campaign is None:
        return await _unknown(request)
    text = _text(campaign.answer_shape) if campaign.answer_shape is not None else _BEGIN
    return await _page(request, campaign, campaign, text, ())


async def choose(request: web.Request) -> web.StreamResponse:
    """Shows how answers would look; with `save` they look so from now on."""
    market, form = request.app[MARKET], request[FORM]
    campaign = market.deals.campaigns.get(request.match_info["campaign_id"])
    if campaign is None:
        return await _unknown(request)
    name, text = form.get("form", STANDARD), form.get("document", "").replace("\r\n", "\n")
    problems: list[str] = []
    document = read_yaml(text.encode("utf-8", "replace"), "document", problems) if name == CUSTOM else None
    try:
        if problems or (name == CUSTOM and not isinstance(document, dict)):
            raise DocumentProblems(problems or ["document: begins with fields: …"])
        changed = with_answers(campaign, name, document)
    except DocumentProblems as error:
        return await _page(request, campaign, None, text, error.problems, name)
    if "save" in form:
        await save_answers(market, changed, actor_of(request))
        return see_other("/console/campaigns")
    return await _page(request, campaign, changed, text, ())


async def _page(
    request: web.Request,
    campaign: Campaign,
    changed: Campaign | None,
    text: str,
    problems: tuple[str, ...],
    chosen: str = "",
) -> web.Response:
    """`changed` is how the campaign would be; None when what was written cannot be used."""
    market = request.app[MARKET]
    return await page(
        request,
        "console/demand/answers.html",
        title=f"Answers of {campaign.name}",
        here="campaigns",
        http_status=422 if problems else 200,
        campaign=campaign,
        chosen=chosen or (changed or campaign).answers,
        forms=[(name, _SAID[name]) for name in shape_names()],
        text=text,
        problems=problems,
        shown=examples(changed, docs_of(market, campaign), market.clock.now()) if changed is not None else (),
        known=(*PLAIN, *MADE),
    )


async def _unknown(request: web.Request) -> web.Response:
    return await notice(request, "There is no such campaign", "It may have been deleted.", http_status=404)


def _text(shape: AnswerShape) -> str:
    """The form as a document that makes it: JSON, which YAML reads."""
    fields: dict[str, Any] = {}
    for field in shape.fields:
        if not field.of:
            fields[field.name] = {"constant": field.otherwise}
        elif field.otherwise is None:
            fields[field.name] = field.of
        else:
            fields[field.name] = {"of": field.of, "otherwise": field.otherwise}
    document = {
        "format": shape.format,
        "root": shape.root,
        "content_type": shape.content_type,
        "words": dict(shape.words),
        "codes": dict(shape.codes),
        "fields": fields,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()

"""Somebody fills in a form: what is known between its pages travels sealed in the page itself, never in a cookie."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import orjson

from exchange.clock import month_of
from exchange.flows.case import FORM_CHANNEL
from exchange.flows.market import Market
from exchange.model.form import Form
from exchange.model.lead import FieldValue, Kind, Submission
from exchange.model.party import Campaign, State
from exchange.model.vertical import Vertical
from exchange.stages.field_names import Names
from exchange.stages.forms import TAGS, Step, steps_of
from exchange.storage.forms import ViewRow, add_view
from exchange.vault import VaultError

VISIT_HOURS = 24
"""After that a page that stayed open counts as opened anew; what was filled in stays in it."""
TOKEN_CHARACTERS = 200_000
TAG_CHARACTERS = 250
_HOUR_MS = 3_600_000


class Visitor(NamedTuple):
    """Who fills it in, as far as their browser tells."""

    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Place:
    """A form as it stands now, with everything it is made of."""

    form: Form
    campaign: Campaign
    vertical: Vertical
    names: Names
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """How far one visit has come. `page_url` is where it is shown, `parent` the origin of the page around it."""

    view: str
    began_at: int
    step: int
    values: Mapping[str, str]
    tags: Mapping[str, str]
    page_url: str
    parent: str
    ping_id: str = ""
    ping_until: int = 0
    pinged: str = ""
    companies: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()  # those of them that were ticked, where each is

    def at(self, step: int) -> Visit:
        return replace(self, step=step)


def place_of(market: Market, name: str) -> Place | None:
    """The form of that name; None when there is none, or its campaign takes nothing."""
    form = market.deals.shapes.forms.get(name)
    return place_for(market, form) if form is not None else None


def place_for(market: Market, form: Form) -> Place | None:
    """The form where its campaign stands now; None when that takes nothing."""
    deals = market.deals
    campaign = deals.campaigns.get(form.campaign_id)
    seller = deals.sellers.get(campaign.seller_id) if campaign is not None else None
    if campaign is None or seller is None or campaign.state is not State.ACTIVE or seller.state is not State.ACTIVE:
        return None
    vertical = deals.shapes.verticals[campaign.vertical]
    return Place(form, campaign, vertical, deals.intakes[campaign.id].names, steps_of(form, vertical))


def new_visit(market: Market, place: Place, query: Mapping[str, str], page_url: str, parent: str) -> Visit:
    """`query` may carry tracking tags; nothing else of it is taken."""
    meant = ((place.names.canonical(sent), raw) for sent, raw in query.items())
    tags = {name: _plain(raw[:TAG_CHARACTERS]) for name, raw in meant if name is not None and name in TAGS and raw}
    now = market.clock.now()
    return Visit(market.ids.new("fv", now), now, 1, {}, tags, page_url, parent)


def _plain(raw: str) -> str:
    """Without anything that no database holds and no screen shows: whoever made the address is not there to mend it."""
    return raw if raw.isprintable() else "".join(mark if mark.isprintable() else "?" for mark in raw)


async def open_view(market: Market, place: Place, visit: Visit) -> None:
    """Count that it was opened."""
    row = ViewRow(
        visit.view,
        month_of(visit.began_at),
        place.form.name,
        place.form.version,
        visit.began_at,
        visit.tags.get("sub_id1"),
        visit.parent,
    )
    await market.db.write(add_view, row)


def seal_visit(market: Market, form: str, visit: Visit) -> str:
    """The visit as a hidden field can hold it: nobody can read or change it."""
    sealed = market.vault.seal_secret(_name(form), orjson.dumps(visit))
    return base64.urlsafe_b64encode(sealed).decode()


def read_visit(market: Market, form: str, token: str) -> Visit | None:
    """None for what this exchange did not seal for this form, and for what is too old."""
    if not token or len(token) > TOKEN_CHARACTERS:
        return None
    try:
        sealed = base64.b64decode(token, altchars=b"-_", validate=True)
        fields = orjson.loads(market.vault.open_secret(_name(form), sealed))
        visit = Visit(**{**fields, "companies": tuple(fields["companies"]), "chosen": tuple(fields.get("chosen", ()))})
    except (binascii.Error, ValueError, TypeError, KeyError, VaultError):  # the last but one: of another release
        return None
    return visit if market.clock.now() < visit.began_at + VISIT_HOURS * _HOUR_MS else None


def _name(form: str) -> str:
    return f"form visit {form}"


def request_of(
    market: Market,
    place: Place,
    kind: Kind,
    fields: Mapping[str, str],
    visitor: Visitor,
    key: str | None = None,
) -> Submission:
    """What was filled in, as a request like any other."""
    now = market.clock.now()
    return Submission(
        id=market.ids.new("req", now),
        seller_id=place.campaign.seller_id,
        campaign_id=place.campaign.id,
        mode=place.form.mode,
        kind=kind,
        channel=FORM_CHANNEL,
        fields=fields,
        raw=orjson.dumps(dict(fields)),
        content_type="application/json",
        answer_format="json",
        remote_ip=visitor.ip,
        key_id=f"form:{place.form.name}",
        idempotency_key=key,
        received_at=now,
        month=month_of(now),
    )


def readable(fields: Mapping[str, str], names: Names, now: int) -> dict[str, str]:
    """Those of the fields we add ourselves that the campaign can read: none of them may cost anybody a lead."""
    known = {name: raw for name, raw in fields.items() if raw and name in names.known}
    return {
        name: raw
        for name, raw in known.items()
        if isinstance(names.known[name].parse(raw, names.known[name].spec, now), FieldValue)
    }

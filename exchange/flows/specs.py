"""Posting instructions as they stand, kept whenever they change; their address, and the key their samples use."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256

from pydantic import TypeAdapter

from exchange.flows.by_hand import LAST_CHARACTERS, audit_line
from exchange.flows.deals import Deals
from exchange.flows.market import Market, refresh
from exchange.flows.party_news import instructions_changed
from exchange.flows.shapes import VERTICAL, Document, make
from exchange.flows.tell import CAMPAIGN_CHANGED, News, tell
from exchange.model.actor import SYSTEM, Role
from exchange.model.answer import Answer
from exchange.model.lead import Kind, Mode
from exchange.model.party import Campaign, State
from exchange.model.spec import Spec
from exchange.model.vertical import Vertical
from exchange.model.work import JobRow
from exchange.stages.field_names import compile_names
from exchange.stages.respond import Docs
from exchange.stages.spec import build_spec
from exchange.stages.spec_changes import changes
from exchange.storage import specs as stored
from exchange.storage.parties import KeyRow

PATH = "/p/"
ERRORS = "/help/errors"
PING, POST, REJECTION, POSTBACK = "ping", "post", "rejection", "postback"
STEPS = (PING, POST, REJECTION, POSTBACK)
"""What a seller's own test traffic shows, in order."""

_AT_ONCE = 20  # made in one go: some two milliseconds each, while nobody else's work goes on
_ADDRESS, _KEY = "posting-page", "posting-key"
_SPEC: TypeAdapter[Spec] = TypeAdapter(Spec)


def page_of(market: Market, campaign_id: str) -> str:
    """The last part of the address: the campaign's id and 80 bits that nobody guesses."""
    mark = base64.b32encode(market.vault.index(_ADDRESS, campaign_id)[:10]).decode().lower()
    return f"{campaign_id}-{mark}"


def page_url(market: Market, campaign_id: str) -> str:
    return f"{market.public_url}{PATH}{page_of(market, campaign_id)}"


def docs_of(market: Market, campaign: Campaign | None) -> Docs:
    """Where the errors of an answer are explained: on the campaign's page, each by its field, else by their codes."""
    intake = market.deals.intakes.get(campaign.id) if campaign is not None else None
    if campaign is None or intake is None:
        return Docs(f"{market.public_url}{ERRORS}")
    return Docs(page_url(market, campaign.id), intake.names.known)


def campaign_of(market: Market, page: str) -> Campaign | None:
    """The campaign of a page; None when the address was made up, or the campaign is gone."""
    campaign_id = page.rpartition("-")[0]
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None or campaign.state is State.DELETED:
        return None
    return campaign if hmac.compare_digest(page_of(market, campaign_id).encode(), page.encode()) else None


def sample_secret(market: Market, campaign_id: str) -> str:
    """The test key that the page's samples use. It is worked out, so that the page can show it again."""
    mark = base64.b32encode(market.vault.index(_KEY, campaign_id)).decode().rstrip("=").lower()
    return f"ck_test_{mark}"


def sample_key(market: Market, campaign_id: str) -> str | None:
    """That key while it is in use; None once somebody revoked it."""
    secret = sample_secret(market, campaign_id)
    return secret if market.deals.key(secret, market.clock.now()) is not None else None


def spec_of(deals: Deals, campaign: Campaign) -> Spec:
    vertical = deals.shapes.verticals[campaign.vertical]
    return build_spec(campaign, deals.sellers[campaign.seller_id], vertical, deals.intakes[campaign.id].names)


def campaigns_changed(market: Market, name: str, document: Document) -> Mapping[str, tuple[str, ...]]:
    """What a new document of a vertical would change, by campaign of it. Raises `DocumentProblems`."""
    vertical = make(market.workshop, VERTICAL, name, document)
    assert isinstance(vertical, Vertical)
    told: dict[str, tuple[str, ...]] = {}
    for campaign in market.deals.campaigns.values():
        if campaign.vertical == name:
            names = compile_names(vertical, campaign, market.places)
            after = build_spec(campaign, market.deals.sellers[campaign.seller_id], vertical, names)
            told[campaign.id] = changes(spec_of(market.deals, campaign), after)
    return told


async def keep_specs(market: Market) -> None:
    """Store the instructions that changed since they were last looked at; only those are made anew."""
    deals = market.deals
    made_of = {campaign.id: _made_of(deals, campaign) for campaign in deals.campaigns.values()}
    known = market.live.specs_made_of
    changed = [deals.campaigns[name] for name, parts in made_of.items() if known.get(name) != parts]
    for first in range(0, len(changed), _AT_ONCE):
        some = changed[first : first + _AT_ONCE]
        await _keep(market, deals, some)
        known.update({campaign.id: made_of[campaign.id] for campaign in some})


async def _keep(market: Market, deals: Deals, campaigns: Sequence[Campaign]) -> None:
    digests = await market.db.read(stored.last_digests)
    made = ((campaign, spec_of(deals, campaign)) for campaign in campaigns)
    told = ((campaign, spec, _digest(spec)) for campaign, spec in made)
    new = [
        _new(market, campaign, spec, digest) for campaign, spec, digest in told if digests.get(campaign.id) != digest
    ]
    if new:
        await market.db.write(stored.keep_specs, new, market.clock.now())
        await refresh(market)  # the key of a new campaign counts at once


def _digest(spec: Spec) -> str:
    """What instructions are known by. Without such rules it is what it was before there were any."""
    without = {name for name in ("consent", "gate") if not getattr(spec, name)}
    return sha256(_SPEC.dump_json(spec, exclude=without)).hexdigest()


def _made_of(deals: Deals, campaign: Campaign) -> tuple[int, str, str]:
    """What a campaign's instructions follow from: its terms, its vertical, its seller's name."""
    return campaign.version, deals.shapes.verticals[campaign.vertical].version, deals.sellers[campaign.seller_id].name


def _new(market: Market, campaign: Campaign, spec: Spec, digest: str) -> stored.NewSpec:
    now, secret = market.clock.now(), sample_secret(market, campaign.id)
    last4 = secret[-LAST_CHARACTERS:]
    key = KeyRow(
        f"key_posting_{campaign.id}",
        "campaign",
        campaign.id,
        Mode.TEST.value,
        sha256(secret.encode()).digest(),
        last4,
        "Posting page",
        now,
    )
    after = {"kind": "campaign", "mode": Mode.TEST.value, "last4": last4, "name": key.name}
    line = audit_line(market.ids, now, SYSTEM, "key.created", f"campaign:{campaign.id}", after=after)
    return stored.NewSpec(campaign.id, digest, spec, key, line, _news(market, campaign, now))


def _news(market: Market, campaign: Campaign, now: int) -> tuple[JobRow, ...]:
    """Who posts into the campaign hears that what it must send, or what it is answered, is another than before."""
    facts: dict[str, object] = {
        "campaign_id": campaign.id,
        "state": campaign.state.value,
        "changed": ["posting_instructions"],
        "posting_instructions": page_url(market, campaign.id),
    }
    news = News(CAMPAIGN_CHANGED, Role.SELLER, campaign.seller_id, campaign.id, now, facts, campaign.id)
    told = instructions_changed(market, campaign, page_url(market, campaign.id), f"{campaign.id}:spec:{now}")
    return (*tell(market, news), *told)


def step_of(kind: Kind, answer: Answer) -> str | None:
    """The step that a test request passes by how it was answered."""
    if answer.status == "accepted":
        return PING if kind is Kind.PING else POST
    return REJECTION if answer.status in ("unsold", "rejected", "duplicate") else None


async def note_step(market: Market, campaign_id: str, step: str | None) -> None:
    if step is not None:
        await market.db.write(stored.pass_step, campaign_id, step, market.clock.now())

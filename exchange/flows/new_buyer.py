"""A buyer set up step by step. Each step is checked and stored by itself, so that it goes on where it was left.

From the fourth step on there is a buyer, a paused contract and a connection; the last makes the contract live.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from pydantic import TypeAdapter

from exchange.flows.by_hand import audit_line
from exchange.flows.documents import save_document
from exchange.flows.gallery import (
    document_from,
    keep_secrets,
    template_problems,
    templates,
    told_by_field,
    typed_fields,
)
from exchange.flows.go_live import go_live
from exchange.flows.market import Market, refresh
from exchange.flows.samples import keep_sample
from exchange.flows.shapes import CONNECTION, DocumentProblems
from exchange.flows.teach import guess_mapping, starting_document, with_proposal
from exchange.flows.yaml_text import from_yaml
from exchange.model.actor import Actor
from exchange.model.party import Buyer, Contract, Group, State
from exchange.model.wire import Reply
from exchange.stages.buyer_terms import (
    Wrong,
    buyer_of,
    buying_problems,
    company_problems,
    contract_of,
    price_problems,
    slug,
)
from exchange.storage.by_hand import change_contract
from exchange.storage.drafts import DraftRow, open_drafts, put_draft, read_draft

STEPS = ("company", "buying", "price", "delivery", "test", "live")
TYPED: Mapping[str, tuple[str, ...]] = {
    "company": ("name", "billing", "currency", "limit"),
    "buying": ("vertical", "sale_mode", "states", "tier", "filters"),
    "price": ("pricing", "price", "max_bid", "per_day"),
    "delivery": (
        "way", "url", "ping_url", "sample", "preset", "connection", "document", "accepted", "rejected",
    ),
    "test": (),
    "live": ("start_cap",),
}  # fmt: skip
"""What each step asks, beside what a template of the delivery has to be told. Nothing else of a form is stored."""
WAYS = ("sample", "preset", "existing", "document")  # and the name of each template
TEXT_CHARACTERS = 60_000
_FILTER: TypeAdapter[Group] = TypeAdapter(Group)


class NotYet(Exception):
    """A step is not stored. `wrong` says what is to be mended, field by field."""

    def __init__(self, wrong: Iterable[Wrong]) -> None:
        self.wrong = tuple(wrong)
        super().__init__(" ".join(each.message for each in self.wrong))


@dataclass(frozen=True, slots=True)
class Draft:
    """A buyer half set up. `values` are those of all steps by name, as typed; `step` is the one to go on with."""

    id: str
    step: str
    values: Mapping[str, str]
    made_at: int
    changed_at: int
    made_by: str
    ended_at: int | None = None


async def start(market: Market, actor: Actor) -> Draft:
    now = market.clock.now()
    return await _put(market, Draft(market.ids.new("drf", now), STEPS[0], {}, now, now, actor.name))


async def draft_of(market: Market, draft_id: str) -> Draft | None:
    row = await market.db.read(read_draft, draft_id)
    return _opened(market, row) if row is not None else None


async def half_done(market: Market) -> list[Draft]:
    """Those that are not live yet, the one changed last first."""
    return [_opened(market, row) for row in await market.db.read(open_drafts)]


async def set_up_of(market: Market, contract_id: str) -> Draft | None:
    """The draft that a contract is being set up by; None once it is live."""
    return next((each for each in await half_done(market) if each.values.get("contract_id") == contract_id), None)


async def _put(market: Market, draft: Draft) -> Draft:
    sealed = market.vault.seal_secret(draft_secret(draft.id), orjson.dumps(dict(draft.values)))
    row = DraftRow(draft.id, draft.step, sealed, draft.made_at, draft.changed_at, draft.made_by, draft.ended_at)
    await market.db.write(put_draft, row)
    return draft


def _opened(market: Market, row: DraftRow) -> Draft:
    values = orjson.loads(market.vault.open_secret(draft_secret(row.id), row.sealed))
    return Draft(row.id, row.step, values, row.made_at, row.changed_at, row.made_by, row.ended_at)


def draft_secret(draft_id: str) -> str:
    return f"draft {draft_id}"


async def save_step(market: Market, draft: Draft, step: str, given: Mapping[str, str], actor: Actor) -> Draft:
    """Store one step and make what can be made of all so far. Raises `NotYet`, `DocumentProblems` or `NotReady`."""
    asked = (*TYPED[step], *(typed_fields(market) if step == "delivery" else ()))
    typed = {**draft.values, **{name: given.get(name, "")[:TEXT_CHARACTERS] for name in asked}}
    if wrong := [*_wrong(market, step, typed)]:
        raise NotYet(wrong)
    if STEPS.index(step) >= STEPS.index("delivery"):
        _require(market, typed)
    if step == "delivery":
        typed = await _make_connection(market, _named(market, typed), given, actor)
    ended_at = draft.ended_at
    if "contract_id" in typed and step not in ("test", "live"):
        await _make_parties(market, typed, actor)
    if step == "live":
        await go_live(market, typed["contract_id"], int(typed.get("start_cap") or 0), actor)
        ended_at = market.clock.now()
    following = STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]
    furthest = max(following, draft.step, key=STEPS.index)
    changed = replace(draft, step=furthest, values=typed, changed_at=market.clock.now(), ended_at=ended_at)
    return await _put(market, changed)


async def suggest(market: Market, draft_id: str, given: Mapping[str, str]) -> bool:
    """What the buyer itself filled in of the delivery: kept for whoever sets it up, and made nothing of until then.
    False when the draft is gone or live."""
    draft = await draft_of(market, draft_id)
    if draft is None or draft.ended_at is not None:
        return False
    wanted = {
        name: given.get(name, "")[:TEXT_CHARACTERS] for name in ("url", "ping_url", "sample", "accepted", "rejected")
    }
    values = {**draft.values, **{name: text for name, text in wanted.items() if text.strip()}, "by_buyer": "yes"}
    await _put(market, replace(draft, values=values, changed_at=market.clock.now()))
    return True


def _wrong(market: Market, step: str, typed: Mapping[str, str]) -> Iterable[Wrong]:
    if step == "company":
        return company_problems(typed)
    if step == "buying":
        return buying_problems(typed, market.verticals)
    if step == "price":
        return price_problems(typed)
    if step == "delivery":
        return _delivery_problems(market, typed)
    if step == "live":
        return _cap_problems(typed)
    return ()


def _require(market: Market, typed: Mapping[str, str]) -> None:
    """The steps before must be in order: a link to a later one can be opened first."""
    wrong = [*company_problems(typed), *buying_problems(typed, market.verticals), *price_problems(typed)]
    if wrong:
        raise NotYet([Wrong(each.field, f"An earlier step is not done: {each.message}") for each in wrong])


def _delivery_problems(market: Market, typed: Mapping[str, str]) -> Iterable[Wrong]:
    way = typed.get("way", "")
    template = templates(market).get(way)
    if template is not None:
        yield from template_problems(template, typed)
        if typed.get("pricing") == "live":
            yield Wrong("way", f"Nobody bids this way ({template.label}): choose a fixed price in the step before.")
    elif way not in WAYS:
        yield Wrong("way", "Choose how it is delivered to.")
    elif way == "existing" and typed.get("connection") not in market.connections:
        yield Wrong("connection", "Choose one of the connections that exist.")
    elif way == "preset" and typed.get("preset") not in market.workshop.teaching.presets:
        yield Wrong("preset", "Choose a preset.")
    elif way == "sample" and not typed.get("sample", "").strip():
        yield Wrong("sample", "Paste a request as the buyer wants it, or choose another way.")
    if way in ("sample", "preset"):
        yield from _address_problems(typed)


def _address_problems(typed: Mapping[str, str]) -> Iterable[Wrong]:
    if not typed.get("url", "").startswith(("http://", "https://")):
        yield Wrong("url", "Give the address leads are posted to, beginning with https://.")
    if typed.get("pricing") == "live" and not typed.get("ping_url", "").startswith(("http://", "https://")):
        yield Wrong("ping_url", "It bids live: give the address it is pinged at, beginning with https://.")


def _cap_problems(typed: Mapping[str, str]) -> Iterable[Wrong]:
    text = typed.get("start_cap", "").strip()
    if text and not (text.isascii() and text.isdecimal() and len(text) < 8):
        yield Wrong(
            "start_cap", "The starting cap is a whole number of leads a day; empty leaves the caps as they are."
        )
    if "contract_id" not in typed:
        yield Wrong("start_cap", "There is no contract yet: finish the step Delivery first.")


def _named(market: Market, typed: Mapping[str, str]) -> dict[str, str]:
    """Ids are given once, and stay whatever the name becomes."""
    if "buyer_id" in typed:
        return {**typed, "contract_id": f"{typed['buyer_id']}-{typed['vertical'].replace('_', '-')}"}
    buyer_id = _free(slug(typed["name"]), "-", market.deals.buyers)
    return {**typed, "buyer_id": buyer_id, "contract_id": f"{buyer_id}-{typed['vertical'].replace('_', '-')}"}


def _free(wanted: str, sign: str, taken: Container[str]) -> str:
    """The name, with the first number that makes it nobody else's."""
    return next(
        name
        for number in itertools.count(1)
        if (name := f"{wanted}{sign}{number}" if number > 1 else wanted) not in taken
    )


async def _make_connection(
    market: Market, typed: dict[str, str], given: Mapping[str, str], actor: Actor
) -> dict[str, str]:
    """The connection of the delivery step, saved, with the replies and the secrets that came with it. Raises
    `DocumentProblems` and `NotYet`."""
    if typed["way"] == "existing":
        return {**typed, "made_connection": typed["connection"]}
    name = typed.get("own_connection") or _free(typed["buyer_id"].replace("-", "_"), "_", market.connections)
    if (template := templates(market).get(typed["way"])) is not None:
        try:
            await save_document(market, CONNECTION, name, document_from(template, name, _title(typed), typed), actor)
        except DocumentProblems as error:
            raise NotYet(told_by_field(template, error)) from None
        await keep_secrets(market, template, name, given, actor)
        return {**typed, "made_connection": name, "own_connection": name}
    yes, no = (typed.get(word, "").strip() for word in ("accepted", "rejected"))
    replies = {word: Reply(200, {}, text.encode()) for word, text in (("accepted", yes), ("rejected", no)) if text}
    document = _document(market, typed, name)
    yes, no = (typed.get(word, "").strip() for word in ("accepted", "rejected"))
    replies = {word: Reply(200, {}, text.encode()) for word, text in (("accepted", yes), ("rejected", no)) if text}
    if len(replies) == 2:
        proposed = with_proposal(market, document, "post", [replies["accepted"]], [replies["rejected"]])
        if proposed is None:
            raise DocumentProblems(["accepted, rejected: nothing in these two replies tells a yes from a no"])
        document = proposed
    await save_document(market, CONNECTION, name, document, actor)
    for word, reply in replies.items():
        await keep_sample(market, name, "post", f"From the set-up, {word}", word, reply, actor)
    return {**typed, "made_connection": name, "own_connection": name, "accepted": "", "rejected": ""}


def _document(market: Market, typed: Mapping[str, str], name: str) -> Mapping[str, Any]:
    title = _title(typed)
    urls = {"ping": typed.get("ping_url", ""), "post": typed.get("url", "")}
    urls = {stage: url.strip() for stage, url in urls.items() if url.strip()}
    if typed["way"] == "document":
        return {**from_yaml(typed.get("document", "")), "connection": name}
    if typed["way"] == "preset":
        stages = {stage: {"url": url} for stage, url in urls.items()}
        return {"connection": name, "title": title, "preset": typed["preset"], **stages}
    vertical = market.verticals[typed["vertical"]]
    personal = frozenset(spec.name for spec in vertical.fields if spec.personal)
    return starting_document(name, title, guess_mapping(market, vertical, typed["sample"]), urls, personal)


def read_filters(typed: Mapping[str, str]) -> Group | None:
    """The filter that was built, as `write_filters` keeps it."""
    text = typed.get("filters", "")
    return _FILTER.validate_json(text) if text else None


def write_filters(group: Group | None) -> str:
    return _FILTER.dump_json(group).decode() if group is not None else ""


def provisional(market: Market, typed: Mapping[str, str]) -> tuple[Contract, Buyer] | None:
    """The contract as far as it was typed, to count what it would have taken; None until there is enough of it."""
    usual = {"billing": "prepaid", "currency": "USD", "name": "New buyer", "sale_mode": "exclusive"}
    known = {**usual, **{name: text for name, text in typed.items() if text}}
    if [*company_problems(known), *buying_problems(known, market.verticals)]:
        return None
    if [*price_problems(known)]:
        known |= {"pricing": "live", "max_bid": "1.00", "per_day": ""}
    buyer = buyer_of(known, known.get("buyer_id", "new"))
    contract = contract_of(known, buyer.id, "new", "", market.verticals[known["vertical"]].title)
    return replace(contract, filters=read_filters(known)), buyer


def _title(typed: Mapping[str, str]) -> str:
    return " ".join(typed["name"].split())


async def _make_parties(market: Market, typed: Mapping[str, str], actor: Actor) -> None:
    """The buyer and its contract as they were typed. A contract that is live already stays so."""
    buyer = buyer_of(typed, typed["buyer_id"])
    title = market.verticals[typed["vertical"]].title
    contract = contract_of(typed, buyer.id, typed["contract_id"], typed["made_connection"], title)
    contract = replace(contract, filters=read_filters(typed))
    before = market.deals.contracts.get(contract.id)
    if before is not None and before.state is State.ACTIVE:
        contract = replace(contract, state=State.ACTIVE, paused_reason="")
    now = market.clock.now()
    after = {"buyer": buyer.id, "connection": contract.connection}
    line = audit_line(market.ids, now, actor, "contract.changed", f"contract:{contract.id}", after=after)
    await market.db.write(change_contract, contract, now, line, buyer)
    await refresh(market)

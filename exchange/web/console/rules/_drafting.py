"""A draft on a page: the settings of a campaign, contract or buyer as a form; what was typed goes into the draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exchange.flows.market import Market
from exchange.flows.redrawn import parties_of
from exchange.flows.simulate import read_draft
from exchange.model.draft import Change, Draft, Edit
from exchange.model.party import SaleMode, State, Strategy
from exchange.stages.draft import BadDraft, Parties, draft_text, edits, parse_draft, value_of
from exchange.stages.draft_campaign import CAMPAIGN_SETTINGS, TIER_SETTINGS
from exchange.stages.draft_contract import CONTRACT_SETTINGS, filtered_fields

PREFIX = "set:"
STRATEGIES: Mapping[str, str] = {
    "highest_price": "Auction, first price",
    "second_price": "Auction, second price",
    "expected": "Auction, refusals and returns counted in",
    "priority": "By priority",
    "weighted": "By weight",
    "round_robin": "In turn",
    "waterfall": "One after another",
}
_WORDS: Mapping[str, str] = {
    "floor": "Floor",
    "min_margin": "Least margin",
    "min_margin_percent": "Least margin, percent",
    "payout.fixed": "Payout, fixed",
    "payout.percent": "Payout, percent",
    "slots": "Shared up to",
    "exclusive_only": "Exclusive only",
    "state": "State",
    "name": "Name",
    "strategy": "Sells by",
    "timeout": "Time to bid, ms",
    "unsold": "When unsold",
    "tier": "Tier",
    "priority": "Priority",
    "weight": "Weight",
    "sale_mode": "Buys",
    "price": "Fixed price",
    "max_bid": "Highest bid taken",
    "states": "States",
    "min_grade": "Least grade",
    "max_fraud": "Most fraud points",
    "cap.hour": "Leads an hour",
    "cap.day": "Leads a day",
    "cap.week": "Leads a week",
    "cap.month": "Leads a month",
    "spend.day": "Money a day",
    "spend.month": "Money a month",
}
_CAPS = ("cap.hour", "cap.day", "cap.week", "cap.month", "spend.day", "spend.month")
_ON = (("active", "Active"), ("paused", "Paused"))
_OPTIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "state": _ON,
    "strategy": tuple((each.value, STRATEGIES[each.value]) for each in Strategy),
    "unsold": (("next", "Ask the next tier"), ("stop", "Stop")),
    "exclusive_only": (("no", "No"), ("yes", "Yes")),
    "sale_mode": tuple((each.value, each.value.capitalize()) for each in SaleMode),
}


class Field(NamedTuple):
    """One setting in a form. `value` is the draft's, or what is in force."""

    name: str
    label: str
    now: str
    value: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def drafted(self) -> bool:
        return self.value != self.now


class Subject(NamedTuple):
    kind: str
    id: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}"


def subjects(market: Market) -> list[tuple[str, list[Subject]]]:
    """Everything that can be drafted, by heading."""
    parties = parties_of(market)
    contracts = [
        Subject("contract", each.id, f"{market.deals.buyer_name(each.id)}: {each.name}")
        for each in parties.contracts.values()
        if each.state is not State.DELETED
    ]
    campaigns = [
        Subject("campaign", each.id, each.name)
        for each in parties.campaigns.values()
        if each.state is not State.DELETED
    ]
    buyers = [Subject("buyer", each.id, each.name) for each in parties.buyers.values()]
    found = (("Campaigns", campaigns), ("Contracts", contracts), ("Buyers", buyers))
    return [(title, sorted(each, key=lambda one: one.name.lower())) for title, each in found if each]


def subject_of(market: Market, key: str) -> Subject | None:
    return next((each for _, group in subjects(market) for each in group if each.key == key), None)


def fields_of(market: Market, subject: Subject, draft: Draft) -> list[tuple[str, list[Field]]]:
    """The form of one of them: headings and fields."""
    parties = parties_of(market)
    then = parties.under(draft)
    found: list[tuple[str, list[Field]]] = []
    for title, names in _names(then, subject):
        found.append((title, [_field(parties, then, subject, name) for name in names]))
    return found


def _names(then: Parties, subject: Subject) -> Iterator[tuple[str, list[str]]]:
    match subject.kind:
        case "campaign":
            yield "Terms", list(CAMPAIGN_SETTINGS)
            for tier in then.campaigns[subject.id].tiers:
                yield f"Tier {tier.number}, {tier.name}", [f"tier.{tier.number}.{part}" for part in TIER_SETTINGS]
        case "contract":
            contract = then.contracts[subject.id]
            yield "Terms", [name for name in CONTRACT_SETTINGS if name != "price" or contract.price is not None]
            yield "Caps", list(_CAPS)
            if fields := filtered_fields(contract):
                yield "Filters", [f"filter.{field}" for field in fields]
        case _:
            yield "Terms", ["state"]


def _field(parties: Parties, then: Parties, subject: Subject, name: str) -> Field:
    change = Change(subject.kind, subject.id, name, "")
    part = name.rpartition(".")[2] if name.startswith("tier.") else name
    label = _WORDS.get(part, part.partition(".")[2].replace("_", " ").capitalize() or part)
    return Field(name, label, value_of(change, parties), value_of(change, then), _OPTIONS.get(part, ()))


def with_form(market: Market, draft: Draft, subject: Subject, form: Mapping[str, str]) -> Draft:
    """The draft with what was typed about one subject, less what is in force already. Raises `BadDraft`."""
    parties = parties_of(market)
    lines = {change.name: change.text for change in draft}
    for key, value in form.items():
        if key.startswith(PREFIX):
            change = Change(subject.kind, subject.id, key.removeprefix(PREFIX), value.strip())
            lines[change.name] = change.text
    return trimmed(parse_draft("\n".join(lines.values()), parties), parties, read=market)


def trimmed(draft: Draft, parties: Parties, read: Market) -> Draft:
    """Without what is in force already; refused as a whole when it could not be published. Raises `BadDraft`."""
    kept = tuple(each.change for each in edits(draft, parties) if each.moves)
    return read_draft(read, draft_text(kept))


def without(draft: Draft, name: str) -> Draft:
    """The draft less one change; less all that is set in a tier that it makes."""
    return tuple(each for each in draft if each.name != name and not each.name.startswith(f"{name}."))


class Shown(NamedTuple):
    """A draft as a page shows it: each change in words. `broken` says why it cannot be read any more."""

    draft: Draft
    edits: tuple[tuple[str, Edit], ...]
    broken: str = ""


def shown(market: Market, text: str) -> Shown:
    """A kept draft as it stands beside what is in force now."""
    parties = parties_of(market)
    try:
        draft = read_draft(market, text)
    except BadDraft as bad:
        return Shown((), (), str(bad))
    return Shown(draft, tuple((told(market, each.change), each) for each in edits(draft, parties)))


def told(market: Market, change: Change) -> str:
    """`Acme solar, tier 1: Floor`."""
    names = {each.key: each.name for _, group in subjects(market) for each in group}
    name = names.get(f"{change.kind}:{change.id}", change.id)
    if change.setting.startswith("tier."):
        _, number, *part = change.setting.split(".", 2)
        return f"{name}, tier {number}" + (f": {_WORDS.get(part[0], part[0])}" if part else "")
    plain = change.setting.partition(".")[2].replace("_", " ")
    return f"{name}: {_WORDS.get(change.setting, plain or change.setting)}"

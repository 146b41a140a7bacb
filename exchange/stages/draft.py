"""Drafted rules in text, one a line, and a campaign, contract or buyer as a draft would have it. Pure.

    campaign.acme-solar.floor=10.00
    tier.exclusive.floor=12.00              the tier of this name or number, in every campaign that has one
    contract.northsun-solar.cap.day=80
    contract.northsun-solar.filter.monthly_bill=at_least 150
    buyer.northsun.state=paused

An empty value takes the setting away. Whoever writes a draft is told of every problem at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from exchange.model.draft import Change, Draft, Edit
from exchange.model.money import BadMoney
from exchange.model.party import Buyer, Campaign, Contract, State
from exchange.stages.draft_campaign import campaign_value, changed_campaign
from exchange.stages.draft_contract import changed_contract, contract_value
from exchange.stages.draft_values import BadValue, read_state

CHANGES_MOST = 200
LINE_CHARACTERS = 300


class BadDraft(ValueError):
    """Everything that is wrong with a draft, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


class Parties(NamedTuple):
    """Those that a draft may change, as they are."""

    campaigns: Mapping[str, Campaign]
    contracts: Mapping[str, Contract]
    buyers: Mapping[str, Buyer]

    def under(self, draft: Draft) -> Parties:
        """All of them as the draft would have them. Raises `BadDraft` with every problem."""
        campaigns, contracts, buyers = dict(self.campaigns), dict(self.contracts), dict(self.buyers)
        problems: list[str] = []
        for change in draft:
            try:
                match change.kind:
                    case "campaign":
                        campaigns[change.id] = changed_campaign(campaigns[change.id], change.setting, change.value)
                    case "contract":
                        contracts[change.id] = changed_contract(contracts[change.id], change.setting, change.value)
                    case _:
                        buyers[change.id] = _changed_buyer(buyers[change.id], change.setting, change.value)
            except KeyError:
                problems.append(f"{change.name}: There is no such {change.kind}.")
            except BadMoney as error:
                problems.append(f"{change.name}: {str(error).capitalize()}.")
            except BadValue as error:
                problems.append(f"{change.name} {error}")
        if problems:
            raise BadDraft(problems)
        return Parties(campaigns, contracts, buyers)


def parse_draft(text: str, parties: Parties) -> Draft:
    """The changes of a text, each value as it is shown. The last line about a setting counts. Raises `BadDraft`."""
    found: dict[str, Change] = {}
    problems: list[str] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, sign, value = line[:LINE_CHARACTERS].partition("=")
        changes = list(_read(name.strip(), value.strip(), parties)) if sign else []
        if not changes:
            problems.append(_not_read(line[:80]))
        for change in changes:
            found.pop(change.name, None)
            found[change.name] = change
    if len(found) > CHANGES_MOST:
        problems.append(f"A draft holds up to {CHANGES_MOST} changes, not {len(found):,}.")
    draft = in_order(tuple(found.values()))
    try:
        then = parties.under(draft)
    except BadDraft as bad:
        raise BadDraft([*problems, *bad.problems]) from bad
    if problems:
        raise BadDraft(problems)
    return tuple(
        change if _of_a_whole_tier(change) else change._replace(value=value_of(change, then)) for change in draft
    )


def _of_a_whole_tier(change: Change) -> bool:
    return change.setting.startswith("tier.") and change.setting.count(".") == 1


def in_order(draft: Draft) -> Draft:
    """Tiers that are made come before what is set in them, tiers that go come last."""

    def rank(change: Change) -> int:
        return (0 if change.value else 2) if _of_a_whole_tier(change) else 1

    return tuple(sorted(draft, key=rank))


def draft_text(draft: Draft) -> str:
    return "\n".join(change.text for change in draft)


def edits(draft: Draft, parties: Parties) -> tuple[Edit, ...]:
    """Each change beside what is in force."""
    return tuple(Edit(change, value_of(change, parties)) for change in draft)


def value_of(change: Change, parties: Parties) -> str:
    """What is in force of the setting that a change names."""
    match change.kind:
        case "campaign":
            return campaign_value(parties.campaigns[change.id], change.setting)
        case "contract":
            return contract_value(parties.contracts[change.id], change.setting)
        case _:
            return parties.buyers[change.id].state.value


def campaign_with(campaign: Campaign, draft: Draft) -> Campaign:
    """Another version of a campaign, under the same changes. What does not fit that version is left out."""
    for change in draft:
        if change.kind == "campaign" and change.id == campaign.id:
            try:
                campaign = changed_campaign(campaign, change.setting, change.value)
            except (BadValue, BadMoney):
                continue
    return campaign


def contract_with(contract: Contract, draft: Draft) -> Contract:
    """Another version of a contract, under the same changes. What does not fit that version is left out."""
    for change in draft:
        if change.kind == "contract" and change.id == contract.id:
            try:
                contract = changed_contract(contract, change.setting, change.value)
            except (BadValue, BadMoney):
                continue
    return contract


def _changed_buyer(buyer: Buyer, setting: str, value: str) -> Buyer:
    if setting != "state":
        raise BadValue("is no setting of a buyer; there is state.")
    state = read_state(value)
    return replace(buyer, state=state, pause=None if state is State.ACTIVE else buyer.pause)


def _read(name: str, value: str, parties: Parties) -> Iterator[Change]:
    kind, _, rest = name.partition(".")
    if kind == "tier":
        yield from _tiers(rest, value, parties)
        return
    known: Mapping[str, Mapping[str, object]] = {
        "campaign": parties.campaigns,
        "contract": parties.contracts,
        "buyer": parties.buyers,
    }
    if kind in known:
        # an id may hold dots: the longest that is known is meant
        parts = rest.split(".")
        for end in range(len(parts) - 1, 0, -1):
            if (id_ := ".".join(parts[:end])) in known[kind]:
                yield Change(kind, id_, ".".join(parts[end:]), value)
                return


def _tiers(rest: str, value: str, parties: Parties) -> Iterator[Change]:
    which, _, setting = rest.rpartition(".")
    for campaign in parties.campaigns.values():
        for tier in campaign.tiers:
            if which.lower() in (str(tier.number), tier.name.lower(), tier.name.lower().replace(" ", "-")):
                yield Change("campaign", campaign.id, f"tier.{tier.number}.{setting}", value)


def _not_read(line: str) -> str:
    return (
        f"{line!r} is not understood: write campaign.ID.floor=10, contract.ID.cap.day=80, tier.NAME.floor=12 or "
        "buyer.ID.state=paused, with an ID that is there."
    )

"""A campaign with one setting changed: its floor, margins, payout, slots, and the tiers of its ping tree. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from exchange.model.money import Money
from exchange.model.party import Campaign, Payout, State, Strategy, Tier
from exchange.stages.draft_values import (
    BadValue,
    Setting,
    read_amount,
    read_percent,
    read_state,
    read_whole,
    show_percent,
)

TIERS_MOST = 20
SLOTS_MOST = 20
PING_MS = (100, 10_000)
NAME_CHARACTERS = 60


def changed_campaign(campaign: Campaign, setting: str, value: str) -> Campaign:
    """Raises `BadValue`, and `BadMoney` for an amount that is none."""
    if setting.startswith("tier."):
        return _with_tier(campaign, setting, value)
    return _known(setting).change(campaign, value)


def campaign_value(campaign: Campaign, setting: str) -> str:
    """What is in force, as a draft would write it. Raises `BadValue`."""
    if not setting.startswith("tier."):
        return _known(setting).show(campaign)
    number, part = _tier_setting(setting)
    tier = next((each for each in campaign.tiers if each.number == number), None)
    if not part:
        return "there" if tier is not None else ""
    return TIER_SETTINGS[part].show(tier) if tier is not None else ""


def _known(setting: str) -> Setting[Campaign]:
    if setting not in CAMPAIGN_SETTINGS:
        names = ", ".join(CAMPAIGN_SETTINGS)
        raise BadValue(f"is no setting of a campaign; there are {names}, and tier.1.{', tier.1.'.join(TIER_SETTINGS)}.")
    return CAMPAIGN_SETTINGS[setting]


def _amount(campaign: Campaign, value: str) -> Money:
    return read_amount(value, campaign.currency)


def _exclusive_only(campaign: Campaign, value: str) -> Campaign:
    return replace(campaign, exclusive_only=_yes(value))


def _on_or_off(campaign: Campaign, value: str) -> Campaign:
    state = read_state(value)
    if state is campaign.state:
        return campaign
    if state is State.ACTIVE:
        return replace(campaign, state=state, paused_reason="", paused_by="")
    return replace(campaign, state=state, paused_by="operator")


def _yes(value: str) -> bool:
    if value not in ("yes", "no"):
        raise BadValue("must be yes or no.")
    return value == "yes"


CAMPAIGN_SETTINGS: Mapping[str, Setting[Campaign]] = MappingProxyType(
    {
        "floor": Setting(lambda own: own.floor.text, lambda own, value: replace(own, floor=_amount(own, value))),
        "min_margin": Setting(
            lambda own: own.min_margin.text, lambda own, value: replace(own, min_margin=_amount(own, value))
        ),
        "min_margin_percent": Setting(
            lambda own: show_percent(own.min_margin_bp),
            lambda own, value: replace(own, min_margin_bp=read_percent(value)),
        ),
        "payout.fixed": Setting(
            lambda own: own.payout.fixed.text,
            lambda own, value: replace(own, payout=Payout(_amount(own, value), own.payout.share_bp)),
        ),
        "payout.percent": Setting(
            lambda own: show_percent(own.payout.share_bp),
            lambda own, value: replace(own, payout=Payout(own.payout.fixed, read_percent(value))),
        ),
        "slots": Setting(
            lambda own: str(own.slots), lambda own, value: replace(own, slots=read_whole(value, 1, SLOTS_MOST))
        ),
        "exclusive_only": Setting(lambda own: "yes" if own.exclusive_only else "no", _exclusive_only),
        "state": Setting(lambda own: own.state.value, _on_or_off),
    }
)


def _tier_setting(setting: str) -> tuple[int, str]:
    _, number, *rest = setting.split(".", 2)
    part = rest[0] if rest else ""
    if part and part not in TIER_SETTINGS:
        raise BadValue(f"is no setting of a tier; there are {', '.join(TIER_SETTINGS)}.")
    try:
        return read_whole(number, 1, 99), part
    except BadValue:
        raise BadValue("must name the tier by its number, such as tier.1.floor.") from None


def _with_tier(campaign: Campaign, setting: str, value: str) -> Campaign:
    number, part = _tier_setting(setting)
    others = tuple(tier for tier in campaign.tiers if tier.number != number)
    tier = next((tier for tier in campaign.tiers if tier.number == number), None)
    if not part:
        if value not in ("there", ""):
            raise BadValue("must be there, or empty to take the tier away.")
        if not value:
            tier = None
        else:
            tier = tier or Tier(number, f"Tier {number}", Strategy.HIGHEST_PRICE)
    else:
        if tier is None:
            raise BadValue(f"There is no tier {number}; {setting.rpartition('.')[0]}=there makes one.")
        tier = _changed_tier(tier, part, value, campaign.currency)
    tiers = tuple(sorted((*others, *((tier,) if tier is not None else ())), key=lambda each: each.number))
    if not tiers:
        raise BadValue("A ping tree needs a tier.")
    if len(tiers) > TIERS_MOST:
        raise BadValue(f"A ping tree has up to {TIERS_MOST} tiers.")
    return replace(campaign, tiers=tiers)


def _changed_tier(tier: Tier, part: str, value: str, currency: str) -> Tier:
    if part == "floor":
        return replace(tier, floor=read_amount(value, currency) if value else None)
    return TIER_SETTINGS[part].change(tier, value)


def _named(tier: Tier, value: str) -> Tier:
    if not 0 < len(value) <= NAME_CHARACTERS:
        raise BadValue(f"must be a name of up to {NAME_CHARACTERS} characters.")
    return replace(tier, name=value)


def _sold_by(tier: Tier, value: str) -> Tier:
    known = [each.value for each in Strategy]
    if value not in known:
        raise BadValue(f"must be one of {', '.join(known)}.")
    return replace(tier, strategy=Strategy(value))


def _goes_on(tier: Tier, value: str) -> Tier:
    if value not in ("next", "stop"):
        raise BadValue("must be next or stop.")
    return replace(tier, goes_on=value == "next")


TIER_SETTINGS: Mapping[str, Setting[Tier]] = MappingProxyType(
    {
        "name": Setting(lambda tier: tier.name, _named),
        "strategy": Setting(lambda tier: tier.strategy.value, _sold_by),
        "floor": Setting(lambda tier: tier.floor.text if tier.floor is not None else "", lambda tier, _: tier),
        "timeout": Setting(
            lambda tier: str(tier.ping_ms), lambda tier, value: replace(tier, ping_ms=read_whole(value, *PING_MS))
        ),
        "unsold": Setting(lambda tier: "next" if tier.goes_on else "stop", _goes_on),
    }
)

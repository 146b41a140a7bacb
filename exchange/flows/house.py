"""Settings that an owner or admin changes by a page: checked, noted in the audit log, in force at once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.standing_house import LONGEST, as_text, read_value
from exchange.model.actor import Actor
from exchange.model.house import House
from exchange.model.rights import Right, may, needed
from exchange.storage.house import Chosen, read_chosen, write_chosen
from exchange.storage.logos import read_logo


class WrongSetting(Exception):
    """The sentence names the setting and the fix."""


class Choice(NamedTuple):
    """A setting with a page: its name as a field of `House`, its words, what it does, and how it is typed."""

    name: str
    title: str
    does: str
    kind: str  # line | lines | money | days | picture
    in_file: str = ""

    @property
    def setting(self) -> str:
        """Its name in exchange.toml."""
        return self.in_file or self.name


CHOICES: Mapping[str, Choice] = MappingProxyType(
    {
        each.name: each
        for each in (
            Choice("name", "Name of the exchange", "On every page, in mails and on documents.", "line"),
            Choice(
                "colour", "Colour of buttons and links",
                "Such as #1f4fd1: dark enough to be read on a light page. Dark pages get it lighter.", "line",
            ),
            Choice("logo", "Logo", "Beside the name, on every page.", "picture"),
            Choice("invoice_address", "Address on invoices", "Your address and tax id, line by line.", "lines"),
            Choice("invoice_note", "Note on invoices", "Under the total: where to pay, by when, whom to ask.", "lines"),
            Choice(
                "payout_two_above_units", "Two people approve payouts above",
                "The same number in every currency.", "money", "payout_two_above",
            ),
            Choice(
                "retention_ping_days", "Pings that led nowhere", "Requests and replies are kept so many days.", "days"
            ),
            Choice(
                "retention_raw_days", "Other requests, replies and files", "They are kept so many days; what was "
                "decided, and money, stay.", "days",
            ),
            Choice("retention_test_days", "Test leads", "They are kept so many days, with all that belongs to them.",
                   "days"),
        )
    }
)  # fmt: skip


async def chosen(market: Market) -> Mapping[str, Chosen]:
    return await market.db.read(read_chosen)


async def change_setting(market: Market, name: str, text: str | None, actor: Actor) -> None:
    """Set one; None: as it comes again. Raises `WrongSetting`."""
    choice = CHOICES.get(name)
    if choice is None:
        raise WrongSetting("There is no such setting.")
    if not may(actor, Right.SETTINGS):
        raise WrongSetting(f"To {Right.SETTINGS.value} needs the role {needed(Right.SETTINGS)}.")
    if name in market.filed_house.fixed:
        raise WrongSetting(f"{choice.setting}: exchange.toml or the environment says it; change it there.")
    before = (await market.db.read(read_chosen)).get(name)
    told = _checked(choice, text) if text is not None else None
    if name == "logo" and told and await market.db.read(read_logo, told) is None:
        raise WrongSetting("logo: there is no such picture. Bring it as a file.")
    was = before.value if before is not None else as_text(name, getattr(House(), name))
    new = told if told is not None else as_text(name, getattr(House(), name))
    if was == new and (told is None) == (before is None):
        return
    line = audit_line(
        market.ids, market.clock.now(), actor, "setting.changed", f"setting:{name}",
        before={"value": was, "set": before is not None}, after={"value": new, "set": told is not None}, ip=actor.ip,
    )  # fmt: skip
    await market.db.write(write_chosen, name, told, line)
    await refresh(market)


def _checked(choice: Choice, text: str) -> str:
    """The text as it is kept. Raises `WrongSetting`."""
    lines = [line.strip() for line in text.replace("\r", "").strip().split("\n")]
    if choice.kind != "lines" and len(lines) > 1:
        raise WrongSetting(f"{choice.setting}: one line.")
    told = "\n".join(lines)
    if len(told) > LONGEST:
        raise WrongSetting(f"{choice.setting}: at most {LONGEST} characters. Got {len(told):,}.")
    if choice.name == "name" and not told:
        raise WrongSetting("name: how the exchange is called. Got nothing.")
    try:
        value = read_value(choice.name, told)
    except ValueError as error:
        raise WrongSetting(f"{choice.setting}: {error} Got {told[:40]!r}.") from None
    return as_text(choice.name, value)

"""What buyers said became of a lead, each with the way it came, and what they said that nobody understood yet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.feedback import Channel, note_place
from exchange.model.money import Money
from exchange.stages.personal import without_contacts
from exchange.storage.database import Row
from exchange.vault import VaultError
from exchange.web.story.line import Line
from exchange.web.story.masking import HIDDEN
from exchange.web.story.records import Story
from exchange.web.words import money

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        Channel.API.value: "by API",
        Channel.PORTAL.value: "in the portal",
        Channel.CONSOLE.value: "in the console",
        Channel.LINK.value: "by a link in the mail",
        Channel.FILE.value: "by file",
        Channel.MAIL.value: "by reply to the mail",
        Channel.POLL.value: "read from their system",
        Channel.HOOK.value: "by webhook",
    }
)
"""How a report came, in words."""


def told_dispositions(market: Market, story: Story) -> list[Line]:
    """The reports of a lead. The one that stands for its sale is told from those that a later one overtook."""
    lines = [_told(market, story, row) for row in story.rows.dispositions]
    for row in story.rows.waits:
        title = f"{buyer_name(market, row['buyer_id'])} said “{row['said']}”, which is no disposition yet"
        facts = f"It waits in the unmapped words. {_came(row)}"
        lines.append(Line(row["at"], None, "question", "warn", story.mask.text(title), facts))
    return lines


def _told(market: Market, story: Story, row: Row) -> Line:
    title = f"{buyer_name(market, row['buyer_id'])}: {row['kind'].replace('_', ' ')}"
    value = _value(story, row)
    if value is not None:
        title += f", worth {value}"
    own = f"Their word: {row['word']}" if row["word"] else ""
    late = "A later report was known when this came" if row["overtaken"] else ""
    facts = ". ".join(
        part for part in (own, without_contacts(_note(market, story, row), HIDDEN), late, _came(row)) if part
    )
    return Line(row["at"], None, "tag", "info", story.mask.text(title), story.mask.text(facts))


def _came(row: Row) -> str:
    return f"Told {CHANNELS.get(row['channel'], row['channel'])}, by {row['told_by']}"


def _value(story: Story, row: Row) -> str | None:
    sale = next((sale for sale in story.rows.sales if sale["id"] == row["sale_id"]), None)
    if sale is None or row["value_units"] is None:
        return None
    return money(Money(row["value_units"], sale["currency"]))


def _note(market: Market, story: Story, row: Row) -> str:
    """The note as it was sealed, or as it was kept before notes were."""
    if row["sealed_note"] is None or story.rows.wrapped is None:
        return str(row["note"])
    try:
        key = market.vault.data_key(story.rows.wrapped)
        return market.vault.open(key, note_place(row["sale_id"]), bytes(row["sealed_note"])).decode()
    except VaultError:
        return ""


def buyer_name(market: Market, buyer_id: str) -> str:
    buyer = market.deals.buyers.get(buyer_id)
    return buyer.name if buyer is not None else buyer_id

"""A link that lets a buyer fill in its own part of a set-up: an id and a keyed hash of it, good for one draft."""

from __future__ import annotations

import hmac

from exchange.flows.market import Market

PATH = "/setup/"
TOKEN_CHARACTERS = 120
_KIND = "draft"


def make_draft_link(market: Market, draft_id: str) -> str:
    """The whole address."""
    return f"{market.public_url}{PATH}{draft_id}.{market.vault.index(_KIND, draft_id).hex()}"


def read_draft_link(market: Market, token: str) -> str | None:
    """The draft's id; None for a link that was made up or cut off."""
    draft_id, _, mark = token.rpartition(".")
    if len(token) > TOKEN_CHARACTERS or not token.isascii():
        return None
    return draft_id if hmac.compare_digest(mark, market.vault.index(_KIND, draft_id).hex()) else None

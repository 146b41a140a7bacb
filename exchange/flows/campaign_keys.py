"""The keys that post into a seller's campaigns: made, shown once, taken back; by the seller or by the exchange."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from exchange.flows.by_hand import KEY_BYTES, LAST_CHARACTERS, audit_line, key_prefix
from exchange.flows.market import Market, refresh
from exchange.flows.security_news import NEW_KEY, security_event
from exchange.model.actor import Actor
from exchange.model.lead import Mode
from exchange.model.party import Campaign, State
from exchange.storage.by_hand import grant_key, keys_of, take_key_back
from exchange.storage.database import Row
from exchange.storage.parties import KeyRow

KIND = "campaign"
AT_ONCE = 2
"""So many keys of a mode a campaign has, so that one can take over from the other."""
_NAME_CHARACTERS = 80


class CannotKey(Exception):
    """The sentence says what is in the way."""


class NewKey(NamedTuple):
    """`secret` is kept nowhere: whoever made the key reads it now or never."""

    campaign_id: str
    secret: str


async def keys_of_seller(market: Market, seller_id: str) -> list[Row]:
    """Those in use of its campaigns, newest first, with who made each."""
    own = [each.id for each in market.deals.campaigns.values() if each.seller_id == seller_id]
    return await market.db.read(keys_of, KIND, own)


async def make_key(
    market: Market, seller_id: str, campaign_id: str, mode: str, name: str, actor: Actor, ip: str = ""
) -> NewKey:
    """One more for a campaign of this seller. Raises `CannotKey`."""
    campaign = _campaign(market, seller_id, campaign_id)
    if mode not in [each.value for each in Mode]:
        raise CannotKey("mode is test or live.")
    if mode == Mode.LIVE.value and not campaign.live:
        raise CannotKey(f"{campaign.name} takes test leads only: it has to go live before it gets a live key.")
    held = [row for row in await keys_of_seller(market, seller_id) if row["party_id"] == campaign_id]
    own = [row for row in held if row["mode"] == mode and not row["id"].startswith("key_posting_")]
    if len(own) >= AT_ONCE:
        raise CannotKey(f"{campaign.name} has {AT_ONCE} {mode} keys. Revoke the one that is used no more first.")
    now = market.clock.now()
    secret = key_prefix(KIND, Mode(mode)) + market.ids.token(KEY_BYTES)
    name = " ".join(name.split())[:_NAME_CHARACTERS] or campaign.name
    key = KeyRow(
        market.ids.new("key", now),
        KIND,
        campaign_id,
        mode,
        sha256(secret.encode()).digest(),
        secret[-LAST_CHARACTERS:],
        name,
        now,
    )
    after = {"kind": KIND, "mode": mode, "last4": key.last4, "name": name}
    line = audit_line(market.ids, now, actor, "key.created", f"{KIND}:{campaign_id}", after=after, ip=ip)
    facts = {"name": name, "by": actor.name, "last4": key.last4}
    told = security_event(market.ids, now, NEW_KEY, "seller", seller_id, "/seller", facts)
    await market.db.write(grant_key, key, line, (told,))
    await refresh(market)
    return NewKey(campaign_id, secret)


async def revoke_key(market: Market, seller_id: str, key_id: str, actor: Actor, ip: str = "") -> None:
    """Refused from now on. Raises `CannotKey`."""
    row = next((each for each in await keys_of_seller(market, seller_id) if each["id"] == key_id), None)
    if row is None:
        raise CannotKey("There is no such key in use.")
    now = market.clock.now()
    before = {"last4": row["last4"], "mode": row["mode"], "name": row["name"]}
    line = audit_line(market.ids, now, actor, "key.revoked", f"{KIND}:{row['party_id']}", before=before, ip=ip)
    if not await market.db.write(take_key_back, key_id, now, line):
        raise CannotKey("It was revoked already.")
    await refresh(market)


def _campaign(market: Market, seller_id: str, campaign_id: str) -> Campaign:
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None or campaign.seller_id != seller_id or campaign.state is State.DELETED:
        raise CannotKey("There is no such campaign.")
    return campaign

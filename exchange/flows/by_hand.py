"""What operators do to keys, users and accounts. Every change leaves a line in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import orjson

from exchange.clock import Clock, month_of
from exchange.flows.market import Market
from exchange.flows.security_news import NEW_KEY, NEW_USER, security_event
from exchange.ids import Ids
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.lead import Mode
from exchange.model.ledger import seller_account
from exchange.storage.by_hand import grant_key, let_in, take_key_back
from exchange.storage.database import Db
from exchange.storage.parties import KeyRow
from exchange.storage.users import UserRow

KEY_BYTES = 24
_DAY_MS = 86_400_000
_PREFIXES = {"campaign": "ck", "buyer": "bk", "csv": "cu", "operator": "ok"}
LAST_CHARACTERS = 4


@dataclass(frozen=True, slots=True)
class NewKey:
    """`secret` is kept nowhere: whoever made the key reads it now or never."""

    id: str
    secret: str


def key_prefix(kind: str, mode: Mode) -> str:
    """`ck_test_…` for a campaign, `bk_live_…` for a buyer, `cu_live_…` for a contract's CSV: a key says what it is
    for."""
    return f"{_PREFIXES[kind]}_{mode.value}_"


async def create_key(
    db: Db,
    clock: Clock,
    ids: Ids,
    kind: str,
    party_id: str,
    mode: Mode,
    name: str,
    actor: Actor,
    secret: str = "",
    *,
    duty: str = "",
    days: int | None = None,
    ip: str = "",
) -> NewKey:
    """Make a key for a campaign or a buyer (`kind`), for the CSV address of a contract, or for a program of operators,
    which has a role (`duty`). It is good for so many days, or until it is revoked.

    `secret` is for the demo, whose keys are printed in its manual.
    """
    now = clock.now()
    secret = secret or key_prefix(kind, mode) + ids.token(KEY_BYTES)
    key = KeyRow(
        ids.new("key", now),
        kind,
        party_id,
        mode.value,
        sha256(secret.encode()).digest(),
        secret[-LAST_CHARACTERS:],
        name,
        now,
        duty,
        now + days * _DAY_MS if days is not None else None,
    )
    after = {"kind": kind, "mode": mode.value, "last4": key.last4, "name": name}
    if duty:
        after["role"] = duty
    line = audit_line(ids, now, actor, "key.created", f"{kind}:{party_id}", after=after, ip=ip)
    facts = {"name": name, "by": actor.name, "last4": key.last4}
    whose = {"operator": ("operator", None, "/console/keys"), "buyer": ("buyer", party_id, "/buyer")}.get(kind)
    told = whose is not None and actor.role is not Role.SYSTEM
    await db.write(grant_key, key, line, (security_event(ids, now, NEW_KEY, *whose, facts),) if told and whose else ())
    return NewKey(key.id, secret)


async def revoke(db: Db, clock: Clock, ids: Ids, key_id: str, actor: Actor, ip: str = "") -> bool:
    """Take a key back. New requests with it are refused within a second; False when it was none in use."""
    now = clock.now()
    line = audit_line(ids, now, actor, "key.revoked", f"key:{key_id}", before={"state": "active"}, ip=ip)
    return await db.write(take_key_back, key_id, now, line)


async def invite(db: Db, clock: Clock, ids: Ids, email: str, role: str, party_id: str | None, actor: Actor) -> bool:
    """Let somebody sign in. False when the address is taken."""
    now = clock.now()
    user = UserRow(ids.new("usr", now), email, role, party_id)
    line = audit_line(ids, now, actor, "user.added", f"user:{user.id}", after={"role": role, "party": party_id or ""})
    facts = {"person": email, "by": actor.name, "role_told": role}
    told = security_event(ids, now, NEW_USER, role, party_id, f"/{role}" if party_id else "/console/users", facts)
    return await db.write(let_in, user, now, line, (told,))


def account_of(market: Market, party: str) -> str | None:
    """The account of a buyer or a seller by id, or of an account named in full; None when there is none."""
    deals = market.deals
    kind, _, name = party.partition(":")
    if kind == "buyer" and ":" not in name:
        party = name
    if party in deals.buyers:
        return deals.buyers[party].account
    if kind == "seller" and name.removesuffix(":payable") in deals.sellers:
        return seller_account(name.removesuffix(":payable"))
    if party in deals.sellers:
        return seller_account(party)
    known = {buyer.account for buyer in deals.buyers.values()}
    return party if party in known else None


def audit_line(
    ids: Ids,
    now: int,
    actor: Actor,
    action: str,
    subject: str,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    ip: str = "",
) -> AuditLine:
    """A line of the audit log. `ip` is told where the actor does not know it."""
    return AuditLine(
        ids.new("aud", now),
        now,
        month_of(now),
        actor,
        ip or actor.ip,
        action,
        subject,
        orjson.dumps(before).decode() if before is not None else None,
        orjson.dumps(after).decode() if after is not None else None,
    )

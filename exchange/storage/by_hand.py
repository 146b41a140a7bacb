"""What a person changed, with the line that says who: both in one unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import TypeVar

from exchange.model.audit import AuditLine
from exchange.model.billing import BillingTerms
from exchange.model.party import Buyer, Campaign, Contract, Seller
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.parties import (
    KeyRow,
    read_buyer,
    revoke_key,
    save_buyer,
    save_campaign,
    save_contract,
    save_key,
    save_seller,
)
from exchange.storage.rows import listed
from exchange.storage.users import UserRow, add_user

Part = TypeVar("Part", Buyer, BillingTerms)


async def grant_key(tx: Tx, key: KeyRow, line: AuditLine, jobs: Sequence[JobRow] = ()) -> None:
    await save_key(tx, replace(key, made_by=line.actor.name))
    await record(tx, line)
    for each in jobs:
        await add_job(tx, each)


async def take_key_back(tx: Tx, key_id: str, now: int, line: AuditLine) -> bool:
    """False when there is no such key in use."""
    if not await revoke_key(tx, key_id, now):
        return False
    await record(tx, line)
    return True


async def exchange_key(tx: Tx, old_id: str, key: KeyRow, line: AuditLine) -> bool:
    """Another key in the place of one that is in use. False when that is in use no more: then none is made."""
    if not await revoke_key(tx, old_id, key.made_at):
        return False
    await save_key(tx, replace(key, made_by=line.actor.name))
    await record(tx, line)
    return True


async def change_terms(tx: Tx, campaign: Campaign, line: AuditLine, jobs: tuple[JobRow, ...]) -> int:
    """A new version of a campaign, with the jobs that tell of it. Returns its number."""
    version = await save_campaign(tx, campaign, line.at, line.actor.name)
    await record(tx, line)
    for job in jobs:
        await add_job(tx, job)
    return version


async def add_campaign(tx: Tx, seller: Seller | None, campaign: Campaign, line: AuditLine) -> None:
    """A campaign that is new, with its seller when that is new too."""
    if seller is not None:
        await save_seller(tx, seller, line.at)
    await save_campaign(tx, campaign, line.at, line.actor.name)
    await record(tx, line)


async def let_in(tx: Tx, user: UserRow, now: int, line: AuditLine, jobs: Sequence[JobRow] = ()) -> bool:
    """False when somebody has this address already."""
    if not await add_user(tx, user, now):
        return False
    await record(tx, line)
    for each in jobs:
        await add_job(tx, each)
    return True


async def list_keys(tx: Tx) -> list[Row]:
    """Every key that was made, revoked ones too, without its secret. Newest first."""
    return await tx.fetch(
        """SELECT id, kind, party_id, mode, last4, name, duty, made_at, made_by, used_at, expires_at, revoked_at
           FROM api_keys ORDER BY made_at DESC, id DESC LIMIT 1000"""
    )


async def note_used(tx: Tx, used: Mapping[str, int]) -> None:
    """When keys were used last, as one process saw it."""
    for key_id, at in sorted(used.items()):
        await tx.execute(
            "UPDATE api_keys SET used_at = :at WHERE id = :id AND (used_at IS NULL OR used_at < :at)", id=key_id, at=at
        )


async def keys_of(tx: Tx, kind: str, party_ids: Sequence[str]) -> list[Row]:
    """The keys of one kind of these parties that are in use, newest first, with who made each as the audit log says."""
    if not party_ids:
        return []
    names, params = listed("party", party_ids)
    return await tx.fetch(
        f"""SELECT id, party_id, mode, last4, name, made_at, (SELECT MAX(a.actor) FROM audit_lines a
               WHERE a.at = k.made_at AND a.subject = :prefix || k.party_id
               AND a.action IN ('key.created', 'key.rotated')) AS made_by
           FROM api_keys k WHERE kind = :kind AND revoked_at IS NULL AND party_id IN {names}
           ORDER BY made_at DESC, id DESC LIMIT 200""",
        kind=kind,
        prefix=f"{kind}:",
        **params,
    )


async def list_users(tx: Tx, role: str = "") -> list[Row]:
    """Everybody who may sign in, or those with one role, and when they last did (`seen_at`)."""
    return await tx.fetch(
        """SELECT u.id, u.email, u.role, u.party_id, u.duty, u.state, u.made_at,
               CASE WHEN u.password = '' THEN 0 ELSE 1 END AS has_password,
               CASE WHEN u.totp IS NULL THEN 0 ELSE 1 END AS has_app,
               (SELECT COUNT(*) FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
               (SELECT MAX(s.made_at) FROM sessions s WHERE s.user_id = u.id) AS seen_at
           FROM users u WHERE u.role = :role OR :role = '' ORDER BY u.state, u.email LIMIT 1000""",
        role=role,
    )


async def change_contract(tx: Tx, contract: Contract, now: int, line: AuditLine, buyer: Buyer | None = None) -> int:
    """A new version of a contract, and of its buyer where that is new or changed too. Returns its number."""
    if buyer is not None:
        await save_buyer(tx, buyer, now)
    version = await save_contract(tx, contract, now, line.actor.name)
    await record(tx, line)
    return version


async def change_buyer(tx: Tx, was: Buyer, buyer: Buyer, now: int, line: AuditLine) -> Buyer | None:
    """Write what differs between the two; all else stays as it stands now, whoever changed it since `was` was read.

    Returns the buyer as stored. None, with nothing written, when somebody else changed the same meanwhile.
    """
    stands = await read_buyer(tx, was.id, locked=True)
    changed = merged(stands, was, buyer) if stands is not None else None
    if changed is None:
        return None
    await save_buyer(tx, changed, now)
    await record(tx, line)
    return changed


def merged(stands: Buyer, was: Buyer, wanted: Buyer) -> Buyer | None:
    """`stands` with what was changed from `was` to `wanted`; None where that is not as it was. Terms go one by one."""
    terms = _with_changes(stands.terms, was.terms, wanted.terms)
    own = _with_changes(
        replace(stands, terms=was.terms), replace(was, terms=was.terms), replace(wanted, terms=was.terms)
    )
    return replace(own, terms=terms) if own is not None and terms is not None else None


def _with_changes(stands: Part, was: Part, wanted: Part) -> Part | None:
    names = [each.name for each in fields(was) if getattr(was, each.name) != getattr(wanted, each.name)]
    if any(getattr(stands, name) not in (getattr(was, name), getattr(wanted, name)) for name in names):
        return None
    return replace(stands, **{name: getattr(wanted, name) for name in names})


async def wake_buyer(tx: Tx, was: Buyer, buyer: Buyer, line: AuditLine) -> bool:
    """A buyer whose pause is over. False when it was changed meanwhile: another process did it, or it sleeps anew."""
    if await read_buyer(tx, was.id) != was:
        return False
    return await change_buyer(tx, was, buyer, line.at, line) is not None


async def wake_contract(tx: Tx, was: Contract, contract: Contract, line: AuditLine) -> bool:
    """The same of a contract."""
    newest = await tx.fetch("SELECT version FROM contracts WHERE id = :id AND current = 1", id=was.id)
    if not newest or newest[0]["version"] != was.version:
        return False
    await change_contract(tx, contract, line.at, line)
    return True


async def change_contract_from(tx: Tx, contract: Contract, seen: int, now: int, line: AuditLine) -> int | None:
    """A new version after version `seen`; 0 for one that is new. None when another version came between."""
    newest = await tx.fetch("SELECT MAX(version) AS last FROM contracts WHERE id = :id", id=contract.id)
    if (newest[0]["last"] or 0) != seen:
        return None
    return await change_contract(tx, contract, now, line)

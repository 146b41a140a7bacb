"""Addresses that are told of events, each of one party; their secrets are sealed under the master key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.endpoint import DISABLED, REMOVED, Endpoint, EndpointKind
from exchange.model.follow import Duty
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed
from exchange.storage.touch import touch_market

_LISTED = 1_000


class SealedSecret(NamedTuple):
    sealed: bytes
    last4: str


class Disabling(NamedTuple):
    """An address that ends: why, the line that says so, and whom to tell."""

    endpoint_id: str
    why: str
    line: AuditLine
    jobs: tuple[JobRow, ...]


def of_actor(actor: Actor, prefix: str = "") -> tuple[str, dict[str, str | None]]:
    """The condition for what an actor may see, and its parameters: operators see all, a party its own."""
    if actor.role in (Role.OPERATOR, Role.SYSTEM):
        return "1 = 1", {}
    text = f"({prefix}role = :actor_role AND {prefix}party_id = :actor_party)"
    return text, {"actor_role": actor.role.value, "actor_party": actor.party_id}


async def read_endpoints(tx: Tx) -> tuple[Endpoint, ...]:
    """All that were not removed, for the deals."""
    rows = await tx.fetch("SELECT * FROM webhook_endpoints WHERE state <> :removed ORDER BY id", removed=REMOVED)
    return tuple(endpoint_of(row) for row in rows)


async def endpoints_of(tx: Tx, actor: Actor) -> list[Row]:
    """The rows that an actor may see, without their secrets, newest first."""
    whose, params = of_actor(actor)
    return await tx.fetch(
        f"""SELECT id, kind, role, party_id, campaign_id, url, method, events, per_second, late_only, last4, old_until,
               state, state_why, failing_since, made_at FROM webhook_endpoints
           WHERE state <> :removed AND {whose} ORDER BY made_at DESC, id DESC LIMIT :most""",
        removed=REMOVED,
        most=_LISTED,
        **params,
    )


async def troubled_endpoints(tx: Tx, actor: Actor) -> list[Row]:
    """Addresses that fail now, and those that were disabled; with how many sends wait, and the first of them."""
    whose, params = of_actor(actor)
    return await tx.fetch(
        f"""SELECT id, kind, role, party_id, url, state, state_why, failing_since,
               (SELECT COUNT(*) FROM webhook_sends s WHERE s.endpoint_id = webhook_endpoints.id
                   AND s.state = 'waiting') AS waiting,
               (SELECT MIN(s.next_at) FROM webhook_sends s WHERE s.endpoint_id = webhook_endpoints.id
                   AND s.state = 'waiting') AS next_at
           FROM webhook_endpoints
           WHERE (state = :disabled OR (state <> :removed AND failing_since IS NOT NULL)) AND {whose}
           ORDER BY failing_since, id LIMIT 20""",
        disabled=DISABLED,
        removed=REMOVED,
        **params,
    )


async def count_endpoints(tx: Tx, role: str, party_id: str | None) -> int:
    rows = await tx.fetch(
        """SELECT COUNT(*) AS n FROM webhook_endpoints
           WHERE role = :role AND COALESCE(party_id, '') = :party AND state <> :removed""",
        role=role,
        party=party_id or "",
        removed=REMOVED,
    )
    return int(rows[0]["n"])


async def save_endpoint(tx: Tx, endpoint: Endpoint, secret: SealedSecret | None, line: AuditLine) -> None:
    """Store it, or change the one of the same id; without a `secret` that one's stays. Failures are forgotten."""
    await tx.execute(
        """INSERT INTO webhook_endpoints (id, kind, role, party_id, campaign_id, url, method, events, per_second,
               late_only, secret, last4, state, state_why, made_at)
           VALUES (:id, :kind, :role, :party, :campaign, :url, :method, :events, :per_second,
               :late_only, :secret, :last4, :state, '', :made_at)
           ON CONFLICT (id) DO UPDATE SET url = :url, method = :method, events = :events, per_second = :per_second,
               campaign_id = :campaign, state = :state, state_why = '', failing_since = NULL""",
        **_values(endpoint),
        secret=secret.sealed if secret is not None else None,
        last4=secret.last4 if secret is not None else "",
    )
    await record(tx, line)
    await touch_market(tx)


async def ensure_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    """A row for an address that stands in a campaign. One with another address begins anew."""
    await tx.execute(
        """INSERT INTO webhook_endpoints (id, kind, role, party_id, campaign_id, url, method, events, per_second,
               late_only, secret, last4, state, state_why, made_at)
           VALUES (:id, :kind, :role, :party, :campaign, :url, :method, :events, :per_second,
               :late_only, NULL, '', :state, '', :made_at)
           ON CONFLICT (id) DO UPDATE SET url = :url, state = :state, state_why = '', failing_since = NULL
               WHERE webhook_endpoints.url <> :url""",
        **_values(endpoint),
    )


async def secret_of(tx: Tx, endpoint_id: str) -> bytes | None:
    """Sealed; None for a postback, which has none."""
    rows = await tx.fetch("SELECT secret FROM webhook_endpoints WHERE id = :id", id=endpoint_id)
    return bytes(rows[0]["secret"]) if rows and rows[0]["secret"] is not None else None


async def change_secret(tx: Tx, endpoint_id: str, secret: SealedSecret, old_until: int, line: AuditLine) -> bool:
    """The one before signs too, until `old_until`. False when there is no such webhook."""
    changed = await tx.execute(
        """UPDATE webhook_endpoints SET old_secret = secret, old_until = :until, secret = :secret, last4 = :last4
           WHERE id = :id AND kind = 'webhook' AND state <> :removed""",
        id=endpoint_id,
        until=old_until,
        secret=secret.sealed,
        last4=secret.last4,
        removed=REMOVED,
    )
    if changed:
        await record(tx, line)
    return changed == 1


async def set_endpoint_state(tx: Tx, endpoint_id: str, state: str, why: str, line: AuditLine) -> bool:
    """False when it is so already, or was removed."""
    changed = await tx.execute(
        """UPDATE webhook_endpoints SET state = :state, state_why = :why, failing_since = NULL
           WHERE id = :id AND state <> :state AND state <> :removed""",
        id=endpoint_id,
        state=state,
        why=why,
        removed=REMOVED,
    )
    if changed:
        await record(tx, line)
        await touch_market(tx)
    return changed == 1


async def disable_endpoint(tx: Tx, disabling: Disabling) -> bool:
    """Told once: of two tries that both find it has failed too long, one disables it."""
    if not await set_endpoint_state(tx, disabling.endpoint_id, DISABLED, disabling.why, disabling.line):
        return False
    for job in disabling.jobs:
        await add_job(tx, job)
    return True


async def emails_of(tx: Tx, role: str, party_id: str | None, duties: Sequence[Duty] = (Duty.ADMIN,)) -> list[str]:
    """Where the people of a party, or the operators, are reached; of a buyer's people those with one of `duties`."""
    names, params = listed("duty", ["", *(each.value for each in duties)])  # who has none is an admin
    rows = await tx.fetch(
        f"""SELECT email FROM users WHERE role = :role AND COALESCE(party_id, '') = :party AND state = 'active'
               AND duty IN {names} ORDER BY email LIMIT 50""",
        role=role,
        party=party_id or "",
        **params,
    )
    return [row["email"] for row in rows]


def endpoint_of(row: Row) -> Endpoint:
    return Endpoint(
        row["id"],
        EndpointKind(row["kind"]),
        Role(row["role"]),
        row["party_id"],
        row["url"],
        tuple(row["events"].split()),
        row["method"],
        row["per_second"],
        row["state"],
        row["campaign_id"],
        bool(row["late_only"]),
        row["made_at"],
    )


def _values(endpoint: Endpoint) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "kind": endpoint.kind.value,
        "role": endpoint.role.value,
        "party": endpoint.party_id,
        "campaign": endpoint.campaign_id,
        "url": endpoint.url,
        "method": endpoint.method,
        "events": " ".join(endpoint.events),
        "per_second": endpoint.per_second,
        "late_only": int(endpoint.late_only),
        "state": endpoint.state,
        "made_at": endpoint.made_at,
    }

"""Where people were seen: keyed hashes that find earlier leads which may be about the same person.

Half a hash per way to look somebody up, and no value: what is compared is read from the sealed leads themselves. So a
lead whose data key was destroyed is compared with nobody any more.
"""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.model.work import Seen, Sighting
from exchange.storage.database import Row, Statement, Tx
from exchange.storage.rows import listed

WAYS = ("phone", "email", "place", "name", "born")
_PER_WAY = 12  # newest leads of each: of a telephone that comes a thousand times the last ones tell as much
_AT_ONCE = 500
_ORIGIN = "seller_id, campaign_id, vertical, sub_id1, received_at, state"


def _alike(way: str) -> str:
    return (
        f"SELECT lead_id FROM (SELECT lead_id FROM sightings WHERE {way} = :{way} AND at >= :since "
        f"ORDER BY at DESC LIMIT {_PER_WAY}) AS by_{way}"
    )


def _leads_of(candidates: str) -> str:
    """Leads with what is sealed of them, and of those that repeat an earlier one whose that is."""
    mine = ", ".join(f"l.{column}" for column in _ORIGIN.split(", "))
    first = ", ".join(f"f.{column} AS first_{column}" for column in ("id", *_ORIGIN.split(", ")))
    return f"""SELECT l.id, {mine}, l.mode, l.times_sold, l.initials, l.facts, l.sealed, k.wrapped, {first}
        FROM ({candidates}) AS found JOIN leads l ON l.id = found.lead_id
        JOIN data_keys k ON k.subject = l.subject LEFT JOIN leads f ON f.id = l.duplicate_of WHERE l.id <> :lead"""


_LIKELY = _leads_of(" UNION ".join(_alike(way) for way in WAYS))
_SAME_CONTACT = _leads_of(
    " UNION ".join(
        f"SELECT lead_id FROM (SELECT lead_id FROM sales WHERE {way}_index = :{way} ORDER BY accepted_at DESC "
        f"LIMIT {_PER_WAY}) AS by_{way}"
        for way in ("phone", "email")
    )
)
_ANYBODY = " UNION ALL ".join(_alike(way) for way in WAYS)


async def likely_same(tx: Tx, sighting: Sighting) -> Seen:
    """Earlier leads that share a way to be found, and the sales of those that were sold."""
    ways = {way: getattr(sighting, way) for way in WAYS}
    found = await tx.fetch(_ANYBODY, since=sighting.since, **ways)
    if all(row["lead_id"] == sighting.lead_id for row in found):  # as nearly always, and in a third of the time
        return Seen()
    leads = await tx.fetch(_LIKELY, lead=sighting.lead_id, since=sighting.since, **ways)
    sold = [row["id"] for row in leads if row["times_sold"]]
    if not sold:
        return Seen(tuple(leads))
    names, params = listed("lead", sold)
    sales = await tx.fetch(
        f"""SELECT lead_id, buyer_id, MAX(accepted_at) AS last_at FROM sales
            WHERE lead_id IN {names} AND mode = 'live' AND (reversed_at IS NULL OR returned_at IS NOT NULL)
            GROUP BY lead_id, buyer_id""",
        **params,
    )
    return Seen(tuple(leads), tuple(sales))


def sighted(sighting: Sighting) -> Statement:
    """One row a lead: a second post on its ping may be about somebody else."""
    values = sighting._asdict()
    del values["since"]
    return (
        """INSERT INTO sightings (lead_id, at, phone, email, place, name, born)
           VALUES (:lead_id, :at, :phone, :email, :place, :name, :born)
           ON CONFLICT (lead_id) DO UPDATE SET at = :at, phone = :phone, email = :email, place = :place, name = :name,
               born = :born, same_as = NULL""",
        values,
    )


def same_person(lead_id: str, earlier: str) -> Statement:
    return "UPDATE sightings SET same_as = :earlier WHERE lead_id = :id", {"earlier": earlier, "id": lead_id}


async def seen_around(tx: Tx, actor: Actor, lead_id: str) -> list[Row]:
    """Leads before and after this one that share a way to be found with it; none once it is forgotten."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    mine = await tx.fetch(f"SELECT {', '.join(WAYS)} FROM sightings WHERE lead_id = :lead", lead=lead_id)
    if not mine:
        return []
    return await tx.fetch(_LIKELY, lead=lead_id, since=0, **mine[0])


async def sold_to_same_contact(
    tx: Tx, actor: Actor, lead_id: str, phone: bytes | None, email: bytes | None
) -> list[Row]:
    """Leads that were sold with this phone or mailbox, also those whose campaigns look for nobody again."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(_SAME_CONTACT, lead=lead_id, phone=phone, email=email)


async def overlaps(tx: Tx, actor: Actor, since: int) -> list[Row]:
    """Of each two sellers, how many people the later one sent whom the earlier one had sent before, and how it ended.

    `gap_ms` is how long after on average, `least_ms` at least.
    """
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT f.seller_id AS first_seller, l.seller_id AS later_seller, COUNT(*) AS people,
               COUNT(CASE WHEN l.state = 'duplicate' THEN 1 END) AS refused,
               COUNT(CASE WHEN l.times_sold > 0 THEN 1 END) AS sold,
               COUNT(CASE WHEN l.times_sold > 0 AND f.times_sold > 0 THEN 1 END) AS sold_twice,
               CAST(AVG(l.received_at - f.received_at) AS BIGINT) AS gap_ms,
               MIN(l.received_at - f.received_at) AS least_ms
           FROM sightings s JOIN leads l ON l.id = s.lead_id JOIN leads f ON f.id = s.same_as
           WHERE s.at >= :since AND s.same_as IS NOT NULL AND l.mode = 'live'
           GROUP BY f.seller_id, l.seller_id ORDER BY people DESC, first_seller, later_seller""",
        since=since,
    )


async def people_sent(tx: Tx, actor: Actor, since: int) -> dict[str, int]:
    """How many leads with a consumer each seller sent."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return {}
    rows = await tx.fetch(
        """SELECT x.id AS seller_id, (SELECT COUNT(*) FROM leads l WHERE l.seller_id = x.id
               AND l.received_at >= :since AND l.mode = 'live' AND l.kind <> 'ping') AS leads FROM sellers x""",
        since=since,
    )
    return {row["seller_id"]: row["leads"] for row in rows}


async def forget_sightings(tx: Tx, before: str) -> int:
    """Drop those of leads below an id: ids sort by time. Returns how many."""
    return await tx.execute(
        """DELETE FROM sightings WHERE lead_id IN
               (SELECT lead_id FROM sightings WHERE lead_id < :before ORDER BY lead_id LIMIT :most)""",
        before=before,
        most=_AT_ONCE,
    )

"""Consent taken back: in force for every new sale at once, and told to everybody who got the consumer's leads.

Each recipient is told by a durable job: by its connection's own message where it has one, else by its webhook, else by
mail to its people. Whom none of these reaches is listed for somebody to tell by hand. What each answered is kept.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from exchange.clock import month_of
from exchange.connector import Terms
from exchange.courier.courier import Call
from exchange.flows.by_hand import audit_line
from exchange.flows.jobs import PASS_ON, REVOKE, job
from exchange.flows.list_desk import Wish, make_list, plain_value
from exchange.flows.lists import take_up_lists
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.flows.tell import News, tell
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.auction import Accepted
from exchange.model.lead import Mode
from exchange.model.revocation import ACKNOWLEDGED, BY_HAND, DUE_DAYS, SENT, WAITING, NoticeRow, RevocationRow
from exchange.model.suppression import Purpose, Scope
from exchange.model.wire import EmailMessage, Message, Reply
from exchange.stages.calling import is_holiday
from exchange.stages.personal import looks_personal
from exchange.stages.respond import rfc3339
from exchange.stages.suppression.forms import EMAIL, PHONE, PLAIN, spellings, values_of
from exchange.storage import revocations as kept
from exchange.storage.database import Row
from exchange.storage.endpoints import emails_of
from exchange.storage.leads import read_lead_of, standing_sales
from exchange.storage.selling import read_lead

EVENT = "consent.revoked"
LIST_NAME = "consent taken back"
MEANS_CHARACTERS = 80
_SECONDS = 30.0


class CannotRevoke(Exception):
    """The sentence says what is missing; `field` names it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class NotTold(Exception):
    """A recipient could not be told; the job comes again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody tells: a phone or an email, or a lead whose consumer it was. `revoked_at` None: now."""

    who: str = field(default="", repr=False)
    lead_id: str = ""
    vertical: str = ""
    source: str = "consumer"
    means: str = ""
    revoked_at: int | None = None
    once: str = ""  # what is told again under this name is the same revocation


async def revoke(market: Market, taken: Taken, actor: Actor, ip: str = "") -> RevocationRow:
    """Write it down, for good. Raises `CannotRevoke`."""
    values = await _values(market, taken, actor)
    if taken.vertical and taken.vertical not in market.verticals:
        raise CannotRevoke("vertical", f"There is no vertical {taken.vertical[:60]!r}.")
    means = " ".join(taken.means.split())
    if len(means) > MEANS_CHARACTERS or not means.isprintable():
        raise CannotRevoke("means", f"Say in at most {MEANS_CHARACTERS} characters how they told.")
    if looks_personal(means):
        raise CannotRevoke("means", "Say how they told without a phone or an email address: it is kept in clear.")
    now = market.clock.now()
    revoked_at = min(taken.revoked_at if taken.revoked_at is not None else now, now)
    scope = Scope.VERTICAL if taken.vertical else Scope.EXCHANGE
    changes = []
    for kind, value in values.items():
        wish = Wish(LIST_NAME, kind, scope, taken.vertical, Purpose.REVOKED)
        row = await make_list(market, wish, SYSTEM)
        hash_name = row.hash or PLAIN
        changes += [(row.id, market.lists.key(kind, hash_name, form)) for form in spellings(kind, hash_name, value)]
    row_id = _named(taken.once) if taken.once else market.ids.new("rev", now)
    index = market.vault.index
    phone, email = values.get(PHONE), values.get(EMAIL)
    made = RevocationRow(
        row_id,
        month_of(now),
        revoked_at,
        now,
        business_days_after(now, DUE_DAYS),
        index("phone", f"+1{phone}" if len(phone) == 10 else f"+{phone}") if phone is not None else None,
        index("email", email) if email is not None else None,
        taken.vertical,
        taken.source,
        means,
        taken.lead_id or None,
        actor.name,
        actor.role.value,
    )
    after = {"vertical": taken.vertical, "source": taken.source, "means": means}
    line = audit_line(market.ids, now, actor, "consent.revoked", f"revocation:{row_id}", after=after, ip=ip)
    look = job(market, f"{REVOKE}:{row_id}", REVOKE, {"revocation": row_id}, now, now, f"{REVOKE}:{row_id}")
    await market.db.write(kept.save_revocation, made, changes, look, line)
    await take_up_lists(market.db, market.lists)
    return made


def _named(once: str) -> str:
    """The id that everybody would give to what is told under a name."""
    return f"rev_{sha256(once.encode()).hexdigest()[:26].upper()}"


async def _values(market: Market, taken: Taken, actor: Actor) -> Mapping[str, str]:
    """By what the consumer is known: as told, and by all that their lead says."""
    found: dict[str, str] = {}
    if taken.who:
        known = plain_value(taken.who)
        if known is None:
            raise CannotRevoke("who", "Say the consumer's phone or email address.")
        if actor.role not in (Role.OPERATOR, Role.SYSTEM):
            raise CannotRevoke("lead_id", "Say which lead of yours it is about.")
        found = dict([known])
    if taken.lead_id:
        lead = await _lead(market, taken.lead_id, actor)
        campaign = market.deals.campaigns.get(lead["campaign_id"]) if lead is not None else None
        live = lead is not None and lead["mode"] == Mode.LIVE.value and campaign is not None
        read = await stored_lead(market, lead, campaign) if live and lead and campaign else None
        if read is None:
            raise CannotRevoke("lead_id", "There is no such lead, or its values were erased.")
        found |= values_of(read, (PHONE, EMAIL))
    if not found:
        raise CannotRevoke("who", "Say the consumer's phone or email address, or a lead_id.")
    return found


async def _lead(market: Market, lead_id: str, actor: Actor) -> Row | None:
    """A lead that the actor may speak of: a seller its own, a buyer one that it bought."""
    if actor.role is Role.BUYER:
        sales = await market.db.read(standing_sales, lead_id)
        if all(sale["buyer_id"] != actor.party_id for sale in sales):
            return None
        return await market.db.write(read_lead, lead_id)
    return await market.db.read(read_lead_of, actor, lead_id)


def business_days_after(at: int, days: int) -> int:
    """The end of the `days`-th business day after a moment, UTC: neither weekends nor federal holidays count."""
    day = datetime.fromtimestamp(at / 1000, UTC).date()
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5 and not is_holiday(day)
    return _midnight(day + timedelta(days=1))


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


async def find_recipients(market: Market, payload: Mapping[str, Any]) -> None:
    """The job: a notice for everybody who has a lead of the consumer, or may have it."""
    row = await market.db.write(kept.read_revocation, str(payload["revocation"]))
    if row is None:
        return
    now = market.clock.now()
    notices, events = [], []
    for lead in await market.db.write(kept.leads_of_consumer, row):
        sentence = f"The consumer took the consent back{f' ({row.means})' if row.means else ''}"
        events.append((f"evt_{row.id[4:]}_{lead['id'][3:]}", lead["month"], lead["id"], sentence))
        for attempt in await market.db.write(kept.recipients_of, lead["id"]):
            notice = NoticeRow(
                f"rvn_{row.id[4:]}_{attempt['id'][4:]}",
                row.id,
                attempt["id"],
                lead["id"],
                attempt["buyer_id"],
                attempt["contract_id"],
                attempt["reference"],
                WAITING,
                "",
                "",
                now,
                None,
            )
            queue = f"{PASS_ON}:{attempt['buyer_id']}"
            notices.append((notice, job(market, queue, PASS_ON, {"notice": notice.id}, now, now, notice.id)))
    await market.db.write(kept.add_notices, notices, events, now)


async def pass_on(market: Market, payload: Mapping[str, Any]) -> None:
    """The job: tell one recipient. Raises `NotTold` while the way there is down."""
    notice = await market.db.write(kept.read_notice, str(payload["notice"]))
    row = await market.db.write(kept.read_revocation, notice.revocation_id) if notice is not None else None
    if notice is None or row is None or notice.state not in (WAITING, BY_HAND):
        return
    now = market.clock.now()
    if await _by_message(market, notice, now):
        return
    facts: dict[str, object] = {
        "notice_id": notice.id,
        "lead_id": notice.lead_id,
        "delivery_id": notice.attempt_id,
        "contract_id": notice.contract_id,
        "revoked_at": rfc3339(row.revoked_at),
        "due_at": rfc3339(row.due_at),
        "means": row.means or None,
    }
    news = tell(market, News(EVENT, Role.BUYER, notice.buyer_id, notice.id, now, facts))
    if _hears(market, notice.buyer_id):
        await market.db.write(kept.note_told, notice.id, SENT, "webhook", "", now, news)
        return
    people = await market.db.read(emails_of, "buyer", notice.buyer_id)
    if people and await _by_mail(market, notice, row, tuple(people), now):
        return
    detail = "" if people else "It has no webhook that hears of this, and nobody who could be mailed."
    await market.db.write(kept.note_told, notice.id, BY_HAND, "", detail, now, news)
    if people:
        raise NotTold("its people could not be mailed")


def _hears(market: Market, buyer_id: str) -> bool:
    """Whether an address of the buyer's own hears of it; those of operators hear everything, and tell nobody."""
    heard = market.deals.hearers.of(EVENT, Role.BUYER, buyer_id, None, late=True)
    return any(each.role is Role.BUYER for each in heard)


async def _by_message(market: Market, notice: NoticeRow, now: int) -> bool:
    """By the message of the buyer's own connection. Raises `NotTold` when it was not taken."""
    contract = market.deals.contracts.get(notice.contract_id)
    connection = market.connections.get(contract.connection) if contract is not None else None
    lead = await market.db.write(read_lead, notice.lead_id)
    campaign = market.deals.campaigns.get(lead["campaign_id"]) if lead is not None else None
    if contract is None or connection is None or connection.revokes is None or lead is None or campaign is None:
        return False
    read = await stored_lead(market, lead, campaign)
    if read is None:
        return False
    terms = Terms(now, notice.reference, connection.secrets)
    conversation = connection.revokes.revoke(read, contract, terms)
    call = Call(contract.buyer_id, conversation, delivers=False, contract=contract.id, simulated=connection.simulated)
    result = await market.courier.converse(call, market.clock.monotonic() + connection.seconds)
    if not isinstance(result.answer, Accepted):
        lost = result.lost.detail if result.lost is not None else ""
        why = lost or (result.error.why if result.error is not None else "it was not accepted")
        await market.db.write(kept.note_told, notice.id, WAITING, "revoke_message", why, now)
        raise NotTold(why)
    detail = result.answer.reference or ""
    await market.db.write(kept.note_told, notice.id, ACKNOWLEDGED, "revoke_message", detail, now)
    return True


async def _by_mail(market: Market, notice: NoticeRow, row: RevocationRow, people: tuple[str, ...], now: int) -> bool:
    host = urlsplit(market.public_url).hostname or "localhost"
    due = f"{datetime.fromtimestamp(row.due_at / 1000, UTC):%d %B %Y}"
    text = (
        f"The consumer of a lead that you got from {market.name} took the consent back.\n\n"
        f"Lead {notice.lead_id}, delivered as {notice.reference}.\n\n"
        f"Contact them no more, and see that nobody does for you: the law allows until {due}.\n"
    )
    subject = f"{market.name}: consent taken back, lead {notice.lead_id}"
    message_id = f"<{notice.id}@{host}>"
    message = EmailMessage(f"{market.name} <exchange@{host}>", people, subject, text, message_id, delivers=True)
    call = Call("notices", _once(message), delivers=True)
    result = await market.courier.converse(call, market.clock.monotonic() + _SECONDS)
    if result.status is None or not 200 <= result.status < 300:
        return False
    await market.db.write(kept.note_told, notice.id, SENT, "mail", "", now)
    return True


def _once(message: EmailMessage) -> Generator[Message, Reply, Reply]:
    return (yield message)


async def acknowledge(market: Market, notice_id: str, actor: Actor) -> bool:
    """A recipient says that it heard, or an operator that it was told. False when there is nothing to say."""
    notice = await market.db.read(kept.read_notice, notice_id)
    if notice is None or (actor.role is Role.BUYER and notice.buyer_id != actor.party_id):
        return False
    now = market.clock.now()
    way = "told_by_buyer" if actor.role is Role.BUYER else BY_HAND
    line = audit_line(market.ids, now, actor, "consent.acknowledged", f"notice:{notice_id}", after={"way": way})
    return await market.db.write(kept.acknowledge, notice_id, way, now, line)


async def confirm_told(market: Market) -> int:
    """The duty: a webhook that was taken is an acknowledgement."""
    heard = await market.db.read(kept.heard_by_webhook)
    for notice_id in heard:
        line = audit_line(
            market.ids,
            market.clock.now(),
            SYSTEM,
            "consent.acknowledged",
            f"notice:{notice_id}",
            after={"way": "webhook"},
        )
        await market.db.write(kept.acknowledge, notice_id, "webhook", market.clock.now(), line)
    return len(heard)

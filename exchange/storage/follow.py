"""Bought leads at their buyers: taken up, assigned, worked on, handed back. Every change is decided by one update."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.audit import AuditLine
from exchange.model.follow import Agent, AgentTerms, Assignment, FollowRow, FollowRules, ReminderRow
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed
from exchange.storage.shaped import Shaped
from exchange.storage.users import UserRow, add_user

_TERMS = Shaped(AgentTerms)
_RULES = Shaped(FollowRules)
LIVE_SALE = "EXISTS (SELECT 1 FROM sales s WHERE s.id = f.sale_id AND s.reversed_at IS NULL)"
"""Of follow-ups `f`: the sale was not undone."""


def rules_in(row: Row) -> FollowRules:
    return _RULES.read(row["document"])


async def read_rules(tx: Tx, buyer_id: str) -> FollowRules | None:
    rows = await tx.fetch("SELECT document FROM follow_rules WHERE buyer_id = :buyer", buyer=buyer_id)
    return rules_in(rows[0]) if rows else None


async def following(tx: Tx) -> list[Row]:
    """The rules of every buyer that follows its leads."""
    return await tx.fetch("SELECT buyer_id, document, since, seen_at FROM follow_rules ORDER BY buyer_id")


async def save_rules(tx: Tx, buyer_id: str, rules: FollowRules, now: int, line: AuditLine) -> None:
    """Sales from the first time on are followed."""
    await tx.execute(
        """INSERT INTO follow_rules (buyer_id, document, since, seen_at, changed_at, changed_by)
           VALUES (:buyer, :document, :now, :now, :now, :by)
           ON CONFLICT (buyer_id) DO UPDATE SET document = :document, changed_at = :now, changed_by = :by""",
        buyer=buyer_id,
        document=_RULES.written(rules),
        now=now,
        by=line.actor.name,
    )
    await record(tx, line)


async def add_agent(
    tx: Tx, user: UserRow, name: str, terms: AgentTerms, now: int, line: AuditLine, jobs: Sequence[JobRow] = ()
) -> bool:
    """Somebody new at a buyer; an agent gets its terms too. False when the address is taken."""
    if not await add_user(tx, user, now):
        return False
    if user.duty == "agent":
        await tx.execute(
            """INSERT INTO agents (user_id, buyer_id, name, state, terms, turn_at, made_at, changed_at)
               VALUES (:id, :buyer, :name, 'active', :terms, 0, :now, :now)""",
            id=user.id,
            buyer=user.party_id,
            name=name,
            terms=_TERMS.written(terms),
            now=now,
        )
    await record(tx, line)
    for each in jobs:
        await add_job(tx, each)
    return True


async def change_agent(
    tx: Tx, buyer_id: str, agent_id: str, name: str, state: str, terms: AgentTerms, now: int, line: AuditLine
) -> bool:
    """False when the buyer has no such agent. One who left signs in no more, and its open leads wait for others."""
    changed = await tx.execute(
        """UPDATE agents SET name = :name, state = :state, terms = :terms, changed_at = :now
           WHERE user_id = :id AND buyer_id = :buyer""",
        id=agent_id,
        buyer=buyer_id,
        name=name,
        state=state,
        terms=_TERMS.written(terms),
        now=now,
    )
    if not changed:
        return False
    user_state = "active" if state == "active" else "ended"
    await tx.execute("UPDATE users SET state = :state WHERE id = :id", state=user_state, id=agent_id)
    if state != "active":
        await _let_go(tx, agent_id, now)
    await record(tx, line)
    return True


async def set_agent_state(tx: Tx, user_id: str, state: str, now: int) -> None:
    """Of somebody who may be no agent."""
    changed = await tx.execute(
        "UPDATE agents SET state = :state, changed_at = :now WHERE user_id = :id AND state <> :state",
        id=user_id,
        state=state,
        now=now,
    )
    if changed and state != "active":
        await _let_go(tx, user_id, now)


async def _let_go(tx: Tx, agent_id: str, now: int) -> None:
    """Its open leads wait for others."""
    await tx.execute(
        """UPDATE follow_ups SET state = 'waiting', agent_id = NULL, due_at = NULL, tried_at = 0, changed_at = :now
           WHERE agent_id = :id AND state = 'assigned'""",
        id=agent_id,
        now=now,
    )


async def agents_of(tx: Tx, buyer_id: str) -> list[Agent]:
    """Everybody who is or was an agent of a buyer, with how many leads each works on."""
    rows = await tx.fetch(
        f"""SELECT a.user_id, a.buyer_id, a.name, a.state, a.terms, a.turn_at, u.email,
               (SELECT COUNT(*) FROM follow_ups f WHERE f.agent_id = a.user_id AND f.state = 'assigned'
                   AND {LIVE_SALE}) AS work
           FROM agents a JOIN users u ON u.id = a.user_id WHERE a.buyer_id = :buyer ORDER BY a.name, a.user_id""",
        buyer=buyer_id,
    )
    return [
        Agent(
            row["user_id"],
            row["buyer_id"],
            row["email"],
            row["name"],
            row["state"],
            _TERMS.read(row["terms"]),
            row["turn_at"],
            row["work"],
        )
        for row in rows
    ]


async def sales_to_follow(tx: Tx, buyer_id: str, since: int, most: int) -> list[Row]:
    """Sales to a buyer from a moment on that are not followed yet, oldest first."""
    return await tx.fetch(
        """SELECT s.id, s.lead_id, s.buyer_id, s.contract_id, s.mode, s.accepted_at, l.vertical
           FROM sales s JOIN leads l ON l.id = s.lead_id
           WHERE s.buyer_id = :buyer AND s.accepted_at >= :since AND s.reversed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.sale_id = s.id)
           ORDER BY s.accepted_at, s.id LIMIT :most""",
        buyer=buyer_id,
        since=since,
        most=most,
    )


async def begin(tx: Tx, rows: Sequence[FollowRow]) -> None:
    """Follow these sales from now on. Those that are followed already stay as they are."""
    for row in rows:
        await tx.execute(
            """INSERT INTO follow_ups (sale_id, lead_id, buyer_id, contract_id, vertical, mode, state, stage, mapping,
                   delivered_at, tried_at, times_back, changed_at)
               VALUES (:sale, :lead, :buyer, :contract, :vertical, :mode, 'waiting', 'new', :mapping, :delivered, 0, 0,
                   :delivered)
               ON CONFLICT (sale_id) DO NOTHING""",
            sale=row.sale_id,
            lead=row.lead_id,
            buyer=row.buyer_id,
            contract=row.contract_id,
            vertical=row.vertical,
            mode=row.mode,
            mapping=row.mapping,
            delivered=row.delivered_at,
        )


async def seen_up_to(tx: Tx, buyer_id: str, seen_at: int) -> None:
    await tx.execute(
        "UPDATE follow_rules SET seen_at = :at WHERE buyer_id = :buyer AND seen_at < :at", buyer=buyer_id, at=seen_at
    )


async def assign(tx: Tx, made: Assignment, jobs: Sequence[JobRow] = (), line: AuditLine | None = None) -> bool:
    """Give a lead to an agent. False when somebody else has it by now, or nobody should: then nothing changes."""
    had = "f.agent_id = :before" if made.before is not None else "f.agent_id IS NULL"
    changed = await tx.execute(
        f"""UPDATE follow_ups AS f SET state = 'assigned', agent_id = :agent, assigned_at = :at, opened_at = NULL,
                due_at = :due, changed_at = :at
            WHERE f.sale_id = :sale AND f.state <> 'closed' AND {had} AND {LIVE_SALE}
                AND EXISTS (SELECT 1 FROM agents a WHERE a.user_id = :agent AND a.buyer_id = f.buyer_id
                    AND a.state = 'active')""",
        sale=made.sale_id,
        agent=made.agent_id,
        at=made.at,
        due=made.due_at,
        **({"before": made.before} if made.before is not None else {}),
    )
    if not changed:
        return False
    await tx.execute(
        "UPDATE agents SET turn_at = :at WHERE user_id = :id AND turn_at < :at", id=made.agent_id, at=made.at
    )
    await note_event(tx, made.event_id, made.sale_id, made.at, made.how, made.agent_id, made.by)
    for job in jobs:
        await add_job(tx, job)
    if line is not None:
        await record(tx, line)
    return True


async def put_off(tx: Tx, sale_ids: Sequence[str], now: int) -> None:
    """Nobody may have these now: others are looked at first, then these again."""
    names, params = listed("sale", sale_ids)
    await tx.execute(
        f"UPDATE follow_ups SET tried_at = :now WHERE sale_id IN {names} AND state = 'waiting'", now=now, **params
    )


async def hand_back(
    tx: Tx, sale_id: str, agent_id: str, event_id: str, now: int, why: str, by: str, rounds: int, jobs: Sequence[JobRow]
) -> str | None:
    """Take a lead from an agent: it waits for the next one, or after `rounds` goes to the admins, who hear by `jobs`.

    Returns the state it is in then; None when the agent has it no more, or worked on it meanwhile (`why` is overdue).
    """
    idle = "AND due_at IS NOT NULL AND due_at <= :now" if why == "overdue" else ""
    rows = await tx.fetch(
        f"""UPDATE follow_ups SET agent_id = NULL, due_at = NULL, assigned_at = NULL, opened_at = NULL,
                tried_at = 0, times_back = times_back + 1, changed_at = :now,
                state = CASE WHEN times_back + 1 > :rounds THEN 'escalated' ELSE 'waiting' END
            WHERE sale_id = :sale AND agent_id = :agent AND state = 'assigned' {idle} RETURNING state""",
        sale=sale_id,
        agent=agent_id,
        now=now,
        rounds=rounds,
    )
    if not rows:
        return None
    state = str(rows[0]["state"])
    await note_event(tx, event_id, sale_id, now, "escalated" if state == "escalated" else why, agent_id, by)
    for job in jobs if state == "escalated" else ():
        await add_job(tx, job)
    return state


async def escalate(tx: Tx, sale_id: str, event_id: str, now: int, by: str, jobs: Sequence[JobRow]) -> bool:
    """A lead that waits goes to the admins, who hear by `jobs`. False when it waits no more."""
    changed = await tx.execute(
        f"""UPDATE follow_ups AS f SET state = 'escalated', changed_at = :now
            WHERE f.sale_id = :sale AND f.state = 'waiting' AND {LIVE_SALE}""",
        sale=sale_id,
        now=now,
    )
    if changed:
        await note_event(tx, event_id, sale_id, now, "escalated", None, by)
        for job in jobs:
            await add_job(tx, job)
    return bool(changed)


async def touch(tx: Tx, sale_id: str, event_id: str, now: int, how: str, agent_id: str, by: str) -> bool:
    """An agent calls or writes: the first time is its first contact, and it is no longer handed on."""
    changed = await tx.execute(
        """UPDATE follow_ups SET due_at = NULL, changed_at = :now,
               first_touch_at = CASE WHEN first_touch_at IS NULL OR first_touch_at > :now THEN :now
                   ELSE first_touch_at END
           WHERE sale_id = :sale""",
        sale=sale_id,
        now=now,
    )
    if changed:
        await note_event(tx, event_id, sale_id, now, how, agent_id, by)
    return bool(changed)


async def note_opened(tx: Tx, sale_id: str, agent_id: str, now: int) -> None:
    await tx.execute(
        "UPDATE follow_ups SET opened_at = :now WHERE sale_id = :sale AND agent_id = :agent AND opened_at IS NULL",
        sale=sale_id,
        agent=agent_id,
        now=now,
    )


async def restage(
    tx: Tx,
    sale_id: str,
    kind: str | None,
    stage: str,
    mapping: str,
    first_at: int | None,
    closed: bool,
    now: int,
    stands: str = "",
) -> None:
    """Copy what the dispositions of a sale say. `first_at` is the first that tells of an attempt. Nothing happens when
    another one than `stands` (its id) stands by now: whoever finds that one copies it.

    A lead that is over is nobody's work; one that came back to life is again its agent's, or waits when that one left.
    """
    await tx.execute(
        """UPDATE follow_ups SET kind = :kind, stage = :stage, mapping = :mapping, changed_at = :now,
               due_at = CASE WHEN :first IS NULL THEN due_at ELSE NULL END,
               first_touch_at = CASE WHEN :first IS NULL OR first_touch_at <= :first THEN first_touch_at
                   ELSE CASE WHEN :first < delivered_at THEN delivered_at ELSE :first END END,
               state = CASE WHEN :closed = 1 THEN 'closed' WHEN state <> 'closed' THEN state
                   WHEN EXISTS (SELECT 1 FROM agents a WHERE a.user_id = agent_id AND a.state = 'active')
                   THEN 'assigned' ELSE 'waiting' END,
               agent_id = CASE WHEN :closed = 1 OR state <> 'closed' OR EXISTS (SELECT 1 FROM agents a
                   WHERE a.user_id = agent_id AND a.state = 'active') THEN agent_id ELSE NULL END
           WHERE sale_id = :sale AND :stands = COALESCE((SELECT s.disposition_id FROM sale_dispositions s
               WHERE s.sale_id = follow_ups.sale_id), '')""",
        sale=sale_id,
        stands=stands,
        kind=kind,
        stage=stage,
        mapping=mapping,
        first=first_at,
        closed=int(closed),
        now=now,
    )


async def note_event(tx: Tx, event_id: str, sale_id: str, at: int, kind: str, agent_id: str | None, by: str) -> None:
    await tx.execute(
        """INSERT INTO follow_events (id, sale_id, at, kind, agent_id, told_by)
           VALUES (:id, :sale, :at, :kind, :agent, :by) ON CONFLICT (id) DO NOTHING""",
        id=event_id,
        sale=sale_id,
        at=at,
        kind=kind,
        agent=agent_id,
        by=by,
    )


async def add_reminder(tx: Tx, reminder: ReminderRow, job: JobRow) -> None:
    await tx.execute(
        """INSERT INTO reminders (id, sale_id, agent_id, at, note, state, made_at)
           VALUES (:id, :sale, :agent, :at, :note, 'open', :made)""",
        id=reminder.id,
        sale=reminder.sale_id,
        agent=reminder.agent_id,
        at=reminder.at,
        note=reminder.note,
        made=reminder.made_at,
    )
    await add_job(tx, job)


async def end_reminder(tx: Tx, reminder_id: str, agent_id: str, state: str) -> bool:
    """It was told, or the agent is done with it."""
    changed = await tx.execute(
        """UPDATE reminders SET state = :state WHERE id = :id AND agent_id = :agent AND state <> 'done'
               AND state <> :state""",
        id=reminder_id,
        agent=agent_id,
        state=state,
    )
    return bool(changed)

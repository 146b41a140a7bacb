"""Measures against sub ids, and the rules by which the exchange may take them."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.model.measure import Action, Measure, MeasureState, SourceRule
from exchange.model.quality import DAY_MS
from exchange.model.screen import AlertRow, Block
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.screen import lift_block, note_alert, save_block


async def read_rules(tx: Tx) -> list[SourceRule]:
    rows = await tx.fetch("SELECT * FROM source_rules ORDER BY vertical")
    return [
        SourceRule(
            row["vertical"], Action(row["action"]), row["chance"], row["leads"], row["bad"], row["days"], row["cap"]
        )
        for row in rows
    ]


async def save_rule(tx: Tx, rule: SourceRule, line: AuditLine) -> None:
    """Switch a rule on, change it, or switch it off (`suggest`)."""
    await tx.execute(
        """INSERT INTO source_rules (vertical, action, chance, leads, bad, days, cap, made_at, made_by)
           VALUES (:vertical, :action, :chance, :leads, :bad, :days, :cap, :at, :by)
           ON CONFLICT (vertical) DO UPDATE SET action = :action, chance = :chance, leads = :leads, bad = :bad,
               days = :days, cap = :cap, made_at = :at, made_by = :by""",
        **{**rule._asdict(), "action": rule.action.value},
        at=line.at,
        by=line.actor.name,
    )
    await record(tx, line)


def _measure(row: Row) -> Measure:
    values = {name: row[name] for name in Measure._fields}
    return Measure(
        **{
            **values,
            "kind": Action(row["kind"]),
            "state": MeasureState(row["state"]),
            "by_rule": bool(row["by_rule"]),
        }
    )


async def read_measures(tx: Tx, since: int, most: int) -> list[Measure]:
    """Those that are open, then those closed since a moment, the latest first."""
    rows = await tx.fetch(
        """SELECT * FROM source_measures WHERE state IN ('suggested', 'in_force') OR changed_at > :since
           ORDER BY CASE state WHEN 'suggested' THEN 0 WHEN 'in_force' THEN 1 ELSE 2 END, changed_at DESC, id
           LIMIT :most""",
        since=since,
        most=most,
    )
    return [_measure(row) for row in rows]


async def read_measure(tx: Tx, measure_id: str) -> Measure | None:
    rows = await tx.fetch("SELECT * FROM source_measures WHERE id = :id", id=measure_id)
    return _measure(rows[0]) if rows else None


async def note_measure(tx: Tx, measure: Measure, alert: AlertRow | None, month: str, line: AuditLine | None) -> bool:
    """Keep what was found, or what a rule did about it. False when the sub id has an open measure already.

    A rule takes what had only been suggested.
    """
    told = {
        **measure._asdict(),
        "kind": measure.kind.value,
        "state": measure.state.value,
        "by_rule": int(measure.by_rule),
    }
    names = ", ".join(Measure._fields)
    values = ", ".join(f":{name}" for name in Measure._fields)
    rows = await tx.fetch(
        f"""INSERT INTO source_measures ({names}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING id""", **told
    )
    if not rows and measure.state is MeasureState.IN_FORCE:
        rows = await tx.fetch(
            """UPDATE source_measures SET kind = :kind, cap = :cap, state = :state, by_rule = :by_rule,
                   chance = :chance, share = :share, bar = :bar, leads = :leads, bad = :bad, changed_at = :changed_at,
                   changed_by = :changed_by
               WHERE seller_id = :seller_id AND sub_id = :sub_id AND state = 'suggested' RETURNING id""",
            **{name: value for name, value in told.items() if name not in ("id", "vertical", "found_at", "note")},
        )
    if not rows:
        return False
    if measure.state is MeasureState.IN_FORCE and measure.kind is Action.BLOCK:
        block = Block(measure.seller_id, measure.sub_id, measure.why, measure.changed_at, measure.changed_by)
        assert line is not None, "a block has its line in the audit log"
        await save_block(tx, block, line)
    elif line is not None:
        await record(tx, line)
    if alert is not None:
        await note_alert(tx, alert, month)
    return True


async def decide_measure(
    tx: Tx, measure: Measure, kind: Action, cap: int, state: MeasureState, note: str, line: AuditLine
) -> bool:
    """A person takes a measure, dismisses it, or undoes it. False when somebody was there before."""
    before = {MeasureState.IN_FORCE: "suggested", MeasureState.DISMISSED: "suggested"}.get(state, "in_force")
    done = await tx.execute(
        """UPDATE source_measures SET state = :state, kind = :kind, cap = :cap, by_rule = 0, changed_at = :at,
               changed_by = :by, note = :note WHERE id = :id AND state = :before""",
        id=measure.id,
        state=state.value,
        kind=kind.value,
        cap=cap,
        at=line.at,
        by=line.actor.name,
        note=note,
        before=before,
    )
    if not done:
        return False
    if state is MeasureState.IN_FORCE and kind is Action.BLOCK:
        await save_block(tx, Block(measure.seller_id, measure.sub_id, note, line.at, line.actor.name), line)
    elif state is MeasureState.UNDONE and measure.kind is Action.BLOCK:
        if not await lift_block(tx, measure.seller_id, measure.sub_id, line):
            await record(tx, line)  # somebody let it in on the screen's own page
    else:
        await record(tx, line)
    return True


async def take_back_suggestion(tx: Tx, measure_id: str, note: str, at: int) -> bool:
    """What was suggested has come to nothing. False when somebody decided about it before."""
    done = await tx.execute(
        """UPDATE source_measures SET state = 'recovered', note = :note, changed_at = :at, changed_by = 'exchange'
           WHERE id = :id AND state = 'suggested'""",
        id=measure_id,
        note=note,
        at=at,
    )
    return done == 1


async def closed_lately(tx: Tx, since: int) -> set[tuple[str, str]]:
    """Sub ids whose measure a person dismissed or undid since a moment: they are left alone for a while."""
    rows = await tx.fetch(
        """SELECT seller_id, sub_id FROM source_measures
           WHERE state IN ('dismissed', 'undone') AND changed_at > :since""",
        since=since,
    )
    return {(row["seller_id"], row["sub_id"]) for row in rows}


async def caps_in_force(tx: Tx) -> dict[tuple[str, str], int]:
    """By seller and sub id, how many posts a day are taken."""
    rows = await tx.fetch(
        "SELECT seller_id, sub_id, cap FROM source_measures WHERE state = 'in_force' AND kind = 'cap' ORDER BY id"
    )
    return {(row["seller_id"], row["sub_id"]): row["cap"] for row in rows}


async def take_source_cap(tx: Tx, seller_id: str, sub_id: str, most: int, day: int) -> bool:
    """True when one more post of this sub id fits into the day (UTC, since the epoch). Exact on any number of nodes.

    The first of a day counts what came before the cap was in force; what is still at work counts by itself.
    """
    await tx.execute(
        """INSERT INTO source_cap_use (seller_id, sub_id, day, used)
           SELECT CAST(:seller AS TEXT), CAST(:sub AS TEXT), CAST(:day AS BIGINT), COUNT(*) FROM leads
           WHERE seller_id = :seller AND received_at >= :begin AND COALESCE(sub_id1, '') = :sub
               AND mode = 'live' AND kind <> 'ping' AND state <> 'open' AND COALESCE(reason, '') <> 'cap_reached'
               AND NOT EXISTS
                   (SELECT 1 FROM source_cap_use c WHERE c.seller_id = :seller AND c.sub_id = :sub AND c.day >= :day)
           ON CONFLICT (seller_id, sub_id) DO UPDATE SET day = excluded.day, used = excluded.used
               WHERE source_cap_use.day < excluded.day""",
        seller=seller_id,
        sub=sub_id,
        day=day,
        begin=day * DAY_MS,
    )
    taken = await tx.fetch(
        """UPDATE source_cap_use SET used = used + 1
           WHERE seller_id = :seller AND sub_id = :sub AND used < :most RETURNING used""",
        seller=seller_id,
        sub=sub_id,
        most=most,
    )
    return bool(taken)

"""Holds: the caps and the buyer's money that one attempt sets aside before its post, all or nothing.

Every hold is a row, so that what is given back goes to the window it was taken from, however late that is.
Rows are touched in one order everywhere: holds, caps by key, then the account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from exchange.model.hold import BalanceShort, CapFull, CapHold, Held, HoldRequest, HoldState
from exchange.model.money import Money
from exchange.storage.database import Row, Statement, StorageError, Tx
from exchange.storage.ledger import Freed, all_balances
from exchange.storage.rows import inserted, listed, values_of

__all__ = [
    "all_balances",
    "all_cap_use",
    "cap_use",
    "forget_caps",
    "held_account",
    "open_holds",
    "post_holds",
    "reserve",
    "unpost_holds",
    "void_holds",
]

_REACHED = "CASE WHEN used_units >= most_units THEN taken_at END AS reached"
WINDOWS_MS = 32 * 86_400_000  # no window but the endless one is longer than a month
CAPS_AT_ONCE = 1_000


class CapUse(NamedTuple):
    """By (cap key, window start): how much is taken, and when the last was (epoch ms), where all of it is."""

    used: Mapping[tuple[str, int], int]
    reached: Mapping[tuple[str, int], int]


class HoldExceeded(StorageError):
    """A price above what was held for it: nobody may pay more than was set aside."""


async def reserve(tx: Tx, request: HoldRequest, at: int) -> Held | CapFull | BalanceShort:
    """Take every cap and the price from the account, or nothing. Exact on both engines, however many ask at once.

    A second reserve of the same attempt is a `Conflict`.
    """
    if full := next((cap for cap in request.caps if cap.amount > cap.limit), None):
        return await _cap_full(tx, full)
    caps = sorted(request.caps, key=lambda cap: (cap.key, cap.window_start))
    statements = [_hold_rows(request, at), _take_money(request)]
    if caps:
        statements.insert(1, _take_caps(caps, at))
    _, *taken = await tx.together(*statements)
    used = _numbers(taken[0]) if caps else {}
    available = taken[-1]
    if len(used) == len(caps) and available:
        return Held(tuple(sorted(used.items())), Money(int(available[0]), request.amount.currency))
    await _undo(tx, request, [cap for cap in caps if cap.key in used], took_money=bool(available))
    refused = next((cap for cap in request.caps if cap.key not in used), None)
    if refused is not None:
        return await _cap_full(tx, refused)
    return BalanceShort(await _available(tx, request.account, request.amount.currency), request.amount)


async def lock_in_order(
    tx: Tx, attempt_ids: Sequence[str], requests: Sequence[HoldRequest], accounts: Collection[str]
) -> None:
    """Lock everything that a unit about several attempts will touch, in one order everywhere.

    A lead that goes from one buyer to the next and a lead that goes the other way would else wait for each other.
    `attempt_ids` have holds, `requests` are about to be held, `accounts` will be booked to.
    """
    if not tx.for_update:
        return
    held: list[Row] = []
    if attempt_ids:
        names, params = listed("attempt", attempt_ids)
        held = await tx.fetch(f"SELECT what, key, window_start FROM holds WHERE attempt_id IN {names}", **params)
    most = {(row["key"], row["window_start"]): 0 for row in held if row["what"] != "account"}
    most |= {(cap.key, cap.window_start): cap.limit for request in requests for cap in request.caps}
    if most:
        rows = [{"key": key, "start": start, "used": 0, "most": units} for (key, start), units in sorted(most.items())]
        values, params = values_of(("key", "start", "used", "most"), rows)
        await tx.fetch(  # a window that nobody used yet has no row to lock: it is made
            f"""INSERT INTO cap_use (key, window_start, used_units, most_units) {values}
                ON CONFLICT (key, window_start) DO UPDATE SET used_units = cap_use.used_units RETURNING key""",
            **params,
        )
    wanted = {row["key"] for row in held if row["what"] == "account"} | {each.account for each in requests}
    if wanted := wanted | set(accounts):
        names, params = listed("account", sorted(wanted))
        await tx.fetch(
            f"SELECT account FROM account_balances WHERE account IN {names} ORDER BY account, currency {tx.for_update}",
            **params,
        )


async def post_holds(tx: Tx, attempt_id: str, price: Money, at: int) -> tuple[Freed, ...]:
    """The sale is made: keep the caps. What the account held is for `book` to free, which follows in the same unit.

    `price` may be below what was held; money caps get the difference back. Empty when nothing was held any more.
    """
    rows = await tx.fetch(
        """UPDATE holds SET state = 'posted', changed_at = :at,
               posted_units = CASE WHEN what = 'count' THEN amount_units ELSE :price END
           WHERE attempt_id = :attempt AND state = 'held'
           RETURNING what, key, window_start, amount_units, posted_units, currency""",
        attempt=attempt_id,
        price=price.units,
        at=at,
    )
    for row in rows:
        if row["posted_units"] > row["amount_units"] or row["currency"] != price.currency:
            raise HoldExceeded(f"{attempt_id} held {row['amount_units']} {row['currency']} and posts {price}")
    await _give_back(tx, [], [{**row, "back": row["amount_units"] - row["posted_units"]} for row in rows])
    return tuple(
        Freed(row["key"], Money(row["amount_units"], row["currency"])) for row in rows if row["what"] == "account"
    )


async def void_holds(tx: Tx, attempt_id: str, at: int) -> bool:
    """The sale is not made: give everything back. False when nothing was held any more."""
    rows = await tx.fetch(
        """UPDATE holds SET state = 'void', changed_at = :at WHERE attempt_id = :attempt AND state = 'held'
           RETURNING what, key, window_start, amount_units, currency""",
        attempt=attempt_id,
        at=at,
    )
    await _give_back(tx, rows, [{**row, "back": row["amount_units"]} for row in rows])
    return bool(rows)


async def unpost_holds(tx: Tx, attempt_id: str, at: int) -> None:
    """The sale is undone: what it used of the caps goes back to the windows it was taken from.

    Its money is the booking's to give back; a window that is forgotten is not made again.
    """
    rows = await tx.fetch(
        """UPDATE holds SET state = 'void', changed_at = :at WHERE attempt_id = :attempt AND state = 'posted'
           RETURNING what, key, window_start, posted_units""",
        attempt=attempt_id,
        at=at,
    )
    await _give_back(tx, [], [{**row, "back": row["posted_units"]} for row in rows])


async def cap_use(tx: Tx, windows: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """How much of each (cap key, window start) is taken; untouched ones are left out."""
    use: dict[tuple[str, int], int] = {}
    for first in range(0, len(windows), CAPS_AT_ONCE):
        asked = windows[first : first + CAPS_AT_ONCE]
        values, params = values_of(("key", "start"), [{"key": key, "start": start} for key, start in asked])
        rows = await tx.fetch(
            f"SELECT key, window_start, used_units FROM cap_use WHERE (key, window_start) IN ({values})", **params
        )
        use.update({(row["key"], row["window_start"]): row["used_units"] for row in rows})
    return use


async def all_cap_use(tx: Tx, now: int) -> CapUse:
    """The use of every cap window that may still be open at `now`, the endless one (which starts at 0) included."""
    rows = await tx.fetch(
        f"""SELECT key, window_start, used_units, {_REACHED} FROM cap_use
            WHERE window_start = 0 OR window_start > :since""",
        since=now - WINDOWS_MS,
    )
    windows = {(row["key"], row["window_start"]): row for row in rows}
    reached = {window: row["reached"] for window, row in windows.items() if row["reached"] is not None}
    return CapUse({window: row["used_units"] for window, row in windows.items()}, reached)


async def held_account(tx: Tx, attempt_id: str) -> str | None:
    """The account that an attempt's price is held on: its sale is paid from there, whatever the buyer pays from now."""
    rows = await tx.fetch(
        "SELECT key FROM holds WHERE attempt_id = :attempt AND what = 'account' AND state = 'held'", attempt=attempt_id
    )
    return rows[0]["key"] if rows else None


async def open_holds(tx: Tx, before: int, limit: int = 500) -> list[Row]:
    """Holds made before an instant that are neither posted nor void, oldest first."""
    return await tx.fetch(
        """SELECT attempt_id, what, key, window_start, amount_units, currency, made_at FROM holds
           WHERE state = 'held' AND made_at < :before ORDER BY made_at, attempt_id, what, key LIMIT :limit""",
        before=before,
        limit=limit,
    )


async def forget_caps(tx: Tx, before: int) -> int:
    """Delete cap windows that began before an instant and that no open hold may come back to."""
    return await tx.execute(
        """DELETE FROM cap_use WHERE window_start > 0 AND window_start < :before AND NOT EXISTS
           (SELECT 1 FROM holds WHERE holds.state = 'held' AND holds.what IN ('count', 'money')
            AND holds.key = cap_use.key AND holds.window_start = cap_use.window_start)""",
        before=before,
    )


_HOLD = (
    "attempt_id",
    "what",
    "key",
    "window_start",
    "amount_units",
    "currency",
    "state",
    "made_at",
    "changed_at",
)
_CAP = ("key", "window_start", "used_units", "most_units", "taken_at")
_IF_IT_FITS = """ON CONFLICT (key, window_start) DO UPDATE
                 SET used_units = cap_use.used_units + excluded.used_units, most_units = excluded.most_units,
                     taken_at = excluded.taken_at
                 WHERE cap_use.used_units + excluded.used_units <= excluded.most_units
                 RETURNING cap_use.key || '=' || CAST(cap_use.used_units AS TEXT) AS key"""


def _hold_rows(request: HoldRequest, at: int) -> Statement:
    attempt, rest = request.attempt_id, (request.amount.currency, HoldState.HELD.value, at, at)
    rows = [
        (attempt, "money" if cap.money else "count", cap.key, cap.window_start, cap.amount, *rest)
        for cap in request.caps
    ]
    rows.append((attempt, "account", request.account, 0, request.amount.units, *rest))
    return inserted("holds", _HOLD, rows)


def _take_caps(caps: Sequence[CapHold], at: int) -> Statement:
    """Each cap rises only if what it then holds is within its limit; one that does not is missing in the answer."""
    rows = [(cap.key, cap.window_start, cap.amount, cap.limit, at) for cap in caps]
    return inserted("cap_use", _CAP, rows, _IF_IT_FITS)


def _take_money(request: HoldRequest) -> Statement:
    return (
        """UPDATE account_balances SET held_units = held_units + :units
           WHERE account = :account AND currency = :currency AND limit_units + posted_units - held_units >= :units
           RETURNING CAST(limit_units + posted_units - held_units AS TEXT) AS key""",
        {"units": request.amount.units, "account": request.account, "currency": request.amount.currency},
    )


def _numbers(keys: Sequence[str]) -> dict[str, int]:
    pairs = (text.rpartition("=") for text in keys)
    return {key: int(number) for key, _, number in pairs}


async def _undo(tx: Tx, request: HoldRequest, caps: Sequence[CapHold], *, took_money: bool) -> None:
    """Give back what a refused reserve took, inside its own transaction: nobody saw it."""
    await tx.execute("DELETE FROM holds WHERE attempt_id = :attempt", attempt=request.attempt_id)
    rows: list[Row] = [
        {"what": "count", "key": cap.key, "window_start": cap.window_start, "back": cap.amount} for cap in caps
    ]
    account = {"what": "account", "key": request.account, "amount_units": request.amount.units}
    await _give_back(tx, [{**account, "currency": request.amount.currency}] if took_money else [], rows)


async def _give_back(tx: Tx, held: Sequence[Row], caps: Sequence[Row]) -> None:
    """Lower the caps by their `back`, and free what the account held."""
    statements: list[Statement] = []
    back = [
        {"key": row["key"], "start": row["window_start"], "units": row["back"]}
        for row in sorted(caps, key=_by_key)
        if row["what"] != "account" and row["back"]
    ]
    if back:
        values, params = values_of(("key", "start", "units"), back)
        statements.append(
            (
                f"""WITH back (key, window_start, units) AS ({values})
                    UPDATE cap_use SET used_units = cap_use.used_units - back.units FROM back
                    WHERE cap_use.key = back.key AND cap_use.window_start = back.window_start
                    RETURNING cap_use.key AS key""",
                params,
            )
        )
    statements += [_free_money(row) for row in held if row["what"] == "account"]
    if statements:
        await tx.together(*statements)


def _free_money(row: Row) -> Statement:
    return (
        """UPDATE account_balances SET held_units = held_units - :units
           WHERE account = :account AND currency = :currency RETURNING account AS key""",
        {"units": row["amount_units"], "account": row["key"], "currency": row["currency"]},
    )


def _by_key(row: Mapping[str, object]) -> str:
    return str(row["key"])


async def _cap_full(tx: Tx, cap: CapHold) -> CapFull:
    rows = await tx.fetch(
        f"SELECT used_units, {_REACHED} FROM cap_use WHERE key = :key AND window_start = :start",
        key=cap.key,
        start=cap.window_start,
    )
    used, reached = (rows[0]["used_units"], rows[0]["reached"]) if rows else (0, None)
    return CapFull(cap.key, cap.name, used, cap.most, reached)


async def _available(tx: Tx, account: str, currency: str) -> Money:
    rows = await tx.fetch(
        """SELECT limit_units + posted_units - held_units AS units FROM account_balances
           WHERE account = :account AND currency = :currency""",
        account=account,
        currency=currency,
    )
    return Money(rows[0]["units"] if rows else 0, currency)

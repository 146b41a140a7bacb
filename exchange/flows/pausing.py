"""A buyer or a contract is left out for a while, by the exchange or by the buyer itself, and comes back by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.party import Buyer, Contract, Pause, State
from exchange.stages.notes import note_problem
from exchange.storage.by_hand import change_buyer, change_contract, wake_buyer, wake_contract

HOUR, TOMORROW, DATE, OPEN, RESUME = "hour", "tomorrow", "date", "open", "resume"
CHOICES = (HOUR, TOMORROW, DATE, OPEN)
DAYS_MOST = 366
_HOUR_MS = 3_600_000


class CannotPause(Exception):
    """The sentence says what to mend. `field` is that of the form."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def until_of(choice: str, day: str, zone: str, now: int) -> int | None:
    """When a pause ends: in an hour, with the next day, when a day begins, or when somebody says so (None). Days are
    those of `zone`. Raises `CannotPause`."""
    if choice == HOUR:
        return now + _HOUR_MS
    if choice == OPEN:
        return None
    here = datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
    if choice == TOMORROW:
        return _begins(here + timedelta(days=1), zone)
    if choice != DATE:
        raise CannotPause("for", "Say for how long: an hour, until tomorrow, until a date, or until resumed.")
    try:
        wanted = date.fromisoformat(day.strip())
    except ValueError:
        raise CannotPause("day", "Give the date it comes back, such as 2026-12-01.") from None
    if not here < wanted <= here + timedelta(days=DAYS_MOST):
        raise CannotPause("day", f"It comes back on a day after today, at most {DAYS_MOST} days ahead.")
    return _begins(wanted, zone)


def _begins(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def reason_in(text: str) -> str:
    """Raises `CannotPause`. A reason may be left out."""
    reason = " ".join(text.split())
    wrong = note_problem(reason) if reason else None
    if wrong is not None:
        raise CannotPause("reason", wrong.message)
    return reason


@dataclass(frozen=True, slots=True)
class Switch:
    """What the form of a switch asks for: one of `CHOICES` or `RESUME`, the day of a date, and why."""

    choice: str
    day: str = ""
    reason: str = ""


async def switch_buyer(market: Market, buyer_id: str, wanted: Switch, actor: Actor, ip: str = "") -> None:
    """Pause a buyer or resume it. Raises `LookupError` and `CannotPause`."""
    if wanted.choice == RESUME:
        await resume_buyer(market, buyer_id, actor, ip)
        return
    until = until_of(wanted.choice, wanted.day, market.zone, market.clock.now())
    await pause_buyer(market, buyer_id, until, reason_in(wanted.reason), actor, ip)


async def switch_contract(market: Market, contract: Contract, wanted: Switch, actor: Actor, ip: str = "") -> None:
    """The same of a contract, whose days are those of its own zone."""
    if wanted.choice == RESUME:
        await resume_contract(market, contract.id, actor, ip)
        return
    until = until_of(wanted.choice, wanted.day, contract.zone, market.clock.now())
    await pause_contract(market, contract.id, until, reason_in(wanted.reason), actor, ip)


async def pause_buyer(
    market: Market, buyer_id: str, until: int | None, reason: str, actor: Actor, ip: str = ""
) -> Buyer:
    """Nothing more goes to a buyer; what is on its way ends. Raises `LookupError`, and `CannotPause` when somebody
    else was at it at once."""
    buyer, now = _buyer(market, buyer_id), market.clock.now()
    pause = Pause(reason, actor.name, now, until, actor.role is Role.BUYER)
    paused = replace(buyer, state=State.PAUSED, pause=pause)
    await _put_buyer(market, buyer, paused, "buyer.paused", actor, ip)
    return paused


async def resume_buyer(market: Market, buyer_id: str, actor: Actor, ip: str = "") -> bool:
    """False when it is not paused. Raises `LookupError`, and `CannotPause` when somebody else has to do it."""
    buyer = _buyer(market, buyer_id)
    if buyer.state is not State.PAUSED:
        return False
    _may_resume(buyer.pause, actor)
    await _put_buyer(market, buyer, _back(buyer), "buyer.resumed", actor, ip)
    return True


async def send_away(market: Market, buyer_id: str, until: int | None, actor: Actor, ip: str = "") -> None:
    """A buyer's vacation begins now, or ends (None). Raises `LookupError` and `CannotPause`."""
    buyer = _buyer(market, buyer_id)
    action = "buyer.vacation" if until is not None else "buyer.back"
    await _put_buyer(market, buyer, replace(buyer, away_until=until), action, actor, ip)


async def pause_contract(
    market: Market, contract_id: str, until: int | None, reason: str, actor: Actor, ip: str = ""
) -> int:
    """A new version that buys nothing until then. Returns its number. Raises `LookupError`."""
    contract, now = _contract(market, contract_id), market.clock.now()
    pause = Pause(reason, actor.name, now, until, actor.role is Role.BUYER)
    wanted = replace(contract, state=State.PAUSED, paused_reason=reason, pause=pause)
    return await _put_contract(market, contract, wanted, "contract.paused", actor, ip)


async def resume_contract(market: Market, contract_id: str, actor: Actor, ip: str = "") -> bool:
    """False when it is not paused. Raises `LookupError`, and `CannotPause` when somebody else has to do it."""
    contract = _contract(market, contract_id)
    if contract.state is not State.PAUSED:
        return False
    if contract.pause is None:
        raise CannotPause("", f"{contract.name} is not live yet: it goes live once its connection was tested.")
    _may_resume(contract.pause, actor)
    await _put_contract(market, contract, _awake(contract), "contract.resumed", actor, ip)
    return True


def _may_resume(pause: Pause | None, actor: Actor) -> None:
    if actor.role is Role.BUYER and not (pause is not None and pause.own):
        raise CannotPause("", "The exchange paused this, so the exchange resumes it. Ask whoever runs it.")


async def end_pauses(market: Market) -> int:
    """Write down what came back by itself: leads went to it again from the very moment its pause was over."""
    now, deals, ended = market.clock.now(), market.deals, 0
    for buyer in deals.buyers.values():
        if buyer.pause is not None and buyer.pause.over(now):
            line = _line(market, buyer, _back(buyer), "buyer.resumed", SYSTEM, "")
            ended += await market.db.write(wake_buyer, buyer, _back(buyer), line)
    for contract in deals.contracts.values():
        if contract.pause is not None and contract.pause.over(now):
            line = _line(market, contract, _awake(contract), "contract.resumed", SYSTEM, "")
            ended += await market.db.write(wake_contract, contract, _awake(contract), line)
    if ended:
        await refresh(market)
    return ended


def _back(buyer: Buyer) -> Buyer:
    return replace(buyer, state=State.ACTIVE, pause=None)


def _awake(contract: Contract) -> Contract:
    return replace(contract, state=State.ACTIVE, paused_reason="", pause=None)


def _buyer(market: Market, buyer_id: str) -> Buyer:
    found = market.deals.buyers.get(buyer_id)
    if found is None or found.state is State.DELETED:
        raise LookupError(buyer_id)
    return found


def _contract(market: Market, contract_id: str) -> Contract:
    found = market.deals.contracts.get(contract_id)
    if found is None or found.state is State.DELETED:
        raise LookupError(contract_id)
    return found


async def _put_buyer(market: Market, before: Buyer, after: Buyer, action: str, actor: Actor, ip: str) -> None:
    line = _line(market, before, after, action, actor, ip)
    made = await market.db.write(change_buyer, before, after, market.clock.now(), line)
    await refresh(market)
    if made is None:
        raise CannotPause("", f"{before.name} was paused or resumed by somebody else just now. Look, and do it again.")


async def _put_contract(market: Market, before: Contract, after: Contract, action: str, actor: Actor, ip: str) -> int:
    line = _line(market, before, after, action, actor, ip)
    version = await market.db.write(change_contract, after, market.clock.now(), line)
    await refresh(market)
    return version


def _line(
    market: Market, before: Buyer | Contract, after: Buyer | Contract, action: str, actor: Actor, ip: str
) -> AuditLine:
    subject = f"{'buyer' if isinstance(after, Buyer) else 'contract'}:{after.id}"
    now = market.clock.now()
    return audit_line(market.ids, now, actor, action, subject, before=_told(before), after=_told(after), ip=ip)


def _told(party: Buyer | Contract) -> dict[str, object]:
    told: dict[str, object] = {"state": party.state.value}
    if party.pause is not None:
        told |= {"reason": party.pause.reason, "until": party.pause.until}
    if isinstance(party, Buyer) and party.away_until is not None:
        told["away_until"] = party.away_until
    return told

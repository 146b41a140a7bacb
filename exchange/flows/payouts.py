"""Payout runs: previewed, prepared for a period that is over, approved by as many people as it takes, issued.

Everything is computed from the ledger. Whatever is repeated, from two tabs or on two nodes, is decided by the database
once; the others find what stands then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.tell import News, tell
from exchange.log import logger
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.ledger import seller_account
from exchange.model.money import Money
from exchange.model.payout import Figures, Payment, PaymentState, PaymentTerms, Run, RunState, Sums
from exchange.model.statement import BEGINNING, Cut, Party, Period
from exchange.model.work import JobRow
from exchange.stages.payout.run import GRACE_MS, due_at, figures_of, issue_booking, reserve_until
from exchange.stages.reasons import show_money
from exchange.stages.statement import bounds_around
from exchange.storage.earned import kept_sums
from exchange.storage.jobs import add_jobs
from exchange.storage.ledger_views import last_check
from exchange.storage.movements import sealed_through
from exchange.storage.payout_runs import (
    Issuing,
    ReserveMoved,
    approvals_of,
    approve_run,
    discard_run,
    held_reserves,
    insert_run,
    issue_run,
    last_run,
    next_number,
    next_release,
    read_run,
    set_hold,
)
from exchange.storage.payout_sums import (
    OPEN,
    SumLine,
    drifted,
    first_entry_at,
    moved_accounts,
    summed,
    sums,
)
from exchange.storage.seller_terms import TermsRow, terms_of
from exchange.storage.statements import NumberTaken

ISSUED = "payout.issued"
_LOG = logger(__name__)
_TRIES = 20
_TOLD = 30  # sellers named in a mail


class CannotPay(Exception):
    """Why not, in a sentence with what to do."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would say now. `until` is when its period ends; `over` says that it has, and may be prepared."""

    seller_id: str
    currency: str
    terms: TermsRow
    since: int | None
    until: int
    over: bool
    lines: tuple[SumLine, ...]
    figures: Figures
    due_at: int
    last: Run | None

    def money(self, units: int) -> Money:
        return Money(units, self.currency)


async def preview(market: Market, seller_id: str, currency: str) -> Preview:
    """The period that is to be prepared next; when none is over, the one that runs, as it stands now."""
    row = await market.db.read(terms_of, seller_id)
    last = await market.db.read(last_run, seller_id, currency)
    until, first = await _ends(market, seller_id, currency, row.terms, last)
    over = until + GRACE_MS <= market.clock.now()
    cut = Cut(until, OPEN) if over else Cut(OPEN, OPEN)
    since = last.until if last is not None else BEGINNING
    lines = await market.db.read(kept_sums, Period(seller_account(seller_id), currency, since, cut))
    figures = await _figures(market, seller_id, currency, row.terms, last, summed(lines), until)
    began = last.until.at if last is not None else first
    due = due_at(until, row.terms, _zone(market, row.terms))
    return Preview(seller_id, currency, row, began, until, over, lines, figures, due, last)


async def earning_accounts(market: Market, seller_id: str = "") -> list[tuple[str, str]]:
    """Every seller that has earned anything, or one, with each of its currencies; by name."""
    accounts = [each for each in await market.db.read(moved_accounts) if seller_id in ("", each[0])]
    return sorted(accounts, key=lambda each: (_name(market, each[0]).lower(), each[1]))


async def previews(market: Market, seller_id: str = "") -> list[Preview]:
    """Of all of them. Each asks the ledger for its period."""
    return [await preview(market, *each) for each in await earning_accounts(market, seller_id)]


async def prepare(
    market: Market, seller_id: str, currency: str, actor: Actor, ip: str = "", *, program: bool = False
) -> Run:
    """The run of the next period that is over. Prepared before, it is that one again. Raises `CannotPay`.

    What a `program` prepares the exchange prepared: its key, or a shell's account, in somebody's hands is no person.
    """
    last = await market.db.read(last_run, seller_id, currency)
    if last is not None and last.state is RunState.PREPARED:
        return last
    row = await market.db.read(terms_of, seller_id)
    until, _ = await _ends(market, seller_id, currency, row.terms, last)
    now = market.clock.now()
    if until + GRACE_MS > now:
        raise CannotPay(f"The period ends on {_day(market, until)}: it is prepared a quarter of an hour later.")
    position = await market.db.read(sealed_through, until)
    if position is None:
        raise CannotPay("Not every entry of the period is sealed yet. Try again in a minute.")
    since = last.until if last is not None else BEGINNING
    period = Period(seller_account(seller_id), currency, since, Cut(until, position))
    found = summed(await market.db.read(sums, period))
    figures = await _figures(market, seller_id, currency, row.terms, last, found, until)
    run = Run(
        market.ids.new("pay", now),
        seller_id,
        currency,
        last.id if last is not None else "",
        since,
        period.until,
        row.version,
        Party(seller_id, _name(market, seller_id), row.terms.address, row.terms.tax_id, _zone(market, row.terms)),
        row.terms.method_for(currency),
        figures,
        reserve_until(until, row.terms),
        due_at(until, row.terms, _zone(market, row.terms)),
        now,
        SYSTEM.name if program else actor.name,
    )
    line = _line(market, actor, "payout.prepared", run, {"pay": run.money(figures.pay).text}, ip)
    if await market.db.write(insert_run, run, line):
        return run
    standing = await market.db.write(last_run, seller_id, currency)
    assert standing is not None, "somebody else prepared it"
    return standing


async def prepare_due(market: Market) -> int:
    """Prepare whatever period is over. Returns how many runs were made."""
    made: list[Run] = []
    for seller_id, currency in await market.db.read(moved_accounts):
        if seller_id not in market.deals.sellers:
            continue
        try:
            last = await market.db.read(last_run, seller_id, currency)
            run = await prepare(market, seller_id, currency, SYSTEM)
            if last is None or last.id != run.id:
                made.append(run)
        except CannotPay:
            continue
        except Exception as error:  # one seller must not keep the others waiting
            _LOG.error("A payout run could not be prepared", seller=seller_id, exc_info=error)
    if made:
        await market.db.write(add_jobs, (_to_approve(market, made),))
    return len(made)


def _to_approve(market: Market, made: list[Run]) -> JobRow:
    lines = tuple(f"{run.party.name}: {show_money(run.money(run.figures.pay))}" for run in made[:_TOLD])
    subject = f"{len(made)} payout{'' if len(made) == 1 else 's'} to approve"
    return letter(market, Role.OPERATOR, None, subject, lines, "/console/payouts", f"payouts:{made[0].id}", "payout")


async def needs_two(market: Market, run: Run) -> bool:
    """Whether its payment is above the amount that one person may approve."""
    return run.figures.pay > market.payout_two_above_units


async def approve(market: Market, run_id: str, actor: Actor, ip: str = "", *, program: bool = False) -> Run:
    """Somebody says yes; with the last yes that is needed the statement is issued. Approved before, it is as it stands.

    Above the set amount two people have to do with it: who prepared it and another, or two who approve what the
    exchange prepared. A `program` is nobody, as is an account of a shell, whose name nobody proved. Raises `CannotPay`.
    """
    run = await _run(market, run_id)
    if run.state is not RunState.PREPARED:
        if run.state is RunState.DISCARDED:
            raise CannotPay("This run was discarded. Prepare it anew.")
        return run
    if run.hold_reason:
        raise CannotPay(f"This run is held: {run.hold_reason}. Let it go first.")
    await require_sound(market, run.seller_id, run.currency)
    two, by_person = await needs_two(market, run), run.prepared_by != SYSTEM.name
    most = show_money(run.money(market.payout_two_above_units))
    if two and program:
        raise CannotPay(f"Programs and the command line approve up to {most}. Approve this one in the console.")
    if two and actor.name == run.prepared_by:
        raise CannotPay(f"You prepared this run. Above {most} another person approves it.")
    line = _line(market, actor, "payout.approved", run, {"pay": run.money(run.figures.pay).text}, ip)
    count = await market.db.write(approve_run, run.id, actor.name, line)
    if count and count >= (1 if by_person or not two else 2):
        await _issue(market, run, actor, ip)
    return await _run(market, run_id)


async def waits_for(market: Market, run: Run) -> str:
    """What a prepared run needs, in a sentence; empty when it needs nothing."""
    if run.state is not RunState.PREPARED:
        return ""
    if run.hold_reason:
        return f"Held: {run.hold_reason}"
    if not await needs_two(market, run):
        return "Waits for one approval"
    said = [name for name, _ in await market.db.read(approvals_of, run.id)]
    if run.prepared_by != SYSTEM.name:
        return f"Waits for somebody other than {run.prepared_by}"
    return f"Approved by {said[0]}, waits for a second person" if said else "Waits for two people"


async def hold(market: Market, run_id: str, reason: str, actor: Actor, ip: str = "") -> Run:
    """Keep a prepared run from being approved, or let it go with an empty reason. Raises `CannotPay`."""
    run = await _run(market, run_id)
    action = "payout.held" if reason else "payout.let_go"
    if not await market.db.write(set_hold, run.id, reason, _line(market, actor, action, run, {"reason": reason}, ip)):
        raise CannotPay("Only a run that waits for approval is held or let go, once.")
    return await _run(market, run_id)


async def discard(market: Market, run_id: str, actor: Actor, ip: str = "") -> Run:
    """Take back what was prepared; its period can be prepared anew. Raises `CannotPay`."""
    run = await _run(market, run_id)
    if not await market.db.write(discard_run, run.id, _line(market, actor, "payout.discarded", run, {}, ip)):
        raise CannotPay("Only a run that waits for approval is discarded: an issued statement stands.")
    return await _run(market, run_id)


async def require_sound(market: Market, seller_id: str, currency: str) -> None:
    """Nothing is approved, exported or paid on books that do not hold. Raises `CannotPay`."""
    checked = await market.db.read(last_check)
    if checked is not None and not checked.sound:
        raise CannotPay(
            f"The check of the ledger on {_day(market, checked.at)} failed, so payouts are locked. "
            "Run exchange ledger verify: it names what is wrong."
        )
    if drift := await market.db.read(drifted, seller_id, currency):
        raise CannotPay(f"The balance of {drift[0]} is not what its entries sum to, so payouts are locked.")


async def _issue(market: Market, run: Run, actor: Actor, ip: str) -> None:
    now = market.clock.now()
    year = datetime.fromtimestamp(now // 1000, ZoneInfo(market.zone)).year
    for _ in range(_TRIES):
        number = await market.db.write(next_number, year)
        try:
            await market.db.write(
                issue_run, _issuing(market, run, number, actor, ip, now), _news(market, run, number, now)
            )
        except NumberTaken:
            continue
        except ReserveMoved:
            raise CannotPay("What this run lets go of the reserve changed. Discard it and prepare it anew.") from None
        return
    raise CannotPay("Many statements are being issued at this moment. Try again.")


def _issuing(market: Market, run: Run, number: str, actor: Actor, ip: str, now: int) -> Issuing:
    pay = run.money(run.figures.pay)
    payment = None
    if pay.units:
        made = market.ids.new("pmt", now)
        payment = Payment(made, run.id, 1, run.seller_id, pay, run.method, PaymentState.DUE, now)
    line = _line(market, actor, "payout.issued", run, {"number": number, "pay": pay.text}, ip)
    return Issuing(run.id, number, now, actor.name, issue_booking(run, now, month_of(now)), payment, line)


def _news(market: Market, run: Run, number: str, now: int) -> tuple[JobRow, ...]:
    pay = run.money(run.figures.pay)
    facts: dict[str, object] = {
        "statement": number,
        "run_id": run.id,
        "seller_id": run.seller_id,
        "pay": pay.text,
        "currency": run.currency,
        "due_at": run.due_at,
    }
    told = (
        News(ISSUED, role, party, run.id, now, facts, once=run.id)
        for role, party in ((Role.SELLER, run.seller_id), (Role.OPERATOR, None))
    )
    what = f"To pay: {show_money(pay)}." if pay.units else f"Carried over: {show_money(run.money(run.figures.carry))}."
    path = f"/seller/statements/{number}"
    mail = letter(
        market, Role.SELLER, run.seller_id, f"statement {number}", (what,), path, f"statement:{run.id}", "payout"
    )
    return (*(job for news in told for job in tell(market, news)), mail)


async def _ends(
    market: Market, seller_id: str, currency: str, terms: PaymentTerms, last: Run | None
) -> tuple[int, int | None]:
    """When the next period ends, and when its first entry was made. Periods in which nothing moves are passed over."""
    zone, now = _zone(market, terms), market.clock.now()
    since = last.until if last is not None else BEGINNING
    whole = Period(seller_account(seller_id), currency, since, Cut(OPEN, OPEN))
    first = await market.db.read(first_entry_at, whole)
    begins = max(since.at, first) if first is not None else max(since.at, now)
    ends = bounds_around(terms.every, zone, begins).until
    release = await market.db.read(next_release, seller_id, currency)
    if release is not None:
        ends = min(ends, bounds_around(terms.every, zone, max(release - 1, since.at)).until)
    return ends, first


async def _figures(
    market: Market, seller_id: str, currency: str, terms: PaymentTerms, last: Run | None, found: Sums, until: int
) -> Figures:
    carried = last.figures.carry if last is not None else 0
    released = await market.db.read(held_reserves, seller_id, currency, until)
    return figures_of(found, carried, released, terms, currency)


async def _run(market: Market, run_id: str) -> Run:
    run = await market.db.write(read_run, run_id)
    if run is None:
        raise CannotPay("There is no such run.")
    return run


def _name(market: Market, seller_id: str) -> str:
    seller = market.deals.sellers.get(seller_id)
    return seller.name if seller is not None else seller_id


def _zone(market: Market, terms: PaymentTerms) -> str:
    return terms.zone or market.zone


def _day(market: Market, at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1000, ZoneInfo(market.zone)):%d %b %Y, %H:%M}"


def _line(market: Market, actor: Actor, action: str, run: Run, after: Mapping[str, str], ip: str) -> AuditLine:
    told = {"seller": run.seller_id, "currency": run.currency, **after}
    return audit_line(market.ids, market.clock.now(), actor, action, f"payout:{run.id}", after=told, ip=ip)

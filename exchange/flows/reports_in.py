"""What buyers' systems tell of the leads they bought: read every so often, or sent by themselves.

A look begins where the last good one ended, less an overlap, and is over once its last page was recorded: what it
brings twice changes nothing. One that was stopped between two pages goes on there; a reply that cannot be read leaves
the place where it is, and is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from exchange import limits
from exchange.connector import Callback, ReadsDispositions, Terms
from exchange.courier.call import Call, Result
from exchange.flows.by_hand import audit_line
from exchange.flows.connection import Connection
from exchange.flows.disposition_rows import told_of_rows
from exchange.flows.dispositions import Teller
from exchange.flows.job_ends import ComeBack, Ended
from exchange.flows.jobs import READ_REPORTS as READ_REPORTS  # given on with what the worker runs
from exchange.flows.jobs import job
from exchange.flows.market import Market
from exchange.flows.polls import plan_polls
from exchange.flows.return_files import DONE, UNCHANGED, ask_all
from exchange.flows.return_files import WRONG as WRONG_ROW
from exchange.flows.return_withdraw import withdraw
from exchange.flows.returns import Asked, Asking, Returnable, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Channel, HeardReports, RawReport, RawReturn
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.party import Contract
from exchange.model.wire import Reply
from exchange.model.work import JobRow
from exchange.stages.dispositions import Verdict, fold_word
from exchange.stages.report_columns import Row, read_when
from exchange.stages.returns.files import AskRow
from exchange.stages.returns.terms import reason_in
from exchange.storage.disposition_polls import (
    Read,
    ReadState,
    UnderWay,
    begin_reads,
    note_failed_read,
    note_heard,
    note_page,
    note_read,
    read_soon,
    read_states,
)

WRONG = "wrong"
"""Counted beside the verdicts: what named no lead or said no word."""
_DAY_MS = 86_400_000
_NEXT_MS = 1_000  # between two turns of one look
_BUSY = (429, 503)
_RETURNS = MappingProxyType({DONE: "return_asked", UNCHANGED: "return_known", WRONG_ROW: "return_refused"})
"""What became of a request to return a lead, as it is counted."""
_WITHDRAWN = "return_withdrawn"


class NotRead(Exception):
    """The system could not be asked, or its reply cannot be used. The sentence holds nothing personal.

    `wait_ms` is how long it asked to be left alone, None where it is not known that a later look may go on.
    """

    def __init__(self, told: str, wait_ms: int | None = None) -> None:
        super().__init__(told)
        self.wait_ms = wait_ms


async def plan_looks(market: Market) -> int:
    """The duty: queue every look at a source of leads, and at a buyer's system, whose time has come."""
    return await plan_polls(market) + await plan_reads(market)


async def plan_reads(market: Market) -> int:
    """Queue every look at a buyer's system whose time has come. On any number of nodes each is queued once."""
    asked = {name: each.reports for name, each in market.connections.items() if each.reports is not None}
    every = {name: reports.every_ms for name, reports in asked.items() if reports.every_ms is not None}
    if not every:
        return 0
    now = market.clock.now()
    states = await market.db.read(read_states)
    due = [
        Read(name, now + every_ms, _job(market, name, now))
        for name, every_ms in every.items()
        if states.get(name, ReadState(name)).next_at <= now and contracts_over(market, name)
    ]
    return await market.db.write(begin_reads, due, now) if due else 0


def _job(market: Market, name: str, now: int) -> JobRow:
    payload: dict[str, object] = {"connection": name}
    return job(market, f"reports:{name}", READ_REPORTS, payload, now, now, f"reports:{name}")


async def read_reports(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """The job: ask a buyer's system, and record what it says."""
    name = str(payload["connection"])
    connection = market.connections.get(name)
    contracts = contracts_over(market, name)
    if connection is None or connection.reports is None or connection.reports.every_ms is None or not contracts:
        return Ended.UNASKED
    state = (await market.db.read(read_states)).get(name, ReadState(name))
    at = state.under_way or UnderWay("", market.clock.now(), 0, {})
    since = state.since if state.since is not None else at.began_at - connection.reports.first_days * _DAY_MS
    try:
        counts = await _look(market, name, connection, contracts, since, at)
    except NotRead as error:
        now = market.clock.now()
        wait_ms = min(error.wait_ms, limits.QUEUE_REST_MS_MOST) if error.wait_ms is not None else None
        await market.db.write(note_failed_read, name, str(error), now, wait_ms)
        return None
    if counts is None:
        raise ComeBack(market.clock.now() + _NEXT_MS)
    await market.db.write(note_read, name, at.began_at - limits.PULL_OVERLAP_MS, counts, market.clock.now())
    return None


async def _look(
    market: Market, name: str, connection: Connection, contracts: Sequence[Contract], since: int, at: UnderWay
) -> Mapping[str, int] | None:
    """Page after page, each recorded before the next is asked for. None while more are to come. Raises `NotRead`."""
    assert connection.reports is not None
    ends, seen = market.clock.monotonic() + limits.REPORT_TURN_SECONDS, {at.page}
    while at.pages < limits.REPORT_PAGES:
        heard = await _ask(market, name, connection, contracts[0], since, at.page)
        counts = Counter(at.counts) + await _record(market, name, connection.reports, contracts, heard, Channel.POLL)
        if not heard.next or heard.next in seen:
            return counts
        seen.add(heard.next)
        at = UnderWay(heard.next, at.began_at, at.pages + 1, counts)
        await market.db.write(note_page, name, at)
        if market.clock.monotonic() >= ends:
            return None
    raise NotRead(f"It has more than {limits.REPORT_PAGES:,} pages: have it send larger ones.")


async def _ask(
    market: Market, name: str, connection: Connection, contract: Contract, since: int, page: str
) -> HeardReports:
    assert connection.reports is not None
    terms = Terms(market.clock.now(), "", connection.secrets)
    question = connection.reports.ask(since, page, contract, terms)
    call = Call(f"reports:{name}", question, delivers=False, simulated=connection.simulated)
    result = await market.courier.converse(call, market.clock.monotonic() + limits.REPORT_SECONDS)
    if result.lost is not None:
        raise NotRead(result.lost.detail or result.lost.why.slug.replace("_", " "), wait_ms=0)
    if result.error is not None:
        raise NotRead(f"The reply cannot be used: {result.error.why}.", _wait_ms(result))
    found: HeardReports = result.answer
    return found


def _wait_ms(result: Result) -> int | None:
    """How long a busy system wants to be left alone; it need not say."""
    reply = result.records[-1].outcome if result.records else None
    if not isinstance(reply, Reply) or reply.status not in _BUSY:
        return None
    return reply.wait_ms or 0


async def take_reports(market: Market, name: str, connection: Connection, call: Callback) -> dict[str, int]:
    """Record what a buyer's system sent by itself. Returns how many became what. Raises `Forged` and `BadReply`."""
    assert connection.reports is not None, "asked of connections that have it"
    terms = Terms(market.clock.now(), "", connection.secrets)
    heard = connection.reports.heard(call, terms)
    counts = await _record(market, name, connection.reports, contracts_over(market, name), heard, Channel.HOOK)
    await market.db.write(note_heard, name, counts, market.clock.now())
    return dict(counts)


async def _record(
    market: Market,
    name: str,
    reports: ReadsDispositions,
    contracts: Sequence[Contract],
    heard: HeardReports,
    channel: Channel,
) -> Counter[str]:
    """Only leads that the buyers of these contracts bought are meant."""
    buyers = tuple(sorted({contract.buyer_id for contract in contracts}))
    words = {fold_word(word): kind for word, kind in reports.words.items()}
    teller = Teller(channel, buyers, f"connection {name}", snapshot=True, words=words, people=True)
    rows = [_row(number, raw) for number, raw in enumerate(heard.reports, start=1)]
    told = await told_of_rows(market, teller, rows, record=True) if buyers else []
    counts = Counter(each.verdict.value for _, each in told)
    counts[WRONG] = heard.wrong
    for raw in heard.returns:
        counts[await _ask_back(market, name, buyers, raw)] += 1
    return counts


async def _ask_back(market: Market, name: str, buyers: Sequence[str], raw: RawReturn) -> str:
    """A buyer that is an exchange asks a lead back by its own system, or wants it back no more. Returns what it counts
    as."""
    for buyer_id in buyers:
        actor = Actor(Role.BUYER, f"{buyer_id} (connection {name})", buyer_id)
        for reference in raw.names:
            found = await find_returnable(market, actor, reference)
            if found is not None:
                return await _taken(market, actor, found, reference, raw)
    return Verdict.NOT_FOUND.value


async def _taken(market: Market, actor: Actor, found: Returnable, reference: str, raw: RawReturn) -> str:
    try:
        amount = Money.parse(raw.amount, found.sale["currency"]) if raw.amount and not raw.withdrawn else None
    except BadMoney:
        return _RETURNS[WRONG_ROW]
    if raw.withdrawn or (amount is not None and not amount.units):
        return await _taken_back(market, actor, found, raw)
    note = raw.note[: limits.NOTE_CHARACTERS]
    row = AskRow(1, reference, reason_in(raw.reason), note, raw.id, amount)
    (told,) = await ask_all(market, actor, (row,))
    return _RETURNS[told.verdict]


async def _taken_back(market: Market, actor: Actor, found: Returnable, raw: RawReturn) -> str:
    """What takes a request back may come before the request: then it is asked and taken back at once, so that what
    comes late finds it known. Nothing is asked back of a request that comes to nothing."""
    request = found.request
    if request is None and raw.withdrawn:
        made = await ask_return(market, actor, found, Asking(reason_in(raw.reason), "", raw.id or None))
        if not isinstance(made, Asked):
            return _RETURNS[WRONG_ROW]
        request = made.request
    if request is None or (raw.id and request["their_reference"] not in (None, raw.id)):
        return _RETURNS[UNCHANGED]
    return _WITHDRAWN if await withdraw(market, request, actor) else _RETURNS[UNCHANGED]


def _row(number: int, raw: RawReport) -> Row:
    at = read_when(raw.at) if raw.at else None
    problem = Problem("at", "type", "its time is none that is read") if raw.at and at is None else None
    return Row(number, raw.names, raw.word, raw.value or None, at, raw.note[: limits.NOTE_CHARACTERS], problem)


def contracts_over(market: Market, name: str) -> tuple[Contract, ...]:
    """The contracts that a connection delivers for, in the order of their ids."""
    found = (contract for contract in market.deals.contracts.values() if contract.connection == name)
    return tuple(sorted(found, key=lambda contract: contract.id))


async def read_now(market: Market, name: str, actor: Actor) -> bool:
    """Have a buyer's system asked without waiting for its time. False when it is never asked."""
    connection = market.connections.get(name)
    if connection is None or connection.reports is None or connection.reports.every_ms is None:
        return False
    line = audit_line(market.ids, market.clock.now(), actor, "reports.asked_for", f"connection:{name}")
    await market.db.write(read_soon, name, line)
    return True

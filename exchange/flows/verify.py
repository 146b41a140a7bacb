"""Outside checks of one lead: whom its campaign wants asked, what they answered, and what that makes of the lead.

All verifiers of a stage are asked at once, each within its own budget. What was asked, and what it cost, is stored in
one unit of work before anything is decided by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from exchange import limits
from exchange.connector import Terms
from exchange.courier.call import Call, Result
from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.trail import wire_lines
from exchange.flows.verifier import ReadyVerifier
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Kind
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.verification import (
    Action,
    CachedRow,
    Stage,
    Verdict,
    Verification,
    Verified,
    VerifiedRow,
    VerifierRule,
)
from exchange.model.wire import Loss
from exchange.stages.verification import (
    age,
    appended,
    appended_id,
    away,
    cost,
    is_for,
    judged,
    sampled,
    skipped,
    unfit,
    unheld,
)
from exchange.storage.verifiers import read_answers, store_verification
from exchange.vault import DataKey, Vault, VaultError

WIRE = "verify"
OWN_CHANNEL = "exchange"  # of a sale that the exchange goes on with by itself: after a silent buyer, or a person's word
LEAST_MS = 20  # with less left nobody is asked
REFUSED_ALREADY = "the lead is refused already"
_SEALED = "verifier answer"
_DUE_TO_TIME = (Loss.TIMEOUT, Loss.DEADLINE_BEFORE)


@dataclass(frozen=True, slots=True)
class _Ask:
    """A vendor to ask, or an earlier answer of it to look for."""

    rule: VerifierRule
    ready: ReadyVerifier
    about: str

    @property
    def cache_ms(self) -> int:
        return self.ready.card.cache_ms if self.rule.cache_ms is None else self.rule.cache_ms

    @property
    def index(self) -> str:
        return f"verifier:{self.rule.verifier}"

    def key(self, vault: Vault) -> DataKey:
        """What an answer is sealed with: only who asks the same makes it again."""
        return vault.value_key(self.index, self.about)


class _Told(NamedTuple):
    """What one verifier found. `row` is kept of it, `appends` go into the lead; the rest is there when it was asked."""

    finding: Finding
    row: VerifiedRow | None = None
    appends: tuple[tuple[str, str], ...] = ()
    answer: CachedRow | None = None
    cost: Transaction | None = None


def rules_of(case: Case, stage: Stage) -> list[VerifierRule]:
    """The campaign's own, else its vertical's, for this kind of request."""
    rules = case.campaign.verifiers if case.campaign.verifiers is not None else case.vertical.verifiers
    ping = case.submission.kind is Kind.PING
    wanted = [rule for rule in rules if rule.stage is stage and is_for(rule, ping=ping)]
    return [unheld(rule) for rule in wanted] if ping or case.submission.channel == OWN_CHANNEL else wanted


def not_asked(case: Case, stage: Stage, why: str) -> Case:
    """Nobody is asked, and the case says so."""
    return case.finding(*(skipped(rule, _title(case, rule), why) for rule in rules_of(case, stage)))


async def verify(case: Case, market: Market, stage: Stage) -> Case:
    """The case with what every verifier of this stage found, and its lead with what was appended."""
    rules = rules_of(case, stage)
    if not rules:
        return case
    if any(finding.outcome is Outcome.REFUSED for finding in case.findings):
        return not_asked(case, stage, REFUSED_ALREADY)
    told = await _Round(case, market, stage).told(rules)
    rows = tuple(each.row for each in told if each.row is not None)
    if rows:
        costs = tuple(each.cost for each in told if each.cost is not None)
        fresh = tuple(each.answer for each in told if each.answer is not None)
        await market.db.write(store_verification, Verification(case.lead.id, rows, fresh, costs))
    spent = sum(row.cost_units for row in rows if row.currency == case.currency)
    case = case._replace(spent_units=case.spent_units + spent)
    return _appended(case.finding(*(each.finding for each in told)), told)


def _appended(case: Case, told: Sequence[_Told]) -> Case:
    appends = {name: text for each in told for name, text in each.appends}
    if not appends:
        return case
    lead = appended(case.lead, case.deals.intakes[case.campaign.id].names, appends)
    return case._replace(lead=lead)


def _title(case: Case, rule: VerifierRule) -> str:
    ready = case.deals.shapes.verifiers.get(rule.verifier)
    return ready.card.title if ready is not None else rule.verifier


def _percent(bp: int) -> str:
    whole, part = divmod(bp, 100)
    return f"{whole}.{part:02d} %" if part else f"{whole} %"


@dataclass(frozen=True, slots=True)
class _Round:
    """All verifiers of one stage, about one lead."""

    case: Case
    market: Market
    stage: Stage

    async def told(self, rules: Sequence[VerifierRule]) -> list[_Told]:
        """What each found, in their order. Who must be asked is asked at once, if no earlier answer serves."""
        first = [(rule, self._without_asking(rule)) for rule in rules]
        asks = [each for _, each in first if isinstance(each, _Ask)]
        known = await self._kept(asks)
        rest = [ask for ask in asks if ask.rule.verifier not in known]
        asked = await asyncio.gather(*(self._ask(ask) for ask in rest))
        answers = {ask.rule.verifier: each for ask, each in zip(rest, asked, strict=True)}
        answers |= {
            ask.rule.verifier: self._again(ask, *found) for ask in asks if (found := known.get(ask.rule.verifier))
        }
        return [each if isinstance(each, _Told) else answers[rule.verifier] for rule, each in first]

    def _without_asking(self, rule: VerifierRule) -> _Ask | _Told:
        """Why a vendor need not be asked about this lead, or what it will be asked about."""
        lead, title = self.case.lead, _title(self.case, rule)
        ready = self.case.deals.shapes.verifiers.get(rule.verifier)
        if not self.case.live:
            return _Told(skipped(rule, title, "a test costs nothing"))
        if not sampled(rule, lead.id):
            return _Told(skipped(rule, title, f"not in the sample of {_percent(rule.sample_bp)}"))
        if ready is None:
            return _Told(away(rule, title, "it is not set up"), self._row(rule, "away", None, rule.when_away))
        asking = ready.verifier.asking(lead)
        if asking.unfit:
            return _Told(unfit(rule, ready.card, asking.unfit), self._row(rule, "unfit", Verdict.BAD, rule.bad))
        if asking.missing:
            return _Told(skipped(rule, title, f"the lead has no {', '.join(asking.missing)}"))
        settings = [text for pair in rule.settings for text in pair]
        return _Ask(rule, ready, "\0".join((*asking.about, *settings)))

    async def _kept(self, asks: Sequence[_Ask]) -> dict[str, tuple[Verified, int]]:
        """By verifier, earlier answers that are not too old, with their age in milliseconds."""
        vault = self.market.vault
        wanted = {ask.rule.verifier: ask for ask in asks if ask.cache_ms}
        if not wanted:
            return {}
        keys = tuple((name, vault.index(ask.index, ask.about)) for name, ask in wanted.items())
        now = self.market.clock.now()
        found: dict[str, tuple[Verified, int]] = {}
        for row in await self.market.db.read(read_answers, keys):
            ask, old_ms = wanted[row.verifier], max(now - row.asked_at, 0)
            if old_ms <= ask.cache_ms and (opened := _opened(ask, vault, row)) is not None:
                found[row.verifier] = (opened, old_ms)
        return found

    def _again(self, ask: _Ask, found: Verified, old_ms: int) -> _Told:
        how = f"Answer of {age(old_ms)} ago: nobody was asked again"
        row = self._row(ask.rule, "cached", found.verdict, ask.rule.action(found.verdict), appends=found.appends)
        return _Told(judged(ask.rule, ask.ready.card, found, how), row, found.appends)

    async def _ask(self, ask: _Ask) -> _Told:
        """One conversation with a vendor, within its budget and the request's time."""
        case, market, rule = self.case, self.market, ask.rule
        left_ms = case.time_left_ms(market)
        spare_ms = (
            left_ms // 2 if self.stage is Stage.BEFORE else left_ms - limits.POST_LEAST_MS
        )  # the rest is for buyers
        budget_ms = min(rule.budget_ms, spare_ms)
        if budget_ms < LEAST_MS:
            return self._is_away(ask, "not asked, no time was left", 0)
        terms = Terms(market.clock.now(), case.lead.id, ask.ready.secrets)
        call = Call(
            f"verifier:{rule.verifier}",
            ask.ready.verifier.verify(case.lead, terms, dict(rule.settings)),
            delivers=False,
            since=case.trail.started,
        )
        began = case.trail.elapsed_ms()
        result = await market.courier.converse(call, market.clock.monotonic() + budget_ms / 1000)
        case.trail.asked_vendor(f"verifier:{rule.verifier}", began)
        case.trail.wires += wire_lines(f"verifier:{rule.verifier}", WIRE, None, result.records)
        if isinstance(result.answer, Verified):
            return self._answered(ask, result.answer, result.took_ms)
        return self._is_away(ask, _why_away(result, budget_ms), result.took_ms)

    def _is_away(self, ask: _Ask, why: str, took_ms: int) -> _Told:
        row = self._row(ask.rule, "away", None, ask.rule.when_away, took_ms=took_ms)
        return _Told(away(ask.rule, ask.ready.card.title, why), row)

    def _answered(self, ask: _Ask, found: Verified, took_ms: int) -> _Told:
        rule, card, vault, case = ask.rule, ask.ready.card, self.market.vault, self.case
        now, verdict = self.market.clock.now(), found.verdict
        booked = None
        if verdict in card.charged:
            reference = f"verify:{case.submission.id}:{rule.verifier}"
            booked = cost(card.vendor, rule.cost or card.cost, reference, now, case.submission.month, case.lead.id)
        row = self._row(
            rule, "asked", verdict, rule.action(verdict), booked=booked, took_ms=took_ms, appends=found.appends
        )
        answer = None
        if ask.cache_ms:
            sealed = vault.seal(ask.key(vault), _SEALED, orjson.dumps([found.said, found.facts, found.appends]))
            answer = CachedRow(rule.verifier, vault.index(ask.index, ask.about), verdict.value, now, sealed)
        return _Told(judged(rule, card, found, f"Answered in {took_ms} ms"), row, found.appends, answer, booked)

    def _row(
        self,
        rule: VerifierRule,
        source: str,
        verdict: Verdict | None,
        action: Action,
        *,
        booked: Transaction | None = None,
        took_ms: int = 0,
        appends: tuple[tuple[str, str], ...] = (),
    ) -> VerifiedRow:
        case, market = self.case, self.market
        ready = case.deals.shapes.verifiers.get(rule.verifier)
        spent = booked.postings[0].money if booked is not None else Money.zero(case.currency)
        request_id = case.submission.id
        sealed = None
        if appends:
            row_id = appended_id(request_id, rule.verifier)
            sealed = market.vault.seal(case.data_key, row_id, orjson.dumps(dict(appends)))
        return VerifiedRow(
            case.lead.id,
            request_id,
            rule.verifier,
            ready.card.vendor if ready is not None else "",
            case.submission.month,
            market.clock.now(),
            self.stage.value,
            source,
            verdict.value if verdict is not None else None,
            action.value,
            spent.units,
            spent.currency,
            took_ms,
            sealed,
        )


def _opened(ask: _Ask, vault: Vault, row: CachedRow) -> Verified | None:
    """An earlier answer; None when it does not open, and then the vendor is asked again."""
    try:
        said, facts, appends = orjson.loads(vault.open(ask.key(vault), _SEALED, row.sealed))
    except VaultError:
        return None
    pairs = [tuple((name, text) for name, text in each) for each in (facts, appends)]
    return Verified(Verdict(row.verdict), said, *pairs)


def _why_away(result: Result, budget_ms: int) -> str:
    if result.lost is not None:
        if result.lost.why in _DUE_TO_TIME:
            return f"did not answer within {budget_ms} ms"
        return f"could not be asked: {result.lost.why.slug.replace('_', ' ')}"
    return f"gave no answer that counts: {result.error.why if result.error is not None else 'none came'}"

"""Which contracts may have a lead, and for each that may not, every reason.

A book holds the contracts of one vertical, compiled when they change. Judging one lead makes no text: ten thousand
contracts cost little more than one hundred. The verdicts are made from the same values when they are asked for, which
is after the answer went out.

The checks, in the order they are told: contract_active, buyer_active, mode, schedule, filter:<field>, geo, source,
grade, fraud, consent, named_seller, quiet_hours, duplicate_buyer, suppression, conflict, cap:<period>, budget, balance,
price, health, rate, tier, deadline. All are made even after one failed. `reasons.py` turns them into sentences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exchange.fields import field_types
from exchange.fields.area_codes import AREAS, Areas
from exchange.fields.places import Places
from exchange.fields.table import packaged
from exchange.model.lead import Lead
from exchange.model.party import Buyer, Clause, Contract, Group
from exchange.model.verdict import Check, Verdict
from exchange.model.vertical import Vertical
from exchange.stages.checks import consents, fit, geo, rivals, room, standing
from exchange.stages.checks.bits import mask_of, places_of
from exchange.stages.checks.facts import Case, Facts, Rule
from exchange.stages.filters import BadFilter, Compiled, Criterion, Shape, compile_filter
from exchange.stages.schedule import DAY_MINUTES

__all__ = ["BadBook", "Book", "Facts", "Judgement", "compile_book", "contract_problems", "judge"]


class BadBook(ValueError):
    """Contracts that cannot be compiled: everything that is wrong, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Book:
    """The contracts of one vertical by place, with their checks in the order of the module's text."""

    vertical: Vertical
    contracts: tuple[Contract, ...]
    places: Mapping[str, int]  # by contract id
    rules: tuple[Rule, ...]
    conflict: rivals.Conflict
    circles: geo.Circles
    compiled: Compiled
    passed: tuple[Verdict, ...]
    everyone: int
    made_of: tuple[object, ...]  # what `compile_book` was given and used


@dataclass(frozen=True)
class Judgement:
    """`eligible` is ordered by contract id. `verdicts` has one for every contract judged, in the same order."""

    eligible: tuple[Contract, ...]
    _book: Book
    _case: Case
    _judged: int
    _failed: tuple[int, ...]  # one mask for each rule of the book
    _met: tuple[tuple[int, Check], ...]

    @property
    def priced_out(self) -> bool:
        """Whether a contract would have the lead for less. What it must hold for the price, its balance, counts too."""
        price = others = 0
        for rule, failed in zip(self._book.rules, self._failed, strict=True):
            if isinstance(rule, room.Price):
                price |= failed
            elif not isinstance(rule, room.Balance):
                others |= failed
        return bool(price & ~others)

    @property
    def to_be_named(self) -> tuple[Contract, ...]:
        """Those that nothing kept out but that the consumer had not named their companies."""
        unnamed = others = 0
        for rule, failed in zip(self._book.rules, self._failed, strict=True):
            if isinstance(rule, consents.NamedSeller):
                unnamed |= failed
            else:
                others |= failed
        return tuple([self._book.contracts[place] for place in places_of(unnamed & ~others)])

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Made at the first reading, from the values of the moment of judging."""
        book, case = self._book, self._case
        told: dict[int, list[Check]] = {}
        for rule, failed in zip(book.rules, self._failed, strict=True):
            if failed:
                for places, check in rule.tell(case, failed):
                    for place in places:
                        told.setdefault(place, []).append(check)
        for place, check in self._met:
            told.setdefault(place, []).append(check)
        if not told and self._judged == book.everyone:
            return book.passed
        return tuple(_verdict(book, place, told.get(place)) for place in places_of(self._judged))


def _verdict(book: Book, place: int, failed: list[Check] | None) -> Verdict:
    if failed is None:
        return book.passed[place]
    contract = book.contracts[place]
    return Verdict(contract.id, contract.version, tuple(failed))


def judge(book: Book, lead: Lead, facts: Facts, now: int, only: Collection[str] | None = None) -> Judgement:
    """Judge `lead` against every contract of the book, or against those whose ids are in `only`."""
    judged = book.everyone
    if only is not None:
        judged = mask_of([book.places[name] for name in only if name in book.places])
    case = Case(lead, facts, now)
    failed = tuple([rule.failing(case) & judged for rule in book.rules])
    any_failed = 0
    for mask in failed:
        any_failed |= mask
    left = judged & ~any_failed
    met = book.conflict.met(left) if left and book.conflict.meeting else ()
    for place, _ in met:
        left &= ~(1 << place)
    all_fit = left == book.everyone
    eligible = book.contracts if all_fit else tuple([book.contracts[place] for place in places_of(left)])
    return Judgement(eligible, book, case, judged, failed, met)


def compile_book(
    contracts: Iterable[Contract],
    buyers: Iterable[Buyer],
    vertical: Vertical,
    places: Places,
    previous: Book | None = None,
    areas: Areas | None = None,
) -> Book:
    """Compile the contracts of `vertical`; those of others are left out. `previous` lends what it has measured,
    and is the answer when nothing it was made of changed; `areas` are those of the package unless given.

    Raises `BadBook` with every problem of every contract.
    """
    ours = tuple(sorted((c for c in contracts if c.vertical == vertical.name), key=lambda contract: contract.id))
    wanted = {contract.buyer_id for contract in ours}
    owners = {buyer.id: buyer for buyer in buyers if buyer.id in wanted}
    made_of = (vertical, ours, owners, places, areas)
    if previous is not None and previous.made_of == made_of:
        return previous
    known = previous.compiled if previous is not None and previous.vertical == vertical else {}
    criteria, compiled, problems = _compile_filters(ours, vertical, known)
    for contract in ours:
        found = _contract_problems(contract, contract.buyer_id in owners, vertical, places)
        problems += [f"{contract.id}: {problem}" for problem in found]
    if len({contract.id for contract in ours}) < len(ours):
        problems.append("Two contracts have the same id.")
    if problems:
        raise BadBook(problems)
    circles = geo.circles_of(ours, places, previous.circles if previous is not None else {})
    place_of = {contract.id: place for place, contract in enumerate(ours)}
    conflict = rivals.Conflict.of(ours, owners)
    rules: tuple[Rule, ...] = (
        standing.ContractActive.of(ours),
        standing.BuyerActive.of(ours, owners),
        standing.ModeTaken.of(ours),
        standing.OpenNow.of(ours),
        fit.Filters.of(criteria),
        geo.Where.of(ours, vertical, places, circles),
        fit.Source.of(ours),
        fit.Grade.of(ours),
        fit.Fraud.of(ours),
        fit.ConsentGiven.of(ours),
        consents.NamedSeller.of(ours, owners, vertical),
        consents.QuietHours.of(ours, places, areas if areas is not None else packaged(AREAS).value),
        rivals.BoughtBefore.of(ours),
        rivals.Suppressed.of(ours),
        conflict,
        room.Caps.of(ours),
        room.Balance.of(ours, owners),
        room.Price.of(ours),
        room.Health.of(ours),
        room.RateLeft(ours, place_of),
        standing.TierOpen.of(ours),
        room.TimeLeft(ours, place_of),
    )
    passed = tuple(Verdict(contract.id, contract.version, ()) for contract in ours)
    return Book(vertical, ours, place_of, rules, conflict, circles, compiled, passed, (1 << len(ours)) - 1, made_of)


def _compile_filters(
    contracts: Sequence[Contract], vertical: Vertical, known: Compiled
) -> tuple[list[tuple[Criterion, ...]], Compiled, list[str]]:
    """The criteria of each contract, all of them by part, and what is wrong."""
    types = field_types()
    criteria: list[tuple[Criterion, ...]] = []
    compiled: dict[tuple[Clause | Group, str], Criterion] = {}
    problems: list[str] = []
    seen = dict(known)
    for contract in contracts:
        try:
            mine = compile_filter(contract.filters, Shape(vertical, types, contract.max_bid.currency), seen)
        except BadFilter as bad:
            problems += [f"{contract.id}: {problem}" for problem in bad.problems]
            continue
        compiled.update(mine)
        seen.update(mine)
        criteria.append(tuple(mine.values()))
    return criteria, compiled, problems


def contract_problems(contract: Contract, vertical: Vertical, places: Places) -> tuple[str, ...]:
    """All that would keep a contract out of a book, one sentence each: asked before it is saved."""
    shape = Shape(vertical, field_types(), contract.max_bid.currency)
    others = tuple(_contract_problems(contract, True, vertical, places))
    try:
        compile_filter(contract.filters, shape)
    except BadFilter as bad:
        return (*bad.problems, *others)
    return others


def _contract_problems(contract: Contract, owned: bool, vertical: Vertical, places: Places) -> Iterator[str]:
    if not owned:
        yield f"There is no buyer {contract.buyer_id!r}."
    yield from _geo_problems(contract, vertical, places)
    yield from _clock_problems(contract)
    if contract.min_grade is not None and contract.min_grade not in tuple(fit.GRADES):
        yield f"A grade is one of {', '.join(fit.GRADES)}, not {contract.min_grade[:20]!r}."
    if contract.max_fraud is not None and not 0 <= contract.max_fraud <= 100:
        yield f"Fraud points are 0 to 100, not {contract.max_fraud:,}."
    for name in contract.consent:
        if name not in fit.CONSENT_NAMES and name not in vertical.by_name:
            yield f"There is no consent {name[:40]!r}."
    if contract.price_rules and contract.price is None:
        yield "Price rules are for a fixed price: it bids live."
    by_rule = [price for rule in contract.price_rules for price in (rule.price, rule.shared_price)]
    amounts = (contract.price, contract.shared_price, contract.budget, *by_rule)
    currencies = {money.currency for money in amounts if money}
    if currencies - {contract.max_bid.currency}:
        yield f"All its money is in one currency, not in {', '.join(sorted(currencies | {contract.max_bid.currency}))}."


def _geo_problems(contract: Contract, vertical: Vertical, places: Places) -> Iterator[str]:
    area, kinds = contract.geo, {spec.type for spec in vertical.fields}
    wants_zip = bool(area.zips or area.zips_except or area.center_zip)
    if wants_zip and "postal_code" not in kinds:
        yield f"It names ZIPs, but {vertical.name} has no field of the type postal_code."
    if (area.states or area.states_except) and not kinds & {"state", "postal_code"}:
        yield f"It names states, but {vertical.name} has no field of the types state or postal_code."
    if area.center_zip is not None and area.center_zip not in places:
        yield f"{area.center_zip[:10]!r} is not a ZIP code the post office uses."
    if not 0 <= area.radius_miles <= geo.RADIUS_MOST:
        yield f"A radius is 0 to {geo.RADIUS_MOST:,} miles, not {area.radius_miles:,}."


def _clock_problems(contract: Contract) -> Iterator[str]:
    try:
        ZoneInfo(contract.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"There is no time zone {contract.zone[:40]!r}."
    for hours in contract.hours:
        if not (0 <= hours.opens < DAY_MINUTES and 0 <= hours.closes <= DAY_MINUTES):
            yield f"Hours run from minute 0 to {DAY_MINUTES:,} of a day, not {hours.opens} to {hours.closes}."
    days = [day for hours in contract.hours for day in hours.weekdays]
    days += [day for cap in contract.caps for day in cap.weekdays]
    if not set(days) <= set(range(7)):
        yield "Weekdays are 0 (Monday) to 6 (Sunday)."
    for cap in contract.caps:
        if cap.unit not in ("count", "money") or cap.most < 0:
            yield f"A cap counts sales (count) or money up to 0 or more, not {cap.unit[:20]!r} up to {cap.most}."

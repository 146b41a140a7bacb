"""Buyers say what became of the leads they bought, one by one or many at once. The sale itself never changes.

Every channel ends here: a report is matched to a sale of its buyer, its word is understood, and it is kept once. What
has a word that nobody knows waits until somebody says what it means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.flows.people_sold import sales_of_people_meant
from exchange.flows.tell import News, tell
from exchange.flows.words_of_people import without_people
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Channel, Disposition, Report, Standing, Wait, is_repeat, note_place
from exchange.model.lead import Mode, Problem
from exchange.model.vertical import Vertical
from exchange.model.work import JobRow
from exchange.stages.dispositions import NOTHING, Meant, Verdict, closest, fold_word, is_final, read_report
from exchange.storage.database import Row
from exchange.storage.disposition_words import EVERY_CONTRACT, words_of
from exchange.storage.feedback import (
    Recording,
    add_waits,
    keys_of_leads,
    record_all,
    sales_meant,
    same_word,
    told_of_sales,
)

_AT_ONCE = 100  # reports in one transaction
_ASKED_AT_ONCE = 500  # references in one question
_CHOSEN = frozenset({Channel.PORTAL, Channel.CONSOLE, Channel.LINK})

Words = Mapping[tuple[str, str, str], Mapping[str, str]]
"""By buyer, vertical and contract (empty for all), what the buyer's own words mean."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells, and how. Only leads of `buyers` are meant; `name` is kept with each report.

    `at` is the moment of a report that says none, now unless it is given. A `snapshot` is how things stand in the
    buyer's books. `words` are what its connection says of words. With `people` a phone or an email names a lead too,
    with `hashes` the hash of one as well: finding those opens every lead of the buyer. With `tests_only` live leads are
    as good as another's: a test key may lie on a public page.
    """

    channel: Channel
    buyers: tuple[str, ...]
    name: str
    at: int | None = None
    snapshot: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    people: bool = False
    hashes: bool = False
    tests_only: bool = False

    @property
    def chosen(self) -> bool:
        """Whether the word was picked from the vertical's list: then none waits."""
        return self.channel in _CHOSEN


class Told(NamedTuple):
    """What became of a report, or would. `sale` is None when the buyer bought no such lead; `before` is the word that
    stood for it."""

    report: Report
    verdict: Verdict
    sale: Row | None = None
    kind: str = ""
    disposition_id: str | None = None
    problem: Problem | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """`disposition_id` is None when the same was told before."""

    disposition_id: str | None
    lead_id: str
    waits: bool = False  # nobody knows the word yet


def teller_of(actor: Actor, channel: Channel = Channel.API, *, tests_only: bool = False) -> Teller:
    """A buyer that speaks for itself."""
    assert actor.role is Role.BUYER and actor.party_id is not None
    return Teller(channel, (actor.party_id,), f"{actor.role.value} {actor.name}", tests_only=tests_only)


async def record_disposition(
    report: Report, market: Market, actor: Actor, channel: Channel = Channel.API
) -> Recorded | Problem | None:
    """Store one disposition. None when the buyer bought no such lead, a problem when the report is wrong."""
    (told,) = await record_reports(market, teller_of(actor, channel), (report,))
    if told.verdict is Verdict.INVALID:
        assert told.problem is not None
        return told.problem
    if told.sale is None:
        return None
    return Recorded(told.disposition_id, told.sale["lead_id"], told.verdict is Verdict.WAITING)


Sales = Mapping[str, Row]
"""The sale that each reference means; one that is not in it names none."""


async def record_reports(
    market: Market, teller: Teller, reports: Sequence[Report], sales: Sales | None = None
) -> list[Told]:
    """Keep reports, in their order. What was kept already changes nothing. `sales` are those meant, where known."""
    told: list[Told] = []
    sales = sales if sales is not None else await sales_of(market, teller, [each.reference for each in reports])
    words = await read_words(market, teller.buyers)
    for start in range(0, len(reports), _AT_ONCE):
        made = await _understood(market, teller, reports[start : start + _AT_ONCE], sales, words)
        told += await _kept(market, made)
    return told


async def look_at(market: Market, teller: Teller, reports: Sequence[Report], sales: Sales | None = None) -> list[Told]:
    """What `record_reports` would say, with nothing kept."""
    told: list[Told] = []
    sales = sales if sales is not None else await sales_of(market, teller, [each.reference for each in reports])
    words, kept = await read_words(market, teller.buyers), dict[str, list[Row]]()
    for start in range(0, len(reports), _AT_ONCE):
        made = await _understood(market, teller, reports[start : start + _AT_ONCE], sales, words)
        those = {each.recording.report.sale_id for each in made if each.recording is not None} - kept.keys()
        for row in await market.db.read(told_of_sales, sorted(those)):
            kept.setdefault(row["sale_id"], []).append(row)
        told += [_foreseen(each, kept) for each in made]
    return told


class _Made(NamedTuple):
    """A report on its way: what it would be told, and what would be kept."""

    told: Told
    recording: Recording | None = None
    wait: Wait | None = None


async def _understood(
    market: Market, teller: Teller, reports: Sequence[Report], sales: Sales, words: Words
) -> list[_Made]:
    noted = {sales[report.reference]["subject"] for report in reports if report.note and report.reference in sales}
    keys = await market.db.read(keys_of_leads, sorted(noted))
    return [_made(market, teller, report, sales.get(report.reference), words, keys) for report in reports]


async def sales_of(market: Market, teller: Teller, references: Iterable[str]) -> dict[str, Row]:
    """The sale that each reference means: the newest, when it could be several."""
    found = await _sales_of(market, teller, references)
    if not teller.tests_only:
        return found
    return {reference: sale for reference, sale in found.items() if sale["mode"] == Mode.TEST.value}


async def _sales_of(market: Market, teller: Teller, references: Iterable[str]) -> dict[str, Row]:
    wanted = sorted({reference for reference in references if reference})
    found: dict[str, Row] = {}
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        for sale in await market.db.read(sales_meant, teller.buyers, wanted[start : start + _ASKED_AT_ONCE]):
            found.setdefault(sale["meant"], sale)
    left = [reference for reference in wanted if reference not in found]
    if not teller.people or not left:
        return found
    return {**found, **await sales_of_people_meant(market, teller.buyers, left, hashes=teller.hashes)}


async def read_words(market: Market, buyers: Sequence[str]) -> Words:
    words: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in await market.db.read(words_of, buyers):
        words.setdefault((row["buyer_id"], row["vertical"], row["contract_id"]), {})[row["word"]] = row["kind"]
    return words


def _made(
    market: Market, teller: Teller, report: Report, sale: Row | None, words: Words, keys: Mapping[str, bytes]
) -> _Made:
    vertical = market.verticals.get(sale["vertical"]) if sale is not None else None
    if sale is None or vertical is None:
        return _Made(Told(report, Verdict.NOT_FOUND))
    now = market.clock.now()
    own = {**teller.words, **own_words(words, sale)}
    at = teller.at if teller.at is not None else now
    meant = read_report(report, own, vertical, sale["currency"], sale["accepted_at"], now, at)
    if isinstance(meant, Problem):
        return _Made(Told(report, Verdict.INVALID, sale, problem=meant))
    if meant.kind == NOTHING:
        return _Made(Told(report, Verdict.IGNORED, sale))
    disposition = _disposition(market, teller, report, sale, vertical, meant, keys)
    if meant.kind is None and teller.chosen:
        told = f"no disposition of {vertical.name} is called so any more"
        wrong = Problem("disposition", "not_allowed", told, report.word, vertical.dispositions)
        return _Made(Told(report, Verdict.INVALID, sale, problem=wrong))
    if meant.kind is None:
        wait = Wait(disposition, sale["contract_id"], sale["vertical"], fold_word(report.word), report.word)
        return _Made(Told(report, Verdict.WAITING, sale, problem=unknown(report.word, vertical)), wait=wait)
    recording = Recording(disposition, news_of(market, sale, disposition))
    return _Made(Told(report, Verdict.RECORDED, sale, meant.kind), recording)


def own_words(words: Words, sale: Row) -> Mapping[str, str]:
    """What the buyer's words mean for a sale: those of its contract go before those of all."""
    party = sale["buyer_id"], sale["vertical"]
    return {**words.get((*party, EVERY_CONTRACT), {}), **words.get((*party, sale["contract_id"]), {})}


def unknown(word: str, vertical: Vertical) -> Problem:
    """What is said of a word that nobody knows."""
    told = f"no disposition of {vertical.name} is called so: it waits until the exchange knows what it means"
    return Problem("disposition", "not_allowed", told, word, vertical.dispositions, closest(word, vertical))


def _disposition(
    market: Market,
    teller: Teller,
    report: Report,
    sale: Row,
    vertical: Vertical,
    meant: Meant,
    keys: Mapping[str, bytes],
) -> Disposition:
    now, kind = market.clock.now(), meant.kind or ""
    made = Disposition(
        market.ids.new("dsp", now),
        month_of(now),
        sale["id"],
        sale["lead_id"],
        sale["buyer_id"],
        kind,
        report.word.strip() if fold_word(report.word) != kind else None,
        None,
        meant.value,
        meant.at,
        now,
        teller.name,
        teller.channel,
        meant.said_at,
        teller.snapshot,
        is_final(kind, vertical),
    )
    key = keys.get(sale["subject"])
    if not report.note or key is None:  # an erased lead has no key, and a note would be about its consumer
        return made
    sealed = market.vault.seal(market.vault.data_key(key), note_place(sale["id"]), report.note.encode())
    return replace(made, sealed_note=sealed)


async def _kept(market: Market, made: Sequence[_Made]) -> list[Told]:
    told = [each.told for each in made]
    waiting = [number for number, each in enumerate(made) if each.wait is not None]
    if waiting:
        waits = await without_people(
            market, tuple(wait for number in waiting if (wait := made[number].wait) is not None)
        )
        for number, added in zip(waiting, await market.db.write(add_waits, waits), strict=True):
            if not added:
                told[number] = told[number]._replace(verdict=Verdict.WAITING)
    recorded = [(number, each.recording) for number, each in enumerate(made) if each.recording is not None]
    recorded.sort(key=lambda pair: pair[1].report.sale_id)  # rows are locked in one order; of one sale as they came
    if recorded:
        ids = await market.db.write(record_all, tuple(recording for _, recording in recorded))
        for (number, _), kept in zip(recorded, ids, strict=True):
            verdict = Verdict.RECORDED if kept is not None else Verdict.UNCHANGED
            told[number] = told[number]._replace(verdict=verdict, disposition_id=kept)
    return told


def _foreseen(each: _Made, kept: dict[str, list[Row]]) -> Told:
    """What stands before a report and whether it is news. `kept` is all that is kept by sale, and is added to: what is
    foreseen of one report stands before the next."""
    if each.recording is None:
        return each.told
    report = each.recording.report
    of_sale = kept.setdefault(report.sale_id, [])
    standing_row = next((row for row in of_sale if row["stands"]), None)
    stands = _standing(standing_row) if standing_row is not None else None
    same = same_word(report, of_sale)
    repeat = is_repeat(report, _compared_with(report, of_sale, stands), same)
    before = stands.kind if stands is not None else None
    if not repeat:
        at = same[-1].at + 1 if same else report.at
        wins = standing_row is None or (standing_row["at"], standing_row["final"]) <= (at, int(report.final))
        kept[report.sale_id] = [{**row, "stands": 0} for row in of_sale] if wins else of_sale
        kept[report.sale_id].append(_as_kept(report, at, stands=wins))
    return each.told._replace(verdict=Verdict.UNCHANGED if repeat else Verdict.RECORDED, before=before)


def _as_kept(report: Disposition, at: int, *, stands: bool) -> Row:
    """A report as `told_of_sales` would tell it."""
    return {
        "sale_id": report.sale_id,
        "kind": report.kind,
        "value_units": report.value.units if report.value is not None else None,
        "at": at,
        "channel": report.channel.value,
        "told_by": report.told_by,
        "stands": int(stands),
        "final": int(report.final),
    }


def _compared_with(report: Disposition, rows: Sequence[Row], stands: Standing | None) -> Standing | None:
    """As `storage.feedback.standing` finds it. Of the rows the one told last comes last."""
    if report.said_at or not report.snapshot:
        return None if report.said_at else stands
    own = [row for row in rows if row["channel"] == report.channel.value and row["told_by"] == report.told_by]
    return _standing(own[-1]) if own else None


def _standing(row: Row) -> Standing:
    return Standing(row["kind"], row["value_units"], row["at"])


def news_of(market: Market, sale: Row, disposition: Disposition) -> tuple[JobRow, ...]:
    """Its seller hears the word, never the note or the value: those are between the buyer and the exchange."""
    facts: dict[str, object] = {
        "lead_id": sale["lead_id"],
        "seller_lead_id": sale["seller_lead_id"],
        "disposition": disposition.kind,
        "test": sale["mode"] == "test",
    }
    seller_id, about = sale["seller_id"], sale["lead_id"]
    return tell(
        market, News("lead.disposition", Role.SELLER, seller_id, about, disposition.at, facts, sale["campaign_id"])
    )

"""A buyer asks its money back for a lead it bought, within the window of its contract. Nothing is booked by asking."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from exchange import limits
from exchange.clock import month_of
from exchange.flows.dispositions import Recorded, record_disposition
from exchange.flows.jobs import RETURN, job
from exchange.flows.market import Market
from exchange.flows.party_news import return_asked
from exchange.flows.return_lower import lower
from exchange.flows.return_terms import due_at
from exchange.flows.settle import terms_of
from exchange.flows.tell import News, tell
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.model.lead import Mode, Problem
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.model.returns import ReturnFile, ReturnRequest
from exchange.model.work import JobRow
from exchange.stages.returns.terms import NO_RETURNS, closes_at, disposition_for, missing, reason_in
from exchange.storage.database import Row
from exchange.storage.feedback import find_sale
from exchange.storage.leads import key_of
from exchange.storage.returns import ask_part, read_return, return_by_reference, return_of, save_return
from exchange.storage.selling import read_lead
from exchange.vault import DataKey

NOTE, ANSWER, REPLY = "note", "answer", "reply"
"""What people write about a request: its buyer when it asks and when it is asked, and its seller."""
RETURN_REQUESTED = "lead.return_requested"
MEDIA = (
    "application/pdf",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/wav",
    "audio/x-wav",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
)
"""What may go with a request. A file is given out as a download only, whatever it says it is."""


class Window(Enum):
    """Whether a return may be asked for."""

    OPEN = "open"
    CLOSED = "closed"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Returnable:
    """A sale, the terms it was made under and its window, which closes at `until` (epoch ms)."""

    sale: Row
    window: Window
    until: int
    contract: Contract | None = None
    request: Row | None = None

    @property
    def asked_at(self) -> int | None:
        return self.request["asked_at"] if self.request is not None else None


class File(NamedTuple):
    """A file as it was sent."""

    name: str
    media: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Asking:
    """What a buyer says. `their_reference` is its own name for the request: the same again is the same request.

    `amount` is what it wants back, None for the price; the price at most.
    """

    reason: str
    note: str = ""
    their_reference: str | None = None
    file: File | None = None
    amount: Money | None = None


class Asked(NamedTuple):
    """The request as it stands now. `new` is False when it had been asked before."""

    request: Row
    new: bool


async def find_returnable(
    market: Market, actor: Actor, reference: str, *, tests_only: bool = False
) -> Returnable | None:
    """The sale a buyer means, as in a disposition. None when it bought no such lead, or the sale was undone; with
    `tests_only`, as for a test key, when it is a live one."""
    sale = await market.db.read(find_sale, actor, reference)
    if sale is None or (tests_only and sale["mode"] != Mode.TEST.value):
        return None
    contract = await terms_of(market, sale)
    until = closes_at(contract, sale["accepted_at"]) if contract is not None else sale["accepted_at"]
    asked = await market.db.read(read_return, sale["id"])
    if asked is not None:
        return Returnable(sale, Window.ASKED, until, contract, asked)
    return Returnable(sale, Window.OPEN if market.clock.now() < until else Window.CLOSED, until, contract)


async def ask_return(market: Market, actor: Actor, found: Returnable, asking: Asking) -> Asked | Recorded | Problem:
    """Ask for it. The rules look at once; a job does when this process dies before.

    A reason that is a disposition is recorded as one (`Recorded`). A problem names the field that is wrong. Outside the
    window it is declined by rule.
    """
    reason = reason_in(asking.reason)
    if reason in NO_RETURNS:
        return await _as_disposition(market, actor, found, reason, asking.note)
    if found.request is not None:
        return await _asked_again(market, actor, found, found.request, asking)
    if (problem := problem_of(found, reason, asking)) is not None:
        return problem
    if asking.their_reference is not None:
        known = await market.db.read(return_by_reference, found.sale["buyer_id"], asking.their_reference)
        if known is not None and known["sale_id"] != found.sale["id"]:
            told = "your_return_id names a request for another lead already"
            return Problem("your_return_id", "conflict", told, asking.their_reference)
    key = await key_of_lead(market, found.sale["lead_id"])
    if key is None and asking.file is not None:
        return Problem("file", "conflict", "the lead was erased, so nothing can be kept with it")
    request = _request(market, actor, found, reason, asking, key)
    file = None
    if asking.file is not None and key is not None:
        file = sealed_file(market, request.id, request.lead_id, asking.file, key)
    new = await market.db.write(save_return, request, *_told(market, found, request), file)
    row = await market.db.write(return_of, request.id) if new else None
    if row is None:
        row = await market.db.write(read_return, found.sale["id"])
    if row is None:  # the buyer's reference was taken by another lead a moment ago
        return Problem("your_return_id", "conflict", "your_return_id names a request for another lead already")
    return Asked(row, new)


async def _asked_again(
    market: Market, actor: Actor, found: Returnable, request: Row, asking: Asking
) -> Asked | Problem:
    """Under the same name it may come to ask for another part as long as nobody decided, and for less afterwards."""
    part = _part(found.sale, asking.amount)
    units = part.units if part is not None else None
    same_name = asking.their_reference is not None and asking.their_reference == request["their_reference"]
    if asking.amount is None or not same_name or units == request["asked_units"]:
        return Asked(request, new=False)
    if (problem := _amount_problem(found, asking.amount)) is not None:
        return problem
    await market.db.write(ask_part, request["id"], units)
    if part is not None:
        await lower(market, request, part, actor)
    row = await market.db.write(return_of, request["id"])
    assert row is not None
    return Asked(row, new=False)


def _part(sale: Row, amount: Money | None) -> Money | None:
    """What of the price is asked; None for all of it."""
    return amount if amount is not None and amount.units < sale["price_units"] else None


def _amount_problem(found: Returnable, amount: Money) -> Problem | None:
    if amount.currency != found.sale["currency"] or amount.units <= 0:
        return Problem("amount", "range", f"amount must be more than 0 {found.sale['currency']}")
    whole = found.contract is not None and not found.contract.returns.partial
    if whole and _part(found.sale, amount) is not None:
        return Problem("amount", "not_allowed", "the contract gives back the whole price or nothing", amount.text)
    return None


def problem_of(found: Returnable, reason: str, asking: Asking) -> Problem | None:
    terms = found.contract.returns if found.contract is not None else None
    allowed = terms.reasons if terms is not None else ()
    if reason not in allowed:
        return Problem("reason", "not_allowed", "reason must be one that the contract allows", reason[:80], allowed)
    if len(asking.note) > limits.NOTE_CHARACTERS:
        return Problem("note", "length", f"note must have at most {limits.NOTE_CHARACTERS} characters")
    if asking.their_reference is not None and len(asking.their_reference) > limits.REFERENCE_CHARACTERS:
        told = f"your_return_id must have at most {limits.REFERENCE_CHARACTERS} characters"
        return Problem("your_return_id", "length", told)
    assert terms is not None
    if asking.amount is not None and (problem := _amount_problem(found, asking.amount)) is not None:
        return problem
    lacks = missing(terms, reason, note=bool(asking.note.strip()), file=asking.file is not None)
    if lacks is not None and found.window is Window.OPEN:
        return Problem(lacks, "missing", f"the contract wants a {lacks} with this reason")
    return file_problem(asking.file) if asking.file is not None else None


def file_problem(file: File) -> Problem | None:
    if file.media not in MEDIA:
        return Problem("file", "type", "a file is a picture, a PDF, a recording or text", file.media[:80], MEDIA)
    if len(file.content) > limits.RETURN_FILE_BYTES:
        return Problem("file", "length", f"a file has at most {limits.RETURN_FILE_BYTES // 1024**2} MB")
    return None if file.content else Problem("file", "blank", "the file is empty")


def _request(
    market: Market, actor: Actor, found: Returnable, reason: str, asking: Asking, key: DataKey | None
) -> ReturnRequest:
    now, sale = market.clock.now(), found.sale
    return_id = market.ids.new("ret", now)
    return ReturnRequest(
        return_id,
        month_of(now),
        sale["id"],
        sale["lead_id"],
        sale["buyer_id"],
        reason,
        sealed_words(market, return_id, NOTE, asking.note, key),
        now,
        f"{actor.role.value} {actor.name}",
        sale["attempt_id"],
        sale["seller_id"],
        sale["campaign_id"],
        sale["contract_id"],
        sale["mode"],
        Money(sale["price_units"], sale["currency"]),
        sale["accepted_at"],
        due_at(market, sale),
        asking.their_reference or None,
        _part(sale, asking.amount),
    )


def _told(market: Market, found: Returnable, request: ReturnRequest) -> tuple[str, tuple[JobRow, ...]]:
    """Its line in the timeline; the job that looks at it, and what its seller hears: never who asks or why in words."""
    sale, now = found.sale, request.asked_at
    buyer = market.deals.buyers.get(request.buyer_id)
    name = buyer.name if buyer is not None else request.buyer_id
    part = f", {request.part.text} of {request.price.text} {request.price.currency}" if request.part is not None else ""
    sentence = f"{name} asks to return it: {request.reason.replace('_', ' ')}{part}"
    look = job(market, f"return:{request.id}", RETURN, {"return_id": request.id}, now, now, f"return:{request.id}")
    if found.window is not Window.OPEN:  # it is declined at once, and never concerns its seller
        return sentence, (look, *return_asked(market, request, name, seller_too=False))
    facts: dict[str, object] = {
        "lead_id": request.lead_id,
        "seller_lead_id": sale["seller_lead_id"],
        "return_id": request.id,
        "reason": request.reason,
        "test": request.mode == "test",
    }
    news = News(RETURN_REQUESTED, Role.SELLER, request.seller_id, request.sale_id, now, facts, request.campaign_id)
    return sentence, (look, *tell(market, news), *return_asked(market, request, name, seller_too=True))


async def _as_disposition(
    market: Market, actor: Actor, found: Returnable, reason: str, note: str
) -> Recorded | Problem:
    """What is no return is noted as what it is."""
    vertical = market.verticals.get(found.sale["vertical"])
    word = disposition_for(reason, vertical.dispositions if vertical is not None else ())
    if word is None:
        told = f"{reason} is a disposition, not a return, and this vertical has no word for it"
        return Problem("reason", "not_allowed", told, reason)
    report = Report(found.sale["attempt_id"], word, note[: limits.NOTE_CHARACTERS])
    recorded = await record_disposition(report, market, actor)
    assert recorded is not None, "the sale was there a moment ago"
    return recorded


async def key_of_lead(market: Market, lead_id: str) -> DataKey | None:
    """What opens all that is personal of a lead; None when it was erased."""
    lead = await market.db.read(read_lead, lead_id)
    wrapped = await market.db.read(key_of, lead["subject"]) if lead is not None else None
    return market.vault.data_key(wrapped) if wrapped is not None else None


def sealed_words(market: Market, return_id: str, kind: str, text: str, key: DataKey | None) -> bytes | None:
    """What somebody wrote, readable as long as the lead is: it may be about its consumer."""
    if not text.strip() or key is None:
        return None
    return market.vault.seal(key, f"return:{kind}:{return_id}", text.strip().encode())


def words_in(market: Market, request: Row, kind: str, key: DataKey | None) -> str:
    """What was written, as far as it was not erased. Before notes were sealed they were kept in clear."""
    sealed = request[f"sealed_{kind}"]
    if sealed is None or key is None:
        return str(request["note"]) if kind == NOTE else ""
    return market.vault.open(key, f"return:{kind}:{request['id']}", bytes(sealed)).decode()


def sealed_file(market: Market, return_id: str, lead_id: str, file: File, key: DataKey) -> ReturnFile:
    """The file, readable as long as its lead is."""
    sealed = market.vault.seal(key, f"return:file:{return_id}", file.content)
    name = "".join(each for each in file.name[-80:] if each.isprintable() and each not in '\\/"') or "file"
    return ReturnFile(return_id, lead_id, name, file.media, len(file.content), sealed)

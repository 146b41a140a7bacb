"""What is said about a request before it is decided: a question to its buyer, the answer, and its seller's reply."""

from __future__ import annotations

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.return_decide import CannotDecide
from exchange.flows.return_rules import look_again
from exchange.flows.returns import ANSWER, REPLY, RETURN_REQUESTED, File, key_of_lead, sealed_file, sealed_words
from exchange.flows.returns import file_problem as file_problem
from exchange.flows.tell import News, tell
from exchange.model.actor import Actor, Role
from exchange.model.lead import Problem
from exchange.storage.database import Row
from exchange.storage.return_views import read_request
from exchange.storage.returns import answer_question, ask_buyer, reply_to, return_of


async def question(market: Market, request: Row, text: str, actor: Actor, ip: str = "") -> None:
    """Ask the buyer for more. It hears of it, and may answer on its page or by the API. Raises `CannotDecide`."""
    text = text.strip()[: limits.NOTE_CHARACTERS]
    if not text:
        raise CannotDecide("Write what you want to know.")
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "return.question", f"return:{request['id']}", ip=ip)
    facts: dict[str, object] = {
        "lead_id": request["lead_id"],
        "return_id": request["id"],
        "your_return_id": request["their_reference"],
        "status": "question",
        "question": text,
        "test": request["mode"] == "test",
    }
    news = News(RETURN_REQUESTED, Role.BUYER, request["buyer_id"], request["sale_id"], now, facts)
    if not await market.db.write(ask_buyer, request["id"], text, line, tell(market, news)):
        raise CannotDecide("It is decided already.")


async def answer(market: Market, actor: Actor, return_id: str, text: str, file: File | None = None) -> Problem | bool:
    """What the buyer answers; then the rules look once more.

    False when there is no such request of this buyer, or nothing was asked.
    """
    request = await market.db.read(read_request, actor, return_id)
    if request is None or request["state"] != "question":
        return False
    if not text.strip() and file is None:
        return Problem("answer", "missing", "write an answer, or attach a file")
    if len(text) > limits.NOTE_CHARACTERS:
        return Problem("answer", "length", f"an answer has at most {limits.NOTE_CHARACTERS} characters")
    if file is not None and (problem := file_problem(file)) is not None:
        return problem
    key = await key_of_lead(market, request["lead_id"])
    sealed = sealed_words(market, return_id, ANSWER, text, key)
    kept = sealed_file(market, return_id, request["lead_id"], file, key) if file is not None and key else None
    if not await market.db.write(answer_question, return_id, sealed, market.clock.now(), kept):
        return False
    stored = await market.db.write(return_of, return_id)
    if stored is not None:
        await look_again(market, stored)
    return True


async def reply(market: Market, actor: Actor, return_id: str, text: str, reference: str | None) -> Problem | bool:
    """What its seller says to a request, and its own name for it. False when there is none of this seller's that may
    be replied to: it is decided, or the seller's window is over."""
    request = await market.db.read(read_request, actor, return_id)
    now = market.clock.now()
    if request is None or now >= request["due_at"]:
        return False
    if not text.strip() and not reference:
        return Problem("message", "missing", "message is required")
    if len(text) > limits.NOTE_CHARACTERS:
        return Problem("message", "length", f"message must have at most {limits.NOTE_CHARACTERS} characters")
    if reference and len(reference) > limits.REFERENCE_CHARACTERS:
        told = f"your_return_id must have at most {limits.REFERENCE_CHARACTERS} characters"
        return Problem("your_return_id", "length", told)
    sealed = sealed_words(market, return_id, REPLY, text, await key_of_lead(market, request["lead_id"]))
    return await market.db.write(reply_to, return_id, sealed, reference or None, now)

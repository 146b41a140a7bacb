"""How a vertical's leads would have been graded by another par: told before it is put in force."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from exchange.flows.documents import Change, save_document
from exchange.flows.market import Market
from exchange.flows.shapes import VERTICAL, DocumentProblems
from exchange.model.actor import Actor
from exchange.model.vertical import Vertical
from exchange.stages.score.grade import at_other_par, held_out, letter
from exchange.storage.documents import read_documents
from exchange.storage.score import graded_leads

DAY_MS = 86_400_000
LOOKED_AT = 20_000  # leads, the newest: a second's work


class Regraded(NamedTuple):
    """`leads` were looked at; `moves` are those that change, by grade before and after, the most first. `more`: there
    are older ones in these days that were not looked at."""

    leads: int
    moves: tuple[tuple[str, str, int], ...]
    more: bool

    @property
    def changed(self) -> int:
        return sum(count for _, _, count in self.moves)

    @property
    def sentence(self) -> str:
        if not self.leads:
            return "No lead of these days was graded."
        of = f"Of {'the newest ' if self.more else ''}{self.leads:,} lead{'' if self.leads == 1 else 's'}"
        told = ", ".join(f"{count:,} from {before} to {after}" for before, after, count in self.moves)
        return f"{of} {self.changed:,} would have another grade{f': {told}' if told else ''}."


async def put_par(market: Market, name: str, par: float, actor: Actor, ip: str = "") -> int:
    """The vertical as it is said now, with another par, in force at once: a version of it in the database, over its
    file. Returns the version's number. Raises `DocumentProblems`, and then nothing was changed.
    """
    rows = await market.db.read(read_documents)
    stored = next((row.document for row in rows if (row.kind, row.name) == (VERTICAL, name)), None)
    document = stored if stored is not None else market.workshop.written(name)
    if document is None:
        raise DocumentProblems([f"{name}: its document cannot be read"])
    before = market.verticals[name].score.par
    changed = {**document, "score": {**(document.get("score") or {}), "par": par}}
    change = Change({"par": f"{before:.2%}"}, {"par": f"{par:.2%}"})
    return await save_document(market, VERTICAL, name, changed, actor, change, ip)


async def regraded(market: Market, actor: Actor, vertical: Vertical, par: float, days: int) -> Regraded:
    """Live leads of so many days, by what they were graded with. Those held out of the score keep their grade, as do
    those that were refused; par is taken to have been all the time what it is now.
    """
    since = market.clock.now() - days * DAY_MS
    rows = await market.db.read(graded_leads, actor, vertical.name, since, LOOKED_AT + 1)
    looked_at = rows[:LOOKED_AT]
    moves: Counter[tuple[str, str]] = Counter()
    for row in looked_at:
        if not held_out(row["id"]):
            after = letter(at_other_par(row["points"], row["score"] / 1000, vertical.score.par, par))
            moves[(row["grade"], after)] += after != row["grade"]
    changed = sorted(((*move, count) for move, count in moves.items() if count), key=lambda each: (-each[2], each))
    return Regraded(len(looked_at), tuple(changed), len(rows) > LOOKED_AT)

"""Everything that proves the books, in one go: chains, balances, documents of buyers, statements of sellers."""

from __future__ import annotations

from typing import NamedTuple

from exchange.flows.payout_check import PayoutsChecked, check_payouts
from exchange.flows.reproduce import Reproduced, reproduce
from exchange.storage.database import Db
from exchange.storage.verify import (
    Flaw,
    Verification,
    verify_audit,
    verify_books,
    verify_documents,
    verify_payouts,
)


class Proved(NamedTuple):
    """What each check found."""

    books: Verification
    audit: Verification
    documents: Verification
    statements: Verification
    again: Reproduced
    payouts: PayoutsChecked

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        return tuple(flaw for each in self for flaw in each.flaws)

    @property
    def sound(self) -> bool:
        return not self.flaws and self.books.sound


async def prove(db: Db, now: int) -> Proved:
    """Check them all. They read one after another, so that what is booked meanwhile is no flaw."""
    return Proved(
        await verify_books(db),
        await verify_audit(db),
        await verify_documents(db),
        await verify_payouts(db),
        await reproduce(db, now),
        await check_payouts(db),
    )

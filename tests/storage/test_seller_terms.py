"""How sellers are paid: versions, each with its line, and bank details that outlive a change of anything else."""

from __future__ import annotations

from exchange.model.actor import SYSTEM
from exchange.model.audit import AuditLine
from exchange.model.billing import Every
from exchange.model.party import Seller
from exchange.model.payout import Method, PaymentTerms
from exchange.storage.audit import audit_of
from exchange.storage.database import Db
from exchange.storage.parties import read_parties, save_seller
from exchange.storage.seller_terms import (
    SealedAccount,
    TermsRow,
    bank_of,
    payer_of,
    payers,
    read_terms,
    save_payer,
    save_terms,
    terms_of,
)
from tests.storage.books import MONTH, NOW

WEEKLY = PaymentTerms("USD", reserve_bp=1_000, method=Method.ACH)
BANK = SealedAccount(b"\1sealed", "6789")


def line(number: int, subject: str = "seller:s1") -> AuditLine:
    return AuditLine(f"aud_{number}", NOW + number, MONTH, SYSTEM, "", "seller.terms", subject)


async def test_a_seller_has_the_usual_terms_until_somebody_says_others(db: Db) -> None:
    await db.write(save_seller, Seller("s1", "Acme"), NOW)

    assert TermsRow("s1", 0, PaymentTerms(), "", 0, "") == await db.read(terms_of, "s1")
    assert {} == await db.read(read_terms)
    assert 30 == (await db.read(read_parties)).sellers[0].chargeback_days


async def test_new_terms_are_a_version_in_force_at_once_with_its_line(db: Db) -> None:
    await db.write(save_seller, Seller("s1", "Acme"), NOW)
    monthly = PaymentTerms("USD", Every.MONTH, chargeback_days=10)

    assert 1 == await db.write(save_terms, "s1", WEEKLY, BANK, line(1), keep_bank=False)
    assert 2 == await db.write(save_terms, "s1", monthly, None, line(2), keep_bank=False)

    assert TermsRow("s1", 2, monthly, "", NOW + 2, "exchange") == await db.read(terms_of, "s1")
    assert await db.read(bank_of, "s1") is None
    seller = (await db.read(read_parties)).sellers[0]
    assert (10, monthly) == (seller.chargeback_days, seller.terms)
    assert ["aud_2", "aud_1"] == [each.id for each in await db.read(audit_of, SYSTEM, "seller:s1")]


async def test_bank_details_stay_when_they_are_not_said_again(db: Db) -> None:
    await db.write(save_seller, Seller("s1", "Acme"), NOW)
    await db.write(save_terms, "s1", WEEKLY, BANK, line(1), keep_bank=False)
    await db.write(save_terms, "s1", WEEKLY, None, line(2), keep_bank=True)

    assert BANK == await db.read(bank_of, "s1")
    assert "6789" == (await db.read(terms_of, "s1")).last4


async def test_there_is_one_account_that_is_paid_from_for_each_way(db: Db) -> None:
    await db.write(save_payer, "ach", BANK, line(1, "payer:ach"))
    await db.write(save_payer, "ach", SealedAccount(b"\1other", "1111"), line(2, "payer:ach"))

    assert {"ach": "1111"} == await db.read(payers)
    assert SealedAccount(b"\1other", "1111") == await db.read(payer_of, "ach")
    assert await db.read(payer_of, "sepa") is None

"""An ACH file as the Nacha rules say: 94 characters a line, ten lines a block, sums and hashes that the bank checks.

Credits only. Companies are paid in a batch of CCD entries, people in one of PPD entries. A bank balances the file
against the account it agreed on, so no offsetting entry is in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from exchange.model.money import Money
from exchange.model.payout import AchAccount, AchPayer
from exchange.stages.payout.letters import bare
from exchange.stages.statement import CENT

_CREDITS_ONLY = "220"
_BLOCK = 10
_CHECKING, _SAVINGS = "22", "32"
_KEPT = re.compile(r"[^A-Z0-9 .,&'/-]")
CENTS_MOST = 9_999_999_999
"""What an entry has room for: $99,999,999.99."""


class AchPayment(NamedTuple):
    """`reference` is what the receiver sees with it: the statement's number."""

    account: AchAccount
    money: Money
    reference: str


def ach_file(payer: AchPayer, payments: Sequence[AchPayment], made: datetime, effective: date, letter: str) -> bytes:
    """The file, ended by line feeds. `letter` (A to Z) tells the files of one day apart; `effective` is when banks
    settle. An amount is whole cents and not more than `CENTS_MOST`."""
    assert payments and all(not each.money.units % CENT for each in payments)
    batches = [(company, list(group)) for company, group in groupby(_ordered(payments), lambda e: e.account.company)]
    lines = [_file_header(payer, made, letter)]
    entries_before = 0
    totals: list[tuple[int, int, int]] = []
    for number, (company, group) in enumerate(batches, 1):
        lines.append(_batch_header(payer, company, number, made, effective))
        lines += [_entry(payer, each, entries_before + place) for place, each in enumerate(group, 1)]
        sums = (len(group), _hash(group), sum(each.money.units // CENT for each in group))
        lines.append(_batch_control(payer, number, sums))
        entries_before += len(group)
        totals.append(sums)
    blocks = -(-(len(lines) + 1) // _BLOCK)
    count, entry_hash, cents = (sum(column) for column in zip(*totals, strict=True))
    lines.append(f"9{len(batches):06d}{blocks:06d}{count:08d}{entry_hash % 10**10:010d}{0:012d}{cents:012d}{'':39}")
    lines += ["9" * 94] * (blocks * _BLOCK - len(lines))
    assert all(len(line) == 94 for line in lines)
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _ordered(payments: Sequence[AchPayment]) -> list[AchPayment]:
    """Companies first; among them as they came."""
    return sorted(payments, key=lambda each: not each.account.company)


def _file_header(payer: AchPayer, made: datetime, letter: str) -> str:
    origin = payer.origin or payer.company_id
    return (
        f"101 {payer.routing}{origin:>10}{made:%y%m%d}{made:%H%M}{letter}094101"
        f"{plain(payer.bank_name, 23)}{plain(payer.company, 23)}{'':8}"
    )


def _batch_header(payer: AchPayer, company: bool, number: int, made: datetime, effective: date) -> str:
    return (
        f"5{_CREDITS_ONLY}{plain(payer.company, 16)}{'':20}{payer.company_id:>10}{'CCD' if company else 'PPD'}"
        f"{'PAYOUT':10}{made:%y%m%d}{effective:%y%m%d}{'':3}1{payer.routing[:8]}{number:07d}"
    )


def _entry(payer: AchPayer, payment: AchPayment, place: int) -> str:
    account = payment.account
    code = _SAVINGS if account.savings else _CHECKING
    cents = payment.money.units // CENT
    return (
        f"6{code}{account.routing}{account.account:17}{cents:010d}{plain(payment.reference, 15)}"
        f"{plain(account.holder, 22)}  0{payer.routing[:8]}{place:07d}"
    )


def _batch_control(payer: AchPayer, number: int, sums: tuple[int, int, int]) -> str:
    count, entry_hash, cents = sums
    return (
        f"8{_CREDITS_ONLY}{count:06d}{entry_hash % 10**10:010d}{0:012d}{cents:012d}{payer.company_id:>10}"
        f"{'':19}{'':6}{payer.routing[:8]}{number:07d}"
    )


def _hash(payments: Sequence[AchPayment]) -> int:
    """The sum of the receiving banks' numbers without their check digits."""
    return sum(int(each.account.routing[:8]) for each in payments)


def plain(text: str, width: int) -> str:
    """Upper case letters of ASCII, cut and filled up to `width`; a letter of another script is a space."""
    return f"{_KEPT.sub(' ', bare(text).upper())[:width]:{width}}"

"""A SEPA credit transfer file: ISO 20022 pain.001.001.09, one debit of our account for one day.

Written with the characters that every bank in SEPA takes; amounts in euros with a point.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from lxml import etree

from exchange.model.money import Money
from exchange.model.payout import SepaAccount
from exchange.stages.payout.letters import bare
from exchange.stages.statement import CENT

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_NAME_MOST, _TEXT_MOST, _ID_MOST = 70, 140, 35
_KEPT = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


class SepaPayment(NamedTuple):
    """`id` is unique for ever and comes back with every answer of a bank; `reference` is what the receiver reads."""

    id: str
    account: SepaAccount
    money: Money
    reference: str


def sepa_file(
    payer: SepaAccount, payments: Sequence[SepaPayment], message_id: str, made_at: int, execute: date
) -> bytes:
    """The document in UTF-8. `made_at` is epoch ms; `execute` the day on which our account is debited."""
    assert payments and all(each.money.currency == "EUR" and not each.money.units % CENT for each in payments)
    total = sum(each.money.units for each in payments)
    names: Any = {None: NAMESPACE}  # None is the default namespace, which the stubs of lxml do not know
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap=names)
    transfer = _in(root, "CstmrCdtTrfInitn")
    header = _in(transfer, "GrpHdr")
    _in(header, "MsgId", identifier(message_id))
    _in(header, "CreDtTm", f"{datetime.fromtimestamp(made_at // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}")
    _in(header, "NbOfTxs", str(len(payments)))
    _in(header, "CtrlSum", _euros(total))
    _in(_in(header, "InitgPty"), "Nm", latin(payer.holder, _NAME_MOST))
    batch = _in(transfer, "PmtInf")
    _in(batch, "PmtInfId", identifier(f"{message_id}-1"))
    _in(batch, "PmtMtd", "TRF")
    _in(batch, "BtchBookg", "true")
    _in(batch, "NbOfTxs", str(len(payments)))
    _in(batch, "CtrlSum", _euros(total))
    _in(_in(_in(batch, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
    _in(_in(batch, "ReqdExctnDt"), "Dt", execute.isoformat())
    _in(_in(batch, "Dbtr"), "Nm", latin(payer.holder, _NAME_MOST))
    _in(_in(_in(batch, "DbtrAcct"), "Id"), "IBAN", payer.iban)
    _bank(batch, "DbtrAgt", payer.bic)
    _in(batch, "ChrgBr", "SLEV")
    for payment in payments:
        _transfer(batch, payment)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _transfer(batch: etree._Element, payment: SepaPayment) -> None:
    one = _in(batch, "CdtTrfTxInf")
    _in(_in(one, "PmtId"), "EndToEndId", identifier(payment.id))
    _in(_in(one, "Amt"), "InstdAmt", _euros(payment.money.units)).set("Ccy", "EUR")
    if payment.account.bic:
        _bank(one, "CdtrAgt", payment.account.bic)
    _in(_in(one, "Cdtr"), "Nm", latin(payment.account.holder, _NAME_MOST))
    _in(_in(_in(one, "CdtrAcct"), "Id"), "IBAN", payment.account.iban)
    _in(_in(one, "RmtInf"), "Ustrd", latin(payment.reference, _TEXT_MOST))


def _bank(parent: etree._Element, name: str, bic: str) -> None:
    """Our own bank has to be named, if only as one that nobody gave."""
    bank = _in(_in(parent, name), "FinInstnId")
    if bic:
        _in(bank, "BICFI", bic)
    else:
        _in(_in(bank, "Othr"), "Id", "NOTPROVIDED")


def _in(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    made = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    made.text = text
    return made


def _euros(units: int) -> str:
    return Money(units, "EUR").text


def identifier(text: str) -> str:
    """An id of ours as one of theirs: at most 35 of their characters, without an underscore."""
    cleaned = re.sub(r"[^A-Za-z0-9-]", "-", text)
    assert 0 < len(cleaned) <= _ID_MOST, text
    return cleaned


def latin(text: str, most: int) -> str:
    """The letters that SEPA knows: accents fall away, what has no likeness becomes a space."""
    return " ".join(_KEPT.sub(" ", bare(text.replace("&", "+"))).split())[:most].strip() or "-"

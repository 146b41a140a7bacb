"""How a seller is paid: changed by a person, in force at once, with a line that says who and what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.letters import letter
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor, Role
from exchange.model.billing import Every
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, read_units, write_units
from exchange.model.payout import Account, AchAccount, AchPayer, Method, Payer, PaymentTerms, SepaAccount
from exchange.model.work import JobRow
from exchange.stages.payout.accounts import WrongAccount, read_account, read_payer
from exchange.storage.seller_terms import (
    SealedAccount,
    TermsRow,
    bank_of,
    payer_of,
    save_payer,
    save_terms,
    terms_of,
)

FIELDS = (
    "currency", "every", "zone", "net_days", "reserve_percent", "reserve_days", "chargeback_days", "minimum", "method",
    "address", "tax_id", "holder", "routing", "account", "savings", "person", "iban", "bic",
)  # fmt: skip
"""What can be said of how a seller is paid."""
_ACCOUNT_FIELDS = ("holder", "routing", "account", "iban", "bic")
_EVERY = tuple(each.value for each in Every)
_METHODS = tuple(each.value for each in Method)


class WrongTerms(Exception):
    """What is wrong, by field; nothing was stored."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


async def change_terms(
    market: Market, seller_id: str, fields: Mapping[str, str], actor: Actor, ip: str = ""
) -> TermsRow | None:
    """Terms as a form or a call says them; what is not said stays as it is. None when there is no such seller.

    Bank details that are left out stay, as long as the way of paying does. Raises `WrongTerms`.
    """
    if seller_id not in market.deals.sellers:
        return None
    before = await market.db.read(terms_of, seller_id)
    terms, problems = _read(before.terms, fields)
    account, keep = None, terms.method is before.terms.method and bool(before.last4)
    if terms.method is not Method.BY_HAND and (
        not keep or any(fields.get(name, "").strip() for name in _ACCOUNT_FIELDS)
    ):
        try:
            account, keep = read_account(terms.method, fields), False
        except WrongAccount as error:
            problems += error.problems
    if problems:
        raise WrongTerms(problems)
    now = market.clock.now()
    sealed = _seal(market, bank_secret(seller_id), account) if account is not None else None
    line = audit_line(
        market.ids,
        now,
        actor,
        "seller.terms",
        f"seller:{seller_id}",
        before=_told(before.terms, before.last4),
        after=_told(terms, account.last4 if account is not None else before.last4 if keep else ""),
        ip=ip,
    )
    jobs = (_new_account(market, seller_id, account.last4, line.id),) if account is not None else ()
    await market.db.write(save_terms, seller_id, terms, sealed, line, keep_bank=keep, jobs=jobs)
    await refresh(market)
    return await market.db.read(terms_of, seller_id)


def _new_account(market: Market, seller_id: str, last4: str, once: str) -> JobRow:
    """Whoever is paid elsewhere from now on hears of it, so that a stranger's account is noticed."""
    told = (
        f"From now on you are paid to the account that ends in {last4}.",
        "If you did not ask for that, call whoever runs the exchange before the next payment.",
    )
    return letter(market, Role.SELLER, seller_id, "your bank details were changed", told, "/seller/statements", once)


async def change_payer(market: Market, method: Method, fields: Mapping[str, str], actor: Actor, ip: str = "") -> str:
    """The account that sellers are paid from in this way. Returns its last four. Raises `WrongTerms`."""
    if method is Method.BY_HAND:
        raise WrongTerms([Problem("method", "not_allowed", "method is ach or sepa: by hand no file is made.")])
    try:
        payer = read_payer(method, fields)
    except WrongAccount as error:
        raise WrongTerms(error.problems) from None
    after = {"method": method.value, "ends_in": payer.last4}
    line = audit_line(
        market.ids, market.clock.now(), actor, "payer.changed", f"payer:{method.value}", after=after, ip=ip
    )
    await market.db.write(save_payer, method.value, _seal(market, payer_secret(method), payer), line)
    return payer.last4


async def account_of_seller(market: Market, seller_id: str, method: Method) -> Account | None:
    """Where its money goes, opened; None when nobody said, or it is of another way of paying."""
    sealed = await market.db.read(bank_of, seller_id)
    if sealed is None:
        return None
    found = orjson.loads(market.vault.open_secret(bank_secret(seller_id), sealed.sealed))
    if found.pop("method") != method.value:
        return None
    return AchAccount(**found) if method is Method.ACH else SepaAccount(**found)


async def payer(market: Market, method: Method) -> Payer | None:
    """The account that sellers are paid from, opened; None when nobody said."""
    sealed = await market.db.read(payer_of, method.value)
    if sealed is None:
        return None
    found = orjson.loads(market.vault.open_secret(payer_secret(method), sealed.sealed))
    found.pop("method")
    return AchPayer(**found) if method is Method.ACH else SepaAccount(**found)


def terms_fields(row: TermsRow) -> dict[str, Any]:
    """As programs read them; of the bank details the last four alone."""
    terms = row.terms
    return {
        "seller_id": row.seller_id,
        "version": row.version,
        "currency": terms.currency or None,
        "every": terms.every.value,
        "zone": terms.zone or None,
        "net_days": terms.net_days,
        "reserve_percent": f"{terms.reserve_bp // 100}.{terms.reserve_bp % 100:02d}",
        "reserve_days": terms.reserve_days,
        "chargeback_days": terms.chargeback_days,
        "minimum": write_units(terms.minimum_units),
        "method": terms.method.value,
        "address": terms.address or None,
        "tax_id": terms.tax_id or None,
        "bank_ends_in": row.last4 or None,
    }


def _seal(market: Market, name: str, account: Account | Payer) -> SealedAccount:
    method = Method.SEPA if isinstance(account, SepaAccount) else Method.ACH
    document = orjson.dumps({"method": method.value, **asdict(account)})
    return SealedAccount(market.vault.seal_secret(name, document), account.last4)


def bank_secret(seller_id: str) -> str:
    return f"bank of seller {seller_id}"


def payer_secret(method: Method) -> str:
    return f"payer by {method.value}"


def _read(before: PaymentTerms, fields: Mapping[str, str]) -> tuple[PaymentTerms, list[Problem]]:
    problems: list[Problem] = []
    given: dict[str, Any] = {}
    for name, most in (("net_days", 90), ("reserve_days", 365), ("chargeback_days", 365)):
        if (text := fields.get(name, "").strip()) != "":
            if text.isascii() and text.isdigit() and int(text) <= most:
                given[name] = int(text)
            else:
                problems.append(Problem(name, "range", f"{name} is a number of days, 0 to {most}.", text[:40]))
    if (text := fields.get("every", "").strip()) != "":
        if text in _EVERY:
            given["every"] = Every(text)
        else:
            problems.append(Problem("every", "not_allowed", f"every is one of {', '.join(_EVERY)}.", text[:40], _EVERY))
    if (text := fields.get("method", "").strip()) != "":
        if text in _METHODS:
            given["method"] = Method(text)
        else:
            told = f"method is one of {', '.join(_METHODS)}."
            problems.append(Problem("method", "not_allowed", told, text[:40], _METHODS))
    if "zone" in fields:
        given["zone"] = fields["zone"].strip()
        problems += _no_zone(given["zone"])
    for name in ("address", "tax_id"):
        if name in fields:
            given[name] = "\n".join(line.strip() for line in fields[name].strip().splitlines())[
                : limits.NOTE_CHARACTERS
            ]
    currency = fields.get("currency", before.currency).strip().upper()
    given["currency"] = currency
    given |= _amounts(fields, problems)
    terms = replace(before, **given)
    problems += _do_not_fit(terms)
    return terms, problems


def _amounts(fields: Mapping[str, str], problems: list[Problem]) -> dict[str, int]:
    given: dict[str, int] = {}
    if (text := fields.get("minimum", "").strip()) != "":
        try:
            given["minimum_units"] = read_units(text)
        except BadMoney:
            problems.append(Problem("minimum", "pattern", "minimum is an amount such as 50.00.", text[:40]))
        else:
            if given["minimum_units"] < 0:
                problems.append(Problem("minimum", "range", "minimum is 0 or more.", text[:40]))
    if (text := fields.get("reserve_percent", "").strip()) != "":
        try:
            given["reserve_bp"] = read_units(text) // 100
        except BadMoney:
            problems.append(
                Problem("reserve_percent", "pattern", "reserve_percent is a percentage such as 10.", text[:40])
            )
        else:
            if not 0 <= given["reserve_bp"] <= 5_000:
                problems.append(Problem("reserve_percent", "range", "reserve_percent is 0 to 50.", text[:40]))
    return given


def _no_zone(zone: str) -> list[Problem]:
    if not zone:
        return []
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return [Problem("zone", "not_allowed", "zone is the name of a time zone such as America/New_York.", zone[:40])]
    return []


def _do_not_fit(terms: PaymentTerms) -> list[Problem]:
    problems = []
    if terms.currency and not (len(terms.currency) == 3 and terms.currency.isascii() and terms.currency.isalpha()):
        problems.append(Problem("currency", "pattern", "currency is a code of three letters.", terms.currency[:10]))
    elif not terms.currency and (terms.minimum_units or terms.method is not Method.BY_HAND):
        problems.append(Problem("currency", "missing", "currency is needed: the minimum and the account are in it."))
    elif terms.method.currency not in (None, terms.currency):
        told = f"{terms.method.title} moves {terms.method.currency} only; what is in {terms.currency} is paid by hand."
        problems.append(Problem("method", "not_allowed", told, terms.method.value))
    return problems


def _told(terms: PaymentTerms, last4: str) -> dict[str, str]:
    return {
        "currency": terms.currency,
        "every": terms.every.value,
        "zone": terms.zone,
        "net_days": str(terms.net_days),
        "reserve_bp": str(terms.reserve_bp),
        "reserve_days": str(terms.reserve_days),
        "chargeback_days": str(terms.chargeback_days),
        "minimum": write_units(terms.minimum_units),
        "method": terms.method.value,
        "bank_ends_in": last4,
    }

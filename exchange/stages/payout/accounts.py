"""Bank accounts as people type them: read, checked by their own check digits, told back as their last four alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from exchange.model.lead import Problem
from exchange.model.payout import Account, AchAccount, AchPayer, Method, Payer, SepaAccount
from exchange.stages.payout.letters import has_letters

_IBAN_LENGTHS: Mapping[str, int] = MappingProxyType(
    {
        "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
        "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
        "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
        "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
    }
)  # fmt: skip
"""The countries of SEPA and how long their account numbers are."""

_ROUTING = re.compile(r"[0-9]{9}")
_ACCOUNT = re.compile(r"[0-9A-Z-]{3,17}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_COMPANY_ID = re.compile(r"[0-9A-Z]{9,10}")
_HOLDER_MOST = 70
_YES = frozenset({"yes", "1", "true", "on"})


class WrongAccount(ValueError):
    """What is wrong, by field. No number is repeated."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


def read_account(method: Method, fields: Mapping[str, str]) -> Account:
    """The account that money goes to. Raises `WrongAccount`."""
    if method is Method.ACH:
        return _read_ach(fields)
    return _read_sepa(fields)


def read_payer(method: Method, fields: Mapping[str, str]) -> Payer:
    """The account that money comes from. Raises `WrongAccount`."""
    if method is Method.SEPA:
        return _read_sepa(fields)
    bank, company = fields.get("bank_name", "").strip(), fields.get("company", "").strip()
    routing, company_id = _squeezed(fields.get("routing", "")), _squeezed(fields.get("company_id", ""))
    origin = _squeezed(fields.get("origin", ""))
    problems = [*_no_holder("bank_name", bank), *_no_holder("company", company), *_no_routing(routing)]
    if not _COMPANY_ID.fullmatch(company_id):
        problems.append(Problem("company_id", "pattern", "company_id is the 10 characters that your bank assigned."))
    if origin and not _COMPANY_ID.fullmatch(origin):
        problems.append(Problem("origin", "pattern", "origin is the 9 or 10 digits that your bank assigned, or empty."))
    if problems:
        raise WrongAccount(problems)
    return AchPayer(bank, routing, company, company_id, origin)


def is_iban(text: str) -> bool:
    """Of a country of SEPA, as long as there, and right by its check digits (ISO 7064, modulo 97)."""
    if len(text) != _IBAN_LENGTHS.get(text[:2]) or not text.isascii() or not text.isalnum() or not text[2:4].isdigit():
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


def is_routing(text: str) -> bool:
    """Nine digits whose weighted sum (3, 7, 1) is a multiple of ten."""
    if not _ROUTING.fullmatch(text) or text == "000000000":
        return False
    return sum(int(digit) * (3, 7, 1)[place % 3] for place, digit in enumerate(text)) % 10 == 0


def _read_ach(fields: Mapping[str, str]) -> AchAccount:
    holder, routing = fields.get("holder", "").strip(), _squeezed(fields.get("routing", ""))
    account = _squeezed(fields.get("account", ""))
    problems = [*_no_holder("holder", holder), *_no_routing(routing)]
    if not _ACCOUNT.fullmatch(account):
        problems.append(Problem("account", "pattern", "account is the account's number: 3 to 17 digits."))
    if problems:
        raise WrongAccount(problems)
    savings, person = fields.get("savings", ""), fields.get("person", "")
    return AchAccount(holder, routing, account, savings.lower() in _YES, person.lower() not in _YES)


def _read_sepa(fields: Mapping[str, str]) -> SepaAccount:
    holder, iban = fields.get("holder", "").strip(), _squeezed(fields.get("iban", ""))
    bic = _squeezed(fields.get("bic", ""))
    problems = _no_holder("holder", holder)
    if not is_iban(iban):
        told = "iban is no account number of a country of SEPA: its length or its check digits are wrong."
        problems.append(Problem("iban", "pattern", told))
    if bic and not _BIC.fullmatch(bic):
        problems.append(Problem("bic", "pattern", "bic is 8 or 11 letters and digits, or empty."))
    if problems:
        raise WrongAccount(problems)
    return SepaAccount(holder, iban, bic)


def _no_routing(routing: str) -> list[Problem]:
    if is_routing(routing):
        return []
    return [Problem("routing", "pattern", "routing is a bank's nine digits, and their check digit is wrong.")]


def _no_holder(field: str, name: str) -> list[Problem]:
    if not name or len(name) > _HOLDER_MOST or not name.isprintable():
        return [Problem(field, "missing", f"{field} is a name of at most {_HOLDER_MOST} characters.")]
    if not has_letters(name):
        return [Problem(field, "pattern", f"{field} is a name in Latin letters: files for banks hold no others.")]
    return []


def _squeezed(text: str) -> str:
    """Without the spaces that people group numbers with."""
    return "".join(text.split()).upper()

"""Texts that say who somebody is: phones and email addresses in free words, and a consumer's own values where they do
not belong. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from exchange.stages.field_names import TEXT_TYPES, Known
from exchange.stages.standard_fields import SEEN_BY_OTHERS

_EMAIL = re.compile(r"[^\s@/?&=]{1,64}(?:@|%40)[^\s@/?&=]{1,200}\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?<![0-9])\(?[2-9][0-8][0-9]\)?[ .-]{0,2}[2-9][0-9]{2}[ .-]?[0-9]{4}(?![0-9])")
_WORDS = re.compile(r"[^\W\d_]+")
_OWN_PHONES = ("phone", "phone2")
WHO = frozenset({*_OWN_PHONES, "first_name", "last_name"})
_PHONE_DIGITS = 10
_SHORT = 6  # characters: too few for a phone, or for a first and a last name


def looks_personal(text: str) -> bool:
    """Whether an email address or a phone number stands in the text."""
    return holds_email(text) or _PHONE.search(text) is not None


def holds_email(text: str) -> bool:
    return ("@" in text or "%40" in text) and _EMAIL.search(text) is not None


def without_contacts(text: str, hidden: str) -> str:
    """The same with `hidden` where an email address or a phone stood, whoever's."""
    return _PHONE.sub(hidden, _EMAIL.sub(hidden, text))


def tells_too_much(known: Known, raw: str) -> bool:
    """Whether free text of a ping holds an email address or phone. Ids in tracking tags may look like phones."""
    if known.spec.personal or known.spec.type not in TEXT_TYPES:
        return False
    return looks_personal(raw) if known.spec.type != "line" else holds_email(raw)


def says_who(name: str, known: Known, raw: str, who: Mapping[str, str]) -> bool:
    """Whether a text that others see before they buy the lead, or read in an address, holds an email address, a phone,
    or its own consumer's phone or name. Ids may look like somebody's phone. `who` has the fields of `WHO`, as known.
    """
    if holds_email(raw) if name in SEEN_BY_OTHERS else tells_too_much(known, raw):
        return True
    return known.spec.type in ("text", "line") and _is_own(raw, who)


def _is_own(raw: str, who: Mapping[str, str]) -> bool:
    if len(raw) < _SHORT:
        return False
    digits = _digits(raw)
    if len(digits) >= _PHONE_DIGITS:
        phones = [_digits(who[name])[-_PHONE_DIGITS:] for name in _OWN_PHONES if name in who]
        if any(len(phone) == _PHONE_DIGITS and phone in digits for phone in phones):
            return True
    names = [_words(who[name]) for name in ("first_name", "last_name") if name in who]
    return len(names) == 2 and all(names) and names[0] | names[1] <= _words(raw)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORDS.findall(text.casefold()))

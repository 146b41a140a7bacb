"""Email addresses: slips of great providers put right; throw-away domains, offices, addresses that say there is none.

A slip is sure when one stroke of the keyboard went wrong after the first letter of a provider's long name, or when its
ending is none that exists. Domains that look like a slip and are real (`ymail.com`, `email.com`) are never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from string import ascii_lowercase

from publicsuffixlist import PublicSuffixList

from exchange.fields import email
from exchange.fields.disposable import is_disposable
from exchange.model.lead import FieldValue
from exchange.stages.scrub.notes import Fix, Found, Note
from exchange.stages.scrub.words import EMAIL_FILLERS, NEIGHBOURS, ROLES, WRONG_COM, WRONG_NET

# Long names, in which one wrong letter is sure to be a slip, with their ending.
_LONG: Mapping[str, str] = {
    "gmail": "com", "yahoo": "com", "hotmail": "com", "outlook": "com", "icloud": "com", "comcast": "net",
    "verizon": "net", "sbcglobal": "net", "bellsouth": "net", "charter": "net", "earthlink": "net",
    "rocketmail": "com", "protonmail": "com", "googlemail": "com",
}  # fmt: skip
# Short ones, of which only the ending is ever put right: aim, aol and ail are three domains.
_SHORT: Mapping[str, str] = {
    "aol": "com", "live": "com", "msn": "com", "me": "com", "mac": "com", "aim": "com", "ymail": "com", "mail": "com",
    "email": "com", "gmx": "com", "att": "net", "cox": "net", "juno": "com", "zoho": "com",
}  # fmt: skip
_ANY_KEY = 6  # letters
_WORDS = frozenset({"charter"})  # one letter from other words of the language
_CO = frozenset({"gmail", "yahoo", "hotmail", "outlook", "icloud"})  # whose .co is nobody else's
# Real, and one letter from a long name.
_REAL = frozenset({"gail", "gmal", "mail", "email", "ymail", "hmail", "fmail", "yahoo", "ahoo", "outlooks", "charte"})
_NOT_ASKED = frozenset({"example", "example.com", "example.net", "example.org"})  # kept for documents: never a slip


def judge_email(field: str, value: FieldValue, disposable: frozenset[str]) -> Iterator[Found]:
    domain: str = value.parts["domain"]
    local: str = value.parts["local"]
    known = is_provider(domain)
    better = None if known else meant_by(domain)
    if better is not None:
        yield Fix(field, f"The email's domain was a slip of {better}", with_domain(value, better))
    elif not known:
        yield from _doubts(field, local, domain, disposable)
    name = local.casefold().partition("+")[0]
    if name in EMAIL_FILLERS:
        yield Note(field, "email_filler")
    elif name in ROLES:
        yield Note(field, "email_role")


def _doubts(field: str, local: str, domain: str, disposable: frozenset[str]) -> Iterator[Found]:
    if is_disposable(domain, disposable):
        yield Note(field, "email_disposable")
    elif (near := suspects().get(domain)) is not None:
        yield Note(field, "email_suspect", f"{local}@{near}")
    elif not exists(domain):
        head, _, ending = domain.rpartition(".")
        better = "com" if ending in WRONG_COM else "net" if ending in WRONG_NET else None
        yield Note(field, "email_domain", f"{local}@{head}.{better}" if better is not None else None)


def with_domain(value: FieldValue, domain: str) -> FieldValue:
    """The same address at another domain; `raw` stays as it was sent."""
    clean = f"{value.parts['local']}@{domain}"
    return FieldValue(
        value.raw, clean, email.mask(clean), {**value.parts, "domain": domain, "folded": clean.casefold()}
    )


@lru_cache(maxsize=1)
def _providers() -> frozenset[str]:
    return frozenset(f"{name}.{ending}" for names in (_LONG, _SHORT) for name, ending in names.items())


def is_provider(domain: str) -> bool:
    """Whether the domain is a great provider's: it is real, takes mail, and is asked nothing."""
    return domain in _providers()


def meant_by(domain: str) -> str | None:
    """The provider's domain of which this is a sure slip; None when it is none, or is a provider's itself."""
    label, _, ending = domain.partition(".")
    name = label if label in _LONG or label in _SHORT else slips().get(label)
    if name is None:
        return None
    right = _LONG.get(name) or _SHORT[name]
    if ending == right:
        return f"{name}.{right}" if name != label else None
    wrong = ending in (WRONG_NET if right == "net" else WRONG_COM) or (ending == "co" and name in _CO)
    return f"{name}.{right}" if wrong else None


@lru_cache(maxsize=1)
def slips() -> Mapping[str, str]:
    """Every sure slip of a provider's long name, and the name that was meant."""
    found: dict[str, str] = {}
    unsure: set[str] = set()
    for name in _LONG:
        for slip in _strokes(name) - _REAL - _LONG.keys() - _SHORT.keys():
            if found.setdefault(slip, name) != name:
                unsure.add(slip)
    return {slip: name for slip, name in found.items() if slip not in unsure}


def _strokes(name: str) -> frozenset[str]:
    """One wrong stroke after the first letter: left out, doubled, a key beside it instead or too, two exchanged.

    In a name of six letters and more any other key is as sure as one beside it.
    """
    found = set()
    any_key = len(name) >= _ANY_KEY and name not in _WORDS
    for place in range(1, len(name)):
        head, letter, tail = name[:place], name[place], name[place + 1 :]
        found.add(head + tail)
        found.add(head + letter + letter + tail)
        keys = ascii_lowercase if any_key else NEIGHBOURS[letter]
        found |= {head + key + tail for key in keys}
        found |= {head + letter + key + tail for key in keys}
        if tail:
            found.add(head + tail[0] + letter + tail[1:])
    found.add(name[0] + name)
    return frozenset(found - {name})


@lru_cache(maxsize=1)
def suspects() -> Mapping[str, str]:
    """Domains that may be a slip of a provider and may be somebody's: one stroke at the first letter."""
    found: dict[str, str] = {}
    for name, ending in _LONG.items():
        firsts = {name[1:], *(near + name[1:] for near in NEIGHBOURS[name[0]]), name[1] + name[0] + name[2:]}
        for slip in firsts - _REAL - _LONG.keys() - _SHORT.keys():
            found.setdefault(f"{slip}.{ending}", f"{name}.{ending}")
    return {domain: meant for domain, meant in found.items() if meant_by(domain) is None}


@lru_cache(maxsize=1)
def _endings() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


@lru_cache(maxsize=8_192)
def exists(domain: str) -> bool:
    """Whether the domain's ending is one that the world's registry has given out. Those of documents count as well."""
    ending = domain.rpartition(".")[2]
    return ending in _NOT_ASKED or domain in _NOT_ASKED or _endings().publicsuffix(domain) is not None

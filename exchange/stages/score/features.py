"""What the conversion score may look at in a lead, as short texts `name=value` that hold nothing personal.

Left out by the law of the trade: age, gender, family, origin, faith, language, health, and where someone lives below
the state, unless the vertical turns one on with a note; and whatever the vertical forbids. Left out by sense: what
names a person, free words, and what is filled in after the sale (it is no field of a lead).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import urlsplit

from exchange.model.lead import FieldValue, Lead
from exchange.model.vertical import FieldSpec, Vertical

_PROTECTED = re.compile(
    r"(^|_)(age|dob|birth|born|gender|sex|marital|married|spouse|famil|child|pregnan|race|ethnic|religio|faith|church"
    r"|national|citizen|immigra|origin_country|language|lang|disab|handicap|health|medical|diagnos|condition|smok"
    r"|tobacco|veteran|military|zip|postal|city|county|neighbo)",
)
_AS_THEY_ARE = frozenset({"boolean", "choice", "state"})
_BANDED = frozenset({"integer", "number", "amount"})
_HASHED = frozenset({"text"})
_WORDS_MOST = 80  # a longer text is somebody's own words, not the name of a thing
_LANDING_PAGE = "landing_page_url"


class Features(NamedTuple):
    """`texts` are the features; `source` is whose lead it is, from the vertical down to the sub id."""

    texts: tuple[str, ...]
    source: tuple[str, ...]


class Recipe(NamedTuple):
    """Which fields of a vertical are looked at, and how. `left_out` says why the others are not, by field name."""

    vertical: str
    plain: tuple[str, ...]
    banded: tuple[str, ...]
    hashed: tuple[str, ...]
    crosses: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]

    def fields(self) -> tuple[str, ...]:
        """The fields in force, in order."""
        return (*self.plain, *self.banded, *self.hashed)


def why_protected(name: str) -> bool:
    """Whether a field's name speaks of what the law keeps out of a decision about a person."""
    return _PROTECTED.search(name) is not None


def recipe(vertical: Vertical) -> Recipe:
    """What is looked at in leads of this vertical."""
    used: dict[str, list[str]] = {"plain": [], "banded": [], "hashed": []}
    left_out: list[tuple[str, str]] = []
    for spec in vertical.fields:
        why = _why_not(spec, vertical)
        if why is None:
            used[_kind(spec)].append(spec.name)
        elif why:
            left_out.append((spec.name, why))
    known = {name for names in used.values() for name in names}
    crosses = tuple((one, other) for one, other in vertical.score.crosses if one in known and other in known)
    return Recipe(
        vertical.name, tuple(used["plain"]), tuple(used["banded"]), tuple(used["hashed"]), crosses, tuple(left_out)
    )


def _kind(spec: FieldSpec) -> str:
    if spec.type in _AS_THEY_ARE:
        return "plain"
    return "banded" if spec.type in _BANDED else "hashed"


def _why_not(spec: FieldSpec, vertical: Vertical) -> str | None:
    """Why a field is not looked at; None when it is, an empty text when nobody would ask."""
    rule = vertical.score
    if spec.personal:
        return ""
    if spec.name in rule.forbidden:
        return "the vertical forbids it"
    law = vertical.why_no_filter(spec.name)
    if law is not None:
        return law
    if why_protected(spec.name) and spec.name not in dict(rule.allow):
        return "protected: the vertical has not turned it on"
    if spec.type in _HASHED:
        return None if spec.most is not None and spec.most <= _WORDS_MOST else "free words"
    return None if spec.type in _AS_THEY_ARE | _BANDED else ""


def features(lead: Lead, made: Recipe) -> Features:
    """The features of one lead. A field that was not sent is a feature too: `name=`."""
    vertical, values = made.vertical, lead.values
    sub_id = lead.tracking.get("sub_id1") or lead.text("sub_id") or ""
    code = _hashed(sub_id)
    source = (vertical, f"{vertical}/{lead.seller_id}", f"{vertical}/{lead.seller_id}/{code}")
    found = {name: _plain(values.get(name)) for name in made.plain}
    found |= {name: _banded(values.get(name)) for name in made.banded}
    found |= {name: _hashed(lead.text(name) or "") for name in made.hashed}
    texts = [
        "all=",
        f"vertical={vertical}",
        f"seller={lead.seller_id}",
        f"sub_id={lead.seller_id}/{code}",
        f"{vertical}.landing_page={_hashed(_page(lead.tracking.get(_LANDING_PAGE, '')))}",
    ]
    texts += [f"{vertical}.{name}={value}" for name, value in found.items()]
    texts += [f"{vertical}.{one}*{other}={found[one]}*{found[other]}" for one, other in made.crosses]
    return Features(tuple(texts), source)


def _plain(value: FieldValue | None) -> str:
    return value.clean if value is not None else ""


def _banded(value: FieldValue | None) -> str:
    """A number's order of size: each band is twice as wide as the one under it."""
    if value is None:
        return ""
    try:
        number = int(float(value.clean))
    except (ValueError, OverflowError):
        return ""
    return f"{'-' if number < 0 else ''}{abs(number).bit_length()}"


@lru_cache(maxsize=4_096)  # sub ids and landing pages come again and again
def _hashed(text: str) -> str:
    """A name as a short code: what someone wrote is told nowhere."""
    return blake2b(text.encode(), digest_size=4).hexdigest() if text else ""


def _page(url: str) -> str:
    """Host and path of an address; what follows may say who came."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


@lru_cache(maxsize=16_384)
def name_of(text: str) -> str:
    """A feature's name, without its value: `solar.monthly_bill` of `solar.monthly_bill=101-150`."""
    return text.partition("=")[0]


def words(texts: Mapping[str, str], feature: str) -> str:
    """A feature's name as people read it. `texts` are the labels of the vertical's fields by name."""
    name = name_of(feature).rpartition(".")[2]
    return " and ".join(_LABELS.get(part) or texts.get(part) or part for part in name.split("*"))


_LABELS: Mapping[str, str] = {
    "all": "all leads",
    "vertical": "the vertical",
    "seller": "the seller",
    "sub_id": "the sub id",
    "landing_page": "the landing page",
}

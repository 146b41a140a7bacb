"""ADF, the auto trade's lead format: each prospect becomes a flat record. Pure; no DOCTYPE, nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

from exchange import limits

_LISTS = ("prospect", "id", "vehicle", "contact", "name", "email", "phone", "street", "address", "price")
_INSTRUCTIONS = re.compile(r"<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_START = re.compile(r"<adf[\s>]", re.IGNORECASE)
_PHONE_ORDER = ("cellphone", "mobile", "cell", "home", "voice", "phone", "")
Node = Mapping[str, Any]


class BadAdf(Exception):
    """The document is no ADF that can be read; the sentence says where."""


def is_adf(text: str) -> bool:
    return _START.search(text[:4_096]) is not None


def read_adf(text: str) -> list[dict[str, str]]:
    """The records of a document, one a prospect. Raises `BadAdf`."""
    plain = _INSTRUCTIONS.sub("", text.lstrip("\ufeff")).strip()  # some begin with <?ADF?>, and then <?XML?>
    if len(plain) > limits.BODY_BYTES:
        raise BadAdf(f"The ADF document is larger than {limits.BODY_BYTES // 1024} KB.")
    if _DOCTYPE.search(plain):
        raise BadAdf("The ADF document has a DOCTYPE, which is not taken.")
    try:
        read = xmltodict.parse(_lower_case(plain), force_list=_LISTS, disable_entities=True)
    except (ExpatError, ValueError) as error:
        raise BadAdf(f"The ADF document cannot be read: {_where(error)}") from None
    root = read.get("adf")
    prospects = root.get("prospect") if isinstance(root, Mapping) else None
    found = [dict(_fields(each)) for each in prospects or () if isinstance(each, Mapping)]
    if not found:
        raise BadAdf("The ADF document holds no prospect.")
    return found


def _lower_case(text: str) -> str:
    """Names of elements and attributes in lower case: programs of the trade do not agree on it."""
    return re.sub(r"<(/?)([A-Za-z][\w.-]*)((?:\s+[\w.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)", _tag, text)


def _tag(found: re.Match[str]) -> str:
    attributes = re.sub(r"([\w.-]+)(\s*=\s*(?:\"[^\"]*\"|'[^']*'))", lambda each: each[1].lower() + each[2], found[3])
    return f"<{found[1]}{found[2].lower()}{attributes}"


def _where(error: Exception) -> str:
    if isinstance(error, ExpatError):
        return f"line {error.lineno}, column {error.offset + 1}."
    return "it declares an entity."


def _fields(prospect: Node) -> Iterator[tuple[str, str]]:
    """Name and value of everything a buyer could ask for; an empty value is left out."""
    customer = _node(prospect.get("customer"))
    contact = _first(customer.get("contact")) or {}
    told = [
        ("seller_lead_id", _text(_first_of(prospect.get("id")))),
        ("adf_status", _attribute(prospect, "status")),
        ("requested_at", _text(prospect.get("requestdate"))),
        *_names(contact),
        ("email", _text(_first_of(contact.get("email")))),
        *_phones(contact),
        *_address(contact),
        *_vehicle(prospect),
        ("timeframe", _text(_node(customer.get("timeframe")).get("description"))),
        ("comments", _text(customer.get("comments"))),
        ("vendor", _text(_node(prospect.get("vendor")).get("vendorname"))),
        ("provider", _text(_first_of(_node(prospect.get("provider")).get("name")))),
        ("provider_service", _text(_node(prospect.get("provider")).get("service"))),
    ]
    return ((name, value) for name, value in told if value)


def _names(contact: Node) -> Iterator[tuple[str, str]]:
    parts = {(_attribute(each, "part") or "full").lower(): _text(each) for each in contact.get("name") or ()}
    yield "first_name", parts.get("first", "")
    yield "last_name", parts.get("last", "")
    if not (parts.get("first") and parts.get("last")):
        yield "full_name", parts.get("full", "")


def _phones(contact: Node) -> Iterator[tuple[str, str]]:
    """The number people carry goes first; a fax is no phone."""
    found = [((_attribute(each, "type") or "").lower(), _text(each)) for each in contact.get("phone") or ()]
    ranked = sorted((_rank(kind), at, text) for at, (kind, text) in enumerate(found) if text and "fax" not in kind)
    numbers = list(dict.fromkeys(text for _, _, text in ranked))
    return zip(("phone", "phone2"), numbers, strict=False)


def _rank(kind: str) -> int:
    return _PHONE_ORDER.index(kind) if kind in _PHONE_ORDER else len(_PHONE_ORDER)


def _address(contact: Node) -> Iterator[tuple[str, str]]:
    address = _first(contact.get("address")) or {}
    streets = [text for each in address.get("street") or () if (text := _text(each))]
    second = " ".join([*streets[1:], _text(address.get("apartment"))]).strip()
    yield "address", streets[0] if streets else ""
    yield "address2", second
    yield "city", _text(address.get("city"))
    yield "state", _text(address.get("regioncode"))
    yield "zip", _text(address.get("postalcode"))
    yield "country", _text(address.get("country"))


def _vehicle(prospect: Node) -> Iterator[tuple[str, str]]:
    """The one that is wanted, and the one that is given in part payment."""
    vehicles = [each for each in prospect.get("vehicle") or () if isinstance(each, Mapping)]
    traded = [each for each in vehicles if _attribute(each, "interest").lower() == "trade-in"]
    wanted = [each for each in vehicles if each not in traded]
    for prefix, which in (("vehicle", wanted), ("trade_in", traded)):
        for vehicle in which[:1]:
            yield f"{prefix}_interest", _attribute(vehicle, "interest")
            yield f"{prefix}_status", _attribute(vehicle, "status")
            for name in ("year", "make", "model", "trim", "vin", "stock", "bodystyle", "transmission", "odometer"):
                yield f"{prefix}_{name}", _text(vehicle.get(name))
            yield f"{prefix}_price", _text(_first_of(vehicle.get("price")))


def _node(value: object) -> Node:
    return value if isinstance(value, Mapping) else {}


def _first(values: object) -> Node | None:
    """The primary one of a list of elements, else the first."""
    found = [each for each in values if isinstance(each, Mapping)] if isinstance(values, list) else []
    return next((each for each in found if _attribute(each, "primarycontact") == "1"), found[0] if found else None)


def _first_of(values: object) -> object:
    return values[0] if isinstance(values, list) and values else values


def _attribute(node: object, name: str) -> str:
    return " ".join(str(_node(node).get(f"@{name}") or "").split())


def _text(value: object) -> str:
    """An element's text as one line."""
    if isinstance(value, Mapping):
        value = value.get("#text")
    if isinstance(value, list):
        value = value[0] if value else None
        return _text(value)
    return " ".join(value.split())[: limits.FIELD_CHARACTERS] if isinstance(value, str) else ""

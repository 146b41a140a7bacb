"""A buyer's sample request, taken apart: which of our fields each of its names is, by name first and by content second.

What nobody recognises is kept as the text it has, so that the mapping sends what the sample sent. A credential becomes
a secret by name: its value is dropped and has to be typed in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl

from buyers.mapping.document import steps_of
from buyers.reading.markup import parse_xml
from buyers.reading.unreadable import Unreadable
from exchange import limits
from exchange.model.teaching import Guess

DEPTH = 12
USUAL = ("first_name", "last_name", "email", "phone", "zip", "state", "address", "city")
SOAP: Final = "Envelope"
_HEAD: Final = re.compile(r"(?:(?:POST|PUT|GET) \S+ HTTP/[0-9.]+\r?\n)?(?:[A-Za-z][A-Za-z0-9-]*: [^\r\n]*\r?\n)+\r?\n")
_CURL_DATA: Final = re.compile(r"--?(?:data(?:-raw|-binary|-urlencode)?|d)[ =]'([^']*)'|-d \"([^\"]*)\"", re.DOTALL)
_SECRET: Final = re.compile(
    r"(?:^|[_\-.])(?:api)?_?(?:key|token|secret|password|passwd|pwd|auth)$|apikey|apitoken", re.IGNORECASE
)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][\w:\-]*")
_JOINED: Final = re.compile(r"[a-z0-9](?=[A-Z])")
_SIGNS: Final = str.maketrans("", "", "-_. ")
_CONTENTS: Final[Mapping[str, Callable[[str], object]]] = MappingProxyType(
    {
        "email": re.compile(r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z]{2,}").fullmatch,
        "ip_address": re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}").fullmatch,
        "phone": re.compile(r"(?:\+?1[ .-]?)?\(?[2-9][0-9]{2}\)?[ .-]?[2-9][0-9]{2}[ .-]?[0-9]{4}").fullmatch,
        "zip": re.compile(r"[0-9]{5}(?:-[0-9]{4})?").fullmatch,
        "trustedform_cert_url": re.compile(r"https://cert\.trustedform\.com/.+").fullmatch,
    }
)
_USUAL_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fname": "first_name", "firstname": "first_name", "givenname": "first_name", "first": "first_name",
        "lname": "last_name", "lastname": "last_name", "surname": "last_name", "familyname": "last_name",
        "last": "last_name", "emailaddress": "email", "mail": "email", "phonenumber": "phone", "phone1": "phone",
        "homephone": "phone", "primaryphone": "phone", "mobile": "phone", "cell": "phone", "telephone": "phone",
        "zipcode": "zip", "postalcode": "zip", "postcode": "zip", "zip5": "zip", "statecode": "state",
        "region": "state", "street": "address", "address1": "address", "streetaddress": "address", "town": "city",
    }
)  # fmt: skip


def guess(text: str, names: Mapping[str, str], consent: frozenset[str] = frozenset()) -> Guess:
    """`names` are the spellings of our fields, folded (no case, none of `-_. `), `consent` those of them that are parts
    of the consent record. Raises `ValueError` with a sentence when the sample is no JSON, XML or form."""
    connector, found = _taken(_body(text))
    if not found:
        raise ValueError("the sample holds no values: paste the body of a request, as JSON, XML or name=value pairs")
    body: dict[str, Any] = {}
    fields: dict[str, str] = {}
    known: set[str] = set()
    for target, value in found[: limits.FIELDS]:
        ours = _field(target, value, names, known)
        body[target] = _value(target, value, ours, consent)
        fields[target] = ours
        known.add(ours)
    return Guess(connector, body, fields, tuple(name for name in USUAL if name not in known))


def _body(text: str) -> str:
    """The body of a sample that was copied with its head, or as a curl command."""
    text = text.strip()
    if text.startswith("curl ") and (data := _CURL_DATA.search(text)):
        return (data[1] or data[2] or "").strip()
    head = _HEAD.match(text + "\n")
    return text[head.end() :].strip() if head else text


def _taken(text: str) -> tuple[str, list[tuple[str, str]]]:
    if text[:1] in ("{", "["):
        return "json_http", _json(text)
    if text[:1] == "<":
        return _xml(text)
    if "=" not in text:
        raise ValueError("the sample is no JSON, no XML and no name=value pairs")
    query = text.partition("?")[2] if text.startswith(("http://", "https://")) else text
    pairs = parse_qsl(query.replace("\r\n", "&").replace("\n", "&"), max_num_fields=limits.FIELDS)
    return "form_http", list(dict(pairs).items())


def _json(text: str) -> list[tuple[str, str]]:
    try:
        root = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the sample is not well-formed JSON: {error}") from None
    root = root[0] if isinstance(root, list) and root else root
    if not isinstance(root, dict):
        raise ValueError("the sample is JSON, but no object with names")
    return [(path, told) for path, told in _walk(root, "", 0)]


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEPTH:
        raise ValueError(f"the sample is nested deeper than {DEPTH}")
    if isinstance(value, dict):
        for name, inner in value.items():
            step = str(name).replace(".", "\\.")
            yield from _walk(inner, f"{path}.{step}" if path else step, depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value[:1]):  # what repeats is told once
            yield from _walk(inner, f"{path}[{number}]", depth + 1)
    else:
        yield path, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _xml(text: str) -> tuple[str, list[tuple[str, str]]]:
    try:
        root = parse_xml(text)
    except Unreadable as why:
        raise ValueError(str(why).replace("the reply", "the sample")) from None
    if root.tag != SOAP:
        return "xml_http", list(_elements(root, ""))
    inner = next((child for child in root if child.tag == "Body"), None)
    operation = inner[0] if inner is not None and len(inner) else None
    return "soap_http", [] if operation is None else list(_elements(operation, ""))


def _elements(element: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(element.tag, str) or not _PLAIN_NAME.fullmatch(element.tag):
        return
    here = f"{path}.{element.tag}" if path else element.tag
    yield from ((f"{here}.@{name}", value) for name, value in element.attrib.items() if _PLAIN_NAME.fullmatch(name))
    if len(element) == 0:
        if not element.attrib or (element.text or "").strip():
            yield here, (element.text or "").strip()
        return
    for child in element:
        yield from _elements(child, here)


def _field(target: str, value: str, names: Mapping[str, str], known: set[str]) -> str:
    """By the last step of the name, by that with the step before it (`Contact.First`), then by what stands there."""
    steps = [step.partition("[")[0].lstrip("@") for step in steps_of(target)]
    spellings = [_fold(steps[-1]), _fold("".join(steps[-2:]))]
    for spelling in spellings:
        ours = names.get(spelling) or _USUAL_NAMES.get(spelling)
        if ours is not None and ours not in known:
            return ours
    for ours, fits in _CONTENTS.items():
        if ours not in known and fits(value.strip()):
            return ours
    return ""


def _fold(name: str) -> str:
    return name.rpartition(":")[2].lower().translate(_SIGNS)


_CONSENT_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tcpa_consent": "given", "tcpa_consent_text": "text", "tcpa_consent_at": "agreed_at",
        "trustedform_cert_url": "trustedform_url", "jornaya_leadid": "jornaya_leadid", "ip_address": "ip_address",
        "consent_page_url": "page_url",
    }
)  # fmt: skip


def _value(target: str, value: str, ours: str, consent: frozenset[str]) -> Any:
    name = steps_of(target)[-1].lstrip("@")
    if _SECRET.search(_JOINED.sub(lambda found: found[0] + "_", name)) and ours not in USUAL:
        return {"secret": _secret_name(name)}
    if ours in consent and ours in _CONSENT_PARTS:
        return {"consent": _CONSENT_PARTS[ours]}
    if ours:
        return {"field": ours}
    return {"constant": value}


def _secret_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", _JOINED.sub(lambda found: found[0] + "_", name).lower()).strip("_") or "key"

"""An IPv4 or IPv6 address."""

from __future__ import annotations

import ipaddress
import re

from exchange.fields.characters import problem, read_text
from exchange.fields.field_type import FieldType, Test
from exchange.fields.operators import clean_by, membership
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

MOST = 45
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse(raw: str, spec: FieldSpec, now: int) -> FieldValue | Problem:
    text = read_text(raw, spec, MOST)
    if isinstance(text, Problem):
        return text
    if _IPV4.fullmatch(text):
        return FieldValue(raw, text, mask(text), {"version": 4})
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return problem(spec, "type", "must be an IPv4 or IPv6 address", raw)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    clean = str(mapped or address).partition("%")[0]
    return FieldValue(raw, clean, mask(clean), {"version": 6 if ":" in clean else 4})


def mask(clean: str) -> str:
    if ":" in clean:
        return clean.partition(":")[0] + ":•••"
    return clean.rpartition(".")[0].rpartition(".")[0] + ".•.•"


def _in_networks(values: tuple[str, ...], spec: FieldSpec) -> Test:
    if not values:
        raise ValueError(f"{spec.name} in_networks needs at least one network such as 198.51.100.0/24.")
    networks = tuple(_network(text, spec) for text in values)

    def test(value: FieldValue | None) -> bool:
        if value is None:
            return False
        address = ipaddress.ip_address(value.clean)
        return any(address in network for network in networks if network.version == address.version)

    return test


def _network(text: str, spec: FieldSpec) -> Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError:
        raise ValueError(
            f"{spec.name} in_networks takes networks such as 198.51.100.0/24, not {text[:50]!r}."
        ) from None


def json_schema(spec: FieldSpec) -> dict[str, object]:
    return {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


def examples(spec: FieldSpec) -> tuple[str, ...]:
    return (spec.example or "198.51.100.77",)


TYPE = FieldType(
    name="ip",
    meaning="An IPv4 or IPv6 address.",
    parse=parse,
    operators={**membership(clean_by(parse)), "in_networks": _in_networks},
    mask=mask,
    json_schema=json_schema,
    examples=examples,
    parts=("version",),
)

"""Networks are found by address, IPv4 and IPv6; of regions that overlap the narrower one counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.fields.networks import HOSTERS, REGIONS, Regions, read, read_address, read_regions
from exchange.fields.table import BadTable, read_table


def held(rows: list[str], text: str) -> bool:
    address = read_address(text)
    assert address is not None
    return read(rows).hold(address)


def region(found: Regions, text: str) -> tuple[str, str] | None:
    address = read_address(text)
    assert address is not None
    return found.of(address)


def test_an_address_lies_in_a_network_or_beside_it() -> None:
    rows = ["198.51.100.0/24", "203.0.113.9", "2001:db8:5::/48", "203.0.113.8"]

    assert [held(rows, text) for text in ("198.51.100.0", "198.51.100.255", "203.0.113.8", "2001:db8:5::1")] == [
        True
    ] * 4
    assert not any(
        held(rows, text) for text in ("198.51.99.255", "198.51.101.0", "203.0.113.10", "2001:db8:6::", "0.0.0.0")
    )


def test_ipv4_written_as_ipv6_is_ipv4() -> None:
    assert held(["198.51.100.0/24"], "::ffff:198.51.100.7")


def test_what_is_no_address_is_none() -> None:
    assert [None, None, None] == [read_address(text) for text in ("", "198.51.100.300", "2001:db8::x")]


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 8)), min_size=1, max_size=12), st.integers(0, 255))
def test_overlapping_networks_hold_what_any_of_them_holds(networks: list[tuple[int, int]], last: int) -> None:
    rows = [f"198.51.100.{first & ~((1 << bits) - 1)}/{32 - bits}" for first, bits in networks]

    assert any(first >> bits == last >> bits for first, bits in networks) == held(rows, f"198.51.100.{last}")


def test_the_narrower_of_two_regions_counts() -> None:
    found = read_regions(
        [
            "network,country,state",
            "198.51.100.0/24,us,az",
            "198.51.100.64/26,US,NV",
            "198.51.100.80/28,CA",
            "2001:db8::/32,DE",
        ]
    )

    where = {text: region(found, f"198.51.100.{text}") for text in ("1", "64", "80", "96", "128")}
    assert {"1": ("US", "AZ"), "64": ("US", "NV"), "80": ("CA", ""), "96": ("US", "NV"), "128": ("US", "AZ")} == where
    assert (("DE", ""), None) == (region(found, "2001:db8::9"), region(found, "203.0.113.1"))


@pytest.mark.parametrize(
    ("kind", "row", "told"),
    [
        (HOSTERS, "198.51.100.0/40", "Line 6 must be a network or an address"),
        (REGIONS, "198.51.100.0/24", "Line 6 must be a network, a country of two letters"),
        (REGIONS, "nowhere,US", "Line 6 must be a network or an address"),
    ],
)
def test_a_row_that_does_not_fit_is_named(kind: object, row: str, told: str) -> None:
    table = HOSTERS if kind is HOSTERS else REGIONS
    good = "198.51.100.0/24,US" if table is REGIONS else "198.51.100.0/24"
    text = f"# table: {table.name}\n# version: 2026-11-20\n# source: s\n# licence: l\n{good}\n{row}\n"

    with pytest.raises(BadTable, match=told):
        read_table(table, text.encode())

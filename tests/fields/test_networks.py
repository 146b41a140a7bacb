"""Networks are found by address, IPv4 and IPv6; of regions that overlap the narrower one counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.fields.networks import HOSTERS, REGIONS, Regions, read, read_address, read_regions
from exchange.fields.table import BadTable, packaged, read_table


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


@pytest.mark.parametrize(
    "row",
    ["198.51.100.7:8080", "http://198.51.100.7:3128", "198.51.100.7\t4", "198.51.100.7,US,elite", "198.51.100.7 # old"],
)
def test_lists_of_proxies_and_exits_are_read_as_they_are_published(row: str) -> None:
    assert held([row], "198.51.100.7") and not held([row], "198.51.100.8")
    assert held(["socks5://[2001:db8::7]:1080"], "2001:db8::7")


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


def test_first_and_last_address_are_as_good_as_a_network() -> None:
    rows = ["ip_range_start,ip_range_end,country", "198.51.100.0,198.51.100.9,US", "2001:db8::,2001:db8::ff,CA"]
    found = read_regions(rows)

    assert [("US", ""), None, ("CA", "")] == [
        region(found, text) for text in ("198.51.100.9", "198.51.100.10", "2001:db8::ff")
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('"3325256704","3325256959","US","United States of America","Arizona","Phoenix"', ("US", "AZ")),
        ("198.51.100.0,198.51.100.255,NA,US,New York,Brooklyn,40.6,-73.9", ("US", "NY")),
        ("198.51.100.0,198.51.100.255,US,California,,Fresno,93650,36.8,-119.7,America/Los_Angeles", ("US", "CA")),
        ('"3325256704","3325256959","US","United States of America","-","Washington"', ("US", "")),
        ("198.51.100.0,198.51.100.255,EU,DE,Bavaria,Munich,48.1,11.5", ("DE", "")),
        ('281474007000064,281474007000319,"KR","Korea, Republic of","Seoul"', ("KR", "")),
        ('"3325256704","3325256959","-","-","-","-"', None),
    ],
)
def test_lists_are_read_as_they_are_published(row: str, told: tuple[str, str] | None) -> None:
    assert told == region(read_regions([row, "203.0.113.0/24,US"]), "198.51.100.77")


def test_a_country_may_stand_in_one_row() -> None:
    found = read_regions(["US 4/24 2 1 1 2", "CA 4/24 3 1", "US 6/48 1 1", "US-AZ 4/24 7 1 1 1", "US-NewYork 4/24 8 1"])
    assert ("US", "AZ") == region(found, "0.0.7.1") == region(found, "0.0.9.1")
    assert ("US", "NY") == region(found, "0.0.8.1")
    where = {
        text: region(found, text) for text in ("0.0.1.9", "0.0.2.0", "0.0.3.255", "0.0.5.9", "0.0.6.0", "0:0:1::9")
    }

    assert [None, ("US", ""), ("CA", ""), ("US", ""), None, ("US", "")] == list(where.values())


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("US 4/24 1", "pairs of whole numbers"),
        ("US 4/24 1 0", "above 0"),
        ("US-Nowhere 4/24 1 1", "a state such as US-AZ"),
        ("US 4/24 1 x", "whole numbers"),
        ("USA 4/24 1 1", "country of two letters"),
        ("US 4/16 1 1", "4/24 or 6/48"),
        ("US 4/24 16777215 2", "beyond the last address"),
        ("CA 4/24 1 9", "overlaps"),
    ],
)
def test_a_row_of_a_country_that_does_not_fit_is_named(row: str, told: str) -> None:
    text = f"# table: ip_regions\n# version: 2026-11-20\n# source: s\n# licence: l\nUS 4/24 5 1\n{row}\n"

    with pytest.raises(BadTable, match=rf"Line \d .*{told}"):
        read_table(REGIONS, text.encode())


def test_the_packaged_list_knows_where_well_known_addresses_lie() -> None:
    """Resolvers and universities whose addresses everybody can look up."""
    found = packaged(REGIONS)
    known = {"8.8.8.8": "US", "18.9.22.69": "US", "129.132.1.1": "CH", "133.11.0.1": "JP", "142.103.1.1": "CA"}

    assert known == {text: (region(found.value, text) or ("", ""))[0] for text in known}
    assert region(found.value, "2001:4860:4860::8888") == ("US", "")
    assert ("US", "MA") == region(found.value, "18.9.22.69")  # a university's, in Cambridge
    assert [None, None] == [region(found.value, text) for text in ("10.0.0.1", "198.51.100.7")]
    assert "CC-BY-4.0" == found.head.licence and "nro.net" in found.head.source
    assert "DB-IP" in found.head.source


@pytest.mark.parametrize(
    ("kind", "row", "told"),
    [
        (HOSTERS, "198.51.100.0/40", "Line 6 must be a network or an address"),
        (REGIONS, "198.51.100.0/24", "Line 6 must be a network, a country of two letters"),
        (REGIONS, "nowhere,US", "Line 6 must be a network or an address"),
        (REGIONS, "198.51.100.9,198.51.100.1,US", "Line 6 must name the first address before the last"),
    ],
)
def test_a_row_that_does_not_fit_is_named(kind: object, row: str, told: str) -> None:
    table = HOSTERS if kind is HOSTERS else REGIONS
    good = "198.51.100.0/24,US" if table is REGIONS else "198.51.100.0/24"
    text = f"# table: {table.name}\n# version: 2026-11-20\n# source: s\n# licence: l\n{good}\n{row}\n"

    with pytest.raises(BadTable, match=told):
        read_table(table, text.encode())

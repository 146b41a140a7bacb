"""Zones are told by their names of today and by those that browsers never gave up."""

from __future__ import annotations

import pytest

from exchange.fields.zones import country_of_zone


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/Phoenix", "US"),
        ("US/Pacific", "US"),
        ("America/Toronto", "CA"),
        ("Asia/Calcutta", "IN"),
        ("America/Buenos_Aires", "AR"),
        ("Europe/Kiev", "UA"),
        ("America/Anguilla", "AI"),
        ("Etc/UTC", None),
        ("UTC", None),
        ("America/Nowhere", None),
        ("", None),
    ],
)
def test_a_zone_has_its_country(zone: str, country: str | None) -> None:
    assert country == country_of_zone(zone)

"""Made-up leads agree with themselves, come in order, repeat for a seed, and are as dirty as declared."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

import pytest

from exchange.catalog import default_config, load_verticals
from exchange.demo.homes import CENTERS, CityHomes
from exchange.demo.people import EVEN, arrivals, generate
from exchange.demo.shapes import GeneratedLead, Source
from exchange.fields import field_types
from exchange.fields.places import Places
from exchange.model.lead import FieldValue
from exchange.model.vertical import FieldSpec, Presence, Vertical

NOON = 1_795_021_200_000  # 2026-11-18, 12:00 in New York
REQUIRED, OPTIONAL, ABSENT = Presence.REQUIRED, Presence.OPTIONAL, Presence.ABSENT


def field(name: str, kind: str, ping: Presence = ABSENT, allowed: tuple[str, ...] = ()) -> FieldSpec:
    return FieldSpec(name, kind, name, ping, REQUIRED, personal=ping is ABSENT, allowed=allowed, least=None, most=None)


PERSONAL = ("first_name", "last_name", "email", "phone", "address", "city")
ROOFS = Vertical(
    "roofs",
    "Roofs",
    "1",
    (
        *(field(name, "text") for name in PERSONAL),
        field("state", "state", REQUIRED),
        field("zip", "postal_code", REQUIRED),
        field("monthly_bill", "choice", REQUIRED, ("0-50", "51-100", "101-150")),
        field("homeowner", "boolean", REQUIRED),
        field("roof_age", "integer", OPTIONAL),
        field("tcpa_consent", "consent"),
    ),
)
STATES = {"AZ": 3, "NY": 1}
PAGES = ("https://roofs.example/start",)


@cache
def table() -> Places:
    return Places.load()


@cache
def homes() -> CityHomes:
    return CityHomes(table())


def some(count: int, source: Source, seed: int = 7, hourly: Sequence[int] = EVEN) -> list[GeneratedLead]:
    leads = generate(seed, ROOFS, homes(), source, starts_at=NOON, per_minute=10.0, hourly=hourly)
    return list(itertools.islice(leads, count))


def clean(**changed: object) -> Source:
    values: dict[str, object] = {"sub_ids": {"a": 1}, "states": STATES, "landing_pages": PAGES}
    return Source(**(values | changed))  # type: ignore[arg-type]  # a test's own short form


def test_zip_city_state_and_area_code_agree() -> None:
    places = table()

    for lead in some(400, clean()):
        place = places.place(lead.values["zip"])
        assert place is not None
        assert (place.city, place.state) == (lead.values["city"], lead.values["state"])
        assert lead.values["phone"][:3] in place.area_codes


def test_nothing_in_a_lead_can_reach_a_person() -> None:
    for lead in some(400, clean()):
        assert re.fullmatch(r"[2-9][0-9]{2}(958|959)[0-9]{4}", lead.values["phone"])
        assert lead.values["email"].endswith(".example")
        assert re.match(r"(192\.0\.2|198\.51\.100|203\.0\.113)\.", lead.values["ip_address"])
        name = re.sub("[^a-z]", "", (lead.values["first_name"] + lead.values["last_name"]).lower())
        assert re.sub("[^a-z]", "", lead.values["email"].split("@")[0]) == name


def test_every_required_field_is_filled_and_choices_are_allowed() -> None:
    for lead in some(200, clean()):
        assert {spec.name for spec in ROOFS.fields if spec.post is REQUIRED} <= set(lead.values)
        assert lead.values["monthly_bill"] in ("0-50", "51-100", "101-150")
        assert lead.values["homeowner"] in ("yes", "no")


def test_the_same_seed_gives_the_same_leads_and_another_seed_others() -> None:
    source = clean(dirt_bp={"duplicate": 900, "letter_case": 900}, junk_sub_id="a")

    assert some(200, source) == some(200, source)
    assert some(200, source) != some(200, source, seed=8)


def test_nobody_comes_twice_by_accident() -> None:
    phones = Counter(lead.values["phone"] for lead in some(2_000, clean()))

    assert phones.most_common(1)[0][1] == 1


def test_consent_is_given_seconds_before_the_lead_is_sent() -> None:
    for lead in some(50, clean()):
        agreed = datetime.fromisoformat(lead.values["tcpa_consent_at"]).timestamp() * 1000
        assert 1_000 < lead.arrived_at - agreed < 11_000


def test_leads_come_in_order_at_the_rate_asked_for() -> None:
    leads = some(3_000, clean(dirt_bp={"junk_burst": 300}, junk_sub_id="junk"))
    regular = [lead for lead in leads if "junk_burst" not in lead.dirt]

    assert [lead.arrived_at for lead in leads] == sorted(lead.arrived_at for lead in leads)
    assert [lead.number for lead in leads] == list(range(1, 3_001))
    assert len(regular) / ((leads[-1].arrived_at - NOON) / 60_000) == pytest.approx(10.0, rel=0.08)


def test_days_are_busier_than_nights() -> None:
    hours = Counter(
        datetime.fromtimestamp(at / 1000, UTC).hour
        for at in itertools.takewhile(
            lambda at: at < NOON + 7 * 86_400_000, arrivals(random.Random(1), NOON, 2.0, "UTC")
        )
    )

    assert hours[12] > 5 * hours[3]


@pytest.mark.parametrize(
    "kind", ["wrong_zip", "short_zip", "missing_field", "bad_choice", "whitespace", "letter_case", "phone_format"]
)
def test_dirt_comes_as_often_as_declared(kind: str) -> None:
    leads = some(1_500, clean(dirt_bp={kind: 2_000}))

    assert sum(kind in lead.dirt for lead in leads) / len(leads) == pytest.approx(0.2, abs=0.05)


def test_a_duplicate_is_an_earlier_consumer_with_a_new_lead_id() -> None:
    leads = some(500, clean(dirt_bp={"duplicate": 1_000}))
    first: dict[str, GeneratedLead] = {}

    repeated = 0
    for lead in leads:
        if "duplicate" in lead.dirt:
            earlier = first[lead.values["phone"]]
            assert earlier.values["email"] == lead.values["email"]
            assert earlier.values["seller_lead_id"] != lead.values["seller_lead_id"]
            repeated += 1
        first.setdefault(lead.values["phone"], lead)
    assert repeated > 20


def test_a_burst_of_junk_shares_one_address_under_its_sub_id() -> None:
    leads = some(600, clean(dirt_bp={"junk_burst": 200}, junk_sub_id="pop-19"))
    junk = [lead for lead in leads if "junk_burst" in lead.dirt]

    assert len(junk) >= 8
    assert {"pop-19"} == {lead.values["sub_id1"] for lead in junk}
    assert Counter(lead.values["ip_address"] for lead in junk).most_common(1)[0][1] >= 8
    assert not any(lead.values["sub_id1"] == "pop-19" for lead in leads if lead not in junk)


def test_an_unknown_kind_of_dirt_is_refused() -> None:
    with pytest.raises(ValueError, match="mud"):
        some(1, clean(dirt_bp={"mud": 1}))


def test_every_state_has_homes_of_its_own() -> None:
    for state in CENTERS:
        found = homes().in_state(state)
        assert found
        assert {home.state for home in found} == {state}
    assert homes().in_state("ZZ") == ()


@pytest.mark.parametrize("name", sorted(load_verticals(default_config())))
def test_clean_leads_of_every_vertical_are_valid(name: str) -> None:
    vertical, types = load_verticals(default_config())[name], field_types()

    for lead in itertools.islice(generate(7, vertical, homes(), clean(), starts_at=NOON, per_minute=10.0), 60):
        for spec in vertical.fields:
            text = lead.values.get(spec.name)
            assert text is not None or spec.post is not REQUIRED
            if text is not None:
                assert isinstance(types[spec.type].parse(text, spec, lead.arrived_at), FieldValue), (spec.name, text)
        assert "hp" not in lead.values
        assert set(vertical.consent.required) <= set(lead.values)

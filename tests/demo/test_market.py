"""A parties document becomes a market, or tells everything that is wrong with it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from exchange.demo.market import BadParties, parties_of, read_connections, read_parties
from exchange.demo.personalities import read_cast
from exchange.model.lead import Mode
from exchange.model.ledger import Billing
from exchange.model.money import Money
from exchange.model.party import Clause, Contract, Group, Hours, SaleMode, State, Window
from exchange.model.vertical import FieldSpec, Presence, Vertical

CONFIG = Path(__file__).parents[2] / "config" / "demo"

SMALL: dict[str, Any] = {
    "name": "Small",
    "sellers": [
        {
            "id": "acme",
            "name": "Acme",
            "campaigns": [
                {
                    "id": "acme-roofs",
                    "name": "Roofs",
                    "vertical": "roofs",
                    "payout": {"fixed": "1.50", "percent": "62.5"},
                    "tiers": [{"number": 1, "name": "All"}],
                }
            ],
        }
    ],
    "buyers": [
        {
            "id": "brig",
            "name": "Brig",
            "balance": "100.00",
            "contracts": [
                {
                    "id": "brig-roofs",
                    "name": "Roofs",
                    "vertical": "roofs",
                    "connection": "brig",
                    "max_bid": "30.00",
                    "hours": [{"days": ["fri", "mon"], "opens": "08:30", "closes": "24:00"}],
                    "caps": [{"window": "day", "money": "99.5"}, {"window": "hour", "sales": 4}],
                }
            ],
        }
    ],
}


def changed(**contract: object) -> dict[str, Any]:
    document = copy.deepcopy(SMALL)
    document["buyers"][0]["contracts"][0].update(contract)
    return document


def test_amounts_percents_days_and_hours_are_read_exactly() -> None:
    parties = parties_of(SMALL)
    contract = parties.contracts[0]

    assert parties.campaigns[0].payout.of(Money.parse("10.00", "USD")) == Money.parse("7.75", "USD")
    assert contract.hours == (Hours((0, 4), 510, 1440),)
    assert [(cap.window, cap.unit, cap.most) for cap in contract.caps] == [
        (Window.DAY, "money", 995_000),
        (Window.HOUR, "count", 4),
    ]
    assert parties.deposits == {"brig": Money.parse("100.00", "USD")}
    assert [(key.campaign_id, key.mode) for key in parties.keys] == [
        ("acme-roofs", Mode.LIVE),
        ("acme-roofs", Mode.TEST),
    ]


def test_all_problems_are_told_at_once_with_their_place() -> None:
    document = changed(max_bid="-1", colour="red")
    document["sellers"][0]["campaigns"][0]["tiers"] = []

    with pytest.raises(BadParties) as refused:
        parties_of(document)

    places = [problem.split(":")[0] for problem in refused.value.problems]
    assert places == [
        "sellers[0].campaigns[0].tiers",
        "buyers[0].contracts[0].max_bid",
        "buyers[0].contracts[0].colour",
    ]


@pytest.mark.parametrize(
    ("contract", "sentence"),
    [
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"hours": [{"days": ["mon"], "opens": "09:00", "closes": "08:00"}]}, "after they close"),
        ({"caps": [{"window": "day"}]}, "either sales or money"),
        ({"caps": [{"window": "day", "sales": 1, "money": "1"}]}, "either sales or money"),
        ({"geo": {"radius_miles": 5}}, "center_zip"),
        ({"filters": {"all": [], "any": []}}, "either all or any"),
        ({"filters": {"all": [{"any": None}]}}, "either all or any"),
        ({"shared_price": "3.00"}, "shared_price"),
        ({"schedule": "every 7m"}, "divides a day evenly"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(contract: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadParties, match=sentence):
        parties_of(changed(**contract))


def test_amounts_must_be_quoted_so_that_no_float_comes_near_them() -> None:
    with pytest.raises(BadParties, match="max_bid"):
        parties_of(changed(max_bid=30.1))


def test_names_used_twice_are_refused() -> None:
    document = copy.deepcopy(SMALL)
    document["buyers"].append(document["buyers"][0])

    with pytest.raises(BadParties) as refused:
        parties_of(document)

    assert refused.value.problems == ("buyer brig occurs twice", "contract brig-roofs occurs twice")


def test_verticals_and_filter_fields_are_checked_when_known() -> None:
    roofs = Vertical(
        "roofs", "Roofs", "1", (FieldSpec("zip", "postal_code", "ZIP", Presence.REQUIRED, Presence.REQUIRED),)
    )
    filters = {
        "all": [{"field": "zip", "operator": "equals", "values": ["85016"]}, {"field": "pool", "operator": "is_set"}]
    }

    with pytest.raises(BadParties, match="no field pool"):
        parties_of(changed(filters=filters), {"roofs": roofs})
    with pytest.raises(BadParties, match="no vertical is called roofs"):
        parties_of(SMALL, {})


def test_a_file_that_is_no_yaml_says_where(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("sellers: [", encoding="utf-8")

    with pytest.raises(BadParties, match=r"broken\.yaml"):
        read_parties(path)


def test_connections_follow_their_buyers_to_the_ports_they_got(tmp_path: Path) -> None:
    (tmp_path / "brig.yaml").write_text(
        "connection: brig\npost: {url: 'http://127.0.0.1:8111/post?a=1'}\nping: {url: 'https://brig.example/ping'}\n",
        "utf-8",
    )

    moved = read_connections(tmp_path, {8111: 4321})

    assert moved["brig"]["post"]["url"] == "http://127.0.0.1:4321/post?a=1"
    assert moved["brig"]["ping"]["url"] == "https://brig.example/ping"


def test_the_demo_has_its_cast() -> None:
    parties = read_parties(CONFIG / "market.yaml")
    cast = read_cast(CONFIG / "cast.yaml")

    documents = read_connections(CONFIG / "connections")
    beside = {"birch", "nimbus", "orchard"}  # they are peers
    asked = {
        contract.buyer_id
        for contract in parties.contracts
        if contract.connection != "store" and documents[contract.connection]["connector"].endswith("_http")
    }
    assert {who.name for who in cast.buyers} == asked - beside
    assert {habits.campaign for habits in cast.sellers} <= {campaign.id for campaign in parties.campaigns}
    assert len(parties.sellers) >= 6 and len(parties.buyers) >= 10
    assert {contract.connection for contract in parties.contracts} <= {"store", *documents}


def test_the_demo_shows_every_kind_of_buyer() -> None:
    contracts = {contract.id: contract for contract in read_parties(CONFIG / "market.yaml").contracts}

    def some(test: object) -> list[Contract]:
        return [contract for contract in contracts.values() if callable(test) and test(contract)]

    assert {contract.sale_mode for contract in contracts.values()} == set(SaleMode)
    assert some(lambda c: c.state is State.PAUSED and c.paused_reason)
    assert some(lambda c: c.mode is Mode.TEST)
    assert some(lambda c: c.hours)
    assert some(lambda c: c.geo.center_zip and c.geo.radius_miles)
    assert some(lambda c: c.price is not None and c.shared_price is not None)
    assert {window for c in contracts.values() for window in (cap.window for cap in c.caps)} == set(Window)
    assert contracts["helio-battery"].filters == Group(
        "all",
        (
            Clause("homeowner", "equals", ("yes",)),
            Group(
                "any",
                (Clause("monthly_bill", "one_of", ("201-300", "301+")), Clause("roof_shade", "equals", ("none",))),
            ),
        ),
    )


def test_the_stream_has_its_cast_and_credit_enough() -> None:
    parties = read_parties(CONFIG / "stream.yaml")

    assert {who.name for who in read_cast(CONFIG / "stream_cast.yaml").buyers} == {buyer.id for buyer in parties.buyers}
    assert {"term_deposit", "b2b_marketplace"} == {campaign.vertical for campaign in parties.campaigns}
    enough = Money.parse("150000.00", "USD")
    for buyer in parties.buyers:
        assert enough <= (buyer.limit if buyer.billing is Billing.CREDIT else parties.deposits[buyer.id])

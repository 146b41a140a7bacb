"""Documents of columns: what is written is read as it was, and what is no such value is not read."""

from __future__ import annotations

import pytest

from exchange.catalog import default_config
from exchange.config_files import load_catalog
from exchange.demo.market import read_parties
from exchange.model.party import Buyer, Campaign, Contract
from exchange.storage.shaped import Shaped


def test_everybody_of_a_market_is_read_as_written() -> None:
    config = default_config()
    parties = read_parties(config / "demo" / "stream.yaml", load_catalog(config).verticals)
    campaign, buyer, contract = Shaped(Campaign), Shaped(Buyer), Shaped(Contract)

    assert parties.campaigns == tuple(campaign.read(campaign.written(each)) for each in parties.campaigns)
    assert parties.buyers == tuple(buyer.read(buyer.written(each)) for each in parties.buyers)
    assert parties.contracts == tuple(contract.read(contract.written(each)) for each in parties.contracts)


@pytest.mark.parametrize("document", ["", "{}", '{"id": 1}', "[]"])
def test_what_is_none_is_refused(document: str) -> None:
    with pytest.raises(ValueError):
        Shaped(Contract).read(document)

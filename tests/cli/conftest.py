"""A new exchange for each test, made once by `exchange init` and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.home import Home, LeadBuyer, exchange
from tests.market import buying, selling, usd


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exchange") / "home"
    made = exchange("--data", folder, "init", "--email", "pat@exchange.example", "--vertical", "solar")
    assert made.code == 0, made.err
    with (folder / "exchange.toml").open("a", encoding="utf-8") as file:
        file.write('\nallowed_networks = ["127.0.0.0/8"]\n')
    return folder


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    """An exchange with nobody in it but its operator."""
    shutil.copytree(template, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def lead_buyer() -> Iterator[LeadBuyer]:
    buyer = LeadBuyer()
    yield buyer
    buyer.close()


@pytest.fixture
def market_home(home: Home, lead_buyer: LeadBuyer) -> Home:
    """Cedar sells solar leads, Acme buys each for 20 dollars, over HTTP."""
    home.connect("acme", lead_buyer.port)
    home.store(selling("cedar"), buying("acme", "100000", price=usd("20"), post_ms=20_000))
    return home

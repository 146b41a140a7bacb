"""Exchanges for the tests of channels, as those of the flows have them."""

from tests.flows.conftest import either, exchange

__all__ = ["either", "exchange"]

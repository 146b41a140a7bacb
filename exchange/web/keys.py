"""What the application and its requests carry, under typed keys."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.arrivals import Arrivals
from exchange.flows.market import Market
from exchange.flows.ticker import Ticker
from exchange.settings import Settings
from exchange.web.throttle import Throttle

MARKET: web.AppKey[Market] = web.AppKey("market", Market)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
ARRIVALS: web.AppKey[Arrivals] = web.AppKey("arrivals", Arrivals)
THROTTLE: web.AppKey[Throttle] = web.AppKey("throttle", Throttle)

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
FRAMED: web.RequestKey[str] = web.RequestKey("framed", str)
"""Set by a page that others may show inside theirs: the sources of `frame-ancestors`, such as `https://acme.example`."""
TICKER: web.AppKey[Ticker] = web.AppKey("ticker", Ticker)

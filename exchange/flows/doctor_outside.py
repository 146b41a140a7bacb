"""What may be wrong between the exchange and others: what waits for them, their servers, mail, providers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from exchange.courier.addresses import Addresses, Network
from exchange.courier.dial import NotReached
from exchange.courier.outside import Outside
from exchange.courier.smtp import NO_MAIL_SERVER, MailHouse, SmtpLane
from exchange.flows.job_queues import MAIL_QUEUE
from exchange.flows.market import Market
from exchange.flows.verifier_uses import rules_using
from exchange.model.actor import SYSTEM
from exchange.model.health import Finding, Word
from exchange.model.party import State
from exchange.model.wire import Relay
from exchange.settings import Settings
from exchange.storage.alert_figures import failing_endpoints
from exchange.storage.database import Row
from exchange.storage.queues import resting_queues

_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "smtp": 25, "imap": 143, "imaps": 993}
_NAMED = 3
_LISTED = 200
MAIL_FIX = "mail_host and what follows it in exchange.toml; Settings > Providers shows what holds"


async def outbox_finding(market: Market) -> Finding:
    """Destinations that do not take what waits for them."""
    resting = await market.db.read(resting_queues, SYSTEM, _LISTED)
    failing = await market.db.read(failing_endpoints, market.clock.now())
    waits = sum(row["waiting"] for row in resting) + sum(row["waiting"] for row in failing)
    if not waits:
        return Finding(Word.OK, "outbox", "nothing waits for a destination that is down")
    causes = [str(row["last_error"])[:80] for row in resting if row["waiting"] and row["last_error"]]
    why = f" ({causes[0].rstrip('.')})" if causes else ""
    destinations = sum(bool(row["waiting"]) for row in (*resting, *failing))
    down = f"{destinations} destination{' is' if destinations == 1 else 's are'} down"
    told = f"{down}, {waits:,} message{' waits' if waits == 1 else 's wait'}{why}"
    return Finding(Word.WARN, "outbox", told, "Console > Webhooks, or the mail server; each is tried again by itself")


async def outbound_finding(market: Market, outside: Outside | None) -> Finding:
    """Whether the servers that active contracts are delivered to take a connection; without `outside` only whether
    any of them is left alone now."""
    if outside is None:
        lost = sorted(market.deals.buyers[each].name for each in market.live.broken if each in market.deals.buyers)
        if lost:
            return Finding(Word.WARN, "outbound", f"left alone for now: {_some(lost)}", "Console > Alerts")
        return Finding(Word.OK, "outbound", "no buyer is left alone; their servers were not tried now")
    servers = _servers(market)
    reached = await asyncio.gather(*(_reaches(outside, *server) for server in servers))
    lost = sorted(
        {market.deals.buyers[buyer].name for buyer, fine in zip(servers.values(), reached, strict=True) if not fine}
    )
    if lost:
        return Finding(Word.WARN, "outbound", f"no connection to {_some(lost)}", "exchange buyer test CONTRACT")
    return Finding(Word.OK, "outbound", f"{len(servers)} servers of buyers take connections")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _servers(market: Market) -> Mapping[tuple[str, int], str]:
    """Host and port with a buyer that is reached there."""
    connections = market.deals.shapes.connections
    active = {
        contract.connection: contract.buyer_id
        for contract in market.deals.contracts.values()
        if contract.state is State.ACTIVE and contract.connection in connections
    }
    return {
        server: buyer
        for name, buyer in active.items()
        if not connections[name].simulated
        for url in connections[name].urls
        if (server := _server(url)) is not None
    }


def _server(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


async def _reaches(outside: Outside, host: str, port: int) -> bool:
    try:
        (await outside.dial(host, port)).close()
    except NotReached:
        return False
    return True


async def mail_finding(market: Market, relay: Relay | None, allowed: Sequence[Network], *, tried: bool) -> Finding:
    """Whether the exchange's own mail server lets it in, or whether mail waits for one: unless it is `tried`, and
    where none is set."""
    resting = await market.db.read(resting_queues, SYSTEM, _LISTED)
    waits = [row for row in resting if row["waiting"] and _waits_for_mail_server(row)]
    if relay is None:
        count = sum(row["waiting"] for row in waits)
        if count:
            told = f"{count:,} mail{' waits' if count == 1 else 's wait'} and no mail server is set"
            return Finding(Word.WARN, "email", told, MAIL_FIX)
        return Finding(Word.OK, "email", "no mail server is set: invitations are links, notices stay in the console")
    place = f"{relay.host}:{relay.port}"
    if not tried:
        if waits:
            return Finding(Word.FAIL, "email", f"{place}: {str(waits[0]['last_error'])[:120].rstrip('.')}", MAIL_FIX)
        return Finding(Word.OK, "email", f"{place}; no mail waits, and it was not tried now")
    lane = SmtpLane(Addresses(allowed), MailHouse(relay), market.clock.now)
    lost = await lane.reach(relay)
    await lane.close()
    if lost is not None:
        return Finding(Word.FAIL, "email", f"{place}: {lost.detail}", MAIL_FIX)
    return Finding(Word.OK, "email", f"{place} lets us in")


def _waits_for_mail_server(queue: Row) -> bool:
    """Buyers' deliveries by mail wait in queues of their own, for the same server."""
    return queue["queue"] == MAIL_QUEUE or NO_MAIL_SERVER in (queue["last_error"] or "")


def providers_finding(market: Market, settings: Settings) -> Finding:
    """Texts, payments and verifiers: whether what is named can be used."""
    shapes = market.deals.shapes
    wrong = []
    if settings.payment_provider and shapes.payments is None:
        wrong.append(f"payments: {settings.payment_provider} has no key")
    if settings.sms_sender and settings.texting is None:
        wrong.append("texts: sms_account or sms_token is not set")
    used = [name for name in sorted(shapes.verifiers) if rules_using(market, name)]
    for name in used:
        if unset := shapes.verifiers[name].unset:
            wrong.append(f"verifier {name}: {', '.join(unset)} is not set")
    if wrong:
        return Finding(Word.WARN, "providers", "; ".join(wrong), "Settings > Providers names where each is set")
    told = f"payments {settings.payment_provider or 'off'}, texts {'on' if settings.texting else 'off'}"
    return Finding(Word.OK, "providers", f"{told}, {len(used)} verifiers in use")

"""Whether a domain takes mail, asked of the name service and remembered. What cannot be asked is unknown, never a no.

Where the name service is closed it answers that nothing exists. So before a no is believed, a domain that surely exists
is asked about. After three questions without an answer nobody is asked for half a minute: a dead name service costs a
few leads their wait, not every one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Protocol

from exchange import limits
from exchange.clock import Clock

CANARY = "gmail.com"
_REST_SECONDS = 30.0
_UNHEARD_MOST = 3
_RESERVED = ("example", "example.com", "example.net", "example.org", "test", "invalid", "localhost")


class TakesMail(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # the name service did not answer, or cannot be believed
    NOT_ASKED = "not_asked"  # kept for documents, or asking is turned off


_KEPT_SECONDS: Mapping[TakesMail, float] = MappingProxyType(
    {TakesMail.YES: 86_400.0, TakesMail.NO: 3_600.0, TakesMail.UNKNOWN: 60.0}
)


class NameService(Protocol):
    async def takes_mail(self, domain: str, seconds: float) -> TakesMail:
        """One question to the network; UNKNOWN after `seconds`. It never raises."""
        ...


class MailDomains:
    """What is known of domains, bounded; and how to ask about another. Two leads of one domain ask once."""

    def __init__(self, service: NameService, clock: Clock, most_ms: int) -> None:
        """`most_ms` is how long a lead may wait for an answer; with 0 nobody is asked."""
        self._service, self._clock, self._seconds = service, clock, most_ms / 1000
        self._known: OrderedDict[str, tuple[TakesMail, float]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[TakesMail]] = {}
        self._unheard, self._rests_until = 0, 0.0

    async def ask(self, domain: str) -> TakesMail:
        """What is known of the domain, or what the name service says."""
        if not self._seconds or domain.endswith(tuple(f".{name}" for name in _RESERVED)) or domain in _RESERVED:
            return TakesMail.NOT_ASKED
        now = self._clock.monotonic()
        known = self._known.get(domain)
        if known is not None and now < known[1]:
            return known[0]
        if now < self._rests_until:
            return TakesMail.UNKNOWN
        task = self._asked.get(domain)
        if task is None:
            task = self._asked[domain] = asyncio.create_task(self._look_up(domain))
            task.add_done_callback(lambda _: self._asked.pop(domain, None))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Let go of questions that are still out."""
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, domain: str) -> TakesMail:
        answer = await self._service.takes_mail(domain, self._seconds)
        if answer is TakesMail.NO and domain != CANARY and await self.ask(CANARY) is not TakesMail.YES:
            answer = TakesMail.UNKNOWN
        now = self._clock.monotonic()
        self._unheard = self._unheard + 1 if answer is TakesMail.UNKNOWN else 0
        if self._unheard >= _UNHEARD_MOST:
            self._unheard, self._rests_until = 0, now + _REST_SECONDS
        self._known[domain] = (answer, now + _KEPT_SECONDS[answer])
        self._known.move_to_end(domain)
        while len(self._known) > limits.MAIL_DOMAINS_KEPT:
            self._known.popitem(last=False)
        return answer


class Dns:
    """The name service of this machine, or the one at `server` and `port`."""

    def __init__(self, server: str = "", port: int = 53) -> None:
        self._server, self._port = server, port

    async def takes_mail(self, domain: str, seconds: float) -> TakesMail:
        import dns.asyncresolver  # slow to import, and only where mail is asked about
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            resolver = dns.asyncresolver.Resolver(configure=not self._server)
        except dns.resolver.NoResolverConfiguration:
            return TakesMail.UNKNOWN
        if self._server:
            resolver.nameservers, resolver.port = [self._server], self._port
        resolver.lifetime, resolver.timeout = seconds, seconds
        try:
            async with asyncio.timeout(seconds):
                try:
                    found = await resolver.resolve(domain, "MX")
                except dns.resolver.NoAnswer:  # without such a record mail goes to the domain itself
                    await resolver.resolve(domain, "A")
                    return TakesMail.YES
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return TakesMail.NO
        except (dns.exception.DNSException, OSError, TimeoutError, ValueError):
            return TakesMail.UNKNOWN
        refuses = all(record.exchange == dns.name.root for record in found)  # "." says: no mail, ever (RFC 7505)
        return TakesMail.NO if refuses else TakesMail.YES

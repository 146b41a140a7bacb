"""Whether a domain takes mail: asked once, remembered, and never believed of a name service that knows nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from exchange.clock import SimulatedClock
from exchange.courier.mail_domains import CANARY, Dns, MailDomains, TakesMail

YES, NO, UNKNOWN = TakesMail.YES, TakesMail.NO, TakesMail.UNKNOWN


class Names:
    """A name service that answers from a table, and keeps what it was asked."""

    def __init__(self, **known: TakesMail) -> None:
        self.known = {CANARY: YES} | {name.replace("_", "."): answer for name, answer in known.items()}
        self.asked: list[str] = []

    async def takes_mail(self, domain: str, seconds: float) -> TakesMail:
        self.asked.append(domain)
        await asyncio.sleep(0)
        return self.known.get(domain, NO)


async def test_a_domain_is_asked_about_once_a_day() -> None:
    names, clock = Names(acme_com=YES), SimulatedClock()
    domains = MailDomains(names, clock, 200)

    assert {YES} == set(await asyncio.gather(domains.ask("acme.com"), domains.ask("acme.com")))
    assert YES is await domains.ask("acme.com")
    assert ["acme.com"] == names.asked

    clock.advance(86_401)
    assert YES is await domains.ask("acme.com")
    assert ["acme.com", "acme.com"] == names.asked


async def test_a_no_is_believed_of_a_name_service_that_knows_others() -> None:
    names = Names()
    domains = MailDomains(names, SimulatedClock(), 200)

    assert NO is await domains.ask("nowhere.com")
    assert ["nowhere.com", CANARY] == names.asked


async def test_a_closed_name_service_says_nothing_about_anybody() -> None:
    names = Names(gmail_com=NO)
    domains = MailDomains(names, SimulatedClock(), 200)

    assert UNKNOWN is await domains.ask("acme.com")


async def test_a_dead_name_service_is_left_alone_for_a_while() -> None:
    names, clock = Names(a_com=UNKNOWN, b_com=UNKNOWN, c_com=UNKNOWN, d_com=YES), SimulatedClock()
    domains = MailDomains(names, clock, 200)
    for name in ("a.com", "b.com", "c.com", "d.com", "a.com"):
        assert UNKNOWN is await domains.ask(name)
    assert ["a.com", "b.com", "c.com"] == names.asked

    clock.advance(31)
    assert YES is await domains.ask("d.com")


@pytest.mark.parametrize("domain", ["consumer.example", "example.com", "mail.example.org", "a.test"])
async def test_domains_kept_for_documents_are_not_asked_about(domain: str) -> None:
    names = Names()

    assert TakesMail.NOT_ASKED is await MailDomains(names, SimulatedClock(), 200).ask(domain)
    assert TakesMail.NOT_ASKED is await MailDomains(names, SimulatedClock(), 0).ask("acme.com")
    assert [] == names.asked


class Server(asyncio.DatagramProtocol):
    """A name server on this machine. `said` gives by domain and kind the record, "" for none, None for silence."""

    def __init__(self, said: Mapping[tuple[str, str], str | None]) -> None:
        self.said = said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport  # uvloop's is no asyncio.DatagramTransport by name

    def datagram_received(self, data: bytes, address: tuple[str | int, ...]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        record = self.said.get((name, kind), "" if any(known == name for known, _ in self.said) else "nothing")
        if record is None:
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if record == "nothing":
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif record == "fails":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif record:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, record))
        self.transport.sendto(reply.to_wire(), address)


@asynccontextmanager
async def served(said: Mapping[tuple[str, str], str | None]) -> AsyncIterator[Dns]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Server(said), local_addr=("127.0.0.1", 0))
    try:
        yield Dns("127.0.0.1", transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({("acme.com", "MX"): "10 mx.acme.com."}, YES),
        ({("acme.com", "MX"): "0 ."}, NO),
        ({("acme.com", "A"): "192.0.2.1"}, YES),
        ({("acme.com", "TXT"): "x"}, NO),
        ({}, NO),
        ({("acme.com", "MX"): "fails"}, UNKNOWN),
        ({("acme.com", "MX"): None}, UNKNOWN),
    ],
    ids=["mail server", "null record", "address alone", "neither", "no domain", "failure", "silence"],
)
async def test_the_name_service_is_heard(said: Mapping[tuple[str, str], str | None], answer: TakesMail) -> None:
    async with served(said) as names:
        assert answer is await names.takes_mail("acme.com", 0.3 if None in said.values() else 5.0)


async def test_a_port_where_nobody_listens_is_unknown() -> None:
    assert UNKNOWN is await Dns("127.0.0.1", 9).takes_mail("acme.com", 0.2)

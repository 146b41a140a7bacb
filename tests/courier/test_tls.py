from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from exchange.courier.courier import Result
from exchange.model.wire import Loss
from tests.courier.rawbuyer import courier_for, hold, post, raw_buyer, reply, says, says_then_closes

NAME = "lead.acme.example"


async def at_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def presents(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def post_over(context: ssl.SSLContext, ca_file: str) -> tuple[Result, list[bytes]]:
    async with raw_buyer(says(reply(b"accepted")), tls=context) as buyer, courier_for(resolver=at_loopback) as courier:
        result = await hold(courier, post(buyer.url("/post", NAME, "https"), ca_file=ca_file))
    return result, buyer.requests


async def test_a_trusted_certificate_of_the_right_name_is_accepted(authority: trustme.CA, ca_file: str) -> None:
    names: list[str | None] = []
    context = presents(authority.issue_cert(NAME))
    context.sni_callback = lambda _object, name, _context: names.append(name)

    result, requests = await post_over(context, ca_file)

    assert b"accepted" == result.answer.body
    assert [NAME] == names
    assert f"Host: {NAME}:".encode() in requests[0]
    assert result.records[0].peer.startswith("127.0.0.1:") and result.records[0].peer.endswith("TLSv1.3")


async def test_the_times_of_the_parts_are_taken_where_somebody_asks(authority: trustme.CA, ca_file: str) -> None:
    async with (
        raw_buyer(says(reply(b"accepted")), tls=presents(authority.issue_cert(NAME))) as buyer,
        courier_for(resolver=at_loopback, timed=True) as courier,
    ):
        url = buyer.url("/post", NAME, "https")
        first, kept = [await hold(courier, post(url, ca_file=ca_file)) for _ in range(2)]

    made, again = first.records[0].timing, kept.records[0].timing
    assert made is not None and again is not None
    parts = (made.dns_ms, made.connect_ms, made.tls_ms, made.first_byte_ms)
    assert all(part is not None and part >= 0 for part in parts)
    assert sum(part for part in parts if part is not None) <= first.records[0].took_ms + 1
    assert (None, None, None) == again[:3] and again.first_byte_ms is not None


@pytest.mark.parametrize(
    ("said", "name", "until"),
    [
        ("Hostname mismatch", "other.example", None),
        ("expired", NAME, datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
async def test_a_wrong_certificate_is_refused_before_a_byte_is_sent(
    authority: trustme.CA, ca_file: str, said: str, name: str, until: datetime | None
) -> None:
    from_day = datetime(2019, 1, 1, tzinfo=UTC)
    certificate = authority.issue_cert(name, not_before=from_day, not_after=until)

    result, requests = await post_over(presents(certificate), ca_file)

    assert result.lost is not None
    assert (Loss.TLS, False, []) == (result.lost.why, result.delivered, requests)
    assert said in result.lost.detail


async def test_a_stranger_authority_is_refused(ca_file: str) -> None:
    result, requests = await post_over(presents(trustme.CA().issue_cert(NAME)), ca_file)

    assert result.lost is not None
    assert (Loss.TLS, []) == (result.lost.why, requests)


async def test_without_a_pinned_file_only_the_systems_authorities_count(authority: trustme.CA) -> None:
    result, requests = await post_over(presents(authority.issue_cert(NAME)), "")

    assert result.lost is not None
    assert (Loss.TLS, []) == (result.lost.why, requests)
    assert "certificate was refused" in result.lost.detail


async def test_tls_1_1_is_refused(authority: trustme.CA, ca_file: str) -> None:
    context = presents(authority.issue_cert(NAME))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    result, requests = await post_over(context, ca_file)

    assert result.lost is not None
    assert (Loss.TLS, []) == (result.lost.why, requests)


async def test_a_buyer_that_speaks_no_tls_is_a_loss_before_sending(ca_file: str) -> None:
    async with raw_buyer(says(b"HTTP/1.1 400 Bad\r\n\r\n")) as buyer, courier_for(resolver=at_loopback) as courier:
        result = await hold(courier, post(buyer.url("/post", NAME, "https"), ca_file=ca_file), 0.4)

    assert result.lost is not None
    assert (False, False, []) == (result.lost.why.sent, result.delivered, buyer.requests)


async def test_a_pinned_file_that_is_gone_is_a_loss_with_a_sentence(authority: trustme.CA, tmp_path: Path) -> None:
    result, _ = await post_over(presents(authority.issue_cert(NAME)), str(tmp_path / "gone.pem"))

    assert result.lost is not None
    assert (Loss.TLS, "The pinned CA file of this buyer cannot be read.") == (result.lost.why, result.lost.detail)


async def test_a_reply_cut_short_under_tls_is_truncated(authority: trustme.CA, ca_file: str) -> None:
    cut_short = b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\naccepted"
    context = presents(authority.issue_cert(NAME))
    serve = says_then_closes(cut_short)
    async with raw_buyer(serve, tls=context) as buyer, courier_for(resolver=at_loopback) as courier:
        result = await hold(courier, post(buyer.url("/post", NAME, "https"), ca_file=ca_file))

    assert result.lost is not None
    assert (Loss.TRUNCATED, True) == (result.lost.why, result.delivered)

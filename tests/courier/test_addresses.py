from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network

import pytest

from exchange.courier.addresses import Addresses, ForbiddenAddress, check_url, forbidden
from exchange.model.wire import Loss
from tests.courier.rawbuyer import courier_for, hold, ping, post, raw_buyer, reply, says

FORBIDDEN = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "64:ff9b::101:101",
    "::ffff:1.1.1.1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_address_inside_is_ever_connected_to(address: str) -> None:
    assert forbidden(ip_address(address), ()) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_connected_to(address: str) -> None:
    assert forbidden(ip_address(address), ()) is None


def test_settings_may_allow_a_range_and_only_that() -> None:
    allowed = (ip_network("10.2.0.0/16"), ip_network("fd12::/16"))

    assert forbidden(ip_address("10.2.3.4"), allowed) is None
    assert forbidden(ip_address("::ffff:10.2.3.4"), allowed) is None
    assert forbidden(ip_address("fd12::1"), allowed) is None
    assert forbidden(ip_address("10.3.0.1"), allowed) is not None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://acme.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//acme.example/",
        "http://",
        "http:///path",
        "http://user:pass@acme.example/",
        "http://acme.example@127.0.0.1/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://127.0.0.0x1/",
        "http://0/",
        "http://①②⑦.⓪.⓪.①/",
        "http://127。0。0。1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[fe80::1%25eth0]/",
        "http://[::1]@acme.example/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "http://localhost/",
        "http://LOCALHOST:8080/",
        "http://db.localhost/",
        "http://printer.local/",
        "http://intranet/",
        "http://acme.example:0/",
        "http://acme.example:65536/",
        "http://acme.example:99999999/",
        "http://acme.example:8o/",
        "http://acme.example\\@127.0.0.1/",
        "http://acme.example/a b",
        "http://acme.example/\r\nHost: evil.example",
        " http://acme.example/",
        "http://ac me.example/",
        "http://-acme.example/",
        "http://acme..example/",
        "http://" + "a" * 300 + ".example/",
    ],
)
def test_such_a_url_is_not_saved_and_the_reason_is_a_sentence(url: str) -> None:
    said = check_url(url)

    assert said is not None and said.endswith((".", "range."))


@pytest.mark.parametrize(
    "url",
    [
        "https://leads.acme.example/post?src=1&v=2",
        "http://acme.example:8080",
        "HTTPS://ACME.example/",
        "https://acme.example./",
        "https://bücher.example/x",
        "https://93.184.215.14/",
        "https://[2606:4700::1111]:8443/",
        "https://a_b.acme.example/",
    ],
)
def test_an_ordinary_url_is_saved(url: str) -> None:
    assert check_url(url) is None


def test_an_operator_may_allow_a_buyer_on_the_premises() -> None:
    allowed = (ip_network("10.2.0.0/16"), ip_network("127.0.0.0/8"))

    assert check_url("http://10.2.0.9:9000/", allowed) is None
    assert check_url("http://localhost:9000/", allowed) is None
    assert check_url("http://buyer:9000/", allowed) is None
    assert check_url("http://10.3.0.9:9000/", allowed) is not None


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1"]
)
async def test_nothing_is_sent_to_this_machine_unless_allowed(host: str) -> None:
    async with raw_buyer(says(reply())) as buyer, courier_for(allowed=()) as courier:
        result = await hold(courier, post(buyer.url("/", host)))

    assert result.lost is not None
    assert (Loss.REFUSED_ADDRESS, False, 0) == (result.lost.why, result.delivered, buyer.connections)


async def test_a_name_that_turns_to_this_machine_after_saving_is_refused_when_connecting() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]

    async def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0)

    assert await Addresses((), rebinding).find("acme.example", 80) == ("93.184.215.14",)
    async with raw_buyer(says(reply())) as buyer, courier_for(allowed=(), resolver=rebinding) as courier:
        result = await hold(courier, ping(buyer.url("/", "acme.example")))

    assert result.lost is not None
    assert (Loss.REFUSED_ADDRESS, 0) == (result.lost.why, buyer.connections)
    assert result.lost.detail == "acme.example leads to 127.0.0.1, which is this machine."


async def test_the_checked_address_is_the_one_connected_to() -> None:
    asked: list[str] = []

    async def once(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with raw_buyer(says(reply(extra=b"Connection: close\r\n"))) as buyer, courier_for(resolver=once) as courier:
        for _ in range(3):
            assert (await hold(courier, ping(buyer.url("/", "acme.example")))).answer.status == 200

    assert ["acme.example"] == asked  # believed for a while, so that no second answer can differ
    assert b"\r\nHost: acme.example:%d\r\n" % buyer.port in buyer.requests[0]


async def test_the_next_address_is_tried_when_the_first_refuses() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with raw_buyer(says(reply())) as buyer, courier_for(resolver=two) as courier:
        result = await hold(courier, ping(buyer.url("/", "acme.example")))

    assert result.records[0].peer == f"127.0.0.1:{buyer.port}"


async def test_of_mixed_addresses_only_the_public_are_used() -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["169.254.169.254", "93.184.215.14", "::1"]

    assert ("93.184.215.14",) == await Addresses((), mixed).find("acme.example", 443)


async def test_a_name_that_does_not_exist_is_a_loss_before_sending() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async with courier_for(resolver=nowhere) as courier:
        result = await hold(courier, post("http://gone.example/"))

    assert result.lost is not None
    assert (Loss.DNS, False) == (result.lost.why, result.delivered)
    assert result.lost.detail == "The name gone.example could not be resolved."


async def test_waiters_share_one_look_up_and_one_leaving_does_not_end_it() -> None:
    asked: list[str] = []
    answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    async def slow(host: str, port: int) -> list[str]:
        asked.append(host)
        return await answer

    addresses = Addresses((), slow)
    first, second = (asyncio.ensure_future(addresses.find("acme.example", 80)) for _ in range(2))
    await asyncio.wait({first}, timeout=0.01)
    first.cancel()
    answer.set_result(["1.1.1.1"])

    assert ("1.1.1.1",) == await second
    assert ["acme.example"] == asked


async def test_a_simulated_url_never_reaches_the_network() -> None:
    async with courier_for() as courier:
        result = await hold(courier, post("simulated:acme"))

    assert result.lost is not None
    assert Loss.REFUSED_ADDRESS is result.lost.why


async def test_forbidden_names_are_told_apart_from_missing_ones() -> None:
    async def inside(host: str, port: int) -> list[str]:
        return ["10.0.0.1"]

    with pytest.raises(ForbiddenAddress, match=r"leads to 10\.0\.0\.1, which is a private network\."):
        await Addresses((), inside).find("acme.example", 80)

"""`exchange source`: sources are listed, polled by whoever runs, and paused; `exchange check` looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread

import pytest

from tests.cli.home import Home, LeadBuyer
from tests.market import consumer

SOURCE = """\
source: cedar_feed
title: Cedar's feed
kind: feed
campaign: cedar-solar
every: 1h
url: http://127.0.0.1:{port}/leads
"""


class Feed:
    """A feed with one lead, and how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.changed = Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def wait_for(self, times: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked >= times, timeout=60), self.asked

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        feed = self

        class Asked(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                lines = "\n".join(f"{name}: {value}" for name, value in consumer(1).items())
                body = f"<rss version='2.0'><channel><item><guid>a1</guid><description>{lines}</description></item>"
                data = (body + "</channel></rss>").encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                with feed.changed:
                    feed.asked += 1
                    feed.changed.notify_all()

            def log_message(self, format: str, *args: object) -> None:
                return

        return Asked


@pytest.fixture
def feed() -> Iterator[Feed]:
    made = Feed()
    yield made
    made.close()


@pytest.fixture
def with_feed(market_home: Home, feed: Feed) -> Home:
    place = market_home.folder / "config" / "sources"
    place.mkdir(exist_ok=True)
    (place / "cedar_feed.yaml").write_text(SOURCE.format(port=feed.port), "utf-8")
    return market_home


def test_a_served_exchange_polls_it_and_again_when_told_to(with_feed: Home, feed: Feed, lead_buyer: LeadBuyer) -> None:
    with with_feed.start("serve", "--port", "0") as server:
        feed.wait_for(1)
        lead_buyer.wait_for(1)
        assert 0 == with_feed.run("source", "poll", "cedar_feed").code
        feed.wait_for(2)
        server.terminate()
        server.communicate(timeout=60)

    (told,) = with_feed.run("source", "list", "--json").json
    assert ("cedar_feed", "feed", "cedar-solar", 1, 0) == tuple(
        told[name] for name in ("source", "kind", "campaign", "items", "failures")
    )
    assert [consumer(1)["phone"]] == [phone.removeprefix("+1") for phone in lead_buyer.phones()]


def test_a_source_is_paused_and_resumed_by_name(with_feed: Home) -> None:
    assert "active" in with_feed.run("source", "list").out
    assert 0 == with_feed.run("source", "pause", "cedar_feed").code
    assert "paused" in with_feed.run("source", "list").out
    refused = with_feed.run("source", "poll", "cedar_feed")
    assert 6 == refused.code and "is paused" in refused.err
    assert "goes on" in with_feed.run("source", "pause", "cedar_feed", "--resume").out

    assert 1 == with_feed.run("source", "pause", "nobody").code
    actions = [row["action"] for row in with_feed.rows("SELECT action FROM audit_lines ORDER BY id")]
    assert ["source.paused", "source.resumed"] == actions[-2:]


def test_what_is_wrong_with_a_source_is_told_by_check(with_feed: Home) -> None:
    file = with_feed.folder / "config" / "sources" / "cedar_feed.yaml"
    sound = file.read_text("utf-8")
    assert 0 == with_feed.run("check").code

    file.write_text(sound.replace("cedar-solar", "nobody") + "authorization: feed_login\n", "utf-8")
    told = with_feed.run("check")
    assert 4 == told.code
    assert "source cedar_feed: there is no campaign nobody" in told.out
    assert "source cedar_feed: needs the variable EXCHANGE_SECRET_FEED_LOGIN" in told.out
    file.write_text(sound + "columns: {1.30: phone}\n", "utf-8")
    assert "sources/cedar_feed.yaml: columns: write the name 1.3 in quotes" in with_feed.run("check").out

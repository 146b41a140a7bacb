"""Ports of the demo's peers: two at one would keep the whole demo from starting."""

from __future__ import annotations

from collections import Counter

from exchange.demo.peers import peers


def test_no_two_peers_listen_at_one_port() -> None:
    asked = Counter(port for peer in peers() for port in peer.ports)

    assert len(asked) > 5
    assert {} == {port: count for port, count in asked.items() if count > 1}

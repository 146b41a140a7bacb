"""What a connector can do beside ping and post is found once, on the connector."""

from __future__ import annotations

import pytest

from exchange.connector import Callback, Forged, Receipt, Terms
from exchange.flows.connection import SECONDS, ready
from tests.mail_buyer import MailBuyer, ShelfBuyer, SlowMailBuyer

CALL = Callback("/hooks/birch", "https://us.example/hooks/birch", {"x-key": "k"}, b"", {"id": "e1"})


def test_a_connector_without_abilities_has_none() -> None:
    plain = ready(MailBuyer(), {"key": "s"})

    assert (False, False, True, SECONDS) == (plain.later, plain.shelved, plain.on_the_spot, plain.seconds)
    assert [None] * 4 == [plain.asks, plain.batches, plain.waits, plain.receipts]
    assert not plain.can_reconcile and not plain.several_messages and {"key": "s"} == plain.secrets


def test_every_ability_is_the_connector_itself() -> None:
    slow = SlowMailBuyer()
    found = ready(slow, {})

    assert (True, 40.0, False) == (found.later, found.seconds, found.on_the_spot)
    assert [slow] * 3 == [found.batches, found.waits, found.receipts]


def test_what_waits_to_be_fetched_is_not_answered_on_the_spot() -> None:
    found = ready(ShelfBuyer(), {})

    assert (True, False, False) == (found.shelved, found.later, found.on_the_spot)


def test_a_callback_is_read_when_it_proves_its_sender() -> None:
    found = ready(SlowMailBuyer(), {})
    terms = Terms(0, "dlv_1", {"hook": "k"})

    assert found.receipts is not None
    assert (Receipt("e1", "delivered", reference="dlv_1"),) == found.receipts.receipts(CALL, terms)
    with pytest.raises(Forged):
        found.receipts.receipts(CALL._replace(headers={}), terms)

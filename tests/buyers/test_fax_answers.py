"""Whatever a provider says, a fax is never taken for sold by an answer, and nothing breaks."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.connector import BadReply, Callback, Forged
from exchange.flows.connection import ready
from exchange.model.auction import Later, Pending, Rejected
from exchange.model.reason import Reason
from exchange.model.wire import Reply
from tests.buyers.faxes import by_gateway, by_sinch, by_telnyx, connector_of, posted, public_of

LINKS = {"page": "https://us.example/fax/t", "hook": "https://us.example/hooks/granite"}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TELNYX, SINCH = connector_of(by_telnyx(public_key=public_of(KEY))), connector_of(by_sinch())
GATEWAY = connector_of(by_gateway())
WORDS = (
    *("data", "id", "fax", "fax_id", "status", "payload", "event_type", "client_state", "occurred_at", "errors"),
    *("error", "details", "fieldViolations", "source", "pointer", "/to", "to", "field", "message", "delivered"),
    *("COMPLETED", "fax.delivered", "fax-1", "2026-11-21T14:34:30Z", "99999-01-01T00:00:00", ""),
)
LEAVES = st.none() | st.booleans() | st.integers(-5, 2**60) | st.sampled_from(WORDS) | st.text(max_size=9)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
BODIES = JSON.map(orjson.dumps) | st.binary(max_size=40)
STATUSES = st.sampled_from([200, 201, 202, 204, 302, 400, 401, 404, 422, 429, 500, 503])


def answered(connector: Any, reply: Reply) -> object:
    """What a post comes to with this reply."""
    conversation = connector.post(*posted({"first_name": "Ada"}, LINKS))
    next(conversation)
    try:
        conversation.send(reply)
    except StopIteration as end:
        return end.value
    except BadReply as bad:
        return bad
    return None


@settings(max_examples=60)
@given(st.sampled_from([TELNYX, SINCH]), STATUSES, BODIES)
def test_no_answer_is_a_sale_and_none_breaks_it(connector: Any, status: int, body: bytes) -> None:
    answer = answered(connector, Reply(status, {}, body))

    assert isinstance(answer, (Pending, Later, Rejected, BadReply))
    assert not isinstance(answer, Pending) or (status // 100 == 2 and answer.reference)
    assert [each.where for each in connector.explain("post", Reply(status, {}, body))] == ["HTTP status"]


@settings(max_examples=60)
@given(BODIES)
def test_no_signed_callback_breaks_it(body: bytes) -> None:
    _, _, _, terms = posted({})
    stamp = str(terms.now // 1000)
    signature = base64.b64encode(KEY.sign(stamp.encode() + b"|" + body)).decode()
    headers = {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": signature}

    receipts: tuple[Any, ...] = ()
    with suppress(BadReply):
        receipts = TELNYX.receipts(Callback("/hooks/granite", "", headers, body, {}), terms)
    assert all(receipt.provider_ref and receipt.event_id for receipt in receipts)


@settings(max_examples=60)
@given(BODIES, st.sampled_from(["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "é"]))
def test_no_callback_of_a_forger_is_read(body: bytes, content_type: str) -> None:
    _, _, _, terms = posted({})
    call = Callback("/hooks/granite/ref/" + "0" * 32, "", {"content-type": content_type}, body, {})

    with pytest.raises(Forged):
        SINCH.confirm(call, terms)


@settings(max_examples=60)
@given(JSON)
def test_only_the_providers_own_word_about_this_fax_is_an_arrival(fax: Any) -> None:
    told = fax if isinstance(fax, dict) else {}
    question = SINCH._confirmed("ref", "fax-1", posted({})[3])
    next(question)

    receipts: tuple[Any, ...] = ()
    try:
        question.send(Reply(200, {}, orjson.dumps(fax)))
    except StopIteration as end:
        receipts = end.value
    except BadReply:
        receipts = ()
    assert bool(receipts) == (told.get("id") == "fax-1" and told.get("status") in ("COMPLETED", "FAILURE"))


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (250, Pending(Reason.AWAITING_RECEIPT, None, "250 queued")),
        (451, Later(Reason.POST_FAILED, "451 queued")),
        (550, Rejected(Reason.BUYER_REJECTED, "550 queued")),
    ],
)
def test_a_gateway_that_took_the_mail_has_not_faxed_it_yet(status: int, answer: object) -> None:
    reply = Reply(status, {}, b"queued")

    assert answer == answered(GATEWAY, reply)
    assert type(answer).__name__.lower() in GATEWAY.explain("post", reply)[0].meaning


def test_each_has_the_abilities_it_needs_and_no_other() -> None:
    found = [ready(each, {}) for each in (TELNYX, SINCH, GATEWAY)]

    assert [(True, False, True), (False, True, False), (False, False, False)] == [
        (each.receipts is not None, each.confirms is not None, each.hands_out is not None) for each in found
    ]
    assert [True, True, False] == [each.asks is not None for each in found]
    assert [("fax", False, True)] * 3 == [(each.channel, each.repeats_safely, each.later) for each in found]
    assert ready(connector_of(by_gateway(silence="delivered")), {}).silence_delivers

"""The connector test in its three panes, without a script: sent, pasted, mapped, kept, proposed, exported."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from exchange.flows.documents import save_document, save_secret
from exchange.flows.samples import samples_of
from exchange.flows.shapes import CONNECTION
from exchange.flows.teach import propose_for
from exchange.model.actor import SYSTEM
from exchange.model.party import State, StoreRule
from exchange.model.wire import Loss, Lost
from tests.market import REFUSED, buying, reply, selling, usd
from tests.web.served import Served
from tests.web.visitor import Page, Visitor, signed_in, stranger

TEST = "/console/connectors/acme/test"
ROOK = "/console/connectors/rook"
HELD = '{"state": "Refused", "why": "cap", "deal": {"id": "R-7"}}'
TAKEN = '{"state": "Taken", "deal": {"id": "R-8", "price": "21.50"}}'


def document(**more: Any) -> dict[str, Any]:
    stage = {
        "url": "http://acme.buyer.example/post",
        "body": {"key": {"secret": "rook_key"}, "phone": "phone", "id": {"term": "reference"}},
        "reading": {"outcomes": [{"means": "accepted", "when": {"where": "json:state", "equals": "Taken"}}]},
    }
    return {"connection": "rook", "title": "Rookery", "connector": "json_http", "post": stage, **more}


async def made(served: Served) -> None:
    market = served.exchange.market
    await save_document(market, CONNECTION, "rook", document(), SYSTEM)
    await save_secret(market, "rook_key", "k-9876543210", SYSTEM)


def number_of(page: Page, place: str) -> str:
    """The number of the radio button of a place."""
    found = re.search(
        rf'value="(\d+)"><span><b>[^<]*</b><small class="mono">{re.escape(place)}<', unescape(page.source)
    )
    assert found is not None, f"{place} is not on the page"
    return found[1]


def marked(page: Page, testid: str) -> str:
    """The text of an element."""
    found = re.search(rf'data-testid="{testid}"[^>]*>(.*?)</(?:div|dl|table|textarea|section)>', page.source, re.DOTALL)
    assert found is not None, f"nothing is marked {testid}"
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1]))).strip()


def written(page: Page) -> str:
    """What stands in the field of the document."""
    found = re.search(r'data-testid="document">(.*?)</textarea>', page.source, re.DOTALL)
    assert found is not None
    return unescape(found[1])


async def pasted(operator: Visitor, path: str, body: str, **more: str) -> Page:
    return await operator.submit(path, do="read", stage="post", reply_body=body, follow=True, **more)


async def test_a_test_shows_request_response_time_and_how_it_is_read(served: Served) -> None:
    async with signed_in(served) as operator:
        shown = await operator.open(f"{TEST}?stage=ping")
        sent = await operator.submit(TEST, do="send", stage="ping")

    assert '"zip":"85016"' in marked(shown, "body") and 'data-testid="reply"' not in shown.source
    assert "Bid $25.00, exclusive, their ID p1" in marked(sent, "answer")
    assert "Outcome: accepted" in marked(sent, "matches") and "Price: 25" in marked(sent, "matches")
    assert "Total" in marked(sent, "timing") and "content-type: application/json" in sent.text
    assert '<label for="seen-0">bid</label>' in sent.source


async def test_a_token_and_what_it_was_for_are_told_apart(served: Served) -> None:
    token = {"url": "http://birch.buyer.example/token", "keep": {"token": "json:token"}}
    changed = document()
    changed["post"] = {**changed["post"], "steps": [token], "body": {"token": {"kept": "token"}}}
    await save_document(served.exchange.market, CONNECTION, "rook", changed, SYSTEM)
    served.exchange.buyers.answers_posts("birch", reply(token="t-1"))
    served.exchange.buyers.answers_posts("acme", reply(state="Taken"))
    async with signed_in(served) as operator:
        shown = await operator.open(f"{ROOK}/test")
        sent = await operator.submit(f"{ROOK}/test", do="send", stage="post")
        read = await pasted(operator, f"{ROOK}/test", TAKEN)
        served.exchange.buyers.answers_posts("acme", Lost(Loss.RESET, "The buyer hung up."))
        lost = await operator.submit(f"{ROOK}/test", do="send", stage="post")

    assert "http://acme.buyer.example/post The buyer hung up." in lost.text
    assert "This is the first of several messages" in shown.text
    assert "http://birch.buyer.example/token 200" in sent.text and "http://acme.buyer.example/post 200" in sent.text
    assert "Accepted" in marked(sent, "answer") and "Outcome: accepted" in marked(read, "matches")
    assert b'{"token":"t-1"}' == served.exchange.buyers.sent[1].body


async def test_what_was_edited_is_sent(served: Served) -> None:
    async with signed_in(served) as operator:
        await operator.submit(
            TEST, do="send", stage="post", headers="Content-Type: application/json\nX-One: 1", body='{"a": 1}'
        )

    [sent] = served.exchange.buyers.sent
    assert (b'{"a": 1}', "1") == (sent.body, sent.headers["X-One"])


async def test_no_response_says_why(served: Served) -> None:
    served.exchange.buyers.answers_posts("acme", Lost(Loss.CONNECT, "The buyer refuses connections."))
    async with signed_in(served) as operator:
        page = await operator.submit(TEST, do="send", stage="post")

    assert "No response: The buyer refuses connections." in marked(page, "trouble")
    assert "Failed: could not ask" in marked(page, "answer")


async def test_an_answer_no_rule_knows_is_unmapped_and_never_sold(served: Served) -> None:
    async with signed_in(served) as operator:
        page = await pasted(operator, TEST, '{"status": "held"}')

    assert "Error, unmapped: unclear, never sold" in marked(page, "answer")


async def test_a_click_on_a_value_becomes_a_rule(served: Served) -> None:
    await made(served)
    async with signed_in(served) as operator:
        before = await pasted(operator, f"{ROOK}/test", HELD)
        chosen = {"seen": number_of(before, "json:state"), "meaning": "means:rejected:again", "reply_body": HELD}
        after = await operator.submit(f"{ROOK}/test", do="map", stage="post", follow=True, **chosen)
        named = {"seen": number_of(before, "json:deal.id"), "meaning": "part:reference", "reply_body": HELD}
        again = await operator.submit(f"{ROOK}/test", do="map", stage="post", follow=True, **named)

    assert "Error, unmapped" in marked(before, "answer")
    assert "Rejected" in marked(after, "answer") and "may be asked again" in marked(after, "answer")
    assert "The rule is saved." in again.text and "Reference: R-7" in marked(again, "matches")
    lines = await served.exchange.rows("SELECT subject FROM audit_lines WHERE action = 'document.saved'")
    assert 3 == len(lines)


async def test_a_rule_that_reads_a_sample_otherwise_is_shown_first(served: Served) -> None:
    await made(served)
    async with signed_in(served) as operator:
        kept = await operator.submit(f"{ROOK}/test", do="keep", stage="post", reply_body=TAKEN, expected="accepted")
        chosen = {"seen": number_of(kept, "json:deal.price"), "meaning": "means:rejected", "reply_body": TAKEN}
        shown = await operator.submit(f"{ROOK}/test", do="map", stage="post", follow=True, **chosen)
        unchanged = len(await served.exchange.rows("SELECT version FROM documents"))
        text = written(shown)
        saved = await operator.submit(ROOK, document=text, confirm="yes")

    assert "Kept as a sample." in kept.text
    assert "1 would read differently" in shown.text and 'data-testid="differs"' in shown.source
    assert (1, 2) == (unchanged, len(await served.exchange.rows("SELECT version FROM documents")))
    assert "must be accepted, and is read as rejected" in saved.text


async def test_a_file_is_locked_and_its_rule_is_shown_as_yaml(served: Served) -> None:
    async with signed_in(served) as operator:
        path = "/console/connectors/harbor_pairs"
        page = await operator.open(path)
        read = await pasted(operator, f"{path}/test", "status=held&x=1")
        chosen = {"seen": number_of(read, "key:status"), "meaning": "means:rejected", "reply_body": "status=held&x=1"}
        shown = await operator.submit(f"{path}/test", do="map", stage="post", follow=True, **chosen)
        refused = await operator.submit(path, document="connection: harbor_pairs", confirm="yes")

    assert (
        "connections/harbor_pairs/connection.yaml" in page.text
        and "<textarea" not in page.source.split("What it says")[1]
    )
    assert "Nothing was saved" in shown.text and "equals: held" in shown.source
    assert 422 == refused.http_status
    assert [] == await served.exchange.rows("SELECT name FROM documents")


async def test_a_yes_and_a_no_become_rules(served: Served) -> None:
    await made(served)
    async with signed_in(served) as operator:
        one = await operator.submit(f"{ROOK}/propose", stage="post", accepted=TAKEN)
        both = await operator.submit(f"{ROOK}/propose", stage="post", accepted=TAKEN, rejected=HELD)

    assert 422 == one.http_status and "tells a yes from a no" in one.text
    assert "2 samples, 1 would read differently" in both.text and "where: json:deal.price" in both.source
    assert ["accepted", "rejected"] == sorted(
        each.expected for each in await samples_of(served.exchange.market, "rook")
    )


async def test_the_document_is_exported_and_comes_back(served: Served) -> None:
    await made(served)
    async with signed_in(served) as operator:
        page = await operator.open(f"{ROOK}.yaml")
        wrong = await operator.submit(ROOK, document=page.source.replace("json_http", "telex"))
        same = await operator.submit(ROOK, document=page.source.replace("Rookery", "Rookery Two"))

    assert "application/yaml" in page.headers["Content-Type"] and "k-9876543210" not in page.source
    assert 422 == wrong.http_status and "&#39;telex&#39; is not one of" in wrong.source
    assert "Rookery Two" in same.text


async def test_a_secret_is_typed_once_and_shown_by_its_end(served: Served) -> None:
    await made(served)
    async with signed_in(served) as operator:
        page = await operator.submit(f"{ROOK}/secrets", secret="rook_key", value="other-secret-1234")
        refused = await operator.submit(f"{ROOK}/secrets", secret="other", value="x")

    assert "ends in 1234" in page.text and "other-secret" not in page.source
    assert 422 == refused.http_status
    assert "other-secret-1234" == served.exchange.market.connections["rook"].secrets["rook_key"]


async def test_what_cannot_be_done_is_told_with_what_to_do(served: Served) -> None:
    wrong: tuple[dict[str, str], ...] = (
        {"do": "map", "seen": "900", "meaning": "means:rejected"},
        {"do": "map", "seen": "", "meaning": "means:rejected"},
        {"do": "map", "seen": "0", "meaning": "means:nonsense"},
        {"do": "read", "status": "2000"},
        {"do": "read", "reply_headers": "no colon"},
        {"do": "send", "headers": "no colon", "body": "x"},
        {"do": "keep", "expected": "sold"},
        {"do": "send", "send_to": "nobody"},
    )
    async with signed_in(served) as operator:
        for given in wrong:
            page = await operator.submit(TEST, stage="post", reply_body='{"status": "held"}', follow=True, **given)
            assert 422 == page.http_status, given
            assert 'data-testid="problem"' in page.source

    assert [] == served.exchange.buyers.sent


async def test_a_lead_that_is_none_is_told(served: Served) -> None:
    async with signed_in(served) as operator:
        page = await operator.open(f"{TEST}?lead=ld_none")

    assert 404 == page.http_status and "samples are 1 to 10" in page.text


async def test_a_paused_contract_goes_live_from_its_connection_and_not_before(served: Served) -> None:
    await made(served)
    contract = {"contract": "birch-solar"}
    await served.exchange.add(*buying("birch", connection="rook", price=usd("20"), state=State.PAUSED))
    async with signed_in(served) as operator:
        blocked = await operator.submit(f"{ROOK}/live", follow=True, **contract)
        await operator.submit(f"{ROOK}/propose", stage="post", accepted=TAKEN, rejected=HELD)
        market = served.exchange.market
        change = await propose_for(market, "rook", "post")
        assert change is not None
        await save_document(market, CONNECTION, "rook", change.document, SYSTEM)
        wrong = await operator.submit(f"{ROOK}/live", start_cap="²", follow=True, **contract)
        other = await operator.submit(f"{ROOK}/live", contract="acme-solar")
        live = await operator.submit(f"{ROOK}/live", start_cap="7", follow=True, **contract)

    assert 422 == blocked.http_status and "No rejected answer to a post was read right yet" in blocked.text
    assert (422, 404, 200) == (wrong.http_status, other.http_status, live.http_status)
    now = served.exchange.market.deals.contracts["birch-solar"]
    assert (State.ACTIVE, [7]) == (now.state, [cap.most for cap in now.caps])


async def test_hostile_replies_stand_on_the_page_as_text(served: Served) -> None:
    hostile = '{"status": "<script>alert(1)</script>", "<img src=x>": "\\" onload=x"}'
    async with signed_in(served) as operator:
        page = await pasted(operator, TEST, hostile)

    assert 200 == page.http_status and "<script>alert" not in page.source and "<img" not in page.source


async def test_the_list_tells_what_each_connection_has(served: Served) -> None:
    await made(served)
    async with signed_in(served) as operator:
        page = await operator.open("/console/connectors")
        twin = await operator.open("/console/connectors.json")

    assert "Rookery" in page.text
    [rook] = [each for each in twin.fields["connections"] if each["connection"] == "rook"]
    assert ("console", [], 0) == (rook["made_in"], rook["secrets_not_set"], rook["samples"])


async def test_it_is_for_operators(served: Served) -> None:
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as buyer, stranger(served) as nobody:
        for path in ("/console/connectors", TEST, ROOK):
            assert 403 == (await buyer.open(path)).http_status
            assert 303 == (await nobody.open(path, follow=False)).http_status
        assert 403 == (await buyer.send(TEST, do="send")).http_status
        assert 401 == (await nobody.send(TEST, do="send")).http_status


async def test_nothing_of_a_test_is_a_lead(served: Served) -> None:
    served.exchange.buyers.answers_posts("acme", REFUSED, reply(status="held"))
    async with signed_in(served) as operator:
        for _ in range(2):
            await operator.submit(TEST, do="send", stage="post")
        missing = await operator.open("/console/connectors/none/test")

    for table in ("leads", "attempts", "holds", "unmapped"):
        assert 0 == await served.exchange.count(table)
    assert 404 == missing.http_status


async def test_a_buyer_of_the_store_is_shown_its_card_before_and_after_it_is_paid(served: Served) -> None:
    rule = StoreRule(usd("20"), ((3_600_000, 60),))
    await served.exchange.add(*buying("shelf", connection="store"), *selling("cedar", store=rule))
    async with signed_in(served) as visitor:
        page = await visitor.open("/console/connectors/store/test?contract=shelf-solar")

    card, paid = re.findall(r'<figure class="sketch">(.*?)</figure>', page.source, re.DOTALL)
    person = re.search(r"Email: (\S+@consumer\.example)", paid)
    assert "The card in the store" in card and "Solar" in card and "Monthly electric bill" in card
    assert "20.00 USD, 12.00 after 1 h (as Cedar solar lists them)" in card
    assert person is not None and person[1] not in card
    assert 'data-testid="send"' not in page.source

"""The queue of returns: facts, the sentence before a decision, decisions by hand and together, and who sees what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exchange.flows.return_rules import consider
from exchange.flows.returns import Asked, Asking, File, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from tests.flows.lab import owed, person, post, spent
from tests.market import Exchange, buying, open_exchange, selling, usd
from tests.web.served import serve_exchange
from tests.web.visitor import signed_in

ACME = Actor(Role.BUYER, "acme", "acme")
PATH = "/console/returns"


async def asked(exchange: Exchange, number: int = 0, reason: str = "wrong_person", **asking: Any) -> str:
    """Acme bought a lead at $30 and asks its money back."""
    lead_id = str((await post(exchange, person(number)))["lead_id"])
    found = await find_returnable(exchange.market, ACME, lead_id)
    assert found is not None
    made = await ask_return(exchange.market, ACME, found, Asking(reason, **asking))
    assert isinstance(made, Asked)
    await consider(exchange.market, made.request["id"])
    return str(made.request["id"])


async def test_a_person_reads_the_facts_and_the_effect_and_decides_once(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        assert "No returns to decide." in (await visitor.open(PATH)).text
        note = "call 6029580001, she never asked"
        return_id = await asked(exchange, 1, note=note, file=File("call.txt", "text/plain", b"who is there?"))

        queue = await visitor.open(PATH)
        assert [return_id] == queue.attributes("return", "data-return")
        assert "1 to decide" in queue.text and "1 of 1" in queue.part("returns")
        shown = await visitor.open(f"{PATH}/{return_id}?act=approve")
        sentence = "Credit Acme $30.00. Debit Cedar $24.00, still inside the seller's window. Margin falls by $6.00."
        assert sentence in shown.part("confirm")
        assert "This buyer reported nothing about it before" in shown.part("facts")
        assert "she never asked" in shown.text and "6029580001" not in shown.source
        file = await visitor.open(f"{PATH}/{return_id}/file")
        assert ("who is there?", 'attachment; filename="call.txt"') == (
            file.source,
            file.headers["Content-Disposition"],
        )

        decided = await visitor.submit(f"{PATH}/{return_id}", act="approve", why="it is so")
        again = await visitor.submit(f"{PATH}/{return_id}", act="decline", why="no")

        assert ("0.00", "0.00") == (await spent(exchange, "acme"), await owed(exchange))
        assert (200, 409) == (decided.http_status, again.http_status)
        assert "It is approved, by olive@operator.example. Nothing was changed." in again.text
        approved = await visitor.open(PATH + "?tab=approved")
        assert "by olive@operator.example" in approved.part("returns")


async def test_declining_and_asking_want_words_and_a_part_wants_an_amount(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        return_id = await asked(exchange, 1)
        path = f"{PATH}/{return_id}"

        assert 422 == (await visitor.submit(path, act="decline")).http_status
        assert 422 == (await visitor.submit(path, act="ask", why=" ")).http_status
        assert "Write an amount" in (await visitor.open(f"{path}?act=part&credit=lots")).text
        assert 422 == (await visitor.submit(path, act="part", credit="40")).http_status
        assert "Credit Acme $10.00. Debit Cedar $8.00" in (await visitor.open(f"{path}?act=part&credit=10")).text
        asks = await visitor.submit(path, act="ask", why="Which number did you call?")
        assert "Buyer asked" in asks.text
        assert "Which number did you call?" in (await visitor.open(path)).text
        await visitor.submit(path, act="part", credit="10", why="half")

        fields = (await visitor.open(f"{path}.json")).fields
        assert ("partial", "10.00", "8.00") == (fields["state"], fields["credit"], fields["debit"])
        assert 404 == (await visitor.open(f"{PATH}/ret_none")).http_status


async def test_many_are_decided_after_their_total_was_shown(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        ids = [await asked(exchange, number) for number in (1, 2, 3)]
        chosen: Any = {f"id:{each}": "on" for each in ids[:2]}

        total = await visitor.submit(f"{PATH}/bulk", act="approve", **chosen)
        assert "Credit buyers $60.00 in all. Debit sellers $48.00. Margin falls by $12.00." in total.part("bulk-total")
        assert "90.00" == await spent(exchange, "acme")
        done = await visitor.submit(f"{PATH}/bulk", act="approve", sure="yes", **chosen)
        again = await visitor.submit(f"{PATH}/bulk", act="approve", sure="yes", **chosen)

        assert ("30.00", 200, 409) == (await spent(exchange, "acme"), done.http_status, again.http_status)
        assert [ids[2]] == (await visitor.open(PATH)).attributes("return", "data-return")
        assert 422 == (await visitor.submit(f"{PATH}/bulk", act="approve")).http_status


async def test_the_list_is_filtered_and_its_twins_agree(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        first, second = await asked(exchange, 1), await asked(exchange, 2, "language")

        assert [second] == (await visitor.open(f"{PATH}?reason=language")).attributes("return", "data-return")
        assert "No returns match." in (await visitor.open(f"{PATH}?reason=bogus_data")).text
        listed = (await visitor.open(f"{PATH}.json?seller=cedar")).fields["returns"]
        rows = (await visitor.open(f"{PATH}.csv?seller=cedar")).source.splitlines()
        assert ({second, first}, 3) == ({each["return_id"] for each in listed}, len(rows))
        assert "2 of 2" in (await visitor.open(PATH)).part("rates")
        assert "Language" in (await visitor.open(PATH)).part("by-reason")


async def test_the_terms_of_a_contract_are_changed_for_what_is_sold_from_then_on(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        old = str((await post(exchange, person(1)))["lead_id"])
        path = f"{PATH}/terms/acme-solar"
        assert "15.0% a month" in (await visitor.open(f"{PATH}/terms")).part("contracts")
        form: Any = {"days": "3", "percent": "7.5", "period": "week", "over_cap": "decline", "auto_decline": "on"}
        wrong = await visitor.submit(path, **{**form, "percent": "700", "over_cap": "ignore"})
        assert (422, 2) == (wrong.http_status, wrong.source.count('data-testid="problem"'))
        form |= {"reason:language": "on", "evidence:language": "note"}
        await visitor.submit(path, **form)

        new = str((await post(exchange, person(2)))["lead_id"])
        terms = []
        for lead_id in (old, new):
            found = await find_returnable(exchange.market, ACME, lead_id)
            assert found is not None and found.contract is not None
            told = found.contract.returns
            terms.append((found.contract.return_days, told.cap_bp, told.reasons[:1]))
        assert [(7, 1_500, ("disconnected_phone",)), (3, 750, ("language",))] == terms
        assert "contract.returns" in [row["action"] for row in await exchange.rows("SELECT action FROM audit_lines")]


async def test_nobody_approves_another_amount_than_was_shown(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        return_id = await asked(exchange, 1, their_reference="r1", amount=usd("7.50"))
        path = f"{PATH}/{return_id}"
        assert "Credit Acme $7.50." in (await visitor.open(f"{path}?act=approve")).text
        sale = (await exchange.rows("SELECT attempt_id FROM sales"))[0]["attempt_id"]
        found = await find_returnable(exchange.market, ACME, sale)
        assert found is not None
        await ask_return(exchange.market, ACME, found, Asking("wrong_person", "", "r1", amount=usd("30")))

        old = await visitor.submit(path, act="approve", asked="7.50")
        assert (422, "30.00") == (old.http_status, await spent(exchange, "acme"))
        assert "another amount" in old.part("problem")
        chosen: Any = {"act": "approve", "sure": "yes", f"id:{return_id}": "on", f"asked:{return_id}": "7.50"}
        many = await visitor.submit(f"{PATH}/bulk", **chosen)
        assert (409, "30.00") == (many.http_status, await spent(exchange, "acme"))
        shown = await visitor.open(f"{path}?act=approve")
        assert "Credit Acme $30.00." in shown.text and 'name="asked"' not in shown.source

        await visitor.submit(path, act="approve")
        assert "0.00" == await spent(exchange, "acme")


async def test_parts_are_approved_together_as_they_were_shown(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, signed_in(served) as visitor:
        await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
        return_id = await asked(exchange, 1, amount=usd("7.50"))
        chosen: Any = {"act": "approve", f"id:{return_id}": "on"}

        total = await visitor.submit(f"{PATH}/bulk", **chosen)
        field = f'name="asked:{return_id}" value="7.50"'
        assert field in total.source and "Credit buyers $7.50 in all." in total.part("bulk-total")
        chosen |= {"sure": "yes", f"asked:{return_id}": "7.50"}
        await visitor.submit(f"{PATH}/bulk", **chosen)

        assert "22.50" == await spent(exchange, "acme")

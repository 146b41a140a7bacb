"""Revealing the personal data of one lead: said why, shown for ten minutes to one sign-in, masked again."""

from __future__ import annotations

from exchange.storage.database import Tx
from tests.market import POST
from tests.web.served import Served
from tests.web.visitor import OPERATOR, later, signed_in


async def test_revealing_shows_for_ten_minutes_and_leaves_who_when_and_why(served: Served) -> None:
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    async with signed_in(served) as visitor:
        path = f"/console/leads/{lead_id}"
        for wrong in ("  ", "602-958-0142 asks what we hold"):
            assert 422 == (await visitor.submit(f"{path}/reveal", why=wrong)).http_status
        assert 403 == (await visitor.send(f"{path}/reveal", why="a complaint")).http_status
        assert not await served.exchange.rows("SELECT id FROM audit_lines WHERE action = 'lead.revealed'")

        shown = await visitor.submit(f"{path}/reveal", why="the consumer asks what we hold")

        assert "Sandoval" in shown.part("data") and "+16029580142" in shown.part("data")
        later(served, 599)
        again = await visitor.open(path)
        assert "Sandoval" in again.part("data") and "in 1 s" in again.part("revealed")
        assert "Sandoval" not in (await visitor.open(f"{path}.json")).source
        async with signed_in(served, "eve@operator.example") as other:
            assert "Sandoval" not in (await other.open(path)).source
        later(served, 1)
        over = await visitor.open(path)
        assert "Sandoval" not in over.source
        assert f"Personal data revealed to {OPERATOR}: the consumer asks what we hold" in over.text
        [line] = await served.exchange.rows("SELECT * FROM audit_lines WHERE action = 'lead.revealed'")
        assert (OPERATOR, f"lead:{lead_id}", "127.0.0.1") == (line["actor"], line["subject"], line["ip"])
        assert "the consumer asks what we hold" in line["after_json"] and "Sandoval" not in str(line)


async def test_what_is_revealed_is_masked_before_its_time_by_a_button_or_a_lost_role(served: Served) -> None:
    lead_id = (await served.send("pingpost", POST))["lead_id"]
    path = f"/console/leads/{lead_id}"
    async with signed_in(served) as visitor:
        await visitor.submit(f"{path}/reveal", why="a complaint")
        hidden = await visitor.submit(f"{path}/hide")
        assert "Sandoval" not in hidden.source and "Reveal for 10 minutes" in hidden.part("data")
        shown = await visitor.submit(f"{path}/reveal", why="a complaint")
        assert "Sandoval" in shown.part("data")
        await served.exchange.market.db.write(_demote, OPERATOR)
        assert "Sandoval" not in (await visitor.open(path)).source


async def _demote(tx: Tx, email: str) -> None:
    await tx.execute("UPDATE users SET duty = 'analyst' WHERE email = :email", email=email)

"""A lead under a legal hold, and what is kept of a consent when its consumer was erased: both from the lead's page."""

from __future__ import annotations

from pathlib import Path

from exchange.flows.drop import run_drop
from tests.flows.test_drop import MARIA, PAT, drop_file
from tests.web.served import Served
from tests.web.visitor import OPERATOR, signed_in

AGREED = {
    **MARIA,
    "tcpa_consent_text": "I agree that Acme may call me about solar.",
    "consent_method": "click",
    "consented_buyers": "Acme",
}


async def test_a_hold_and_what_outlives_an_erasure_are_on_the_leads_page(served: Served, tmp_path: Path) -> None:
    exchange = served.exchange
    lead_id = (await served.send("pingpost", AGREED))["lead_id"]
    path, file = f"/console/leads/{lead_id}", drop_file(tmp_path, "Phone", aaaaaaaaaaaa=MARIA["phone"])
    async with signed_in(served) as visitor:
        for wrong in ("  ", "ask 602-958-0001"):
            assert 422 == (await visitor.submit(f"{path}/hold", why=wrong)).http_status
        assert 403 == (await visitor.send(f"{path}/hold", why="Case 12-3401")).http_status
        assert 404 == (await visitor.submit("/console/leads/ld_none/hold", why="Case 12-3401")).http_status
        assert 422 == (await visitor.submit(f"{path}/lift", why="Not held")).http_status
        assert 0 == await exchange.count("legal_holds")

        held = await visitor.submit(f"{path}/hold", why="Case 12-3401")

        assert "Case 12-3401" in held.part("hold") and OPERATOR in held.part("hold")
        assert "Legal hold: its values are not erased" in held.text
        fields = (await visitor.open(f"{path}.json")).fields
        assert ("Case 12-3401", OPERATOR) == (fields["legal_hold"]["reason"], fields["legal_hold"]["by"])
        assert 1 == (await run_drop(exchange.market, file, PAT)).held

        assert "None." in (await visitor.submit(f"{path}/lift", why="Settled")).part("hold")
        assert 422 == (await visitor.submit(f"{path}/erase", why=" ")).http_status
        assert "was erased" in (await visitor.submit(f"{path}/erase", why="Request 2026-118")).text
        found = await visitor.submit("/console/search", q=MARIA["phone"], follow=False)
        assert path == found.headers["Location"]
        page = await visitor.open(path)
        assert "is kept apart until" in page.text and "solar." not in page.text and "Legal hold<" not in page.source
        assert 422 == (await visitor.submit(f"{path}/evidence", why="")).http_status

        shown = await visitor.submit(f"{path}/evidence", why="Case 12-3401")

        for text in ("+16029580001", AGREED["tcpa_consent_text"], "Acme got it"):
            assert text in shown.part("evidence")
        assert "+16029580001" not in (await visitor.open(path)).source
    lines = await exchange.rows(
        "SELECT action, ip, after_json FROM audit_lines WHERE subject = :it", it=f"lead:{lead_id}"
    )
    assert {"lead.held", "lead.hold_lifted", "person.erased", "evidence.revealed"} == {
        row["action"] for row in lines if '"why"' in str(row["after_json"]) and row["ip"] == "127.0.0.1"
    }

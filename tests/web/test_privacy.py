"""A consumer asks what is kept of them, and to have it deleted."""

from __future__ import annotations

import orjson

from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import signed_in

PRIVACY = "/console/privacy"
WHY = "Their letter of 3 November"


async def test_a_consumer_is_found_given_a_copy_and_erased(served: Served) -> None:
    lead = (await sell(served, 1))["lead_id"]
    async with signed_in(served) as visitor:
        token = (await visitor.open(PRIVACY)).token
        found = await visitor.send(PRIVACY, csrf=token, who=lead)
        assert [lead] == found.attributes("leads", "data-lead") or lead in found.part("leads")
        assert "Acme" in found.part("leads") and "1 lead" in found.part("count")

        refused = await visitor.send(f"{PRIVACY}/copy.json", csrf=token, who=lead, why="")
        assert 422 == refused.http_status and "Say why" in refused.text
        copy = await visitor.send(f"{PRIVACY}/copy.json", csrf=token, who=lead, why=WHY)
        (kept,) = copy.fields["leads"]
        assert lead == kept["lead_id"] and "Acme" == kept["given_to"][0]["company"]
        assert "Email" in " ".join(kept["values"]) and "yes" == kept["consent"]["given"]
        paper = await visitor.session.post(
            served.address + f"{PRIVACY}/copy.pdf", data={"csrf": token, "who": lead, "why": WHY}
        )
        assert b"%PDF" == (await paper.read())[:4]

        unsure = await visitor.send(f"{PRIVACY}/erase", csrf=token, who=lead, why=WHY)
        assert 422 == unsure.http_status and "cannot be undone" in unsure.part("problem")
        done = await visitor.send(f"{PRIVACY}/erase", csrf=token, who=lead, why=WHY, sure="yes")
        assert "1 lead was erased" in done.part("done")
        gone = await visitor.send(PRIVACY, csrf=token, who=lead)
        assert 422 == gone.http_status and "whose values are still there" in gone.text
        log = (await visitor.open("/console/audit.json?what=person")).fields["lines"]
        told = sorted(each["action"] for each in log)
        assert ["person.copied", "person.copied", "person.erased"] == told
        assert all(WHY == orjson.loads(each["after"])["why"] for each in log)


async def test_nobody_is_guessed_and_who_may_not_see_gets_no_copy(served: Served) -> None:
    lead = (await sell(served, 2))["lead_id"]
    async with signed_in(served) as owner:
        token = (await owner.open("/console/users")).token
        await owner.send("/console/users", csrf=token, email="ana@operator.example", role="analyst")
        nobody = await owner.send(PRIVACY, csrf=token, who="602")
        assert 422 == nobody.http_status and "Say a phone, an email address" in nobody.part("problem")
    async with signed_in(served, "ana@operator.example") as analyst:
        token = (await analyst.open(PRIVACY)).token
        found = await analyst.send(PRIVACY, csrf=token, who=lead)
        assert "needs the role" in found.part("copy") and "needs the role" in found.part("erase")
        refused = await analyst.send(f"{PRIVACY}/copy.json", csrf=token, who=lead, why=WHY)
        assert 403 == refused.http_status

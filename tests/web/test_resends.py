"""The page that sends many deliveries again: it counts before it sends, and names what is wrong."""

from __future__ import annotations

from typing import Any

from tests.web.served import Served
from tests.web.visitor import signed_in

HOME = "/console/resends"


async def test_many_are_counted_before_any_is_sent(served: Served) -> None:
    async with signed_in(served) as visitor:
        assert "Nobody sent many" in (await visitor.open(HOME)).part("empty")
        counted = await visitor.submit(HOME, do="count", status="failed", buyer="acme")
        assert "0 deliveries : failed or refused, of Acme. Nothing to send." in counted.part("found")
        wrongs: list[tuple[dict[str, Any], str]] = [
            ({"status": "all"}, "status"),
            ({"status": "failed", "since": "noon"}, "since"),
        ]
        for form, told in wrongs:
            wrong = await visitor.send(HOME, csrf=counted.token, **form)
            assert 422 == wrong.http_status and told in wrong.part("problem")
        none = await visitor.submit(HOME, do="send", status="failed")
        assert 422 == none.http_status and "there is none" in none.part("problem")
        assert 404 == (await visitor.open(f"{HOME}/rsr_nobody")).http_status
        assert 409 == (await visitor.submit(f"{HOME}/rsr_nobody/stop")).http_status
    assert 0 == await served.exchange.count("resend_runs")

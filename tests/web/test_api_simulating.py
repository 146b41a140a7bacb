"""The simulator by program: the same numbers as the flow that the command prints, and clear words for what is wrong."""

from __future__ import annotations

from exchange.flows.simulate import Wanted, read_draft, simulate
from exchange.model.actor import Actor, Role
from exchange.storage.recordings import Span
from exchange.worker import run_jobs
from tests.market import OPERATOR_KEY, buying, live_key, operator
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.visitor import later

CAP = "contract.acme-solar.cap.day=1"
STATES = "contract.birch-solar.states=AZ,NV"


async def test_a_simulation_by_program_has_the_numbers_of_the_command(served: Served) -> None:
    await served.exchange.add(operator(), *buying("birch"))
    served.exchange.buyers.bids("birch", "20.00")
    for number in range(3):
        await sell(served, number)
        later(served, 1)
    market = served.exchange.market
    begun = await served.send("simulate", {"set": [CAP, STATES], "last": "2d", "seed": 7}, key=OPERATOR_KEY)
    assert (202, "queued", [CAP, STATES]) == (begun.http_status, begun["status"], sorted(begun["draft"]))
    waiting = await served.get(f"simulate/{begun['simulation_id']}", key=OPERATOR_KEY)
    assert ("waiting", None) == (waiting["status"], waiting.get("result"))

    await run_jobs(market)

    done = await served.get(f"simulate/{begun['simulation_id']}", key=OPERATOR_KEY)
    now = market.clock.now()
    wanted = Wanted(Span(now - 2 * 86_400_000, now + 1), read_draft(market, f"{CAP}\n{STATES}"), 7)
    own = await simulate(market, Actor(Role.OPERATOR, "pat"), wanted)
    assert own is not None and "done" == done["status"]
    told = own.result.fields()
    heard = done["result"]
    assert told == {name: heard[name] for name in told}
    assert 3 == done["result"]["leads"] and "0.00" != done["result"]["change"]["revenue"]["about"]


async def test_what_cannot_be_simulated_names_its_field(served: Served) -> None:
    await served.exchange.add(operator())
    for fields, field in (
        ({"set": "nobody.floor=1"}, "set"),
        ({"last": "a week"}, "last"),
        ({"from": "2026-11-22", "to": "2026-11-21"}, "from"),
        ({"seed": "-1"}, "seed"),
    ):
        heard = await served.send("simulate", fields, key=OPERATOR_KEY)
        assert (422, field) == (heard.http_status, heard["errors"][0]["field"])
    assert 404 == (await served.get("simulate/sim_nobody", key=OPERATOR_KEY)).http_status
    assert 401 == (await served.send("simulate", {}, key=live_key("cedar"))).http_status

"""The demo's buyers that want more than a key take a lead by their documents, and nothing without a proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from buyers import connectors
from buyers.family import load
from exchange.cases.document import Case, award_of, contract_of, lead_of, terms_of
from exchange.clock import SimulatedClock, SystemClock
from exchange.courier.courier import Call, HttpCourier
from exchange.demo.folder import write_shapes
from exchange.demo.peers import HOST, neighbours, peers
from exchange.demo.peers import receivers as receiving
from exchange.demo.peers.gateways import BIRCH, NIMBUS, TOKEN_SECONDS, gateways
from exchange.demo.peers.receivers import DOWN_MS, receivers
from exchange.model.auction import Accepted
from tests.buyers.shelf import yaml
from tests.courier.rawbuyer import courier_for, hold

LEAD = {"first_name": "Wanda", "last_name": "Placeholder", "phone": "+13125550142", "zip": "60610"}


def document(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml((folder / f"config/connections/{name}/connection.yaml").read_text("utf-8"))
    return found


async def sell(courier: HttpCourier, told: dict[str, Any], secrets: dict[str, str]) -> Any:
    case = Case.model_validate({"name": "n", "then": {}, "lead": LEAD, "secrets": secrets})
    connector = load(told, {}, connectors()).build()
    conversation = connector.post(
        lead_of(case), award_of(case), contract_of(case), terms_of(case)._replace(now=SystemClock().now())
    )
    return await hold(courier, Call("b", conversation, True))


@pytest.mark.parametrize("name", ["birch", "nimbus", "orchard"])
async def test_each_takes_a_lead_as_its_document_says(name: str, tmp_path: Path) -> None:
    async with neighbours((gateways(),), tmp_path, SystemClock()) as there, courier_for() as courier:
        write_shapes(tmp_path, there.ports)
        results = [await sell(courier, document(tmp_path, name), dict(there.secrets)) for _ in range(2)]
        wrong = dict.fromkeys(there.secrets, "guessed")
        refused = await sell(courier, document(tmp_path, name) | {"connection": "b"}, wrong)

    assert all(isinstance(result.answer, Accepted) for result in results), results
    assert not isinstance(refused.answer, Accepted)
    assert (2 if name == "nimbus" else 1) == len(results[0].records) and 1 == len(results[1].records)


async def test_a_token_runs_out_and_another_is_asked_for(tmp_path: Path) -> None:
    clock = SimulatedClock(SystemClock().now())
    async with neighbours((gateways(),), tmp_path, clock) as there, courier_for() as courier:
        write_shapes(tmp_path, there.ports)
        await sell(courier, document(tmp_path, "nimbus"), dict(there.secrets))
        clock.advance(TOKEN_SECONDS + 1)
        result = await sell(courier, document(tmp_path, "nimbus"), dict(there.secrets))

    assert isinstance(result.answer, Accepted)
    assert [401, 200, 200] == [record.outcome.status for record in result.records]


async def test_nobody_is_let_in_without_a_proof(tmp_path: Path) -> None:
    async with neighbours((gateways(),), tmp_path, SystemClock()) as there, ClientSession() as session:
        urls = [f"http://{HOST}:{there.ports[port]}/leads" for port in (NIMBUS, BIRCH)]
        answers = [(await session.post(url, json=LEAD)).status for url in urls]

    assert [401, 401] == answers


async def test_the_tracker_answers_500_for_half_a_minute_after_a_restart(tmp_path: Path) -> None:
    clock = SimulatedClock(SystemClock().now())
    async with neighbours((receivers(),), tmp_path, clock) as there, ClientSession() as session:
        url = f"http://{HOST}:{there.ports[receiving.PORT]}/bluefin"
        seen = []
        seen.append((await session.get(url)).status)
        assert 204 == (await session.post(f"{url}/restart")).status
        for ms in (10_000, DOWN_MS - 1, 1):
            clock.advance(ms / 1_000)
            seen.append((await session.get(url)).status)

    assert [200, 500, 500, 200] == seen


def test_no_two_peers_want_the_same_port() -> None:
    wanted = [port for peer in peers() for port in peer.ports]

    assert len(wanted) == len(set(wanted))

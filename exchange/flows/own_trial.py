"""A buyer tries its own connection: a made-up person goes the way a lead would. Nothing is kept but who did it."""

from __future__ import annotations

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.trial import Trial, Tried, send
from exchange.model.actor import Actor
from exchange.model.lead import Mode
from exchange.model.party import Contract
from exchange.stages.sample_lead import SAMPLES, sample_lead
from exchange.storage.audit import record


def own_trial(market: Market, contract: Contract, stage: str, sample: int) -> Trial | None:
    """A sample, 1 to 10, for a stage of the contract's connection; None when the connection's document is gone."""
    assert 1 <= sample <= SAMPLES
    connection = market.connections.get(contract.connection)
    if connection is None:
        return None
    lead = sample_lead(market.verticals[contract.vertical], sample, market.clock.now())
    return Trial(contract, connection, stage, lead._replace(mode=Mode.TEST), sample=str(sample))


class TooOften(Exception):
    """So many tests of one buyer at once are no tests any more. `seconds` until the next may go."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"You sent {limits.OWN_TESTS_AT_ONCE} tests in a row. Wait {seconds} s, then send the next.")
        self.seconds = seconds


async def send_own(market: Market, trial: Trial, actor: Actor, ip: str) -> Tried:
    """Send it. It is written down before it goes: what left this house is known even when the answer is lost. Raises
    `TooOften`.
    """
    bucket = market.live.tests_of(trial.contract.buyer_id)
    if not bucket.take(market.clock.now()):
        raise TooOften(bucket.wait_seconds(market.clock.now()))
    after: dict[str, object] = {"stage": trial.stage, "sample": trial.sample, "connection": trial.contract.connection}
    what = f"contract:{trial.contract.id}"
    line = audit_line(market.ids, market.clock.now(), actor, "contract.test_sent", what, after=after, ip=ip)
    await market.db.write(record, line)
    return await send(market, trial)

"""Drafted rules come into force: only what was drafted, in one unit of work, with one audit line; and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from exchange.flows.by_hand import audit_line
from exchange.flows.go_live import missing_for
from exchange.flows.market import Market, refresh
from exchange.flows.redrawn import draft_problems, parties_of
from exchange.flows.terms import news_jobs
from exchange.model.actor import Actor
from exchange.model.draft import Change, Draft
from exchange.model.party import State
from exchange.stages.draft import BadDraft, Parties, in_order, value_of
from exchange.stages.draft_campaign import TIER_SETTINGS
from exchange.storage.database import Row
from exchange.storage.simulations import Moved, Rules, buyer_documents, has_sold, publish_rules, published_line

PUBLISHED, ROLLED_BACK = "rules.published", "rules.rolled_back"
__all__ = ["PUBLISHED", "ROLLED_BACK", "CannotPublish", "Moved", "publish", "roll_back", "stands"]


class CannotPublish(ValueError):
    """It stays as it is. Each sentence says why, or what has to happen first."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


async def publish(
    market: Market, draft: Draft, subject: str, why: str, actor: Actor, ip: str = "", used_up: str | None = None
) -> str:
    """Put a draft in force. Returns the id of its line. `used_up` is the subject of the kept draft that it empties.

    Raises `CannotPublish`, and `Moved` when somebody changed the same meanwhile.
    """
    await refresh(market)
    parties = parties_of(market)
    before = _before(draft, parties)
    moving = tuple(change for change in draft if before.get(change.name) != change.value)
    if not moving:
        raise CannotPublish(["Nothing would change: these rules are in force."])
    return await _put(market, moving, before, PUBLISHED, subject, why, actor, ip, used_up)


async def roll_back(market: Market, line_id: str, actor: Actor, ip: str = "") -> str:
    """Bring back what a line replaced. Raises `LookupError`, and `Moved` when a setting of it was changed since."""
    line = await market.db.read(published_line, actor, line_id)
    if line is None:
        raise LookupError(line_id)
    await refresh(market)
    if not stands(market, line):
        raise Moved(line_id)
    told: Mapping[str, str] = json.loads(line["before_json"])
    draft = read_again(market, told)
    before = _before(draft, parties_of(market))
    return await _put(market, draft, before, ROLLED_BACK, line["subject"], f"Rolled back {line_id}", actor, ip, None)


def stands(market: Market, line: Row) -> bool:
    """Whether everything that a line put in force still is."""
    parties = parties_of(market)
    try:
        for name, value in json.loads(line["after_json"]).items():
            if name != "why" and [value_of(each, parties) for each in _named(name, value, parties)] != [value]:
                return False
    except (BadDraft, KeyError, ValueError):
        return False
    return True


def read_again(market: Market, told: Mapping[str, str]) -> Draft:
    """A draft of what a line says. A tier that goes takes its settings along."""
    parties = parties_of(market)
    found = [change for name, value in told.items() if name != "why" for change in _named(name, value, parties)]
    gone = {
        (each.id, each.setting) for each in found if each.setting.count(".") == 1 and _tier(each) and not each.value
    }
    return in_order(tuple(each for each in found if (each.id, each.setting.rpartition(".")[0]) not in gone))


def _named(name: str, value: str, parties: Parties) -> list[Change]:
    """The change that a line names. Its value may be one that cannot be set, such as that of a tier that was not."""
    kind, _, rest = name.partition(".")
    known: Mapping[str, Mapping[str, object]] = parties._asdict()
    parts = rest.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if (id_ := ".".join(parts[:end])) in known.get(f"{kind}s", {}):
            return [Change(kind, id_, ".".join(parts[end:]), value)]
    raise KeyError(name)


def _tier(change: Change) -> bool:
    return change.setting.startswith("tier.")


def _before(draft: Draft, parties: Parties) -> dict[str, str]:
    """What is in force of all that a draft changes; of a tier that goes all its settings."""
    found: dict[str, str] = {}
    for change in draft:
        found[change.name] = value_of(change, parties)
        if _tier(change) and change.setting.count(".") == 1 and not change.value:
            for part in TIER_SETTINGS:
                own = change._replace(setting=f"{change.setting}.{part}")
                found[own.name] = value_of(own, parties)
    return found


async def _put(
    market: Market,
    draft: Draft,
    before: Mapping[str, str],
    action: str,
    subject: str,
    why: str,
    actor: Actor,
    ip: str,
    used_up: str | None,
) -> str:
    parties = parties_of(market)
    try:
        then = parties.under(draft)
    except BadDraft as bad:
        raise CannotPublish(bad.problems) from bad
    not_ready = await _not_ready(market, draft, parties) if action == PUBLISHED else []
    if problems := [*draft_problems(market, draft), *not_ready]:
        raise CannotPublish(problems)
    now = market.clock.now()
    after = {change.name: change.value for change in draft}
    told = {name: value for name, value in before.items() if name in after or not _kept(name, before, after)}
    line = audit_line(market.ids, now, actor, action, subject, before=told, after={**after, "why": why}, ip=ip)
    rules = Rules(
        tuple(then.campaigns[id_] for id_ in _ids(draft, "campaign")),
        tuple(then.contracts[id_] for id_ in _ids(draft, "contract")),
        tuple(then.buyers[id_] for id_ in _ids(draft, "buyer")),
    )
    jobs = [job for each in rules.campaigns for job in news_jobs(market, parties.campaigns[each.id], each, line)]
    documents = await market.db.read(buyer_documents, [each.id for each in rules.buyers])
    await market.db.write(publish_rules, rules, line, tuple(jobs), documents, used_up)
    await refresh(market)
    return line.id


def _kept(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether a setting that is told of is of no tier that goes."""
    return name.rpartition(".")[0] not in after


def _ids(draft: Draft, kind: str) -> list[str]:
    return sorted({change.id for change in draft if change.kind == kind})


async def _not_ready(market: Market, draft: Draft, parties: Parties) -> list[str]:
    """A contract that never bought begins to only when its connection has shown that it reads a yes and a no."""
    found: list[str] = []
    for change in draft:
        opens = change.kind == "contract" and change.setting == "state" and change.value == State.ACTIVE.value
        if not opens or parties.contracts[change.id].state is State.ACTIVE:
            continue
        if not await market.db.read(has_sold, change.id):
            found += [f"{change.id}: {told}" for told in await missing_for(market, parties.contracts[change.id])]
    return found

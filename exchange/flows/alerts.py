"""Alerts: what every rule finds becomes one open alert for each cause, which ends by itself when its cause does.

Every process looks at what it alone knows (who answers it, its disk, its clock); of all nodes one looks at what they
share. Both keep what they find under the cause, so that there is one alert however many saw it. What is open is told
once, again when it is worse, and when it is over with how long it lasted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from exchange.flows.alarms import ALARMS
from exchange.flows.alarms.look import Alarm, Look, Turn
from exchange.flows.alert_news import tell_closed, tell_opened, tell_worse
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.log import logger
from exchange.model.actor import Actor
from exchange.model.alert import RULES, UNTIL_OVER, Alert, Found, Setting, usual
from exchange.model.work import JobRow
from exchange.stages.alert_words import span
from exchange.storage.alerts import (
    Ending,
    Finding,
    closed_since,
    keep_findings,
    mute_alert,
    open_alerts,
    own_alert,
    read_alert,
    read_settings,
    save_setting,
    take_turn,
)

AGAIN_MS = 1_800_000  # a cause that comes back so soon is the same trouble
UNSEEN_MS = 45_000  # what no process found for so long is over; each looks every five seconds
_LOG = logger(__name__)


class BadSetting(ValueError):
    """A threshold that is none. The sentence begins with the field."""


class NoAlert(LookupError):
    """No such alert is open."""


async def settings_of(market: Market) -> Mapping[str, Setting]:
    """Every rule as it is set."""
    changed = await market.db.read(read_settings)
    return {name: changed.get(name, usual(rule)) for name, rule in RULES.items()}


async def look_at_own(market: Market) -> int:
    """The duty of every process. Returns how many alerts changed."""
    return await _look(market, Turn.OWN)


async def look_for_alerts(market: Market) -> int:
    """The duty of one of all nodes, whoever is first. Returns how many alerts changed."""
    now, changed = market.clock.now(), 0
    for turn in (Turn.SOON, Turn.LATER):
        if await market.db.write(take_turn, turn.name, now, turn.value - 500):
            changed += await _look(market, turn)
    return changed


async def _look(market: Market, turn: Turn) -> int:
    now, was_open = market.clock.now(), await market.db.read(open_alerts)
    look = Look(market, now, await settings_of(market), frozenset(each.cause for each in was_open))
    found: dict[str, Found] = {}
    looked: set[str] = set()
    for alarm in ALARMS:
        if alarm.turn is turn:
            some = await _found(alarm, look)
            if some is not None:
                looked |= set(alarm.causes)
                found |= {each.cause: each for each in some}
    over = [each for each in was_open if _is_over(each, found, looked, turn, now)]
    if not found and not over:
        return 0
    return await market.db.write(
        keep_findings, await _findings(market, look, found.values()), _endings(market, over, now)
    )


async def _found(alarm: Alarm, look: Look) -> list[Found] | None:
    """None when it could not look: then nothing of its causes is over."""
    try:
        return [each async for each in alarm.look(look)]
    except Exception as error:
        _LOG.error("An alert rule could not look", causes=", ".join(alarm.causes), exc_info=error)
        return None


def _is_over(alert: Alert, found: Mapping[str, Found], looked: Iterable[str], turn: Turn, now: int) -> bool:
    """What one of all looked for and did not find; what each looks for, when none has found it for a while."""
    kind = alert.cause.partition(":")[0]
    if turn is Turn.SOON and kind in _OWN:
        return now - alert.seen_at >= UNSEEN_MS
    return turn is not Turn.OWN and kind in looked and alert.cause not in found


_OWN = frozenset(cause for alarm in ALARMS if alarm.turn is Turn.OWN for cause in alarm.causes)


async def _findings(market: Market, look: Look, found: Iterable[Found]) -> Sequence[Finding]:
    was_open = {each.cause: each for each in await market.db.read(open_alerts)}
    lately = {each.cause: each for each in await market.db.read(closed_since, look.now - AGAIN_MS)}
    made = []
    for each in found:
        before = lately.get(each.cause)
        alert = _alert(market, each, look.now)
        if before is not None:
            alert = alert._replace(id=before.id, opened_at=before.opened_at, times=before.times + 1)
        made.append(
            Finding(
                alert,
                tell_opened(market, alert, each.told) if each.cause not in was_open else (),
                _worse(market, was_open.get(each.cause), alert, each),
                before is not None,
            )
        )
    return made


def _worse(market: Market, before: Alert | None, alert: Alert, found: Found) -> tuple[JobRow, ...]:
    if before is None or found.level <= before.level:
        return ()
    return tell_worse(market, before.id, alert._replace(times=before.times), found.told)


def _alert(market: Market, found: Found, now: int) -> Alert:
    return Alert(
        market.ids.new("alt", now),
        found.cause,
        found.rule,
        found.about,
        found.level,
        RULES[found.rule].weight,
        found.title,
        found.effect,
        found.likely,
        found.acts,
        found.stake,
        now,
        now,
        1,
        "",
        0,
        None,
        "",
        "",
    )


def _endings(market: Market, over: Iterable[Alert], now: int) -> list[Ending]:
    return [Ending(each.id, now, ended_note(each, now), tell_closed(market, each, now)) for each in over]


def ended_note(alert: Alert, now: int) -> str:
    return f"The cause is over. It lasted {span(alert.lasted_ms(now))}."


async def worst_alert(market: Market) -> Alert | None:
    """The one that matters most of those that are open and not muted; of the same weight the dearest, then the oldest.

    It has a title, an effect and `acts`, of which the first two are what one does about it.
    """
    now = market.clock.now()
    return next((each for each in await market.db.read(open_alerts) if not each.muted(now)), None)


async def mute(market: Market, alert_id: str, until: int, actor: Actor, ip: str = "") -> None:
    """Say nothing of it until then (epoch ms), or `UNTIL_OVER`; 0 ends that. Raises `NoAlert`."""
    after: dict[str, object] = {"until": "it is over" if until == UNTIL_OVER else until}
    line = audit_line(market.ids, market.clock.now(), actor, "alert.muted", f"alert:{alert_id}", after=after, ip=ip)
    if not await market.db.write(mute_alert, alert_id, until, line):
        raise NoAlert(alert_id)


async def take(market: Market, alert_id: str, owner: str, actor: Actor, ip: str = "") -> None:
    """Somebody says that they see to it; an empty name says that nobody does. Raises `NoAlert`."""
    action = "alert.taken" if owner else "alert.let_go"
    line = audit_line(market.ids, market.clock.now(), actor, action, f"alert:{alert_id}", after={"owner": owner}, ip=ip)
    if not await market.db.write(own_alert, alert_id, owner, line):
        raise NoAlert(alert_id)


async def set_rule(market: Market, name: str, wanted: Setting, actor: Actor, ip: str = "") -> None:
    """A rule with other thresholds, or off. Raises `BadSetting`."""
    rule = RULES.get(name)
    if rule is None:
        raise BadSetting("rule: there is none of this name.")
    for field, number, given in (("first", rule.first, wanted.first), ("second", rule.second, wanted.second)):
        if number is not None and not number.least <= given <= number.most:
            raise BadSetting(f"{field}: {number.word} is {number.least:,} to {number.most:,}. Got {given:,}.")
    before = (await settings_of(market))[name]
    wanted = wanted._replace(
        first=wanted.first if rule.first is not None else 0, second=wanted.second if rule.second is not None else 0
    )
    now = market.clock.now()
    line = audit_line(
        market.ids, now, actor, "alert_rule.set", f"alert_rule:{name}", before=before._asdict(), after=wanted._asdict(),
        ip=ip,
    )  # fmt: skip
    await market.db.write(save_setting, name, wanted, now, actor.name, line)


async def find(market: Market, alert_id: str) -> Alert | None:
    return await market.db.read(read_alert, alert_id)

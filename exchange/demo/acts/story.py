"""What happens within five minutes, so that whoever looks sees every feature at work: leads that come at their second.

| At   | What                                                    | Whose doing                                        |
|------|---------------------------------------------------------|----------------------------------------------------|
| 0:15 | Sunpath Direct slows down, then does not answer         | its troubles in `cast.yaml`; many leads meet them  |
| 0:40 | it is left alone                                        | the same                                           |
| 1:00 | a script posts under Cedar's sub ID pop-19              | `burst`                                            |
| 1:30 | NorthSun's day is full                                  | its moods; Acme's sheet (`files.sheet`)            |
| 2:00 | Brightroof asks its money back                          | `regrets.regrets`                                  |
| 2:30 | Granite Home has money for fewer than six leads         | its moods; `rush`                                  |
| 3:00 | BlueFin's tracker restarts: its postbacks are refused   | `restart`                                          |
| 4:00 | somebody at Ridge Home Pros presses the key for a lead  | `call`                                             |
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from exchange.demo.acts import Act, Scene
from exchange.demo.acts.consumers import Consumers
from exchange.demo.dirt import burst as junk
from exchange.demo.peers import HOST
from exchange.demo.peers.receivers import PORT
from exchange.demo.posting import SellerAnswer, send
from exchange.demo.shapes import GeneratedLead

_SOLAR, _CEDAR, _TRACKED, _HOME = "acme-solar", "cedar-solar", "bluefin-solar", "evergreen-home"
_JUNK = "pop-19"
_RUNG_FOR = {"timeframe": "emergency", "service": "roofing"}
_RUNG_IN = frozenset({"AZ", "TX"})
_CALLS_MOST = 4  # of six in ten the key is pressed
_LOOKS, _LOOK_SECONDS = 20, 1.5
_WAITS = frozenset({"queued", "pending"})


def story() -> tuple[Act, ...]:
    """The acts that belong to the first five minutes alone, in the order they play."""
    return (
        *rush(_SOLAR, first_s=4.0, leads=24, every_s=1.5),
        Act("burst", 58.0, 0.0, burst),
        *rush(_SOLAR, first_s=139.0, leads=4, every_s=2.0),
        Act("restart", 179.0, 0.0, restart),
        *rush(_TRACKED, first_s=180.0, leads=6, every_s=1.5),
        *rush(_TRACKED, first_s=216.0, leads=4, every_s=3.0),  # it is well again: their postbacks show it
        Act("call", 228.0, 0.0, call),
    )


def rush(campaign: str, *, first_s: float, leads: int, every_s: float) -> tuple[Act, ...]:
    """So many more leads of a campaign, one after another."""
    people = Consumers(campaign)

    async def play(scene: Scene) -> None:
        await _post(scene, campaign, people.next(scene).values)

    return tuple(Act("rush", first_s + number * every_s, 0.0, play) for number in range(leads))


async def burst(scene: Scene) -> None:
    """One form, sent again and again by a script within seconds."""
    now = scene.running.clock.now()
    lead = Consumers(_CEDAR).next(scene)
    for each in junk(random.Random(now), lead, _JUNK):
        await scene.running.clock.sleep(max(each.arrived_at - scene.running.clock.now(), 0) / 1000)
        await _post(scene, _CEDAR, each.values)


async def restart(scene: Scene) -> None:
    async with scene.session.post(f"http://{HOST}:{scene.port(PORT)}/bluefin/restart") as answer:
        answer.raise_for_status()


async def call(scene: Scene) -> None:
    """A lead that Ridge is rung for; another one when nobody there took it."""
    people = Consumers(_HOME)
    for _ in range(_CALLS_MOST):
        answer = await _post(scene, _HOME, {**_near(scene, people).values, **_RUNG_FOR})
        if answer.lead_id and await _taken(scene, answer.lead_id):
            return


def _near(scene: Scene, people: Consumers) -> GeneratedLead:
    """Somebody where Ridge works."""
    while (lead := people.next(scene)).values.get("state") not in _RUNG_IN:
        continue
    return lead


async def _taken(scene: Scene, lead_id: str) -> bool:
    """Whether it was sold, once that is known."""
    headers = {"Authorization": f"Bearer {scene.running.secrets[f'campaign:{_HOME}:live']}"}
    for _ in range(_LOOKS):
        await scene.running.clock.sleep(_LOOK_SECONDS)
        async with scene.session.get(f"{scene.url}/api/v1/leads/{lead_id}", headers=headers) as told:
            known: dict[str, Any] = await told.json()
        if known.get("status") not in _WAITS:
            return known.get("status") == "accepted"
    return False


async def _post(scene: Scene, campaign: str, values: Mapping[str, str]) -> SellerAnswer:
    fields = {"campaign_key": scene.running.secrets[f"campaign:{campaign}:live"], **values}
    return await send(scene.session, f"{scene.url}/api/v1/pingpost", fields, "json")

"""What can be done with one lead from its page: what the list does with many, to this one."""

from __future__ import annotations

from typing import NamedTuple

from exchange.flows.lead_bulk import ACTS
from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed
from exchange.web.console.leads.bulk import OF_ERASED, TOLD
from exchange.web.listed.leads import ACTIONS
from exchange.web.story.page import Told


class Act(NamedTuple):
    """`lacks` says whose it is, where it is not theirs who look."""

    name: str
    word: str
    bad: bool
    lacks: str


def acts_of(told: Told, actor: Actor) -> tuple[Act, ...]:
    """Those that fit how the lead stands."""
    state = told.lead["state"]
    found = []
    for each in ACTIONS:
        states = TOLD[each.name].states
        if (states and state not in states) or (told.erased and each.name not in OF_ERASED):
            continue
        right = ACTS[each.name][0] if each.name in ACTS else Right.SEE
        lacks = "" if may(actor, right) else f"To {right.value} needs the role {needed(right)}."
        found.append(Act(each.name, each.word, each.bad, lacks))
    return tuple(found)

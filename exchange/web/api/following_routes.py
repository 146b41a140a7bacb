"""The calls about who works on a buyer's leads."""

from __future__ import annotations

from exchange.web.api import following
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route, paging

_AGENTS = "/api/v1/buyer/agents"
_HOME = "/api/v1/buyer/follow-ups"
_ONE = _HOME + "/{sale_id}"
_FILTERS = (
    Parameter("agent_id", "Leads of this agent."),
    Parameter("stage", "Leads that have come so far."),
    Parameter("state", "`waiting`, `assigned`, `escalated` (the admins have them) or `closed`."),
    Parameter("contract_id", "Leads of this contract."),
)


def routes() -> tuple[Route, ...]:
    return (
        _asks(_AGENTS, "agents", "A buyer's agents, and how many leads each works on", following.agents, "Agents"),
        _tells(_AGENTS + "/{agent_id}/next", "take_next", "An agent takes the next lead that waits", following.take,
               "FollowUp"),
        _tells(_AGENTS + "/{agent_id}/away", "away", "An agent gets no lead until the end of a day, or is back",
               following.away, "AgentAway", "FollowAway"),
        _asks(_HOME, "follow_ups", "Whose a buyer's leads are and how far they have come, since a cursor",
              following.listed, "FollowUps", (*paging(), *_FILTERS)),
        _asks(_ONE, "follow_up", "One of them, with what was done about it", following.one, "FollowUp"),
        _tells(_ONE + "/assign", "assign", "Gives a lead to an agent", following.assign, "FollowUp", "FollowAssign"),
        _tells(_ONE + "/hand-back", "hand_back", "Its agent gives a lead back: it goes to the next",
               following.hand_back, "FollowUp"),
        _tells(_ONE + "/contact", "contact", "Somebody called or wrote: the first time is measured",
               following.contact, "FollowUp", "FollowContact"),
        _tells(_ONE + "/remind", "remind", "Its agent is reminded at a time", following.reminder, "FollowUp",
               "FollowRemind"),
        _tells(_ONE + "/stage", "stage", "Says how far a lead has come, by a disposition or a stage",
               following.stage, "FollowUp", "FollowStage"),
    )  # fmt: skip


def _asks(path: str, name: str, summary: str, do: Work, gives: str, query: tuple[Parameter, ...] = ()) -> Route:
    return Route("GET", path, name, summary, KeyKind.BUYER, Rank.REPORT, do, gives, (*ASKED, 404), query=query)


def _tells(path: str, name: str, summary: str, do: Work, gives: str, takes: str = "") -> Route:
    return Route("POST", path, name, summary, KeyKind.BUYER, Rank.REPORT, do, gives, (*TOLD, 409), takes)

"""The calls about webhooks: anybody's with a key, each about what is its own."""

from __future__ import annotations

from exchange.web.api import webhooks
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

_PATH = "/api/v1/webhooks"
_ONE = f"{_PATH}/{{endpoint_id}}"


def routes() -> tuple[Route, ...]:
    wanted = (
        Parameter("state", "`waiting`, `delivered` or `failed`."),
        Parameter("type", "An event, or a family such as lead.*"),
        Parameter("object", "What it happened to."),
        Parameter("endpoint_id", "One address."),
        Parameter("since", "From this time on."),
        Parameter("before", "The `next` of the page before."),
        Parameter("limit", "How many at most, 1 to 1000; 200 unless said."),
    )
    return (
        _asks(_PATH, "webhooks", "Who is told of events", webhooks.listing, "Webhooks"),
        _asks(f"{_PATH}/log", "webhook_log", "What was sent, newest first", webhooks.log, "WebhookLog", wanted),
        _tells(_PATH, "webhook_add", "Adds a webhook or a postback", webhooks.add, "WebhookSaved", "WebhookWanted"),
        _tells(f"{_PATH}/test", "webhook_test", "Sends an example now", webhooks.test, "WebhookTested", "WebhookTest"),
        _tells(
            f"{_PATH}/replay",
            "webhook_replay",
            "Sends again what failed, or what a filter finds",
            webhooks.replay,
            "WebhookReplayed",
            "WebhookReplay",
        ),
        _tells(_ONE, "webhook_change", "Changes one", webhooks.change, "WebhookSaved", "WebhookWanted"),
        _tells(
            f"{_ONE}/state",
            "webhook_state",
            "Enables, disables or removes one",
            webhooks.state,
            "WebhookSaved",
            "WebhookState",
        ),
        _tells(f"{_ONE}/secret", "webhook_secret", "Gives one a new secret", webhooks.rotate, "WebhookSaved"),
    )


def _asks(path: str, name: str, summary: str, do: Work, gives: str, query: tuple[Parameter, ...] = ()) -> Route:
    return Route("GET", path, name, summary, KeyKind.ANY, Rank.REPORT, do, gives, ASKED, query=query)


def _tells(path: str, name: str, summary: str, do: Work, gives: str, takes: str = "") -> Route:
    return Route("POST", path, name, summary, KeyKind.ANY, Rank.REPORT, do, gives, TOLD, takes)

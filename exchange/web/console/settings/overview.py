"""Everything that can be set, on one page: where it is, how it stands, and who may change it."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange import __version__
from exchange.flows.backups import last_backup
from exchange.flows.market import Market
from exchange.flows.security_rules import rules_of
from exchange.model.rights import Right, may, needed
from exchange.storage.by_hand import list_keys, list_users
from exchange.storage.database import Row
from exchange.web.auth import actor_of
from exchange.web.console.settings.providers import checkers_of, providers_of
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.render import as_json, page, times_of
from exchange.web.words import plural

HOME = "/console/settings"


class Part(NamedTuple):
    """One part of the settings. `right` is what its page needs to be looked at; `pages` are its words and addresses."""

    key: str
    title: str
    holds: str
    stands: str
    pages: tuple[tuple[str, str], ...]
    right: Right = Right.SEE


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", show_json))


async def show(request: web.Request) -> web.StreamResponse:
    actor = actor_of(request)
    parts = await _parts(request)
    return await page(
        request,
        "console/settings/overview.html",
        title="Settings",
        here="settings",
        parts=[(each, "" if may(actor, each.right) else needed(each.right)) for each in parts],
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    return as_json(
        {
            "parts": [
                {"part": each.key, "stands": each.stands, "pages": [path for _, path in each.pages]}
                for each in await _parts(request)
            ]
        }
    )


async def _parts(request: web.Request) -> tuple[Part, ...]:
    market = request.app[MARKET]
    people = [row for row in await market.db.read(list_users, "operator") if row["state"] == "active"]
    keys = [row for row in await market.db.read(list_keys) if row["revoked_at"] is None]
    return (*_of_the_house(request, market), *_of_the_trade(market), *await _of_people(market, people, keys),
            *await _of_the_machine(request, market))  # fmt: skip


def _of_the_house(request: web.Request, market: Market) -> tuple[Part, ...]:
    times = times_of(request)
    general = f"{market.name}, {times.zone.key}, {request.app[SETTINGS].currency} for new accounts."
    return (
        Part("general", "General", "Name, time zone, currency, addresses, what documents say.", general,
             (("General", f"{HOME}/general"),), Right.SETTINGS),
        Part("verticals", "Verticals and fields", "Kinds of leads: fields, values, what is required and masked.",
             f"{plural(len(market.verticals), 'vertical')}.", (("Verticals", f"{HOME}/verticals"),)),
    )  # fmt: skip


def _of_the_trade(market: Market) -> tuple[Part, ...]:
    used = sum(bool(each.uses) for each in checkers_of(market))
    return (
        Part("checks", "Checks", "Fraud, grades, verification, suppression, duplicates.",
             f"{plural(used, 'verifier')} in use.",
             (("Screen", "/console/screen"), ("Verifiers", "/console/verifiers"),
              ("Suppression", "/console/suppression"))),
        Part("returns", "Returns", "How long, how many and for which reasons buyers get money back.",
             "Each contract has its own terms.", (("Return terms", "/console/returns/terms"),
                                                  ("Words of buyers", "/console/words"))),
        Part("payouts", "Payouts and invoices", "When sellers are paid, who approves it, when buyers are billed.",
             "Each seller and buyer has its own terms.",
             (("Payouts", "/console/payouts"), ("Buyers' accounts", "/console/billing")), Right.BOOKS_SEE),
        Part("notifications", "Notifications", "What tells whom, by mail, text, Slack and here; alert rules.",
             "Everybody chooses for themselves.",
             (("What you are told", "/account/notifications/settings"), ("Alert rules", "/console/alerts/rules"))),
    )  # fmt: skip


async def _of_people(market: Market, people: list[Row], keys: list[Row]) -> tuple[Part, ...]:
    rules = await rules_of(market)
    second = "Everybody of yours needs a second factor" if rules.staff_second else "A second factor is not asked for"
    return (
        Part("users", "Users and roles", "Who runs the exchange, and what each may do.",
             plural(len(people), "person", "people") + ".", (("Users", "/console/users"),), Right.SETTINGS),
        Part("security", "Security", "Second factors, sign-on of your company, session length, networks.",
             f"{second}; a sign-in lasts {rules.session_hours} h.", (("Security", "/console/security"),),
             Right.SETTINGS),
        Part("keys", "Keys and webhooks", "What programs sign in with, and where events are told.",
             f"{plural(len(keys), 'key')} in use.", (("Keys", "/console/keys"), ("Webhooks", "/console/webhooks"),
                                                     ("Ad accounts", "/console/ad-accounts")), Right.SETTINGS),
        Part("privacy", "Privacy", "Find a consumer, give a copy, erase; who took consent back.",
             "Personal data is masked until somebody says why.",
             (("Privacy", "/console/privacy"), ("Consent taken back", "/console/revocations"))),
    )  # fmt: skip


async def _of_the_machine(request: web.Request, market: Market) -> tuple[Part, ...]:
    settings = request.app[SETTINGS]
    on = [each.title.lower() for each in providers_of(market, settings) if each.on]
    last, times = await last_backup(market.db), times_of(request)
    kept = market.retention_days["lead"]
    copy = f"Last backup {times.ago(last.at)}" if last is not None else "No backup was made yet"
    return (
        Part("providers", "Providers", "Mail, texts, payments, verification: each with a test.",
             f"On: {', '.join(on) or 'none'}.", (("Providers", f"{HOME}/providers"),), Right.SETTINGS),
        Part("data", "Data", "How long it is kept, backup, restore, export.",
             f"{copy}; raw requests are kept {kept} days.", (("Data", f"{HOME}/data"),), Right.SETTINGS),
        Part("health", "Health", "Database, jobs, mail, disk, clock, certificates: the same as exchange doctor.",
             f"exchange {__version__}.", (("Health", "/console/health"), ("Audit log", "/console/audit"))),
    )  # fmt: skip

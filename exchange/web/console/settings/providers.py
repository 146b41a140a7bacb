"""Who does for us what we cannot: mail, texts, payments, checks of leads; each with a test that really asks it."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange.flows.doctor_outside import mail_finding, providers_finding
from exchange.flows.market import Market
from exchange.flows.notice_choices import send_test
from exchange.flows.verifier_uses import rules_using
from exchange.model.health import Word
from exchange.settings import Settings
from exchange.web.auth import FORM
from exchange.web.console.settings._shown import MAIL, PAYMENTS, TAKEN, TEXTS, Shown, shown
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.render import SESSION, as_json, notice, page

HOME = "/console/settings/providers"


class Provider(NamedTuple):
    """One kind of service. `rows` are its settings; `test` the channel that "Send test" tries, empty for none."""

    key: str
    title: str
    on: bool
    says: str
    rows: list[Shown]
    test: str = ""
    page: str = ""


class Checker(NamedTuple):
    """A verifier of leads: what it checks, who uses it, and the secrets it lacks."""

    name: str
    title: str
    vendor: str
    uses: int
    unset: tuple[str, ...]


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", f"{HOME}/test", test),
    )


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def show_json(request: web.Request) -> web.StreamResponse:
    market, settings = request.app[MARKET], request.app[SETTINGS]
    told = [
        {"provider": each.key, "on": each.on, "settings": [row.fields() for row in each.rows]}
        for each in providers_of(market, settings)
    ]
    checkers = [each._asdict() for each in checkers_of(market)]
    return as_json({"providers": told, "verifiers": checkers})


async def test(request: web.Request) -> web.StreamResponse:
    """A mail or text to whoever asks, by the way that notices go."""
    channel = request[FORM].get("channel", "")
    if channel not in ("email", "sms"):
        return await notice(request, "Nothing was sent", "channel is email or sms.", http_status=422)
    return await _page(request, await send_test(request.app[MARKET], request[SESSION].user, channel))


def providers_of(market: Market, settings: Settings) -> tuple[Provider, ...]:
    relay, texting, payments = settings.mail_relay, settings.texting, market.deals.shapes.payments
    mail = "Invitations, new passwords, notices and documents go by it." if relay else (
        "Without one, invitations are links that you pass on yourself, and nobody can ask for a new password."
    )  # fmt: skip
    texts = "Notices go by text to whoever chose so." if texting else "Without a number nobody gets texts."
    money = "Buyers fill up their accounts by card." if payments else (
        "Its key is missing: it stands at Buyers' accounts." if settings.payment_provider else "Nobody takes cards."
    )  # fmt: skip
    doors = [settings.inbox_port is not None, settings.sftp_port is not None]
    taken = "Beside the API, leads come in by " + (
        " and ".join(word for word, on in zip(("mail", "SFTP"), doors, strict=True) if on) or "neither mail nor SFTP"
    )  # fmt: skip
    return (
        Provider("mail", "Mail", relay is not None, mail, shown(settings, MAIL), "email" if relay else ""),
        Provider("texts", "Texts", texting is not None, texts, shown(settings, TEXTS), "sms" if texting else ""),
        Provider("payments", "Payments", payments is not None, money, shown(settings, PAYMENTS), "",
                 "/console/billing"),
        Provider("taken", "Mail and files that come in", any(doors), f"{taken}.", shown(settings, TAKEN), "",
                 "/console/sources"),
    )  # fmt: skip


def checkers_of(market: Market) -> list[Checker]:
    made = []
    for name, ready in sorted(market.deals.shapes.verifiers.items()):
        uses = len(rules_using(market, name))
        made.append(Checker(name, ready.card.title, ready.card.vendor, uses, ready.unset))
    return made


async def _page(request: web.Request, tested: str = "") -> web.StreamResponse:
    market, settings = request.app[MARKET], request.app[SETTINGS]
    mail = await mail_finding(market, settings.mail_relay, settings.allowed_networks, tried=False)
    found = [mail, providers_finding(market, settings)]
    return await page(
        request,
        "console/settings/providers.html",
        title="Providers",
        here="settings",
        providers=providers_of(market, settings),
        checkers=checkers_of(market),
        wrong=[each for each in found if each.word is not Word.OK],
        tested=tested,
    )

"""Pages for the people who run the exchange. Each is a pair, `leads.py` and `leads.html`, and tells its own paths."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

from aiohttp import web

from exchange.model.rights import Right
from exchange.web.auth import for_staff, leave, sign_in
from exchange.web.console import (
    ad_accounts,
    answers,
    attribution,
    billing,
    buyers_new,
    campaigns,
    connector,
    connectors,
    csv_addresses,
    dashboard,
    deliveries,
    disposition_words,
    dispositions,
    disputes,
    form,
    forms,
    importing,
    imports,
    inbox,
    invoices,
    lead,
    leads,
    ledger,
    login,
    media,
    more,
    overlaps,
    payouts,
    quality,
    quality_buyer,
    quality_buyers,
    quality_cohorts,
    quality_measures,
    quality_prices,
    quality_shaving,
    quality_sources,
    reconcile,
    reconciliation,
    return_bulk,
    return_case,
    return_file,
    return_terms,
    returns,
    revocations,
    screen,
    search,
    seller_terms,
    source,
    sources,
    store,
    suppression,
    teach,
    terms,
    trial,
    unclear,
    users,
    verifier,
    verifiers,
    webhooks,
)
from exchange.web.pages import Page, add_page, add_table, see_other


class Rights(NamedTuple):
    """What the pages of a module need: to be looked at, and to change something."""

    look: Right = Right.SEE
    change: Right = Right.EDIT


_MONEY = Rights(Right.BOOKS_SEE, Right.BOOKS)
_PAYING = Rights(Right.BOOKS_SEE, Right.PAYOUTS)
_DECIDING = Rights(change=Right.RETURNS)
_WATCHING = Rights(change=Right.PAUSE)
_SETTING = Rights(change=Right.SETTINGS)
_SEEING = Rights(change=Right.SEE)


def modules() -> Mapping[ModuleType, Rights]:
    """Those with pages, and what these need. A page may ask for another right by itself."""
    return {
        ad_accounts: _SETTING,
        answers: Rights(),
        attribution: Rights(),
        billing: _MONEY,
        campaigns: Rights(),
        buyers_new: Rights(),
        connector: Rights(),
        connectors: Rights(),
        csv_addresses: _SETTING,
        dashboard: Rights(),
        deliveries: Rights(),
        disposition_words: _DECIDING,
        dispositions: _DECIDING,
        disputes: _DECIDING,
        form: Rights(),
        forms: Rights(),
        importing: Rights(),
        imports: Rights(),
        inbox: Rights(),
        invoices: _MONEY,
        lead: Rights(),
        leads: Rights(),
        ledger: Rights(Right.BOOKS_SEE, Right.BOOKS_SEE),
        login: _SEEING,
        media: Rights(),
        more: Rights(),
        overlaps: Rights(),
        payouts: _PAYING,
        quality: Rights(),
        quality_buyers: Rights(),
        quality_buyer: Rights(),
        quality_cohorts: Rights(),
        quality_measures: _WATCHING,
        quality_prices: Rights(),
        quality_shaving: Rights(),
        quality_sources: Rights(),
        reconcile: _MONEY,
        reconciliation: _MONEY,
        returns: _DECIDING,
        return_bulk: _DECIDING,
        return_case: _DECIDING,
        return_file: _DECIDING,
        return_terms: Rights(),
        screen: _WATCHING,
        revocations: _WATCHING,
        search: _SEEING,
        seller_terms: _PAYING,
        source: Rights(),
        sources: Rights(),
        store: Rights(),
        suppression: _WATCHING,
        teach: Rights(change=Right.REVEAL),
        terms: Rights(),
        trial: Rights(),
        unclear: Rights(),
        users: Rights(Right.SETTINGS, Right.SETTINGS),
        verifier: _SETTING,
        verifiers: Rights(),
        webhooks: _SETTING,
    }


def add_console(app: web.Application) -> None:
    """Add the console's pages, and the way in and out."""
    add_table(app, _ways())
    rights = modules()
    for module, needs in rights.items():
        for page in module.pages():
            add_page(app, page, for_staff(right_of(page, needs), page.show))
    for module in (imports, suppression, return_file, dispositions, reconcile, media):
        for page in module.uploads():
            add_page(app, page, for_staff(right_of(page, rights[module]), page.show, token=False))


def right_of(page: Page, needs: Rights) -> Right:
    return page.right or (needs.look if page.method == "GET" else needs.change)


def _ways() -> tuple[Page, ...]:
    """In and out: open to everybody."""
    return (
        Page("GET", "/", _home),
        Page("GET", "/console/", _home),
        Page("GET", "/login", login.show),
        Page("GET", "/login/{secret}", sign_in),
        Page("POST", "/logout", leave),
    )


async def _home(_: web.Request) -> web.Response:
    return see_other("/console")

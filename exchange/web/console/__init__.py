"""Pages for the people who run the exchange. Each is a pair, `leads.py` and `leads.html`, and tells its own paths."""

from __future__ import annotations

from aiohttp import web

from exchange.web.auth import for_operators, for_uploads, leave, sign_in
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
    verifier,
    verifiers,
    webhooks,
)
from exchange.web.pages import Page, add_table, see_other


def add_console(app: web.Application) -> None:
    """Add the console's pages, and the way in and out."""
    add_table(app, _ways())
    for each in (
        ad_accounts,
        answers,
        attribution,
        billing,
        campaigns,
        buyers_new,
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
        quality_buyers,
        quality_buyer,
        quality_cohorts,
        quality_measures,
        quality_prices,
        quality_shaving,
        quality_sources,
        reconcile,
        reconciliation,
        returns,
        return_bulk,
        return_case,
        return_file,
        return_terms,
        screen,
        revocations,
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
        verifier,
        verifiers,
        webhooks,
    ):
        add_table(app, each.pages(), for_operators)
    for each in (imports, suppression, return_file, dispositions, reconcile, media):
        add_table(app, each.uploads(), for_uploads)


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

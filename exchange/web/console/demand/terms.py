"""The words of every page, and what other systems call the same things."""

from __future__ import annotations

from aiohttp import web

from exchange.web.pages import Page
from exchange.web.render import page

TERMS = (
    ("Seller", "Company that sends leads", "affiliate, publisher, vendor, supplier, source"),
    ("Buyer", "Company that pays for leads", "advertiser, partner, client, target"),
    ("Vertical", "Field schema and rules for one kind of lead", "lead type, product"),
    ("Campaign", "One seller's right to post into one vertical: key, payout, caps, filters", "source, SRC"),
    (
        "Contract",
        "One buyer's standing order: filters, price or bidding, caps, schedule, delivery",
        "filter set, delivery account, buyer campaign",
    ),
    ("Ping tree", "Ordered tiers of contracts and how each tier sells", "ring tree, distribution, flow"),
    ("Ping", "Partial lead, no personal data, asking for a price", "ping"),
    ("Bid", "A buyer's price for a ping", "offer"),
    ("Post", "The full lead", "post"),
    ("Ping and post", "Both in one call", "full post, direct post"),
    ("Priced", "A ping was answered with a price; the post has not come", "quoted"),
    ("Floor", "Lowest price at which a lead may sell", "min price, reserve"),
    ("Scrub", "Check data against rules before selling. Never used for unpaid leads", "scrub (two meanings)"),
    ("Unsold", "Valid lead that no buyer took", "unmatched, no sale, price reject"),
    ("Rejected", "Lead refused by a check, with a reason", "filtered, failed, trashed"),
    (
        "Unclear",
        "We posted and got no usable answer; may or may not be sold. Never resold or billed until settled",
        "timeout, error",
    ),
    ("Disposition", "What the buyer says happened to the consumer", "feedback, outcome, status"),
    ("Return", "Buyer asks for money back on a sold lead", "refund, credit request"),
    ("Payout", "What the seller earns", "cost, commission"),
    ("Statement", "What a seller is owed for a period", "invoice (wrongly)"),
    ("Reserve", "Part of a seller's earnings, held back for returns and let go later", "holdback"),
    ("Margin", "Revenue minus payout", "profit"),
    ("Breaker", "Stops asking a buyer that does not answer, and tries again after a while", "circuit breaker"),
    ("Sub ID", "Seller's own tracking values sub_id1 to sub_id10", "s1, subid, pub ID"),
)


def pages() -> tuple[Page, ...]:
    return (Page("GET", "/console/help/terms", show),)


async def show(request: web.Request) -> web.StreamResponse:
    return await page(request, "console/demand/terms.html", title="Words used here", here="terms", terms=TERMS)

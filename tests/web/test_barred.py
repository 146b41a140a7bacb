"""What a role may not do is disabled on every page, with whose it is, by the routes' own table; the rest is not."""

from __future__ import annotations

import re
from html import unescape

from exchange.model.rights import WHO, Right, Staff, needed
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.test_rights import PART, routes, visiting
from tests.web.visitor import Page, signed_in

FORM = re.compile(r"<form\b([^>]*)>\s*(<fieldset class=\"barred\" disabled)?")
ACTION = re.compile(r'(?<![\w-])action="([^"]*)"')
LINK = re.compile(r'<a\b[^>]*?(?<![\w-])href="([^"]*)"')
PLACES = (
    "/console/buyers/acme",
    "/console/sellers/cedar",
    "/console/campaigns/cedar-solar",
    "/console/trees/cedar-solar",
    "/console/contracts/acme-solar",
    "/console/returns/terms/acme-solar",
)


def guards() -> list[tuple[str, re.Pattern[str], Right]]:
    """Method, pattern of the path and right of every page."""
    return [
        (route.method, re.compile(PART.sub(lambda part: f"(?:{part[1] or '[^/]+'})", route.path)), right)
        for route, right in routes()
    ]


GUARDS = guards()


def right_of(method: str, address: str) -> Right | None:
    path = unescape(address).partition("?")[0].partition("#")[0]
    return next((right for kind, rule, right in GUARDS if kind == method and rule.fullmatch(path)), None)


def wrong_controls(page: Page, path: str, staff: Staff) -> list[str]:
    """Forms and links of a page that do not fit what the role may do."""
    main = page.source.partition('<main class="main" id="main">')[2].partition("</main>")[0]
    found = []
    for attributes, barred in FORM.findall(main):
        if 'method="post"' not in attributes:
            continue
        action = ACTION.search(attributes)
        right = right_of("POST", action[1] if action else path)
        if right is not None and (staff in WHO[right]) == bool(barred):
            found.append(f"{path}: the form to {action[1] if action else path} for {staff.value}")
        if right is not None and barred and needed(right) not in page.part("barred"):
            found.append(f"{path}: whose {action[1] if action else path} is, is not told")
    for href in LINK.findall(main):
        right = right_of("GET", href)
        if right is not None and staff not in WHO[right]:
            found.append(f"{path}: the link to {href} for {staff.value}")
    return found


async def test_controls_fit_the_rights_of_every_role_on_every_page(served: Served) -> None:
    lead = await sell(served, 1)
    paths = [
        route.path for route, right in routes() if route.method == "GET" and not re.search(r"[{.]|stream$", route.path)
    ]
    found, barred = [], dict.fromkeys(Staff, 0)
    async with signed_in(served) as visitor:
        for staff in Staff:
            if staff is not Staff.OWNER:
                await visiting(served, staff, visitor)
            for path in (*paths, *PLACES, f"/console/leads/{lead['lead_id']}"):
                page = await visitor.open(path)
                if 200 == page.http_status and "text/html" in page.headers["Content-Type"]:
                    found += wrong_controls(page, path, staff)
                    barred[staff] += page.source.count('<fieldset class="barred" disabled')
    assert not found, "\n".join(found)
    assert 0 == barred[Staff.OWNER] < barred[Staff.OPERATOR] < barred[Staff.ANALYST]

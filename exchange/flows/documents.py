"""Shapes changed while the exchange runs. A document is checked whole before it is stored; here it counts at once,
on other nodes within a second. Versions are kept, and every change leaves a line in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exchange.flows.by_hand import LAST_CHARACTERS, audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.shapes import CONNECTION, SOURCE, VERIFIER, VERTICAL, Document, DocumentProblems, make
from exchange.flows.verifier_uses import rules_using
from exchange.model.actor import Actor
from exchange.model.form import Form
from exchange.model.vertical import Vertical
from exchange.stages.eligible import BadBook, compile_book
from exchange.stages.forms import form_problems
from exchange.storage.documents import SecretRow, add_document, end_document, put_secret


class Change(NamedTuple):
    """What was, and what is."""

    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


NO_CHANGE = Change(None, None)


async def save_document(
    market: Market, kind: str, name: str, document: Document, actor: Actor, change: Change = NO_CHANGE, ip: str = ""
) -> int:
    """Returns the number of its version. Raises `DocumentProblems`, and then nothing was changed. `change` is told in
    the audit log where one thing of the document alone is another.
    """
    workshop = market.workshop
    files = {CONNECTION: workshop.connections, SOURCE: workshop.sources, VERIFIER: workshop.verifiers}
    if name in files.get(kind, {}):
        raise DocumentProblems([f"{kind}: a file has the name {name}; change the file, or choose another name"])
    shape = make(market.workshop, kind, name, document)
    if isinstance(shape, Vertical):
        _check_contracts(market, shape)
        _check_rules(market, shape)
    if isinstance(shape, Form):
        _check_form(market, shape)
    if kind == SOURCE and document["campaign"] not in market.deals.campaigns:
        raise DocumentProblems([f"campaign: there is no campaign {document['campaign']}"])
    line = audit_line(market.ids, market.clock.now(), actor, "document.saved", f"{kind}:{name}",
                      before=change.before, after=change.after, ip=ip)  # fmt: skip
    version = await market.db.write(add_document, kind, name, document, line)
    await refresh(market)
    return version


def _check_contracts(market: Market, vertical: Vertical) -> None:
    """What the contracts filter on must still be there."""
    try:
        compile_book(market.deals.contracts.values(), market.deals.buyers.values(), vertical, market.places)
    except BadBook as bad:
        raise DocumentProblems(bad.problems) from None


def _check_rules(market: Market, vertical: Vertical) -> None:
    """The verifiers that it uses are there."""
    known = market.deals.shapes.verifiers
    if gone := [rule.verifier for rule in vertical.verifiers if rule.verifier not in known]:
        raise DocumentProblems([f"verifiers: there is no verifier {name}" for name in gone])


def _check_form(market: Market, form: Form) -> None:
    """It asks for everything that its campaign needs, and for nothing else."""
    campaign = market.deals.campaigns.get(form.campaign_id)
    if campaign is None:
        raise DocumentProblems([f"campaign: there is none with the id {form.campaign_id!r}"])
    if problems := form_problems(form, market.verticals[campaign.vertical]):
        raise DocumentProblems(problems)


async def remove_document(market: Market, kind: str, name: str, actor: Actor) -> bool:
    """False when there was none. Raises `DocumentProblems` while something needs it."""
    if needed := tuple(_needed(market, kind, name)):
        raise DocumentProblems(needed)
    line = audit_line(market.ids, market.clock.now(), actor, "document.removed", f"{kind}:{name}")
    removed = await market.db.write(end_document, kind, name, line)
    await refresh(market)
    return removed


def _needed(market: Market, kind: str, name: str) -> Iterator[str]:
    """Who would be left without it. A vertical that lies over a file leaves the file's."""
    deals = market.deals
    if kind == VERTICAL and name not in market.workshop.verticals:
        yield from (f"campaign {each.id} is of it" for each in deals.campaigns.values() if each.vertical == name)
        yield from (f"contract {each.id} buys it" for each in deals.contracts.values() if each.vertical == name)
    if kind == CONNECTION:
        yield from (f"contract {each.id} uses it" for each in deals.contracts.values() if each.connection == name)
    if kind == VERIFIER:
        yield from (f"{where} uses it" for where in rules_using(market, name))


async def save_secret(market: Market, name: str, value: str, actor: Actor) -> None:
    """Keep a secret that connections name. A variable of the environment with its name goes before it."""
    now = market.clock.now()
    last4 = value[-LAST_CHARACTERS:] if len(value) > 2 * LAST_CHARACTERS else ""
    row = SecretRow(name, market.vault.seal_secret(name, value.encode()), last4, now)
    line = audit_line(market.ids, now, actor, "secret.saved", f"secret:{name}", after={"last4": last4})
    await market.db.write(put_secret, row, line)
    await refresh(market)

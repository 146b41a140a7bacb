"""A file that has come whole becomes an import, with its columns guessed where nobody said what they are."""

from __future__ import annotations

import asyncio

from exchange.flows.import_desk import Bringing, Spool, columns_of, set_columns, take_in
from exchange.flows.import_files import held_file
from exchange.flows.market import Market
from exchange.intake.columns import as_mapping, guess_columns
from exchange.model.batch import Columns, Guess
from exchange.model.importing import ImportRow


class BadColumns(Exception):
    """A mapping names what is no field of the campaign. The sentence says which."""


async def bring_file(market: Market, spool: Spool, bringing: Bringing, given: Columns) -> ImportRow:
    """Note it as a new import. What `given` says of a column goes before what it seems to be.

    Raises `BadColumns`, and `BadFile` when it cannot be read.
    """
    try:
        check_columns(market, bringing.campaign.id, given)
    except BadColumns:
        spool.drop()
        raise
    row = await take_in(market, spool, bringing, given)
    guesses = await guess(market, row)
    said = set(given.columns.values())
    free = [each for each in guesses if each.column not in given.columns and each.field not in said]
    columns = Columns({**as_mapping(free), **given.columns}, given.constants)
    if columns != given:
        await set_columns(market, row, columns)
    return row


async def guess(market: Market, row: ImportRow) -> tuple[Guess, ...]:
    """What its columns seem to be, with samples. Raises `FileGone`."""
    assert row.layout is not None
    names = market.deals.intakes[row.campaign_id].names
    now = market.clock.now()
    return await asyncio.to_thread(guess_columns, held_file(market, row), row.layout, names, now)


def check_columns(market: Market, campaign_id: str, columns: Columns) -> None:
    names = market.deals.intakes[campaign_id].names
    targets = {*columns.columns.values(), *columns.constants} - {""}
    if wrong := sorted(name[:80] for name in targets if names.canonical(name) is None):
        raise BadColumns(f"There is no field {', '.join(wrong)}.")


def fields_given(market: Market, row: ImportRow, guesses: tuple[Guess, ...]) -> dict[str, str]:
    """The field that each column gives as its import is mapped now; columns that give none are left out."""
    mapped = columns_of(row).columns
    names = market.deals.intakes[row.campaign_id].names
    found: dict[str, str] = {}
    for each in guesses:
        meant = mapped.get(each.column, each.column)
        name = names.canonical(meant) if meant else None
        if name is not None and (each.column in mapped or each.field):
            found[each.column] = name
    return found

"""The file of `exchange import`: read whole once, and its columns understood, before anything of it is sold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.model.batch import Batch, Columns, LeadFile
    from exchange.model.party import Campaign

_START_BYTES = 16


def looked_through(market: Market, path: Path, spool: Path) -> Batch:
    """The file, read to its end. The rows of a spreadsheet are kept in `spool` meanwhile, where no other may read."""
    from dataclasses import replace
    from hashlib import file_digest

    from exchange.intake.batch import BadFile
    from exchange.model.batch import LeadFile

    file = LeadFile(path.name, lambda: path.absolute().open("rb"))
    try:
        with path.open("rb") as source:
            if not market.doors.is_sheet(source.read(_START_BYTES)):
                return market.doors.look_through(file)
            source.seek(0)
            digest = file_digest(source, "sha256").digest()
        return replace(market.doors.look_through(_converted(market, file, spool)), sha256=digest)
    except BadFile as error:
        raise Stop(Exit.FAILED, str(error)) from error
    except OSError as error:
        raise Stop(Exit.UNREACHABLE, f"{path} cannot be read: {error.strerror}.") from error


def _converted(market: Market, file: LeadFile, spool: Path) -> LeadFile:
    from exchange.model.batch import LeadFile

    place = spool / "rows.csv"
    with place.open("wb") as rows:
        market.doors.sheet_as_csv(file, rows.write)
    return LeadFile(file.name, lambda: place.open("rb"))


def understood(terminal: Terminal, market: Market, campaign: Campaign, batch: Batch, given: Columns) -> Columns:
    """The mapping as given, with what the columns it does not name seem to be. It is told how they are understood.

    A target of the mapping that is no field, or no known column, is wrong usage.
    """
    from exchange.intake.columns import as_mapping, guess_columns, missing_fields
    from exchange.model.batch import Columns

    names = market.deals.intakes[campaign.id].names
    targets = {*given.columns.values(), *given.constants} - {""}
    if wrong := sorted(name for name in targets if names.canonical(name) is None):
        raise Stop(Exit.USAGE, f"{campaign.name} has no field {', '.join(wrong)}: mend the mapping.")
    guesses = guess_columns(batch.file, batch.layout, names, market.clock.now())
    said = {names.canonical(to) for to in targets}
    free = [each for each in guesses if each.column not in given.columns and each.field not in said]
    columns = Columns({**as_mapping(free), **given.columns}, given.constants)
    known = {each.column: each.field for each in free if each.field}
    known |= {name: field for name, to in given.columns.items() if (field := names.canonical(to)) is not None}
    if batch.layout.kind == "json":
        return columns
    if not known:
        raise Stop(
            Exit.FAILED,
            f"No column of {batch.file.name} is a field of {campaign.name}. Is its first line a header? "
            "Name the columns with --map.",
        )
    if renamed := [f"{column} is {name}" for column, name in known.items() if column != name]:
        terminal.remark(f"  Columns     {', '.join(renamed)}")
    if guessed := [f"{each.column} ({each.how}: {each.samples[0]})" for each in free if _is_guess(each.how)]:
        terminal.remark(f"  Guessed     {', '.join(guessed)}; --map says otherwise")
    unknown = [each.column for each in guesses if each.column not in known and given.columns.get(each.column) != ""]
    if unknown:
        terminal.remark(f"  Not known   {', '.join(unknown)}: kept with the raw row, not sold")
    if missing := missing_fields({*known.values(), *given.constants}, names, market.verticals[campaign.vertical]):
        terminal.remark(f"  Missing     {', '.join(missing)}: rows without them are invalid")
    return columns


def _is_guess(how: str) -> bool:
    return how in ("like", "content")

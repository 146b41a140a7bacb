"""`exchange import --dry-run`: every row checked, nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.model.batch import Batch, Columns
    from exchange.model.lead import Mode
    from exchange.model.party import Campaign

FIELDS_TOLD = 8


async def check_rows(
    terminal: Terminal, market: Market, campaign: Campaign, mode: Mode, batch: Batch, columns: Columns
) -> None:
    """Print what an import would meet. Exit 3 when some rows would fail."""
    from exchange.commands.progress import finished, progress
    from exchange.flows.dry_run import dry_run
    from exchange.flows.estimate import open_estimator
    from exchange.web.words import money

    began = market.clock.monotonic()
    estimator = await open_estimator(market, campaign, mode)
    rows = market.doors.records(batch.file, batch.layout, columns, 0)
    with progress(terminal, "Reading", batch.rows, market.clock) as bar:

        async def on_row(number: int) -> bool:
            bar.at(number)
            return True

        found = await dry_run(market, campaign, mode, rows, on_row, estimator)
    finished(terminal, "Reading", f"{found.rows:,} rows   {market.clock.monotonic() - began:.1f} s")
    document = {**found.as_report(), "stored": False}
    parts = [
        f"Valid       {found.valid:,}",
        f"Duplicate in file {found.twice_in_file:,}",
        f"In exchange {found.in_exchange:,}",
        f"Invalid {found.invalid:,}{_by(found.invalid_by)}",
    ]
    if found.rejected:
        parts.append(f"Rejected {found.rejected:,}{_by(found.rejected_by)}")
    if found.no_consent:
        parts.append(f"Without consent {found.no_consent:,}")
    lines = [f"  {'     '.join(parts)}"]
    if found.estimate is not None:
        low, about, high = (money(each) for each in (found.estimate.low, found.estimate.middle, found.estimate.high))
        payout = money(found.estimate.payout)
        lines.append(f"  Would earn  about {about} (range {low} to {high}), {payout} of it the seller's")
    terminal.result(document, [*lines, "  Nothing was stored. Run again without --dry-run."])
    if found.invalid or found.rejected:
        raise Stop(Exit.SOME_FAILED)


def _by(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FIELDS_TOLD]
    return f" ({', '.join(f'{name} {count:,}' for name, count in most)})" if most else ""

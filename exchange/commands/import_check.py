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
    from exchange.intake.batch import records

    began = market.clock.monotonic()
    with progress(terminal, "Reading", batch.rows, market.clock) as bar:
        found = await dry_run(market, campaign, mode, records(batch, columns), bar.at)
    finished(terminal, "Reading", f"{found.rows:,} rows   {market.clock.monotonic() - began:.1f} s")
    document = {
        "rows": found.rows,
        "valid": found.valid,
        "duplicate_in_file": found.twice_in_file,
        "in_exchange": found.in_exchange,
        "invalid": found.invalid,
        "invalid_by": dict(found.invalid_by.most_common()),
        "rejected": found.rejected,
        "rejected_by": dict(found.rejected_by.most_common()),
        "stored": False,
    }
    parts = [
        f"Valid       {found.valid:,}",
        f"Duplicate in file {found.twice_in_file:,}",
        f"In exchange {found.in_exchange:,}",
        f"Invalid {found.invalid:,}{_by(found.invalid_by)}",
    ]
    if found.rejected:
        parts.append(f"Rejected {found.rejected:,}{_by(found.rejected_by)}")
    terminal.result(document, [f"  {'     '.join(parts)}", "  Nothing was stored. Run again without --dry-run."])
    if found.invalid or found.rejected:
        raise Stop(Exit.SOME_FAILED)


def _by(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FIELDS_TOLD]
    return f" ({', '.join(f'{name} {count:,}' for name, count in most)})" if most else ""

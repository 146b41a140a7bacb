"""An earlier version of a contract or a campaign as the newest one, while nothing was changed since."""

from __future__ import annotations

from exchange.model.audit import AuditLine
from exchange.model.party import Campaign, Contract
from exchange.model.work import JobRow
from exchange.storage.by_hand import change_contract, change_terms
from exchange.storage.database import Tx


async def version_at(tx: Tx, table: str, party_id: str, at: int) -> int | None:
    """The number of the version that was made at an instant. `table` is contracts or campaigns."""
    assert table in ("contracts", "campaigns"), "only these have versions"
    where = "id = :id AND made_at = :at"
    rows = await tx.fetch(f"SELECT MAX(version) AS made FROM {table} WHERE {where}", id=party_id, at=at)
    made: int | None = rows[0]["made"]
    return made


async def revert_contract(tx: Tx, contract: Contract, made: int, line: AuditLine) -> bool:
    """False when version `made` is in use no more: somebody changed the contract meanwhile."""
    if not await _in_use(tx, "contracts", contract.id, made):
        return False
    await change_contract(tx, contract, line.at, line)
    return True


async def revert_campaign(tx: Tx, campaign: Campaign, made: int, line: AuditLine, jobs: tuple[JobRow, ...]) -> bool:
    """The same of a campaign, with the jobs that tell of it."""
    if not await _in_use(tx, "campaigns", campaign.id, made):
        return False
    await change_terms(tx, campaign, line, jobs)
    return True


async def _in_use(tx: Tx, table: str, party_id: str, version: int) -> bool:
    rows = await tx.fetch(
        f"SELECT 1 AS one FROM {table} WHERE id = :id AND version = :version AND current = 1",
        id=party_id,
        version=version,
    )
    return bool(rows)

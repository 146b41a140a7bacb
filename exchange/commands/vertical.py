"""`exchange vertical`: those in force, and one made anew while the exchange runs, with what changes for sellers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.commands.yaml_file import read_mapping

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.flows.shapes import Document


def list_all(context: typer.Context) -> None:
    """Every vertical in force: its fields, its consent, and what no contract may choose by."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of

    async with opened_market(settings_of(terminal)) as market:
        verticals = sorted(market.verticals.values(), key=lambda vertical: vertical.name)
        used = [campaign.vertical for campaign in market.deals.campaigns.values()]
    documents = [
        {
            "vertical": each.name,
            "title": each.title,
            "version": each.version,
            "fields": len(each.fields),
            "campaigns": used.count(each.name),
            "consent": each.consent.policy.value,
            "no_filters": dict(each.no_filters),
        }
        for each in verticals
    ]
    terminal.result(documents, columns([_row(each) for each in documents]))


def _row(told: Mapping[str, Any]) -> tuple[str, ...]:
    barred = f"no filters on {', '.join(told['no_filters'])}" if told["no_filters"] else ""
    counts = (f"{told['fields']} fields", f"{told['campaigns']} campaigns", f"consent: {told['consent']}")
    return (told["vertical"], told["title"], told["version"], *counts, barred)


def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A vertical's file, such as solar.yaml; its name is the vertical's.")],
) -> None:
    """Put a vertical in force at once, over the file it came from. Tells what changes for every campaign of it."""
    from exchange.commands.opening import run

    run(_apply(context.obj, file))


async def _apply(terminal: Terminal, file: Path) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.documents import save_document
    from exchange.flows.shapes import VERTICAL, DocumentProblems
    from exchange.flows.specs import campaigns_changed, keep_specs

    document = read_mapping(file, "title: and fields:")
    name = file.stem
    async with opened_market(settings_of(terminal)) as market:
        try:
            told = campaigns_changed(market, name, document)
            terminal.remark(*(f"  {campaign}: {sentence}" for campaign, each in told.items() for sentence in each))
            if (grades := await _grades(market, name, document)) is not None:
                terminal.remark(f"  grades: {grades}")
            terminal.confirm(f"Put {name} in force? {_count(told)}", f"The vertical {name} stays as it was.")
            version = await save_document(market, VERTICAL, name, document, operator())
        except DocumentProblems as error:
            raise Stop(Exit.CHECK_FAILED, f"{file} cannot be used:", error.problems) from error
        await keep_specs(market)
    result = {"vertical": name, "version": version, "changes": {key: list(each) for key, each in told.items()}}
    terminal.result(result, [f"  {name} is in force: version {version}."])


async def _grades(market: Market, name: str, document: Document) -> str | None:
    """How many of the last week's leads the new par would grade otherwise; None where it stays."""
    from exchange.commands.opening import operator
    from exchange.flows.grading import regraded
    from exchange.flows.shapes import VERTICAL, make
    from exchange.model.vertical import Vertical

    before, after = market.verticals.get(name), make(market.workshop, VERTICAL, name, document)
    assert isinstance(after, Vertical)
    if before is None or before.score.par == after.score.par:
        return None
    return (await regraded(market, operator(), before, after.score.par, 7)).sentence


def _count(told: Mapping[str, tuple[str, ...]]) -> str:
    changed = sum(1 for sentences in told.values() if sentences)
    return f"{changed} campaigns change." if changed != 1 else "1 campaign changes."

"""`exchange campaign`: new ones, the posting page of each, its instructions as a document, the form of its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.commands.yaml_file import read_mapping

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.model.party import Campaign
    from exchange.model.spec import Spec


class Format(Enum):
    MARKDOWN = "md"
    CSV = "csv"
    OPENAPI = "openapi"
    JSON = "json"


Which = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id.")]


def add(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its id, such as solar-acme.")],
    seller: Annotated[str, typer.Option(help="The seller's id; a new one is made.")],
    vertical: Annotated[str, typer.Option(help="What its leads are.")],
    seller_name: Annotated[str, typer.Option(help="What a new seller is called.")] = "",
    name: Annotated[str, typer.Option(help="What the campaign is called.")] = "",
    share: Annotated[float, typer.Option(help="Percent of the price that the seller gets.")] = 70.0,
    floor: Annotated[str, typer.Option(help="The least price of a lead.")] = "0.00",
    slots: Annotated[int, typer.Option(help="Sold to how many at most; 1 is exclusive.")] = 1,
) -> None:
    """Make a campaign, and its seller if that is new. It takes leads at once, by a key: exchange key create."""
    from exchange.commands.opening import run

    run(_add(context.obj, campaign, seller, vertical, seller_name, name, share, floor, slots))


async def _add(
    terminal: Terminal,
    campaign_id: str,
    seller: str,
    vertical: str,
    seller_name: str,
    name: str,
    share: float,
    floor: str,
    slots: int,
) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.new_campaign import BadCampaign, Wanted, make_campaign
    from exchange.flows.specs import page_url

    settings = settings_of(terminal)
    percent = round(share * 100)
    wanted = Wanted(campaign_id, seller, seller_name, vertical, name, settings.currency, percent, floor, slots)
    async with opened_market(settings) as market:
        try:
            campaign = await make_campaign(market, wanted, operator())
        except BadCampaign as bad:
            raise Stop(Exit.CHECK_FAILED, "Nothing was made:", bad.problems) from bad
        page = page_url(market, campaign.id)
    document = {"campaign": campaign.id, "seller": campaign.seller_id, "vertical": campaign.vertical, "page": page}
    terminal.result(document, [f"  {campaign.id} takes {campaign.vertical} leads. Its posting page: {page}"])


def list_all(context: typer.Context) -> None:
    """All campaigns with the addresses of their posting pages, to be sent to sellers."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.specs import keep_specs, page_url

    async with opened_market(settings_of(terminal)) as market:
        await keep_specs(market)
        campaigns = sorted(market.deals.campaigns.values(), key=lambda campaign: campaign.id)
        rows = [
            (each.id, each.seller_id, each.state.value, each.answers, page_url(market, each.id)) for each in campaigns
        ]
    names = ("campaign", "seller", "state", "answers", "page")
    documents = [dict(zip(names, row, strict=True)) for row in rows]
    terminal.result(documents, columns(rows) or ["  No campaigns yet."])


def spec(
    context: typer.Context,
    campaign: Which,
    format: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.MARKDOWN,
) -> None:
    """The posting instructions of a campaign, as its page tells them now."""
    from exchange.commands.opening import run

    run(_spec(context.obj, campaign, format))


async def _spec(terminal: Terminal, campaign_id: str, format: Format) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.specs import keep_specs, page_url, spec_of
    from exchange.storage.specs import read_specs
    from exchange.web.posting.documents import csv_of, document_of, openapi_of

    async with opened_market(settings_of(terminal)) as market:
        campaign = _find(market, campaign_id)
        await keep_specs(market)
        newest = (await market.db.read(read_specs, campaign.id, 1))[0]
        document = document_of(market, campaign, newest.number)
        match format:
            case Format.OPENAPI:
                document = openapi_of(market, campaign)
                text = json.dumps(document, indent=2, ensure_ascii=False)
            case Format.CSV:
                text = csv_of(market, campaign).rstrip("\r\n")
            case Format.JSON:
                text = json.dumps(document, indent=2, ensure_ascii=False)
            case Format.MARKDOWN:
                text = _markdown(spec_of(market.deals, campaign), document)
        terminal.result(document, text.splitlines())
        terminal.remark(f"  {page_url(market, campaign.id)}")


def _markdown(spec: Spec, document: Mapping[str, Any]) -> str:
    lines = [f"# {spec.title}", "", f"Version {document['version']}.", ""]
    lines += ["| Field | Ping | Post | Takes | Example |", "|---|---|---|---|---|"]
    for line in spec.fields:
        takes = ": ".join(part for part in (line.rule, ", ".join(line.allowed)) if part)
        cells = (f"`{line.name}`", line.ping, line.post, takes, line.example)
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join([*lines, "", *(f"- {rule}" for rule in document["rules"])])


def answers(
    context: typer.Context,
    campaign: Which,
    form: Annotated[str, typer.Argument(help="standard, matched, success, accepted, custom; else shown.")] = "",
    file: Annotated[Path | None, typer.Option(help="For custom: a YAML file that says its fields.")] = None,
) -> None:
    """Choose the form of a campaign's answers, so that a seller keeps the parser it has; or see how they look."""
    from exchange.commands.opening import run

    document = read_mapping(file, "fields:") if file is not None else None
    run(_answers(context.obj, campaign, form or ("custom" if file else ""), document))


async def _answers(terminal: Terminal, campaign_id: str, form: str, document: Mapping[str, Any] | None) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.answers import save_answers, with_answers
    from exchange.flows.shapes import DocumentProblems

    async with opened_market(settings_of(terminal)) as market:
        campaign = _find(market, campaign_id)
        try:
            changed = with_answers(campaign, form, document) if form else campaign
        except DocumentProblems as error:
            raise Stop(Exit.CHECK_FAILED, "That is no form of answers:", error.problems) from error
        shown = _examples(market, changed)
        if not form:
            terminal.result({"campaign": campaign.id, "answers": campaign.answers, "examples": shown}, _told(shown))
            return
        terminal.remark(*_told(shown))
        question = f"Answer {campaign.id} so from now on? Its seller's parser must read it."
        terminal.confirm(question, f"The answers of {campaign.id} stay {campaign.answers}.")
        version = await save_answers(market, changed, operator())
    result = {"campaign": campaign.id, "answers": changed.answers, "version": version}
    terminal.result(result, [f"  {campaign.id} answers in the form {changed.answers}: version {version}."])


def _examples(market: Market, campaign: Campaign) -> dict[str, str]:
    from exchange.flows.specs import docs_of
    from exchange.web.posting.words import answers as made

    return {shown.title: shown.body for shown in made(campaign, docs_of(market, campaign), market.clock.now())}


def _told(shown: Mapping[str, str]) -> list[str]:
    return [
        line for title, body in shown.items() for line in (f"  {title}", *(f"    {part}" for part in body.splitlines()))
    ]


def _find(market: Market, campaign_id: str) -> Campaign:
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None:
        known = ", ".join(sorted(market.deals.campaigns)[:20])
        there = f"There are {known}." if known else "There is no campaign yet."
        raise Stop(Exit.FAILED, f"There is no campaign {campaign_id}. {there}")
    return campaign

"""Sellers as people manage them: made, renamed, paused, shut out, noted about; and their sub ids shut out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.letters import letter
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.lead import Problem
from exchange.model.party import Campaign, Seller, State
from exchange.storage.notes import Note, add_note
from exchange.storage.sellers import change_campaigns, change_sellers

ID = re.compile(r"[a-z][a-z0-9_-]{1,60}")
NAME_CHARACTERS = 120
STATES = ("active", "paused", "blocked")
_ROWS = 1_000


class CannotSave(Exception):
    """What is wrong, by field; nothing was stored."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


def standing(market: Market, seller: Seller) -> str:
    """blocked, paused, test (no campaign of its takes live leads) or live."""
    if seller.state is not State.ACTIVE:
        return "blocked" if seller.blocked else "paused"
    own = [each for each in campaigns_of(market, seller.id) if each.live]
    if own and all(each.state is State.PAUSED for each in own):
        return "paused"
    return "live" if own else "test"


def campaigns_of(market: Market, seller_id: str) -> list[Campaign]:
    """Those that are not deleted, by name."""
    own = (each for each in market.deals.campaigns.values() if each.seller_id == seller_id)
    return sorted((each for each in own if each.state is not State.DELETED), key=lambda each: each.name.lower())


async def make_seller(market: Market, name: str, seller_id: str, actor: Actor, ip: str = "") -> Seller:
    """A new one, with an id made of its name unless given. Raises `CannotSave`."""
    made = await make_sellers(market, [(name, seller_id)], actor, ip)
    return made[0]


async def make_sellers(
    market: Market, wanted: Sequence[tuple[str, str]], actor: Actor, ip: str = ""
) -> tuple[Seller, ...]:
    """All of them (name and id) or none. Raises `CannotSave`."""
    taken, problems, made = set(market.deals.sellers), list[Problem](), list[Seller]()
    for row, (name, seller_id) in enumerate(wanted, 1):
        name = " ".join(name.split())
        chosen = seller_id.strip() or _free(slug(name), taken)
        where = f"Row {row}: " if len(wanted) > 1 else ""
        found = list(_problems(name, chosen, taken))
        problems += [each._replace(message=where + each.message) for each in found]
        taken.add(chosen)
        made.append(Seller(chosen, name))
    if problems:
        raise CannotSave(problems)
    lines = [_line(market, actor, "seller.added", each, ip, after={"name": each.name}) for each in made]
    await market.db.write(change_sellers, made, lines)
    await refresh(market)
    return tuple(made)


def read_rows(text: str) -> list[tuple[str, str]]:
    """Names and ids of a CSV with the columns `name` and, if wanted, `id`. Raises `CannotSave`."""
    table = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    columns = {(name or "").strip().lower(): name for name in table.fieldnames or ()}
    if "name" not in columns:
        told = "The first line must name the columns: name, and id if you have ids of your own."
        raise CannotSave([Problem("file", "missing", told)])
    try:
        rows = [((row.get(columns["name"]) or ""), (row.get(columns.get("id", "id")) or "")) for row in table]
    except csv.Error as error:
        raise CannotSave([Problem("file", "type", f"The file is no CSV: {error}.")]) from None
    rows = [row for row in rows if any(part.strip() for part in row)]
    if not rows:
        raise CannotSave([Problem("file", "missing", "There is no row under the line of columns.")])
    if len(rows) > _ROWS:
        raise CannotSave([Problem("file", "range", f"At most {_ROWS:,} sellers at once; these are {len(rows):,}.")])
    return rows


async def rename(market: Market, seller_id: str, name: str, actor: Actor, ip: str = "") -> None:
    """Raises `CannotSave`."""
    seller, name = _seller(market, seller_id), " ".join(name.split())
    if problems := list(_problems(name, seller_id, ())):
        raise CannotSave(problems)
    before, after = {"name": seller.name}, {"name": name}
    line = _line(market, actor, "seller.renamed", seller, ip, before=before, after=after)
    await market.db.write(change_sellers, [replace(seller, name=name)], [line])
    await refresh(market)


async def set_standing(market: Market, seller_id: str, wanted: str, why: str, actor: Actor, ip: str = "") -> None:
    """active, paused or blocked: its keys are refused with 403 within a second. Its people hear why by mail.

    Raises `CannotSave`.
    """
    seller, why = _seller(market, seller_id), " ".join(why.split())
    if wanted not in STATES:
        raise CannotSave(
            [Problem("state", "not_allowed", f"state is one of {', '.join(STATES)}.", wanted[:40], STATES)]
        )
    if wanted != "active" and not why:
        raise CannotSave([Problem("why", "missing", "Say why: the seller reads it.")])
    if len(why) > limits.NOTE_CHARACTERS:
        raise CannotSave([Problem("why", "length", f"why has at most {limits.NOTE_CHARACTERS} characters.")])
    state = State.ACTIVE if wanted == "active" else State.PAUSED
    changed = replace(seller, state=state, why=why if wanted != "active" else "", blocked=wanted == "blocked")
    before = {"state": _word(seller), "why": seller.why}
    after = {"state": _word(changed), "why": why}
    line = _line(market, actor, f"seller.{_word(changed)}", seller, ip, before=before, after=after)
    told = "Your leads are taken again." if wanted == "active" else f"Your leads are not taken: {why}"
    job = letter(market, Role.SELLER, seller_id, f"you are {_word(changed)}", (told,), "/seller", line.id, "campaign")
    await market.db.write(change_sellers, [changed], [line], [job])
    await refresh(market)


async def note(market: Market, seller_id: str, text: str, actor: Actor, ip: str = "") -> None:
    """Something to remember about a seller. Raises `CannotSave`."""
    seller, text = _seller(market, seller_id), text.strip()
    if not text or len(text) > limits.NOTE_CHARACTERS * 4:
        told = f"A note has 1 to {limits.NOTE_CHARACTERS * 4:,} characters."
        raise CannotSave([Problem("text", "length", told)])
    line = _line(market, actor, "seller.noted", seller, ip)
    written = Note(market.ids.new("not", line.at), line.subject, line.at, actor.name, text)
    await market.db.write(add_note, written, line)


async def block_sub_id(
    market: Market, seller_id: str, sub_id: str, blocked: bool, why: str, actor: Actor, ip: str = ""
) -> None:
    """Refuse a sub id in every campaign of a seller with `filtered`, or take it again. Raises `CannotSave`."""
    _seller(market, seller_id)
    sub_id = sub_id.strip()
    if not 1 <= len(sub_id) <= 120:
        raise CannotSave([Problem("sub_id", "length", "sub_id has 1 to 120 characters.", sub_id[:40])])
    changed, lines = list[Campaign](), list[AuditLine]()
    for campaign in campaigns_of(market, seller_id):
        if (sub_id in campaign.blocked_sub_ids) is blocked:
            continue
        others = tuple(each for each in campaign.blocked_sub_ids if each != sub_id)
        now = (*others, sub_id) if blocked else others
        changed.append(replace(campaign, blocked_sub_ids=now))
        before = {"blocked_sub_ids": ", ".join(campaign.blocked_sub_ids)}
        after = {"blocked_sub_ids": ", ".join(now), "why": why}
        lines.append(campaign_line(market, actor, "campaign.changed", campaign.id, ip, before, after))
    if not changed:
        told = "No campaign of this seller is there for it." if blocked else "It is blocked in no campaign."
        raise CannotSave([Problem("sub_id", "conflict", told, sub_id[:40])])
    await market.db.write(change_campaigns, changed, lines)
    await refresh(market)


def campaign_line(
    market: Market, actor: Actor, action: str, campaign_id: str, ip: str, before: dict[str, str], after: dict[str, str]
) -> AuditLine:
    now = market.clock.now()
    return audit_line(market.ids, now, actor, action, f"campaign:{campaign_id}", before=before, after=after, ip=ip)


def slug(name: str) -> str:
    """`acme-media` for `Acme Media, Inc.`"""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    words = words if words[:1].isalpha() else f"s-{words}".rstrip("-")
    return words[:60] if len(words) > 1 else "seller"


def _free(wanted: str, taken: set[str]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted[:56]}-{number}"
    return name


def _problems(name: str, seller_id: str, taken: Sequence[str] | set[str]) -> Iterator[Problem]:
    if not 1 <= len(name) <= NAME_CHARACTERS:
        yield Problem("name", "length", f"A name has 1 to {NAME_CHARACTERS} characters.", name[:40])
    if ID.fullmatch(seller_id) is None:
        told = "An id has 2 to 61 small letters, digits, - and _, a letter first."
        yield Problem("id", "pattern", told, seller_id[:40])
    elif seller_id in taken:
        yield Problem("id", "conflict", f"There is a seller {seller_id} already.", seller_id)


def _seller(market: Market, seller_id: str) -> Seller:
    found = market.deals.sellers.get(seller_id)
    if found is None:
        raise CannotSave([Problem("seller", "missing", "There is no such seller.", seller_id[:40])])
    return found


def _word(seller: Seller) -> str:
    return "blocked" if seller.blocked else seller.state.value


def _line(
    market: Market,
    actor: Actor,
    action: str,
    seller: Seller,
    ip: str,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> AuditLine:
    now = market.clock.now()
    return audit_line(market.ids, now, actor, action, f"seller:{seller.id}", before=before, after=after, ip=ip)

"""What people and programs do with suppression lists: make, bring a file, add or take single values, ask, remove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.import_desk import TooLarge, shown_name
from exchange.flows.jobs import LOAD_LIST, job
from exchange.flows.list_load import Options, Refused, fold, load
from exchange.flows.lists import Found, take_up_lists
from exchange.flows.market import Market
from exchange.flows.sealed_file import SealedWriter, sealed_blocks
from exchange.model.actor import Actor, Role
from exchange.model.suppression import ListRow, LoadRow, Purpose, Scope
from exchange.stages.suppression.forms import EMAIL, KINDS, PERSON, PHONE, PLAIN, hash_named, reader, spellings
from exchange.storage.suppression import (
    add_entries,
    all_lists,
    begin_load,
    crowded_lists,
    ensure_list,
    read_load,
    remove_list,
)

NAME_CHARACTERS = 80


class BadWish(Exception):
    """A list cannot be as it was asked for. `field` says which part is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Wish:
    """A list as somebody means it: it is found by name, kind and whose it is, and made when there is none."""

    name: str
    kind: str = PHONE
    scope: Scope = Scope.EXCHANGE
    party: str = ""
    purpose: Purpose = Purpose.SUPPRESSION
    us_state: str = ""


class Upload:
    """A file of a list that is coming in: it lies sealed until its turn comes. `write` what arrives; then `close`."""

    def __init__(self, market: Market) -> None:
        self._folder = market.lists.folder
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.id = market.ids.new("lod", market.clock.now())
        self.wrapped, key = market.vault.new_data_key()
        self._writer = SealedWriter(_spool(market, self.id), market.vault, key, f"list:{self.id}")
        self._path = _spool(market, self.id)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Raises `TooLarge` and `OSError`."""
        self.size += len(data)
        if self.size > limits.LIST_BYTES:
            raise TooLarge(
                f"It is larger than {limits.LIST_BYTES // 1024**3} GB. Cut it, and add the parts one by one."
            )
        self._writer.write(data)

    def close(self) -> None:
        self._writer.flush()
        self._writer.close()

    def drop(self) -> None:
        self._writer.close()
        self._path.unlink(missing_ok=True)


async def make_list(market: Market, wish: Wish, actor: Actor) -> ListRow:
    """The list that is meant, made if there is none. Raises `BadWish`."""
    _check(market, wish, actor)
    now = market.clock.now()
    row = ListRow(
        market.ids.new("sup", now),
        wish.name.strip(),
        wish.scope,
        wish.party,
        wish.purpose,
        wish.us_state,
        wish.kind,
        "",
        "",
        "",
        0,
        0,
        0,
        now,
        now,
        actor.name,
    )
    made = await market.db.write(ensure_list, row)
    if made.purpose is not wish.purpose or made.us_state != wish.us_state:
        told = f"There is a list {made.name!r} already, and it is a {made.purpose.title}."
        raise BadWish("purpose", told)
    await take_up_lists(market.db, market.lists)
    return made


def _check(market: Market, wish: Wish, actor: Actor) -> None:
    name = wish.name.strip()
    if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise BadWish("name", f"A list's name has 1 to {NAME_CHARACTERS} characters of one line.")
    if wish.kind not in KINDS:
        raise BadWish("kind", f"A list holds one of {', '.join(KINDS)}.")
    if wish.scope is Scope.VERTICAL and wish.party not in market.verticals:
        raise BadWish("vertical", f"There is no vertical {wish.party[:60]!r}.")
    if wish.scope is Scope.BUYER and wish.party not in market.deals.buyers:
        raise BadWish("buyer", f"There is no buyer {wish.party[:60]!r}.")
    if actor.role is Role.BUYER and (wish.scope, wish.party) != (Scope.BUYER, actor.party_id):
        raise BadWish("buyer", "A buyer's lists are its own.")
    if wish.scope is Scope.BUYER and wish.purpose is not Purpose.SUPPRESSION:
        raise BadWish("purpose", "A buyer's list keeps that buyer from people, and nothing else.")
    if wish.purpose.ages and wish.kind != PHONE:
        raise BadWish("kind", "A do-not-call list holds phones.")
    if (wish.purpose is Purpose.DNC_STATE) != bool(wish.us_state):
        raise BadWish("state", "A state's do-not-call list, and no other, names its state.")
    if wish.kind == PERSON and wish.purpose is not Purpose.DROP:
        raise BadWish("kind", "Persons stand on California's deletion lists alone.")
    own = [each for each in market.lists if each.row.party == wish.party and each.row.scope is Scope.BUYER]
    known = any(each.row.name == name and each.row.kind == wish.kind for each in own)
    if wish.scope is Scope.BUYER and not known and len(own) >= limits.LISTS_OF_A_BUYER:
        raise BadWish("name", f"A buyer has {limits.LISTS_OF_A_BUYER} lists at most. Put more rows into one of them.")


async def bring(
    market: Market, row: ListRow, file_name: str, options: Options, chunks: Iterable[bytes], actor: Actor, **more: Any
) -> Any:
    """Read a file now, and wait for the end. Raises `Refused` and `OSError`."""
    noted = _noted(market, row, file_name, options, actor)
    await market.db.write(begin_load, noted)
    return await load(market, row, noted, options, chunks, actor, **more)


async def bring_later(
    market: Market, row: ListRow, file_name: str, options: Options, upload: Upload, actor: Actor
) -> LoadRow:
    """Leave an uploaded file to the worker. Where it stands is told by its load."""
    upload.close()
    noted = _noted(market, row, file_name, options, actor)
    noted = noted._replace(id=upload.id, state="waiting", options=options.as_text(), wrapped=upload.wrapped)
    payload: dict[str, object] = {
        "load": noted.id,
        "role": actor.role.value,
        "actor": actor.name,
        "party": actor.party_id,
    }
    now = market.clock.now()
    await market.db.write(begin_load, noted, (job(market, f"{LOAD_LIST}:{row.id}", LOAD_LIST, payload, now, now),))
    return noted


async def load_list(market: Market, payload: Mapping[str, Any]) -> None:
    """The job: read an uploaded file, and forget it."""
    noted = await market.db.write(read_load, str(payload["load"]))
    if noted is None or noted.wrapped is None:
        return
    actor = Actor(Role(payload["role"]), payload["actor"], payload["party"])
    path, key = _spool(market, noted.id), market.vault.data_key(noted.wrapped)
    chunks = sealed_blocks(path, market.vault, key, f"list:{noted.id}")
    row = next((each for each in await market.db.write(all_lists) if each.id == noted.list_id), None)
    try:
        if row is not None:
            await load(market, row, noted, Options.of(noted.options), chunks, actor)
    except Refused:
        pass  # its load says why
    path.unlink(missing_ok=True)


async def remove(market: Market, row: ListRow, actor: Actor) -> bool:
    """Ask a list no more, and delete its file. False when it was gone before."""
    now = market.clock.now()
    before = {"name": row.name, "where": row.where, "rows": str(row.rows)}
    line = audit_line(market.ids, now, actor, "suppression.removed", f"list:{row.id}", before=before)
    gone = await market.db.write(remove_list, row.id, now, line)
    if gone is None:
        return False
    await take_up_lists(market.db, market.lists)
    for name in (gone.file, gone.before_file):
        if name:
            (market.lists.folder / name).unlink(missing_ok=True)
    return True


async def change_values(
    market: Market, rows: Iterable[ListRow], values: Mapping[str, str], listed: bool, actor: Actor
) -> int:
    """Single values, by kind as `plain_value` reads them, come to lists or go, at once. Returns how many keys."""
    changes = [
        (row.id, market.lists.key(row.kind, row.hash or PLAIN, token))
        for row in rows
        if row.kind in values
        for token in spellings(row.kind, row.hash or PLAIN, values[row.kind])[: 1 if listed else None]
    ]
    now = market.clock.now()
    ids = ", ".join(sorted({list_id for list_id, _ in changes}))
    action = "suppression.added" if listed else "suppression.taken_off"
    line = audit_line(market.ids, now, actor, action, f"list:{ids}"[:200], after={"values": str(len(changes))})
    await market.db.write(add_entries, changes, listed, now, line)
    await take_up_lists(market.db, market.lists)
    return len(changes)


def plain_value(text: str) -> tuple[str, str] | None:
    """What somebody typed, as (kind, value): a phone or an email address; None when it is neither."""
    email = reader(EMAIL, PLAIN)(text)
    if email is not None:
        return EMAIL, email
    phone = reader(PHONE, PLAIN)(text)
    return (PHONE, phone) if phone is not None else None


def ask(market: Market, text: str) -> Found | None:
    """Where a phone, an email or a digest of one stands; None when it is none of them."""
    known = plain_value(text)
    if known is not None:
        return market.lists.look(dict([known]), {})
    name = hash_named(text.strip())
    digest = reader(PHONE, name)(text.strip()) if name is not None else None
    if name is None or digest is None:
        return None
    return market.lists.look({}, {(kind, name): digest for kind in KINDS})


async def fold_crowded(market: Market) -> int:
    """The duty: lists with many single changes get a new file."""
    crowded = await market.db.read(crowded_lists, limits.LIST_CHANGES)
    for list_id in crowded:
        try:
            await fold(market, list_id)
        except Refused:
            continue  # somebody brought a file meanwhile
    return len(crowded)


def _noted(market: Market, row: ListRow, file_name: str, options: Options, actor: Actor) -> LoadRow:
    now = market.clock.now()
    name = shown_name(Path(file_name).name)
    return LoadRow(
        market.ids.new("lod", now), row.id, name, options.mode.value, "reading", 0, 0, None, (), now, None, actor.name
    )


def _spool(market: Market, load_id: str) -> Path:
    return market.lists.folder / f"{load_id}.spool"

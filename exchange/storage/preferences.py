"""What somebody chose for the pages, and the filters of lists they keep under a name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from exchange.model.actor import Actor
from exchange.storage.database import Tx
from exchange.storage.users import UserRow


@dataclass(frozen=True, slots=True)
class SavedView:
    """`query` is what stands after the question mark of the list's address; `mine` whether the reader made it."""

    id: str
    name: str
    query: str
    shared: bool
    mine: bool


def scope_of(actor: Actor) -> str:
    """Whose lists these are: a shared view is seen by those who look at the same ones."""
    return f"{actor.role.value}:{actor.party_id or ''}"


async def prefer(tx: Tx, user_id: str, changes: Mapping[str, str]) -> None:
    """Set some of somebody's preferences; an empty text takes one away."""
    rows = await tx.fetch(f"SELECT preferences FROM users WHERE id = :id {tx.for_update}", id=user_id)
    if not rows:
        return
    wanted = {name: text for name, text in (json.loads(rows[0]["preferences"]) | dict(changes)).items() if text}
    await tx.execute("UPDATE users SET preferences = :text WHERE id = :id", text=json.dumps(wanted), id=user_id)


async def views_of(tx: Tx, user: UserRow, name: str) -> list[SavedView]:
    """The views of a list that somebody made, or may use because they are shared."""
    rows = await tx.fetch(
        """SELECT id, user_id, name, query, shared FROM saved_views
           WHERE scope = :scope AND list = :list AND (user_id = :user OR shared = 1) ORDER BY name, id""",
        scope=scope_of(user.actor),
        list=name,
        user=user.id,
    )
    return [
        SavedView(row["id"], row["name"], row["query"], bool(row["shared"]), row["user_id"] == user.id) for row in rows
    ]


async def keep_view(tx: Tx, user: UserRow, view: SavedView, name: str, now: int, most: int) -> bool:
    """Keep a view of a list; one of the same name by the same person gives way to it. False when there are too many."""
    scope = scope_of(user.actor)
    await tx.execute(
        "DELETE FROM saved_views WHERE scope = :scope AND list = :list AND user_id = :user AND name = :name",
        scope=scope,
        list=name,
        user=user.id,
        name=view.name,
    )
    rows = await tx.fetch("SELECT COUNT(*) AS found FROM saved_views WHERE user_id = :user", user=user.id)
    if rows[0]["found"] >= most:
        return False
    await tx.execute(
        """INSERT INTO saved_views (id, user_id, scope, list, name, query, shared, made_at)
           VALUES (:id, :user, :scope, :list, :name, :query, :shared, :now)""",
        id=view.id,
        user=user.id,
        scope=scope,
        list=name,
        name=view.name,
        query=view.query,
        shared=int(view.shared),
        now=now,
    )
    return True


async def drop_view(tx: Tx, user: UserRow, view_id: str) -> bool:
    """Only whoever made it takes it away."""
    gone = await tx.execute("DELETE FROM saved_views WHERE id = :id AND user_id = :user", id=view_id, user=user.id)
    return gone == 1

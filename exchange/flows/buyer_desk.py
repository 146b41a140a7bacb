"""What people do about a buyer beside its terms: notes, its name and group, and what it asks to have changed."""

from __future__ import annotations

from dataclasses import replace

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor, Role
from exchange.model.party import Buyer, State
from exchange.stages.buyer_terms import NAME_CHARACTERS, Wrong, mark_of, slug
from exchange.stages.notes import note_problem
from exchange.storage.buyer_desk import DECLINED, DONE, add_note, ask_change, change_asked, decide_change
from exchange.storage.by_hand import change_buyer


class BadDesk(Exception):
    """What was typed cannot be taken. `wrong` says which field, and what to do."""

    def __init__(self, *wrong: Wrong) -> None:
        super().__init__(" ".join(each.message for each in wrong))
        self.wrong = wrong


def _text(text: str, field: str) -> str:
    """Raises `BadDesk`."""
    said = text.strip()
    if (wrong := note_problem(said)) is not None:
        raise BadDesk(Wrong(field, wrong.message.replace("note", field, 1)))
    return said


async def note_down(market: Market, buyer: Buyer, text: str, actor: Actor, ip: str = "") -> None:
    """A note that the people of the exchange read. Raises `BadDesk`."""
    said, now = _text(text, "note"), market.clock.now()
    line = audit_line(market.ids, now, actor, "buyer.noted", f"buyer:{buyer.id}", after={"note": said}, ip=ip)
    await market.db.write(add_note, market.ids.new("nte", now), buyer.id, said, line)


async def rename(
    market: Market, buyer: Buyer, name: str, group: str, actor: Actor, ip: str = "", seen: str | None = None
) -> None:
    """Its name and group, and nothing else of it. `seen` is the mark of what the form showed. Raises `BadDesk`."""
    if seen is not None and seen != settings_mark(buyer):
        raise _moved(buyer)
    name, group = " ".join(name.split()), " ".join(group.split())
    wrong = []
    if not slug(name) or len(name) > NAME_CHARACTERS:
        wrong.append(Wrong("name", f"Give a name of up to {NAME_CHARACTERS} characters, with a letter or digit in it."))
    if len(group) > NAME_CHARACTERS:
        wrong.append(Wrong("group", f"A group has at most {NAME_CHARACTERS} characters."))
    if wrong:
        raise BadDesk(*wrong)
    if (name, group) == (buyer.name, buyer.group):
        return
    before, after = {"name": buyer.name, "group": buyer.group}, {"name": name, "group": group}
    await _change(market, buyer, replace(buyer, name=name, group=group), "buyer.changed", before, after, actor, ip)


async def end(market: Market, buyer: Buyer, actor: Actor, ip: str = "") -> None:
    """It buys nothing more and leaves the lists; its leads, money and documents stay."""
    before, after = {"state": buyer.state.value}, {"state": State.DELETED.value}
    await _change(
        market, buyer, replace(buyer, state=State.DELETED, pause=None), "buyer.ended", before, after, actor, ip
    )


def settings_mark(buyer: Buyer) -> str:
    """A mark of the settings that a form shows: another once somebody changed one of them."""
    return mark_of(buyer.name, buyer.group)


async def _change(
    market: Market,
    buyer: Buyer,
    wanted: Buyer,
    action: str,
    before: dict[str, str],
    after: dict[str, str],
    actor: Actor,
    ip: str,
) -> None:
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, action, f"buyer:{buyer.id}", before=before, after=after, ip=ip)
    made = await market.db.write(change_buyer, buyer, wanted, now, line)
    await refresh(market)
    if made is None:
        raise _moved(buyer)


def _moved(buyer: Buyer) -> BadDesk:
    return BadDesk(
        Wrong("", f"Somebody else changed {buyer.name} meanwhile. Look at it as it stands now, and do it again.")
    )


async def request_change(market: Market, contract_id: str, text: str, actor: Actor, ip: str = "") -> None:
    """A buyer asks for terms that it may not change itself. Raises `BadDesk`, and `LookupError` for another's."""
    contract = market.deals.contracts.get(contract_id)
    if contract is None or actor.role is not Role.BUYER or contract.buyer_id != actor.party_id:
        raise LookupError(contract_id)
    said, now = _text(text, "request"), market.clock.now()
    line = audit_line(
        market.ids, now, actor, "contract.change_asked", f"contract:{contract_id}", after={"asks": said}, ip=ip
    )
    await market.db.write(ask_change, market.ids.new("crq", now), contract.buyer_id, contract_id, said, line)


async def decide_request(
    market: Market, request_id: str, done: bool, answer: str, actor: Actor, ip: str = ""
) -> str | None:
    """Say what became of it; the buyer reads the answer. Returns the buyer's id; None when it was decided before.

    Raises `BadDesk` when it is declined without an answer.
    """
    row = await market.db.read(change_asked, request_id)
    if row is None:
        return None
    said = _text(answer, "answer") if answer.strip() or not done else ""
    state = DONE if done else DECLINED
    subject, after = f"contract:{row['contract_id']}", {"request": request_id, "state": state, "answer": said}
    line = audit_line(market.ids, market.clock.now(), actor, "contract.change_decided", subject, after=after, ip=ip)
    decided = await market.db.write(decide_change, request_id, state, said, line)
    return str(row["buyer_id"]) if decided else None

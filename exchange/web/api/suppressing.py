"""Suppression lists and consent taken back, by program: an operator's key for all, a buyer's for its own."""

from __future__ import annotations

from exchange.fields.instant import read_instant
from exchange.flows import list_desk as desk
from exchange.flows import revoke as revocations
from exchange.flows.import_desk import TooLarge
from exchange.intake.upload import NoFile, Sent, receive
from exchange.model.actor import Actor, Role
from exchange.model.lead import Problem
from exchange.model.reason import Reason
from exchange.model.suppression import ListRow, Scope
from exchange.storage.revocations import list_revocations
from exchange.storage.suppression import read_load
from exchange.web.api.access import Caller
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told, refused
from exchange.web.list_fields import list_fields, load_fields, options_of, revocation_fields, wish_of

_ACTIONS = ("add", "remove")


async def listing(call: Call) -> Told:
    caller = _caller(call)
    return Told({"status": "ok", "lists": [list_fields(row) for row in _own_lists(call, caller.actor)]})


async def bring(call: Call) -> Told:
    """Take a file; the worker reads it. Where it stands is told by its load."""
    caller = _caller(call)
    uploads: list[desk.Upload] = []

    def begin(sent: Sent) -> desk.Upload:
        wish_of(sent.fields, caller.actor, sent.name)
        options_of(sent.fields)
        uploads.append(desk.Upload(call.market))
        return uploads[0]

    try:
        sent = await receive(call.request, begin)
        row = await desk.make_list(call.market, wish_of(sent.fields, caller.actor, sent.name), caller.actor)
        options = options_of(sent.fields)
        load = await desk.bring_later(call.market, row, sent.name or "list", options, uploads[0], caller.actor)
    except BaseException as error:
        for upload in uploads:
            upload.drop()
        raise _stop(error) or error from None
    return Told({"status": "ok", **load_fields(load)})


async def one_load(call: Call) -> Told:
    caller = _caller(call)
    load = await call.market.db.read(read_load, call.request.match_info["load_id"])
    if load is None or all(row.id != load.list_id for row in _own_lists(call, caller.actor)):
        raise Stop(Reason.NOT_FOUND, 404, "There is no such load.")
    return Told({"status": "ok", **load_fields(load)})


async def entry(call: Call) -> Told:
    """One phone or email comes to a list, or goes, at once."""
    caller = _caller(call)
    sent = sent_fields(await call.read_fields())
    row = _own_list(call, caller.actor)
    action = sent.get("action", "add")
    if action not in _ACTIONS:
        raise _wrong("action", "action must be add or remove.", action)
    known = desk.plain_value(sent.get("value", ""))
    if known is None or known[0] != row.kind:
        raise _wrong("value", f"value must be {'a phone' if row.kind == 'phone' else 'an email address'}.")
    await desk.change_values(call.market, [row], dict([known]), action == "add", caller.actor)
    return Told({"status": "ok", "list_id": row.id, "action": action})


async def remove(call: Call) -> Told:
    caller = _caller(call)
    row = _own_list(call, caller.actor)
    await desk.remove(call.market, row, caller.actor)
    return Told({"status": "removed", "list_id": row.id})


async def take_back(call: Call) -> Told:
    """A consumer took the consent back. Operators say who; sellers and buyers say which lead of theirs."""
    caller = call.admit_live("any")
    sent = sent_fields(await call.read_fields())
    at = _instant(sent.get("revokedat", ""))
    source = caller.actor.role.value if caller.actor.role is not Role.OPERATOR else sent.get("source", "consumer")
    if source not in ("consumer", "seller", "buyer", "operator"):
        raise _wrong("source", "source must be consumer, seller, buyer or operator.", source)
    who = sent.get("phone") or sent.get("email") or ""
    taken = revocations.Taken(who, sent.get("leadid", ""), sent.get("vertical", ""), source, sent.get("means", ""), at)
    try:
        row = await revocations.revoke(call.market, taken, caller.actor, call.remote_ip)
    except revocations.CannotRevoke as error:
        field = "phone" if error.field == "who" else error.field
        raise _wrong(field, str(error)) from None
    return Told({"status": "ok", **revocation_fields(row, ())})


async def taken_back(call: Call) -> Told:
    caller = call.admit_live("any")
    found = await call.market.db.read(list_revocations, caller.actor)
    return Told({"status": "ok", "revocations": [revocation_fields(row, notices) for row, notices in found]})


async def heard(call: Call) -> Told:
    """A buyer says that it heard of a revocation."""
    caller = _caller(call)
    notice_id = call.request.match_info["notice_id"]
    if not await revocations.acknowledge(call.market, notice_id, caller.actor):
        raise Stop(Reason.NOT_FOUND, 404, "There is no such notice of yours that is open.")
    return Told({"status": "acknowledged", "notice_id": notice_id})


def _caller(call: Call) -> Caller:
    """An operator or a buyer, with a live key: what is on a list counts for live leads."""
    caller = call.admit_live("any")
    if caller.actor.role not in (Role.OPERATOR, Role.BUYER):
        raise Stop(Reason.KEY_UNKNOWN, 401, "This call takes the key of an operator or of a buyer.")
    return caller


def _own_lists(call: Call, actor: Actor) -> list[ListRow]:
    rows = sorted((each.row for each in call.market.lists), key=lambda row: (row.scope.value, row.party, row.name))
    if actor.role is Role.OPERATOR:
        return rows
    return [row for row in rows if row.scope is Scope.BUYER and row.party == actor.party_id]


def _own_list(call: Call, actor: Actor) -> ListRow:
    list_id = call.request.match_info["list_id"]
    found = next((row for row in _own_lists(call, actor) if row.id == list_id), None)
    if found is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such list.")
    return found


def _instant(text: str) -> int | None:
    if not text:
        return None
    at = read_instant(text)
    if at is None:
        raise _wrong("revoked_at", "revoked_at must be a time such as 2026-11-20T14:00:00Z.", text)
    return at


def _wrong(field: str, told: str, got: str = "") -> Stop:
    return Stop(Reason.INVALID, 422, problems=(Problem(field, "not_allowed" if got else "missing", told, got[:40]),))


def _stop(error: BaseException) -> Stop | None:
    """What went wrong with a file as an answer; None for what is not the sender's doing."""
    match error:
        case NoFile():
            return refused(error.refused)
        case desk.BadWish():
            problem = Problem(error.field, "not_allowed", str(error))
            return Stop(Reason.INVALID, 422, problems=(problem,), closes=True)
        case TooLarge():
            return Stop(Reason.TOO_LARGE, 413, str(error), closes=True)
        case OSError():
            return Stop(Reason.STORAGE_DOWN, 503, headers=(("Retry-After", "5"),), closes=True)
        case _:
            return None

"""Many returns by program: a file that is kept, looked at with `preview=yes`, else asked; a long one by a job."""

from __future__ import annotations

from exchange import limits
from exchange.flows.return_bulk import bring_returns, do_file, look_at_file
from exchange.flows.small_files import CannotRead
from exchange.intake.upload import Sent, receive
from exchange.model.reason import Reason
from exchange.stages.returns.files import BadReturns
from exchange.storage.disposition_files import ASKS, read_file
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.report_files import file_refused
from exchange.web.return_files import row_fields, told_fields
from exchange.web.uploads import Held


async def ask_many(call: Call) -> Told:
    """Asks for each row of a CSV. The same file again changes nothing. With `preview=yes` nothing is done."""
    caller, held = call.admit_live("buyer"), Held(limits.DISPOSITION_FILE_BYTES)

    def begin(_: Sent) -> Held:
        return held

    with file_refused():
        sent = await receive(call.request, begin)
    preview = "yes" in (call.request.query.get("preview"), sent.fields.get("preview"))
    try:
        name, data = sent.name or "returns", bytes(held.data)
        file = await bring_returns(call.market, ASKS, name, data, caller.actor, looks=preview)
    except BadReturns as error:
        raise Stop(Reason.BAD_REQUEST, 400, str(error)) from None
    with file_refused():
        told = None if preview else await do_file(call.market, file, caller.actor)
    if told is not None:
        return Told({"status": "ok", "file_id": file.id, "rows": row_fields(told)})
    return await _told(call, file.id, preview=preview)


async def one_file(call: Call) -> Told:
    """A file that came before: how far its job is, and what became of its rows or would."""
    call.admit_live("buyer")
    return await _told(call, call.request.match_info["file_id"])


async def _told(call: Call, file_id: str, *, preview: bool = False) -> Told:
    caller = call.admit_live("buyer")
    file = await call.market.db.read(read_file, (caller.actor.party_id or "",), file_id, ASKS)
    if file is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such file of yours.")
    try:
        found = await look_at_file(call.market, file, caller.actor)
    except CannotRead as error:
        raise Stop(Reason.NOT_FOUND, 404, str(error)) from None
    status = "queued" if file.under_way else "preview" if preview or file.recorded_at is None else "ok"
    return Told({"status": status, **told_fields(found)}, 202 if file.under_way else 200)

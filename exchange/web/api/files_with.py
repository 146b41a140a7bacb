"""What comes with a file beside it: the fields and the file of one multipart form, behind the limits of every call."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from exchange.flows.returns import File, file_problem
from exchange.intake.decode import Refused, decode
from exchange.intake.upload import drop_rest, grant
from exchange.model.reason import Reason
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, media_type, raw_query, refused
from exchange.web.small_form import BadForm, read_small_form

_FORM = "application/x-www-form-urlencoded"


async def fields_and_file(call: Call, most_bytes: int) -> tuple[Mapping[str, str], File | None]:
    """The fields of a request by their folded names, and its file: only a multipart form can have one."""
    if media_type(call.request) != "multipart/form-data":
        return sent_fields(await call.read_fields()), None
    try:
        await grant(call.request)
        form = await read_small_form(call.request, most_bytes)
    except BadForm as error:
        drop_rest(call.request)
        raise Stop(Reason.BAD_REQUEST, 400, str(error), closes=True) from None
    if form.file is not None and (problem := file_problem(form.file)) is not None:
        drop_rest(call.request)
        raise Stop(Reason.INVALID, 422, problems=(problem,), closes=True)
    if not form.fields:
        return {}, form.file
    flat = decode(urlencode(form.fields).encode(), _FORM, raw_query(call.request))
    if isinstance(flat, Refused):
        raise refused(flat)
    return sent_fields(flat.fields), form.file

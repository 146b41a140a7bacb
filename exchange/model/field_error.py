"""What was wrong with the fields of a request, to be counted for its seller."""

from __future__ import annotations

from typing import NamedTuple


class WrongFields(NamedTuple):
    """`day` counts from the epoch, UTC; `fields` are each wrong field with the code of what is wrong, told once."""

    day: int
    seller_id: str
    campaign_id: str
    mode: str
    fields: tuple[tuple[str, str], ...]


class FieldError(NamedTuple):
    """How often one field was wrong in one way, and the newest lead it was so with."""

    field: str
    code: str
    times: int
    lead_id: str

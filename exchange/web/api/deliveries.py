"""A delivery sent again: for operators, and for a buyer its own."""

from __future__ import annotations

from exchange.flows.resend import resend
from exchange.flows.settle import CannotSettle, NoSuchDelivery
from exchange.model.reason import Reason
from exchange.web.api.access import find_caller, secret_in_headers
from exchange.web.api.call import Call, Stop, Told


async def send_again(call: Call) -> Told:
    """One new try under the same reference. What was accepted, or may have arrived, is refused."""
    secret = secret_in_headers(call.request)
    own = secret is not None and find_caller(call.market.deals, secret, "buyer", call.received_at) is not None
    caller = call.admit_by_header("buyer" if own else "operator")
    delivery_id = call.request.match_info["delivery_id"]
    try:
        lead_id = await resend(call.market, delivery_id, caller.actor, call.remote_ip)
    except NoSuchDelivery:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such delivery.") from None
    except CannotSettle as error:
        raise Stop(Reason.CANNOT_SETTLE, 409, str(error)) from None
    return Told({"status": "queued", "delivery_id": delivery_id, "lead_id": lead_id}, lead_id=lead_id)

"""The side lanes of a courier that leaves by wire: one for each kind of message that is not HTTP."""

from __future__ import annotations

from collections.abc import Callable

from exchange.courier.drop import FileLane
from exchange.courier.http import Lane
from exchange.courier.lane import SideLanes
from exchange.courier.phone import PhoneLane
from exchange.courier.smtp import MailHouse, SmtpLane
from exchange.model.wire import EmailMessage, FileMessage, PhoneMessage


def side_lanes(lane: Lane, house: MailHouse, now: Callable[[], int]) -> SideLanes:
    """They dial the checked addresses of `lane`, or call over it. `house` is how the exchange sends mail of its own."""
    return {
        EmailMessage: SmtpLane(lane.addresses, house, now),
        FileMessage: FileLane(lane.addresses),
        PhoneMessage: PhoneLane(lane),
    }

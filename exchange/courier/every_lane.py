"""The lanes beside HTTP, by the kind of message that each carries."""

from __future__ import annotations

from exchange.clock import Clock
from exchange.courier.drop import FileLane
from exchange.courier.http import Lane
from exchange.courier.lane import SideLanes
from exchange.courier.phone import PhoneLane
from exchange.courier.smtp import MailHouse, SmtpLane
from exchange.model.wire import EmailMessage, FileMessage, PhoneMessage


def every_lane(lane: Lane, house: MailHouse, clock: Clock) -> SideLanes:
    """All there are. They check addresses as the lane for HTTP does."""
    return {
        EmailMessage: SmtpLane(lane.addresses, house, clock.now),
        FileMessage: FileLane(lane.addresses),
        PhoneMessage: PhoneLane(lane),
    }

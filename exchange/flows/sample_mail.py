"""A mail of a connection sent to whoever tries it, exactly as its buyer would get it but for whom it is for."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from exchange.courier.courier import Call, Courier, Result
from exchange.model.wire import EmailMessage, Message, Reply

SECONDS = 30.0


async def send_to_me(courier: Courier, message: EmailMessage, address: str, deadline: float) -> Result:
    """By the connection's own mail server. The answer is its `Reply`. `deadline` is `clock.monotonic()` seconds."""
    sample = message._replace(
        to=(address,), subject=f"[Test] {message.subject}", message_id=f"<test-{message.message_id.strip('<>')}>"
    )

    def conversation() -> Generator[Message, Reply, Any]:
        return (yield sample)

    return await courier.converse(Call("test", conversation(), delivers=False), deadline)

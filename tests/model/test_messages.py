"""What the record tells of a message that is not HTTP: enough to know it by, no password, nobody else's lead."""

from __future__ import annotations

import pytest

from exchange.courier.masking import MASK, mask_record
from exchange.model.wire import (
    Attachment,
    EmailMessage,
    FaxMessage,
    FileMessage,
    HttpMessage,
    Message,
    PhoneAccount,
    PhoneMessage,
    Place,
    Relay,
    Reply,
    WireRecord,
)

MAIL = EmailMessage(
    "leads@us.example",
    ("a@b.example", "c@b.example"),
    "A lead",
    "Ada, 85016",
    "<dlv_1@us.example>",
    reply_to="desk@us.example",
    attachments=(Attachment("lead.xml", "text/xml", b"<a/>"),),
    relay=Relay("smtp.b.example", 587, "starttls", "us", "s3cret"),
)
CALL = PhoneMessage("call", PhoneAccount("https://api.example", "AC1", "s3cret"), "+16029580142", "+16029580100")
FILE = FileMessage(Place("sftp", "files.example", 22, "/in/", "us", "s3cret"), "a.csv", b"name\nAda\n" * 300)
FAX = FaxMessage("+16029580142", 2, b"%PDF", MAIL)


@pytest.mark.parametrize(
    ("message", "address", "method"),
    [
        (HttpMessage("PUT", "https://a.example/x"), "https://a.example/x", "PUT"),
        (MAIL, "mailto:a@b.example,c@b.example", "MAIL"),
        (FAX, "fax:+16029580142", "FAX"),
        (CALL, "tel:+16029580142", "CALL"),
        (CALL._replace(kind="sms"), "tel:+16029580142", "SMS"),
        (FILE, "sftp://files.example:22/in/a.csv", "STORE"),
    ],
)
def test_every_kind_has_an_address_and_is_shown_with_a_method(message: Message, address: str, method: str) -> None:
    shown = message.shown()

    assert (address, address, method) == (message.address, shown.url, shown.method)
    assert message.delivers is shown.delivers


@pytest.mark.parametrize("message", [MAIL, CALL, FILE, FAX])
def test_a_password_is_never_shown_and_is_masked_where_the_reply_repeats_it(message: Message) -> None:
    record = WireRecord(message, Reply(550, {}, b"s3cret is wrong"), 1, 2)

    masked = mask_record(record)

    assert isinstance(masked.outcome, Reply) and masked.outcome.body == f"{MASK} is wrong".encode()
    assert "s3cret" not in repr(masked.message)


def test_a_mail_is_shown_as_it_is_read_with_its_attachments_by_size() -> None:
    shown = MAIL.shown()

    assert b"Ada, 85016" == shown.body
    assert {
        "From": "leads@us.example",
        "To": "a@b.example, c@b.example",
        "Subject": "A lead",
        "Message-ID": "<dlv_1@us.example>",
        "Reply-To": "desk@us.example",
        "Attached": "lead.xml (4 bytes)",
        "Relay": "smtp.b.example:587",
    } == shown.headers


def test_a_file_is_told_by_its_size_because_it_may_hold_leads_of_others() -> None:
    shown = FILE.shown()

    assert ({"User": "us", "Size": "3 KB"}, b"") == (shown.headers, shown.body)

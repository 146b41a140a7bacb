"""Notifications as the usual mail servers write them, about a mail of ours with a reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping

OURS = "in.harbor.example"


def crlf(text: str) -> bytes:
    return text.lstrip("\n").replace("\n", "\r\n").encode()


def postfix(reference: str, action: str = "failed", status: str = "5.1.1", quote: bool = True) -> bytes:
    """A report by the standard: for people, for machines, and the mail itself."""
    return crlf(f"""
Return-Path: <>
Delivered-To: b+{reference}@{OURS}
Date: Sat, 21 Nov 2026 14:40:00 +0000 (UTC)
From: MAILER-DAEMON@mx.cobalt.example (Mail Delivery System)
Subject: {"Undelivered Mail Returned to Sender" if action == "failed" else "Delayed Mail (still being retried)"}
To: b+{reference}@{OURS}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
    boundary="4F.1795271648/mx.cobalt.example"
Message-Id: <20261121144000.4F@mx.cobalt.example>

This is a MIME-encapsulated message.

--4F.1795271648/mx.cobalt.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.cobalt.example.

<leads@cobalt.example>: host mail.cobalt.example[192.0.2.7] said:
    550 5.1.1 User unknown (in reply to RCPT TO command)

--4F.1795271648/mx.cobalt.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.cobalt.example
X-Postfix-Queue-ID: 4F
Arrival-Date: Sat, 21 Nov 2026 14:34:09 +0000 (UTC)

Final-Recipient: rfc822; leads@cobalt.example
Original-Recipient: rfc822;leads@cobalt.example
Action: {action}
Status: {status}
Remote-MTA: dns; mail.cobalt.example
Diagnostic-Code: smtp; 550 {status} User unknown

--4F.1795271648/mx.cobalt.example
Content-Description: Undelivered Message
Content-Type: {"message/rfc822" if quote else "text/rfc822-headers"}

From: Harbor <leads@harbor.example>
To: leads@cobalt.example
Subject: New solar lead
Message-ID: <{reference}@harbor.example>

Ada
--4F.1795271648/mx.cobalt.example--
""")


def exim(reference: str) -> bytes:
    """No part for machines: a header and a text."""
    return crlf(f"""
Return-path: <>
Envelope-to: b+{reference}@{OURS}
X-Failed-Recipients: leads@cobalt.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.cobalt.example>
To: b+{reference}@{OURS}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1kg-0001@mx.cobalt.example>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  leads@cobalt.example
    SMTP error from remote mail server after RCPT TO:<leads@cobalt.example>:
    550 5.2.1 This mailbox is disabled

------ This is a copy of the message, including all the headers. ------

Subject: New solar lead
Message-ID: <{reference}@harbor.example>

Ada
""")


def qmail(reference: str) -> bytes:
    """A text alone, to the address the mail came from."""
    return crlf(f"""
Return-Path: <>
Delivered-To: leads@harbor.example
From: MAILER-DAEMON@qmail.cobalt.example
To: leads@harbor.example
Subject: failure notice

Hi. This is the qmail-send program at qmail.cobalt.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<leads@cobalt.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <leads@harbor.example>
Subject: New solar lead
Message-ID: <{reference}@harbor.example>

Ada
""")


def exchange_server(reference: str) -> bytes:
    """A report whose text is in base64 and whose subject is encoded."""
    return crlf(f"""
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@cobalt.example>
To: <b+{reference}@{OURS}>
Subject: =?utf-8?B?VW56dXN0ZWxsYmFyOiBOZXcgc29sYXIgbGVhZA==?=
Message-ID: <2f0c@CO1.cobalt.example>
MIME-Version: 1.0
Auto-Submitted: auto-generated
Content-Type: multipart/report; report-type=delivery-status; boundary="_9_"

--_9_
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

RGllIE5hY2hyaWNodCBrb25udGUgbmljaHQgenVnZXN0ZWxsdCB3ZXJkZW4u
--_9_
Content-Type: message/delivery-status

Reporting-MTA: dns;CO1.cobalt.example

Final-recipient: RFC822;leads@cobalt.example
Action: failed
Status: 5.7.1
Diagnostic-code: SMTP;550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized
--_9_--
""")


def delayed(reference: str) -> bytes:
    return postfix(reference, "delayed", "4.4.1")


def out_of_office(reference: str) -> bytes:
    return crlf(f"""
From: Desk <leads@cobalt.example>
To: b+{reference}@{OURS}
Subject: Out of office: New solar lead
Auto-Submitted: auto-replied
In-Reply-To: <{reference}@harbor.example>

We are away until Monday. Undeliverable? 550 5.1.1 never.
""")


def read_note(reference: str) -> bytes:
    return crlf(f"""
From: Desk <leads@cobalt.example>
To: b+{reference}@{OURS}
Subject: Read: New solar lead
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary="x"

--x
Content-Type: text/plain

It was read.
--x
Content-Type: message/disposition-notification

Final-Recipient: rfc822; leads@cobalt.example
Disposition: automatic-action/MDN-sent-automatically; displayed
--x--
""")


def answered(reference: str) -> bytes:
    return crlf(f"""
From: Desk <leads@cobalt.example>
To: b+{reference}@{OURS}
Subject: Re: New solar lead

Thanks, we called.
> Message-ID: <{reference}@harbor.example>
""")


FAILED: Mapping[str, Callable[[str], bytes]] = {
    "postfix": postfix,
    "exim": exim,
    "qmail": qmail,
    "exchange": exchange_server,
}


def vacation(reference: str) -> bytes:
    """A machine that answers for somebody, under a subject like a bounce's."""
    return crlf(f"""
Return-Path: <>
From: postmaster@cobalt.example
To: b+{reference}@{OURS}
Subject: Mail delivery failed to reach me: I am away
Precedence: auto_reply

550 5.1.1 is what I say.
""")


NO_BOUNCE: Mapping[str, Callable[[str], bytes]] = {
    "out of office": out_of_office,
    "vacation": vacation,
    "read note": read_note,
    "answered": answered,
}

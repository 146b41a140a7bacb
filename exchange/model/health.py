"""What was found when the exchange looked at itself: one finding for each thing looked at, and the words around it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class Word(Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Finding(NamedTuple):
    """One thing looked at. `what` is a key of `ABOUT`; `fix` says where it is mended: a command, a setting, a page."""

    word: Word
    what: str
    told: str
    fix: str = ""


class About(NamedTuple):
    """`means`: why it matters, as a sentence. `page` is where more of it stands; empty: nowhere."""

    title: str
    means: str
    page: str = ""


ABOUT: Mapping[str, About] = MappingProxyType(
    {
        "version": About("Version", "An old release lacks what was mended since."),
        "configuration": About(
            "Settings file", "What the exchange was told before it started.", "/console/settings/general"
        ),
        "master key": About("Master key", "It opens every name, phone and email that is stored."),
        "database": About("Database", "Everything is kept in it: leads, money, people."),
        "writer": About("Writer", "One after another everything is written down; when it is slow, leads wait."),
        "process": About("This process", "What holds it up holds up every lead that comes meanwhile."),
        "disk": About("Disk space", "A full disk stops the taking of leads."),
        "clock": About("Clock", "Caps, schedules and quiet hours begin and end by it."),
        "certificates": About("Certificates", "Connections with one that ended are refused."),
        "backup": About("Backup", "A broken disk loses all that came since the last one.", "/console/settings/data"),
        "ledger": About(
            "Ledger check", "Every booking, document and line of the audit log is checked hourly.", "/console/ledger"
        ),
        "jobs": About("Jobs", "Deliveries, mails, imports and files are made by them.", "/console/deliveries"),
        "outbox": About(
            "Outbox", "What was decided and is still to be told: mails, webhooks, postbacks.", "/console/webhooks"
        ),
        "unclear": About(
            "Unclear posts", "Leads that may or may not be sold; nobody else gets them until it is known.",
            "/console/unclear",
        ),
        "outbound": About("Buyers' servers", "Leads go to others while one is down.", "/console/connectors"),
        "email": About(
            "Mail server", "Invitations, new passwords and notices go by it.", "/console/settings/providers"
        ),
        "providers": About(
            "Providers", "Texts, payments and checks of leads are done by others for us.", "/console/settings/providers"
        ),
        "tables": About("Tables of facts", "Places, area codes and thrown-away mail domains change over the years."),
    }
)  # fmt: skip

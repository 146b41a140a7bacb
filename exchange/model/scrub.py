"""What the scrub looks for, by code: what each finds, and what becomes of the lead unless a vertical or campaign says
otherwise. `docs/scrub.md` has the list for people."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from exchange.model.reason import Reason


class Action(Enum):
    """What becomes of a lead in which a rule finds something."""

    REFUSE = "refuse"
    HOLD = "hold"
    FLAG = "flag"
    IGNORE = "ignore"  # told as a fact, and nothing follows


class ScrubRule(NamedTuple):
    """`sentence` holds no value: it is kept in clear and the seller reads it. `reason` is what a refusal says."""

    code: str
    usual: Action
    reason: Reason
    sentence: str


_PHONE, _EMAIL, _NAME, _PLACE = (
    Reason.PHONE_REFUSED, Reason.EMAIL_REFUSED, Reason.NAME_REFUSED, Reason.ADDRESS_REFUSED,
)  # fmt: skip
_REFUSE, _FLAG, _IGNORE = Action.REFUSE, Action.FLAG, Action.IGNORE

RULES: tuple[ScrubRule, ...] = (
    ScrubRule(
        "phone_fictional", _REFUSE, _PHONE, "The number is one of those kept for stories (555-0100 to 555-0199)."
    ),
    ScrubRule("phone_repeated", _REFUSE, _PHONE, "The digits repeat or count up: nobody has such a number."),
    ScrubRule("phone_unassigned", _REFUSE, _PHONE, "No telephone has an area code or exchange like this."),
    ScrubRule("phone_service", _REFUSE, _PHONE, "The number is a service's, not a person's."),
    ScrubRule("phone_toll_free", _FLAG, _PHONE, "The number is toll-free: companies have such numbers."),
    ScrubRule("phone_abroad", _FLAG, _PHONE, "The number is of another country."),
    ScrubRule("phone_test", _IGNORE, _PHONE, "The exchange 958 or 959 is kept for the telephone companies' tests."),
    ScrubRule("phone_area", _IGNORE, _PHONE, "The area code is of another state."),
    ScrubRule("email_disposable", _REFUSE, _EMAIL, "The address is one that is thrown away after an hour."),
    ScrubRule("email_no_mail", _REFUSE, _EMAIL, "The domain takes no mail."),
    ScrubRule("email_dns_away", _IGNORE, _EMAIL, "Whether the domain takes mail could not be asked."),
    ScrubRule("email_role", _FLAG, _EMAIL, "The address is an office's, not a person's."),
    ScrubRule("email_filler", _FLAG, _EMAIL, "The address says that there is none."),
    ScrubRule("email_suspect", _FLAG, _EMAIL, "The domain looks like a slip of another."),
    ScrubRule("email_domain", _FLAG, _EMAIL, "The domain's ending does not exist."),
    ScrubRule("name_joke", _REFUSE, _NAME, "The name is a joke's."),
    ScrubRule("name_profane", _REFUSE, _NAME, "The name holds a swear word."),
    ScrubRule("name_placeholder", _REFUSE, _NAME, "The name is what a form says when it is empty."),
    ScrubRule("name_gibberish", _REFUSE, _NAME, "The name is beaten keys."),
    ScrubRule("name_doubtful", _FLAG, _NAME, "The name may be made up."),
    ScrubRule("name_digits", _FLAG, _NAME, "The name holds digits."),
    ScrubRule("city_elsewhere", _FLAG, _PLACE, "The city is in another state."),
    ScrubRule("county_elsewhere", _FLAG, _PLACE, "The county is not that of the ZIP code."),
    ScrubRule("address_filler", _FLAG, _PLACE, "The street address says that there is none."),
    ScrubRule("address_no_number", _IGNORE, _PLACE, "The street address has no number."),
    ScrubRule("address_po_box", _IGNORE, _PLACE, "The address is a post office box."),
    ScrubRule("dob_filler", _FLAG, Reason.INVALID, "The date of birth is one that forms begin with."),
    ScrubRule("dob_minor", _FLAG, Reason.INVALID, "The consumer is not of age."),
)

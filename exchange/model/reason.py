"""Every reason for a refusal: a number by stage, a slug for APIs, a sentence, who can mend it, whether to ask again."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """`Reason.NO_BID.slug` is what an API sends; `.number` sorts by stage; `.again` says whether a retry can help."""

    # 1xx the request itself
    BAD_REQUEST = (100, "bad_request", "The body could not be read.", "seller", False)
    KEY_MISSING = (101, "key_missing", "No key was sent.", "seller", False)
    KEY_UNKNOWN = (102, "unknown_key", "The key is not known.", "seller", False)
    CAMPAIGN_PAUSED = (103, "campaign_paused", "The campaign is paused.", "operator", True)
    TOO_LARGE = (104, "too_large", "The body is larger than the exchange takes.", "seller", False)
    MEDIA_TYPE = (105, "media_type", "The content type is not one the exchange reads.", "seller", False)
    RATE_LIMITED = (106, "rate_limited", "Too many requests in a short time.", "seller", True)
    OVERLOADED = (107, "overloaded", "The exchange takes no new work for a moment.", "operator", True)
    IDEMPOTENCY_CONFLICT = (108, "idempotency_conflict", "The same key came before with another body.", "seller", False)
    NOT_FOUND = (109, "not_found", "There is nothing with that id for this key.", "seller", False)
    TEST_KEY_NEEDED = (110, "test_key_needed", "test=1 needs a test key.", "seller", False)
    STILL_RUNNING = (111, "still_running", "The first request with this key is still at work.", "nobody", True)
    METHOD_NOT_ALLOWED = (112, "method_not_allowed", "The call is made with another method.", "seller", False)
    CANNOT_SETTLE = (113, "cannot_settle", "The delivery is settled, or not by that price.", "operator", False)
    CANNOT_BUY = (114, "cannot_buy", "The lead is taken, gone, or not for this buyer.", "nobody", True)
    LIVE_KEY_NEEDED = (115, "live_key_needed", "A test key changes nothing that is live.", "seller", False)
    CANNOT_ASSIGN = (116, "cannot_assign", "The lead is over, or somebody else got it meanwhile.", "nobody", True)
    ROLE_NEEDED = (117, "role_needed", "The key's role does not do that.", "operator", False)
    CANNOT_PAY = (118, "cannot_pay", "The payout is not in a state for that.", "operator", True)
    IMPORT_NOT_NOW = (120, "import_not_now", "The import is not in a state for that.", "seller", True)
    SAME_FILE = (121, "same_file", "The same file was imported before.", "seller", False)
    STORAGE_DOWN = (198, "storage_down", "Nothing can be stored for a moment.", "operator", True)
    INTERNAL = (199, "internal", "The exchange failed. Repeating the request is safe.", "operator", True)
    # 2xx scrub
    INVALID = (200, "invalid", "One or more fields are wrong.", "seller", False)
    DUPLICATE_SELLER = (201, "duplicate_seller", "This seller sent the same consumer before.", "seller", False)
    DUPLICATE_EXCHANGE = (202, "duplicate_exchange", "The exchange had the same consumer before.", "nobody", False)
    CONSENT_MISSING = (203, "consent_missing", "The consent the vertical requires was not sent.", "seller", False)
    CONSENT_INVALID = (204, "consent_invalid", "The consent sent does not hold.", "seller", False)
    PHONE_REFUSED = (205, "phone_refused", "The phone number cannot be a consumer's.", "seller", False)
    EMAIL_REFUSED = (206, "email_refused", "The email address is not one to be written to.", "seller", False)
    NAME_REFUSED = (207, "name_refused", "The name is no person's.", "seller", False)
    ADDRESS_REFUSED = (208, "address_refused", "The address does not exist or contradicts itself.", "seller", False)
    PHONE_UNVERIFIED = (212, "phone_unverified", "An outside check found the phone wrong.", "seller", False)
    EMAIL_UNVERIFIED = (213, "email_unverified", "An outside check found the email address wrong.", "seller", False)
    ADDRESS_UNVERIFIED = (214, "address_unverified", "An outside check found the address wrong.", "seller", False)
    SUPPRESSED = (215, "suppressed", "The consumer is on a suppression list.", "nobody", False)
    DNC_LISTED = (216, "dnc_listed", "The phone is on a do-not-call list, and no consent exempts it.", "nobody", False)
    CONSENT_REVOKED = (217, "consent_revoked", "The consumer took the consent back.", "nobody", False)
    CONSENT_STALE = (218, "consent_stale", "The consent is older than the vertical takes.", "seller", False)
    LISTS_UNREADY = (219, "lists_unready", "A list that must be asked cannot be read, or is too old.", "operator", True)
    IDENTITY_UNVERIFIED = (220, "identity_unverified", "An outside check found that it does not fit.", "seller", False)
    VERIFIER_AWAY = (221, "verifier_away", "An outside check could not be made at the moment.", "operator", True)
    # 3xx screen
    FRAUD_SCORE = (300, "fraud_score", "The fraud screen refused the lead.", "seller", False)
    HELD_FOR_REVIEW = (301, "held_for_review", "A person decides about this lead.", "operator", True)
    ROBOT = (302, "robot", "A program filled in the form.", "seller", False)
    HIDDEN_LINE = (303, "hidden_line", "The visitor's line hides where they are.", "seller", False)
    BURST = (304, "burst", "Many leads alike came from one sub id within minutes.", "seller", False)
    LEAD_FARM = (305, "lead_farm", "The sub id's consumers are numbered, not real.", "seller", False)
    SUB_ID_BLOCKED = (306, "sub_id_blocked", "The operator blocks this sub id.", "operator", False)
    PING_HARVEST = (307, "ping_harvest", "Too many pings for the posts that follow them.", "seller", True)
    PING_VARIED = (308, "ping_varied", "The same consumer was pinged too often with other values.", "seller", True)
    REPOST_CHANGED = (309, "repost_changed", "A refused lead came again with other values.", "seller", False)
    # 4xx eligibility
    NO_ELIGIBLE_BUYER = (400, "no_eligible_buyer", "No contract may have this lead.", "operator", True)
    FILTERED = (401, "filtered", "The campaign or a source rule refuses this lead.", "operator", False)
    CAP_REACHED = (402, "cap_reached", "The campaign's cap is reached.", "operator", True)
    OUTSIDE_HOURS = (403, "outside_hours", "The campaign is closed at this hour.", "nobody", True)
    # 5xx ping
    NO_BID = (500, "no_bid", "No buyer made a bid.", "nobody", True)
    PING_TIMEOUT = (501, "timeout", "No buyer answered in time.", "buyer", True)
    PING_FAILED = (502, "ping_failed", "The buyer could not be asked.", "buyer", True)
    PING_UNREADABLE = (503, "ping_unreadable", "The buyer's answer could not be read.", "buyer", True)
    PING_UNMAPPED = (504, "ping_unmapped", "No reading rule matched the buyer's answer.", "operator", True)
    BAD_BID = (505, "bad_bid", "The bid is negative, above the maximum or in another currency.", "buyer", True)
    PING_EXPIRED = (506, "ping_expired", "The price from the ping is no longer held.", "seller", True)
    PING_MISMATCH = (507, "ping_mismatch", "The post differs from the ping in a pinged field.", "seller", False)
    PING_USED = (508, "ping_used", "The ping was posted on before.", "seller", False)
    # 6xx auction
    BELOW_FLOOR = (600, "below_floor", "Every bid is under the least acceptable price.", "nobody", True)
    OUTBID = (601, "outbid", "Another bid won.", "nobody", True)
    BID_EXPIRED = (602, "bid_expired", "The bid ran out before the post.", "buyer", True)
    # 7xx post
    BUYER_REJECTED = (700, "buyer_rejected", "Every buyer asked refused the lead.", "buyer", True)
    DUPLICATE_AT_BUYER = (701, "duplicate_at_buyer", "The buyer already has this consumer.", "nobody", False)
    POST_FAILED = (702, "post_failed", "The lead could not be delivered.", "buyer", True)
    POST_TIMEOUT = (703, "post_timeout", "The buyer's answer to the post did not come.", "buyer", False)
    POST_UNREADABLE = (704, "post_unreadable", "The buyer's answer to the post could not be read.", "buyer", False)
    POST_UNMAPPED = (705, "post_unmapped", "No reading rule matched the buyer's answer to the post.", "operator", False)
    OUTCOME_UNCLEAR = (706, "outcome_unclear", "The post may be accepted or not; settled later.", "operator", False)
    DEADLINE = (707, "deadline", "There was no time left to deliver the lead.", "seller", True)
    PRICE_LOWERED = (708, "price_lowered", "The buyer accepted at less than it had bid.", "buyer", True)
    WRONG_REFERENCE = (709, "wrong_reference", "The buyer answered about another lead.", "buyer", False)
    AWAITING_RECEIPT = (710, "awaiting_receipt", "The lead was sent; the receipt is still to come.", "buyer", False)
    INTERRUPTED = (711, "interrupted", "The exchange stopped before it heard the answer.", "operator", False)
    # 8xx money
    CAP_FULL = (800, "cap_full", "The contract's cap is taken.", "buyer", True)
    BALANCE_SHORT = (801, "balance_short", "The buyer's balance or credit does not cover the price.", "buyer", True)
    RETURN_OVER = (802, "return_over", "The return is decided, or its time is over.", "nobody", False)

    def __init__(self, number: int, slug: str, sentence: str, fixer: str, again: bool) -> None:
        self.number = number
        self.slug = slug
        self.sentence = sentence
        self.fixer = fixer
        self.again = again

"""The kinds of durable jobs, each run by `exchange.worker`, and how one is made."""

from __future__ import annotations

import orjson

from exchange.flows.market import Market
from exchange.model.work import JobRow

BACKUP = "backup"
BATCH = "batch"
CONVERT = "convert"
COUNT_REPORT = "count_report"
DELIVER = "deliver"
DIGEST = "digest"
SETTLE_TEST = "settle_test"
SUBMIT_FORM = "submit_form"
RETURN = "return"
RETURN_TEST = "return_test"
CHECK_IMPORT = "check_import"
FOLLOW_NOTE = "follow_note"
IMPORT = "import"
SORT_IMPORT = "sort_import"
LOAD_LIST = "load_list"
NEWS = "news"
NURTURE = "nurture"
NOTICE = "notice"
NOTICE_SEND = "notice_send"
NOTICE_DIGEST = "notice_digest"
WEBHOOK = "webhook"
ASK_OUTCOME = "ask_outcome"
POLL = "poll"
PAYMENT_EVENT = "payment_event"
AUTO_TOP_UP = "auto_top_up"
REFUND = "refund"
REPORT_MAIL = "report_mail"
READ_REPORTS = "read_reports"
RECORD_REPORTS = "record_reports"
RETAIN = "retain"
RETURN_FILE = "return_file"
REVOKE = "revoke"
PASS_ON = "pass_on"
TAKE = "take"
RESEAL = "reseal"
RESELL = "resell"
RESEND_MANY = "resend_many"
SCREEN_ALERT = "screen_alert"
SIMULATE = "simulate"
WITHDRAW = "withdraw"
LOWER = "lower"
RESALE = "resell"
"""The endpoint of the request that a resale opens: no seller sent it."""


def job(
    market: Market, queue: str, kind: str, payload: dict[str, object], run_at: int, now: int, unique: str | None = None
) -> JobRow:
    return JobRow(market.ids.new("job", now), queue, kind, orjson.dumps(payload).decode(), run_at, now, unique)

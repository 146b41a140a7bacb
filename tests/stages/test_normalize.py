"""A submission becomes a lead: all problems at once, no personal value of a ping, one field per meaning."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import limits
from exchange.model.lead import Kind, Mode
from exchange.stages.normalize import redact
from tests.stages.submissions import (
    PING,
    POST,
    campaign,
    codes,
    names_of,
    read,
    read_ping,
    submission,
    warned,
)


def test_a_complete_post_becomes_a_lead_without_a_word() -> None:
    found = read(POST)
    assert (found.problems, found.warnings, found.dropped) == ((), (), ())
    assert found.lead.text("phone") == "+16029580142"
    assert found.lead.text("monthly_bill") == "151-200"
    assert found.lead.tracking["sub_id1"] == "g-search"
    assert found.lead.consent.given is True
    assert (found.lead.id, found.lead.request_id, found.lead.month) == ("ld_1", "req_1", "2026-11")


def test_three_bad_fields_give_exactly_three_problems_in_field_order() -> None:
    found = read_ping({**PING, "homeowner": "perhaps", "monthly_bill": "$120", "zip": "8501"})
    assert codes(found) == [("zip", "pattern"), ("monthly_bill", "not_allowed"), ("homeowner", "not_allowed")]
    short, bill, _ = found.problems
    assert short.message == 'zip must be 5 digits. Got "8501".'
    assert (bill.message, bill.got, bill.closest) == ("monthly_bill must be one of 6 values.", "$120", "101-150")
    assert len(bill.allowed) == 6


def test_missing_and_blank_fields_are_told_apart() -> None:
    found = read({**{name: raw for name, raw in POST.items() if name != "email"}, "last_name": " \u200b "})
    assert codes(found) == [("last_name", "blank"), ("email", "missing")]


def test_a_blank_optional_field_is_as_if_it_was_not_sent() -> None:
    found = read({**POST, "roof_shade": "", "phone2": " ", "sub_id2": "", "min_price": "", "dob": ""})
    assert found.problems == ()
    assert "roof_shade" not in found.lead.values
    assert "sub_id2" not in found.lead.tracking


def test_many_problems_are_cut_at_the_limit() -> None:
    found = read({**{f"unknown_{n}": "x" for n in range(250)}})
    assert len(found.warnings) == limits.PROBLEMS_TOLD


# Names


@pytest.mark.parametrize("sent", ("LP_S1", "lp-s1", "Sub1", "subid", "PUB.ID"))
def test_an_alias_is_read_and_told(sent: str) -> None:
    found = read_ping({**{name: raw for name, raw in PING.items() if name != "sub_id1"}, sent: "x"})
    assert found.lead.tracking["sub_id1"] == "x"
    assert warned(found) == [("sub_id1", "alias_used")]
    assert found.warnings[0].message == f"{sent} was read as sub_id1."


@pytest.mark.parametrize("sent", ("Monthly-Bill", "MONTHLYBILL", "monthly bill", "monthly.bill"))
def test_case_and_signs_do_not_count_in_a_name(sent: str) -> None:
    found = read_ping({**{name: raw for name, raw in PING.items() if name != "monthly_bill"}, sent: "51-100"})
    assert found.lead.text("monthly_bill") == "51-100"
    assert found.warnings == ()


def test_an_unknown_field_is_kept_and_told_with_what_was_meant() -> None:
    sent = {**PING, "utm_campain": "fall", "qqqqqqq": "1"}
    found = read_ping(sent)
    assert warned(found) == [("utm_campain", "unknown_field"), ("qqqqqqq", "unknown_field")]
    assert [warning.closest for warning in found.warnings] == ["utm_campaign", None]
    assert redact(submission(sent, Kind.PING), found)["utm_campain"] == "fall"


def test_a_campaigns_alias_wins_over_one_built_in_but_never_over_a_fields_own_name() -> None:
    terms = campaign(aliases=(("price", "monthly_bill"), ("zip", "monthly_bill"), ("nothing", "no_such_field")))
    sent = {**{name: raw for name, raw in PING.items() if name != "monthly_bill"}, "price": "0-50"}
    found = read(sent, Kind.PING, terms=terms, names=names_of(terms))
    assert found.lead.text("monthly_bill") == "0-50"
    assert found.lead.text("zip") == "85016"
    assert found.lead.min_price is None


def test_two_spellings_of_one_field_must_agree() -> None:
    assert codes(read({**POST, "postal_code": "85018"})) == [("zip", "conflict")]
    assert read({**POST, "postal_code": " 85016"}).problems == ()
    assert read({**POST, "zip": "", "postal_code": "85016"}).lead.text("zip") == "85016"
    assert read({**POST, "postal_code": ""}).lead.text("zip") == "85016"


def test_two_spellings_of_a_tracking_tag_never_cost_a_lead() -> None:
    found = read({**POST, "url": "https://b.example/", "landing_page_url": "https://a.example/"})
    assert found.problems == ()
    assert found.lead.tracking["landing_page_url"] == "https://a.example/"


def test_lead_id_is_a_leadid_only_when_it_looks_like_one() -> None:
    token = "0A1B2C3D-4E5F-6A7B-8C9D-0E1F2A3B4C5D"
    assert read({**POST, "lead_id": token}).lead.consent.jornaya_leadid == token
    plain = read({**POST, "lead_id": "P000001"})
    assert plain.problems == ()
    assert plain.warnings[0].closest == "seller_lead_id"


def test_a_long_tracking_value_is_cut_and_told() -> None:
    found = read({**POST, "sub_id1": "x" * 300})
    assert found.lead.tracking["sub_id1"] == "x" * 120
    assert warned(found) == [("sub_id1", "truncated")]


# Pings and privacy


def test_who_the_consumer_is_does_not_stand_in_what_others_see_before_they_buy() -> None:
    sent = {
        **POST,
        "first_name": "Wilhelmine",
        "last_name": "Zanzibarova",
        "sub_id1": "wilhelmine@consumer.example",
        "sub_id2": "wilhelmine-zanzibarova",
        "sub_id3": f"p{POST['phone']}",
        "sub_id4": "zanzibarova-9999999999",
        "utm_term": "solar for Wilhelmine",
        "seller_lead_id": "6025550199",
        "utility_provider": "call 602 555 0199",
        "comments": "Wilhelmine Zanzibarova, 602 555 0199",
    }
    found = read(sent)

    who = {"sub_id1", "sub_id2", "sub_id3", "utility_provider"}
    assert found.problems == () and who == set(found.dropped)
    assert [("sub_id1", "personal"), ("sub_id2", "personal"), ("sub_id3", "personal")] == sorted(
        each for each in warned(found) if each[0].startswith("sub")
    )
    assert {"sub_id4", "utm_term"} <= found.lead.tracking.keys() and "utility_provider" not in found.lead.values
    assert "comments" in found.lead.values and "6025550199" == found.lead.seller_lead_id


def test_personal_values_of_a_ping_are_dropped_and_told_by_name_only() -> None:
    sent = {**PING, "Mobile": "6029580142", "phone": "6029580143", "e-mail": "maria@consumer.example", "name": "M S"}
    found = read_ping(sent)
    assert warned(found) == [
        ("phone", "not_for_ping"),
        ("phone", "not_for_ping"),
        ("email", "not_for_ping"),
        ("full_name", "not_for_ping"),
    ]
    assert found.problems == ()
    assert set(found.dropped) == {"Mobile", "phone", "e-mail", "name"}
    assert redact(submission(sent, Kind.PING), found) == PING


def test_personal_values_hidden_in_other_fields_of_a_ping_are_dropped() -> None:
    sent = {
        **PING,
        "my_box": "call me at (602) 958-0142",
        "utility_provider": "mail maria@consumer.example",
        "landing_page_url": "https://a.example/?email=maria%40consumer.example",
        "sub_id2": "maria@consumer.example",
        "click_id": "6029580142",
        "roof_shade": "maria@consumer.example",
    }
    found = read_ping(sent)
    kept = redact(submission(sent, Kind.PING), found)
    assert set(kept) == {*PING, "click_id"}
    assert "maria" not in repr(found)
    assert codes(found) == [("roof_shade", "not_allowed")]


def test_a_conflict_in_a_ping_leaves_no_personal_value_behind() -> None:
    sent = {**PING, "roof_shade": "none", "shade": "maria@consumer.example"}
    found = read_ping(sent)
    assert ("roof_shade", "conflict") in codes(found)
    assert "maria" not in repr((found, redact(submission(sent, Kind.PING), found)))


def test_the_key_is_never_kept() -> None:
    for kind in Kind:
        sent = {**POST, "campaign_key": "ck_live_secret", "LP_KEY": "ck_live_secret"}
        found = read(sent, kind)
        assert "ck_live_secret" not in repr((found, redact(submission(sent, kind), found)))


SENT_NAMES = ("phone", "Mobile", "email", "e_mail", "first_name", "lname", "address", "comments", "notes", "x1", "zip",
              "state", "roof_shade", "shade", "sub_id1", "s1", "referer", "utility_provider",
              "landing_page")  # fmt: skip
PERSONAL = ("maria.sandoval@consumer.example", "6029580142", "(602) 958-0142", "+1 602-958-0142")


@given(
    fields=st.dictionaries(
        st.sampled_from(SENT_NAMES),
        st.one_of(
            st.sampled_from(PERSONAL),
            st.builds(
                lambda a, b, c: f"{a} {b} {c}",
                st.text("ab =&?/", max_size=6),
                st.sampled_from(PERSONAL[:2]),
                st.text("xy ", max_size=4),
            ),
            st.text(max_size=20),
        ),
        max_size=12,
    )
)
def test_no_ping_leaks_a_personal_value(fields: dict[str, str]) -> None:
    found = read_ping({**PING, **fields})
    kept = redact(submission({**PING, **fields}, Kind.PING), found)
    tracking = {name: raw for name, raw in kept.items() if name in ("sub_id1", "s1", "referer")}
    rest = repr(
        (found.problems, found.warnings, dict(found.lead.values), {k: v for k, v in kept.items() if k not in tracking})
    )
    assert "maria.sandoval@" not in rest + repr((tracking, found.lead.tracking))
    for digits in ("6029580142", "958-0142"):
        assert digits not in rest
    assert not {"phone", "email", "first_name", "last_name", "address"} & set(found.lead.values)


@given(
    fields=st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=15),
    kind=st.sampled_from(Kind),
    mode=st.sampled_from(Mode),
)
def test_no_submission_raises(fields: dict[str, str], kind: Kind, mode: Mode) -> None:
    found = read({**POST, **fields}, kind, mode)
    assert all(problem.message.endswith((".", "?")) for problem in (*found.problems, *found.warnings))


# Places


def test_a_zip_of_another_state_is_a_mismatch() -> None:
    found = read({**POST, "state": "NV"})
    assert codes(found) == [("zip", "mismatch")]
    assert found.problems[0].message == "zip 85016 is in AZ, not in NV."


def test_a_zip_nobody_uses_is_told() -> None:
    for code in ("00000", "99999", "00001"):
        assert codes(read({**POST, "zip": code})) == [("zip", "not_allowed")]


def test_a_zip_that_lost_its_zero_is_mended_only_where_the_state_agrees() -> None:
    assert read({**POST, "zip": "1254", "state": "MA"}).lead.text("zip") == "01254"
    assert codes(read({**POST, "zip": "1254", "state": "NC"})) == [("zip", "pattern")]


def test_a_state_that_need_not_be_sent_follows_from_the_zip() -> None:
    terms = campaign("home_services")
    sent = {"zip": "78701", "service": "roofing", "homeowner": "yes"}
    found = read(sent, Kind.PING, terms=terms)
    assert (found.problems, found.lead.text("state")) == ((), "TX")


@pytest.mark.parametrize(
    "fields", ({"name": "Maria Luisa Sandoval"}, {"first_name": "Maria Luisa Sandoval", "last_name": ""})
)
def test_a_name_in_one_field_is_split_at_its_last_word(fields: dict[str, str]) -> None:
    rest = {name: raw for name, raw in POST.items() if name not in ("first_name", "last_name")}
    found = read({**rest, **fields})
    assert codes(found) == []
    assert (found.lead.text("first_name"), found.lead.text("last_name")) == ("Maria Luisa", "Sandoval")


def test_a_field_the_vertical_does_not_list_stays_out_of_the_lead() -> None:
    found = read({**POST, "dob": "1984-02-29", "status": "sold", "buyer_id": "b1"})
    assert not {"dob", "status", "buyer_id"} & set(found.lead.values)
    assert {name for name, code in warned(found) if code == "unknown_field"} == {"dob", "status", "buyer_id"}


# A stream of other people's leads, when it is beside the repository


def stream_rows() -> list[dict[str, object]]:
    path = Path(__file__).parents[3] / "shared" / "lead-data" / "stream_public.jsonl"
    if not path.exists():
        deposit = {"job": "self-employed", "balance_eur": -12, "days_since_prior": -1, "credit_default": "no"}
        return [
            {"vertical": "term_deposit", "fields": deposit, "source": "call_center"},
            {"vertical": "b2b_marketplace", "fields": {"first_contact_weekday": "Sun"}, "source": "social"},
        ]
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_every_row_of_the_stream_is_read_as_it_is() -> None:
    base = {"first_name": "Maria", "last_name": "Sandoval", "email": "maria@consumer.example", "phone": "6029580142"}
    by_vertical = {name: campaign(name) for name in ("term_deposit", "b2b_marketplace")}
    names = {name: names_of(terms) for name, terms in by_vertical.items()}
    for row in stream_rows():
        fields, vertical = row["fields"], str(row["vertical"])
        assert isinstance(fields, dict)
        sent = {
            **base,
            "zip": "85016",
            "state": "AZ",
            "source": str(row["source"]),
            "form_ms": str(row.get("form_ms", 1)),
        }
        sent |= {name: str(raw) for name, raw in fields.items()}
        found = read(sent, terms=by_vertical[vertical], names=names[vertical])
        assert (found.problems, found.warnings) == ((), ()), json.dumps(sent)
        assert set(fields) <= set(found.lead.values)

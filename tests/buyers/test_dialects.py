"""The demo's buyers speak the dialects of several systems; the presets understand each of them."""

from __future__ import annotations

from typing import Final

import pytest

from exchange.demo.dialects import DIALECTS, Answer, Verdict
from tests.buyers.shelf import of_preset, presets, reply

PRESETS: Final = (
    ("boberdoo", "boberdoo"),
    ("phonexa", "phonexa"),
    ("leadspedia", "leadspedia"),
    ("leadspedia_xml", "leadspedia"),
    ("leadexec", "leadexec"),
    ("px", "px"),
    ("cake", "cake"),
    ("pairs", "pairs"),
)


@pytest.mark.parametrize(("dialect", "preset"), PRESETS)
def test_a_yes_and_a_no_are_understood_at_every_stage(dialect: str, preset: str) -> None:
    connection = of_preset(preset, None, presets())
    for stage in ("ping", "post"):
        for verdict in (Verdict.YES, Verdict.NO):
            answer = Answer(stage, verdict, "R-77", "12.50", "" if verdict is Verdict.YES else "Not today")
            written = DIALECTS[dialect](answer)
            reading = connection.readers[stage].read(reply(written.body, written.status, written.content_type))

            taken = verdict is Verdict.YES
            assert taken == (reading.outcome == "accepted"), (stage, verdict, written.body)
            assert reading.outcome is not None
            if taken:
                assert reading.price is not None and reading.price.amount is not None
                assert (125_000, "R-77") == (reading.price.amount.units, reading.reference)


@pytest.mark.parametrize(("dialect", "preset"), PRESETS)
def test_a_duplicate_is_never_a_yes_and_mostly_known_as_one(dialect: str, preset: str) -> None:
    connection = of_preset(preset, None, presets())
    written = DIALECTS[dialect](Answer("post", Verdict.DUPLICATE, "R-77", "12.50", "Duplicate of R-5"))
    reading = connection.readers["post"].read(reply(written.body, written.status, written.content_type))

    assert "duplicate" == reading.outcome

"""A system nobody saw before needs a document, not a program."""

from __future__ import annotations

from buyers.reading import Reader, StageRules
from tests.buyers.shelf import ROOT, reply, yaml
from tests.buyers.test_replies import differences


def test_systems_of_no_sample_set_are_read_by_their_rules_alone() -> None:
    wrong, count = [], 0
    for system in yaml((ROOT / "tests/buyers/new_systems.yaml").read_text("utf-8")):
        reader = Reader.compile(StageRules.model_validate(system["rules"]), "post")
        for sample in system["replies"]:
            count += 1
            headers = {"location": sample["location"]} if "location" in sample else {}
            reading = reader.read(reply(sample["body"], sample.get("status", 200), **headers))
            if found := differences(sample["means"], reading, frozenset({sample["means"]["outcome"]})):
                wrong.append((system["name"], sample["body"], found))

    assert [] == wrong
    assert 40 == count

"""Every vendor's captured answers are read as they should be, and nothing hostile ever reads as good."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from exchange.bootstrap import load_catalog
from exchange.cases import read_cases, run_verifier_cases
from exchange.catalog import default_config
from exchange.connector import Retains
from verifiers import Loaded

FOLDER = default_config() / "verifiers"


@lru_cache(maxsize=1)
def everyone() -> Mapping[str, Loaded]:
    return load_catalog(None).verifiers


def cases_of(name: str) -> list[Path]:
    return sorted((FOLDER / name / "cases").glob("*.yaml"))


@pytest.mark.parametrize("name", sorted(path.parent.name for path in FOLDER.glob("*/verifier.yaml")))
def test_captured_answers_are_read_as_they_should_be(name: str) -> None:
    cases = [case for file in cases_of(name) for case in read_cases(file.read_text("utf-8"), file.name)]
    told = {case.then.verdict.verdict for case in cases if case.then.verdict is not None}

    assert {"good", "bad"} <= told
    assert {} == {
        result.name: result.problems for result in run_verifier_cases(everyone()[name].verifier, cases) if not result.ok
    }


def test_every_vendor_is_named_as_its_folder_and_spoken_to_over_tls() -> None:
    assert sorted(everyone()) == sorted(path.parent.name for path in FOLDER.glob("*/verifier.yaml"))
    assert [] == [url for each in everyone().values() for url in each.urls.values() if not url.startswith("https://")]


def test_every_vendor_is_told_of_with_its_secrets() -> None:
    told = (default_config().parent / "docs" / "verifiers.md").read_text("utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in told.splitlines() if line.startswith("| `")}

    for name, each in everyone().items():
        assert [] == [secret for secret in each.secrets if f"`{secret}`" not in rows[name]]


def test_a_certificate_can_be_kept_where_its_vendor_keeps_any() -> None:
    assert {name for name, each in everyone().items() if isinstance(each.verifier, Retains)} == {"trustedform"}

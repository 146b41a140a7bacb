"""`exchange init` makes an exchange once, whole or not at all."""

from __future__ import annotations

import fcntl
import re
import shutil
import stat
import tomllib
from pathlib import Path

import pytest

from exchange.settings import Settings, load_settings, settings_document
from tests.cli.home import ROOT, Home, exchange

ANSWERS = ("--name", "Harbor", "--tz", "Europe/Berlin", "--currency", "eur", "--email", "pat@harbor.example")


def test_five_flags_answer_five_questions(tmp_path: Path) -> None:
    made = exchange("--data", tmp_path / "new", "init", *ANSWERS, "--vertical", "solar")
    settings = load_settings(tmp_path / "new" / "exchange.toml")

    assert made.code == 0
    assert (settings.name, settings.zone, settings.currency) == ("Harbor", "Europe/Berlin", "EUR")
    assert "Wrote exchange.toml and exchange.db" in made.out
    assert re.search(r"Vertical +Solar \(\d+ fields\)", made.out)
    assert re.search(r"Sign in +http://127\.0\.0\.1:8080/login/\S+ +\(once, 15 minutes", made.out)


def test_what_it_makes_only_its_owner_may_read(home: Home) -> None:
    modes = [
        stat.S_IMODE((home.folder / name).stat().st_mode) for name in ("exchange.key", "exchange.db", "exchange.toml")
    ]

    assert [0o600] * 3 == modes


def test_two_exchanges_have_no_secret_in_common(tmp_path: Path) -> None:
    made = [exchange("--data", tmp_path / name, "init", *ANSWERS, "--vertical", "solar") for name in ("a", "b")]
    keys = {(tmp_path / name / "exchange.key").read_text().split("index:")[1] for name in ("a", "b")}
    links = {re.findall(r"/login/(\S+)", each.out)[0] for each in made}

    assert (2, 2) == (len(keys), len(links))


def test_an_exchange_that_is_there_is_not_touched(home: Home) -> None:
    before = {path.name: path.read_bytes() for path in home.folder.iterdir() if path.is_file()}
    again = home.run("init", *ANSWERS, "--vertical", "solar")

    assert again.code == 6
    assert "holds an exchange already" in again.err
    assert before == {path.name: path.read_bytes() for path in home.folder.iterdir() if path.is_file()}


def test_what_a_killed_one_left_is_made_anew(tmp_path: Path) -> None:
    folder, answers = tmp_path / "new", (*ANSWERS, "--vertical", "solar")
    exchange("--data", folder, "init", *answers)
    (folder / "exchange.toml").unlink()  # killed before its last step
    (folder / ".exchange-init").write_text("config/verticals\nexchange.toml\nexchange.db\nexchange.key")
    (folder / "mine.txt").write_text("stays")
    first = (folder / "exchange.key").read_text()
    for shape in ("connections", "presets", "verifiers", "sources"):
        shutil.rmtree(folder / "config" / shape)

    again = exchange("--data", folder, "init", *answers)

    assert 0 == again.code
    assert (folder / "exchange.toml").exists()
    assert first != (folder / "exchange.key").read_text()
    assert "stays" == (folder / "mine.txt").read_text()
    assert not (folder / ".exchange-init").exists()


def test_two_at_once_are_one_and_a_refusal(tmp_path: Path) -> None:
    with (tmp_path / ".exchange-init").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused = exchange("--data", tmp_path, "init", *ANSWERS, "--vertical", "solar")

    assert (6, True) == (refused.code, "Another init is at work" in refused.err)


def test_files_that_lie_there_already_stay_also_when_it_fails(tmp_path: Path) -> None:
    preset = tmp_path / "config" / "presets" / "own.yaml"
    preset.parent.mkdir(parents=True)
    preset.write_text("preset: own")
    (tmp_path / "exchange.db-wal").mkdir()
    failed = exchange("--data", tmp_path, "init", *ANSWERS, "--vertical", "solar")

    assert 0 != failed.code
    assert "preset: own" == preset.read_text()
    assert not (tmp_path / "config" / "verticals").exists()


def test_every_wrong_answer_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    wrong = ("--tz", "Mars/Base", "--currency", "dollars", "--email", "nobody", "--vertical", "boats")
    refused = exchange("--data", tmp_path / "new", "init", *wrong)

    assert refused.code == 2
    assert ["--tz", "--currency", "--email", "--vertical"] == re.findall(r"^ +(--\w+):", refused.err, re.MULTILINE)
    assert not (tmp_path / "new").exists()


def test_without_anybody_to_ask_an_address_must_be_said(tmp_path: Path) -> None:
    refused = exchange("--data", tmp_path, "init")

    assert (2, True) == (refused.code, "--email" in refused.err)
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = exchange("--data", tmp_path / "file" / "below", "init", *ANSWERS, "--vertical", "solar")

    assert (5, True) == (refused.code, "cannot be written" in refused.err)


def test_the_settings_in_the_repository_are_those_of_the_program() -> None:
    assert (ROOT / "config" / "exchange.toml").read_text("utf-8") == settings_document()


def test_every_setting_stands_there_with_its_default() -> None:
    lines = settings_document().splitlines()
    set_free = "\n".join(line.removeprefix("# ") for line in lines if re.match(r"# [a-z_]+ = (?!\"…\")", line))
    found = tomllib.loads(set_free)

    unset = {name for name, field in Settings.model_fields.items() if field.default is None}
    assert set(Settings.model_fields) - unset == set(found)
    assert Settings.model_construct().model_dump() == load_settings(None, **found).model_dump()


def test_the_address_for_others_follows_the_port_unless_it_is_said(tmp_path: Path) -> None:
    file = tmp_path / "exchange.toml"
    file.write_text("port = 18090\n")
    follows = load_settings(file).public_url
    file.write_text('port = 18090\npublic_url = "http://127.0.0.1:8080"\n')

    assert ("http://127.0.0.1:18090", "http://127.0.0.1:8080") == (follows, load_settings(file).public_url)


@pytest.mark.parametrize("value", ['a "quoted" \\ name', "Zoë’s café", "tab\tand\nline"])
def test_a_chosen_name_is_read_back_as_it_was(value: str) -> None:
    assert value == tomllib.loads(settings_document({"name": value}))["name"]

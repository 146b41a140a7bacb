"""How every command behaves: help, flags, exit codes, JSON, and nothing that moves or shines in a pipe."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exchange import __version__
from exchange.cli import hoisted
from tests.cli.home import ROOT, Home, environment, exchange
from tests.test_docs import commands

READS = (
    ("check",),
    ("version",),
    ("key", "list"),
    ("user", "list"),
    ("ledger", "verify"),
    ("ledger", "balances"),
    ("settle",),
    ("migrate", "--dry-run"),
)
PROGRAM = Path(sys.executable).with_name("exchange")
NAMES = [tuple(name.split()[1:]) for name in commands()]


@pytest.mark.parametrize("name", NAMES, ids=" ".join)
def test_help_fits_a_screen_and_ends_with_two_examples(name: tuple[str, ...]) -> None:
    shown = exchange(*name, "--help")
    lines = shown.out.rstrip().splitlines()

    assert shown.code == 0
    assert len(lines) <= 40
    assert lines[-3].strip() == "Examples:"
    assert all(line.strip().startswith(f"exchange {' '.join(name)}") for line in lines[-2:])


@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_json_is_one_document_and_a_pipe_gets_no_colours(market_home: Home, words: tuple[str, ...]) -> None:
    document, plain = market_home.run("--json", *words), market_home.run(*words)

    assert (0, 0) == (document.code, plain.code)
    assert isinstance(document.json, dict | list)
    assert plain.out
    assert not re.search(r"[\x1b\r█░]", plain.out + plain.err)


def test_what_is_asked_first_is_answered() -> None:
    short, told = exchange("user", "-h"), exchange("--version")

    assert (0, True) == (short.code, "exchange user list" in short.out)
    assert (0, f"exchange {__version__}\n") == (told.code, told.out)


@pytest.mark.parametrize(
    ("shell", "asked"),
    [
        ("bash", {"COMP_WORDS": "exchange --data /srv us", "COMP_CWORD": "3"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "exchange --data /srv us"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "exchange --data /srv us", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_each_shell_completes_commands(shell: str, asked: dict[str, str]) -> None:
    """Asked as the script asks that `--install-completion` puts into that shell."""
    env = {**environment(), **asked, "_EXCHANGE_COMPLETE": f"complete_{shell}"}
    ran = subprocess.run([PROGRAM], env=env, capture_output=True, text=True, timeout=60)

    assert ["user"] == re.findall(r"\buser\b", ran.stdout), ran.stderr


def test_help_reads_no_library_that_only_work_needs() -> None:
    heavy = ["aiohttp", "pydantic", "cryptography", "lxml", "ruamel.yaml", "exchange.bootstrap"]
    code = f"from exchange.cli import main; main(['--help']); import sys; print(sorted({heavy} & sys.modules.keys()))"
    code = code.replace(str(heavy), f"set({heavy})")
    words = [sys.executable, "-c", code]
    ran = subprocess.run(words, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=60)

    assert ran.stdout.splitlines()[-1] == "[]"


def test_global_flags_may_stand_anywhere_before_two_dashes() -> None:
    given = ["why", "ld_1", "--json", "--data", "d", "--tz=UTC", "--", "--quiet"]

    assert ["--json", "--data", "d", "--tz=UTC", "why", "ld_1", "--", "--quiet"] == hoisted(given)


@pytest.mark.parametrize(
    "words",
    [("boast",), ("why",), ("serve", "--port", "x"), ("import",), ("import", "a.csv"), ("settle", "dlv_1", "perhaps")],
    ids=" ".join,
)
def test_wrong_usage_exits_2_and_says_where_help_is(home: Home, words: tuple[str, ...]) -> None:
    refused = home.run(*words)

    assert refused.code == 2
    assert refused.err.strip()


@pytest.mark.parametrize("words", [*READS[2:], ("why", "ld_1"), ("tail",), ("user", "login-link", "a@b.example")])
def test_no_exchange_exits_5_and_names_init(tmp_path: Path, words: tuple[str, ...]) -> None:
    refused = exchange("--data", tmp_path, *words)

    assert (5, True) == (refused.code, "exchange init" in refused.err)


def test_a_database_that_is_gone_exits_5_and_is_not_made(home: Home) -> None:
    home.database.unlink()
    refused = home.run("ledger", "verify")

    assert (5, True) == (refused.code, str(home.database) in refused.err)
    assert not home.database.exists()


def test_a_file_that_is_no_database_exits_5(home: Home) -> None:
    home.database.write_bytes(b"This is a letter, and no database at all. " * 100)
    refused = home.run("user", "list")

    assert (5, True) == (refused.code, "not a database" in refused.err)


def test_a_master_key_that_is_gone_is_never_replaced(home: Home) -> None:
    (home.folder / "exchange.key").unlink()
    refused = home.run("user", "login-link", "pat@exchange.example")

    assert (5, True) == (refused.code, "put it back" in refused.err)
    assert not (home.folder / "exchange.key").exists()


def test_settings_that_are_wrong_are_all_told(home: Home) -> None:
    with (home.folder / "exchange.toml").open("a") as file:
        file.write('\nport = "many"\ncolour = "red"\n')
    refused = home.run("user", "list")

    assert refused.code == 5
    assert ["port", "colour"] == re.findall(r"^ +(port|colour): ", refused.err, re.MULTILINE)


def test_a_refusal_is_a_document_too(home: Home) -> None:
    refused = home.run("--json", "why", "ld_nothing")

    assert {"error": "Nothing here goes by ld_nothing.", "details": [], "exit": 1} == refused.json


def test_a_zone_that_is_none_is_wrong_usage(market_home: Home) -> None:
    assert 2 == market_home.run("key", "list", "--tz", "Mars/Base").code


def test_a_reader_that_has_had_enough_is_no_error(market_home: Home) -> None:
    ran = subprocess.run(
        f"{sys.executable} -m exchange --data {market_home.folder} ledger balances | head -c 1",
        shell=True,
        capture_output=True,
        env=environment(),
        timeout=60,
    )

    assert (0, b"") == (ran.returncode, ran.stderr)

"""The conventions, as tests. Each rule has a bad sample that it must find and a good one that it must leave alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import dedent

import pytest

from tests.tidy import calls, layers, shape, sql, words
from tests.tidy.source import Finding, Source, read_all


@dataclass(frozen=True)
class Rule:
    """A rule and its own proof: (path, text) of a file that breaks it and of one that keeps it."""

    check: Callable[[Source], Iterator[Finding]]
    bad: tuple[str, str]
    good: tuple[str, str]

    def __str__(self) -> str:
        return self.check.__name__


LONG = "def long() -> None:\n" + "    x = 1\n" * 70
SHORT = "def short() -> None:\n" + "    x = 1\n" * 69
IGNORED = "x = y  # type: ignore"
TO_DO = "TO" + "DO"

RULES = (
    Rule(
        layers.layers,
        ("exchange/stages/price.py", "from exchange.storage.leads import save"),
        ("exchange/stages/price.py", "from exchange.model.money import Money\nimport exchange.limits"),
    ),
    Rule(
        layers.layers,
        ("exchange/model/money.py", "from exchange import limits"),
        ("exchange/flows/quote.py", "from ..storage.leads import save"),
    ),
    Rule(layers.layers, ("exchange/cli.py", "import buyers"), ("exchange/bootstrap.py", "import buyers")),
    Rule(
        layers.layers,
        ("buyers/reading.py", "def f():\n    from exchange.courier.http import send"),
        ("buyers/reading.py", "from exchange.connector import BadReply"),
    ),
    Rule(layers.layers, ("exchange/sorcery.py", "x = 1"), ("exchange/limits.py", "import math")),
    Rule(layers.foreign, ("exchange/model/lead.py", "import pydantic"), ("exchange/model/lead.py", "import re")),
    Rule(
        layers.foreign, ("buyers/acme/connector.py", "import aiohttp"), ("exchange/courier/http.py", "import aiohttp")
    ),
    Rule(layers.foreign, ("exchange/web/app.py", "import sqlite3"), ("exchange/storage/sqlite.py", "import sqlite3")),
    Rule(
        layers.only_flows_open_units_of_work,
        ("exchange/web/app.py", "async def f(market):\n    await market.db.write(unit)"),
        ("exchange/web/app.py", "async def f(market, response):\n    await response.write(await market.db.read(q))"),
    ),
    Rule(
        calls.time_has_one_home,
        ("exchange/worker.py", "from datetime import datetime as d\nx = d.now()"),
        ("exchange/clock.py", "import time\nx = time.time()"),
    ),
    Rule(
        calls.randomness_has_one_home,
        ("exchange/worker.py", "import uuid\nx = uuid.uuid4()"),
        ("exchange/demo/people.py", "import random\nx = random.Random(7)"),
    ),
    Rule(
        calls.randomness_has_one_home,
        ("exchange/demo/people.py", "import os\nx = os.urandom(8)"),
        ("exchange/web/keys.py", "import secrets\nx = secrets.compare_digest(a, b)"),
    ),
    Rule(calls.only_the_command_prints, ("exchange/worker.py", "print(1)"), ("exchange/cli.py", "print(1)")),
    Rule(
        calls.nothing_sleeps,
        ("tests/flows/test_sell.py", "import asyncio\nasync def f():\n    await asyncio.sleep(0.1)"),
        ("tests/flows/test_sell.py", "import asyncio\nasync def f():\n    await asyncio.sleep(0)"),
    ),
    Rule(
        calls.nothing_sleeps,
        ("bench/run.py", "from time import sleep\nsleep(1)"),
        ("exchange/clock.py", "import asyncio\nasync def f(s):\n    await asyncio.sleep(s)"),
    ),
    Rule(
        calls.tests_use_real_parts,
        ("tests/test_a.py", "from unittest import mock"),
        ("tests/test_a.py", "from unittest import TestCase"),
    ),
    Rule(
        calls.tests_use_real_parts,
        ("tests/test_a.py", "def test_a(monkeypatch):\n    assert monkeypatch"),
        ("tests/test_a.py", "def test_a(tmp_path):\n    assert tmp_path"),
    ),
    Rule(
        calls.tests_use_real_parts,
        ("tests/test_a.py", "import pytest\n@pytest.mark.skipif(True)\ndef test_a():\n    assert 1"),
        ("tests/test_a.py", "import pytest\n@pytest.mark.parametrize('a', [1])\ndef test_a(a):\n    assert a"),
    ),
    Rule(
        calls.every_test_asserts,
        ("tests/test_a.py", "def run(): ...\ndef test_a():\n    run()"),
        ("tests/test_a.py", "def test_a():\n    with pytest.raises(ValueError):\n        run()"),
    ),
    Rule(
        calls.every_test_asserts,
        ("tests/test_a.py", "async def test_a():\n    await run()"),
        ("tests/test_a.py", "def prove():\n    assert run()\ndef test_a():\n    prove()"),
    ),
    Rule(
        calls.no_float_near_money,
        ("exchange/stages/price.py", "x = float('1')"),
        ("exchange/stages/schedule.py", "x = float('1')"),
    ),
    Rule(
        calls.no_float_near_money,
        ("exchange/storage/ledger.py", "half = units / 2"),
        ("exchange/storage/ledger.py", "half = units // 2"),
    ),
    Rule(
        calls.errors_are_never_swallowed,
        ("exchange/worker.py", "try:\n    run()\nexcept Exception:\n    pass"),
        ("exchange/worker.py", "try:\n    run()\nexcept KeyError:\n    pass"),
    ),
    Rule(
        calls.errors_are_never_swallowed,
        ("exchange/worker.py", "import contextlib\nwith contextlib.suppress(Exception):\n    run()"),
        ("exchange/worker.py", "import contextlib\nwith contextlib.suppress(OSError):\n    run()"),
    ),
    Rule(shape.files_stay_short, ("exchange/a.html", "\n" * 401), ("exchange/web/static/a.min.js", "\n" * 401)),
    Rule(shape.functions_fit_a_screen, ("exchange/a.py", LONG), ("exchange/a.py", SHORT)),
    Rule(shape.names_say_something, ("exchange/web/utils.py", ""), ("exchange/web/charts.py", "")),
    Rule(shape.names_say_something, ("buyers/common/reading.py", ""), ("buyers/reading.py", "")),
    Rule(
        shape.modules_hold_constants_only,
        ("exchange/a.py", "TABLE = {'a': 1}\ndef f():\n    TABLE['b'] = 2"),
        ("exchange/a.py", "TABLE = {'a': 1}\nnames = frozenset({'a'})\n__all__ = ['a']"),
    ),
    Rule(
        shape.modules_hold_constants_only,
        ("exchange/a.py", "from exchange import b\nb.TABLE.update(x=1)"),
        ("exchange/a.py", "from exchange import b\nb.digest.update(x)"),
    ),
    Rule(
        shape.modules_hold_constants_only,
        ("exchange/a.py", "TABLE: dict[str, int] = {}"),
        ("exchange/a.py", "TABLE: tuple[str, ...] = ()"),
    ),
    Rule(
        shape.modules_hold_constants_only,
        ("exchange/a.py", "seen = {'a'}"),
        ("exchange/a.py", "def f():\n    seen = {}\n    return seen"),
    ),
    Rule(
        shape.modules_hold_constants_only,
        ("exchange/a.py", "from functools import cache\n@cache\ndef f(x): return x"),
        ("exchange/a.py", "from functools import lru_cache\n@lru_cache(maxsize=64)\ndef f(x): return x"),
    ),
    Rule(
        shape.modules_hold_constants_only,
        ("exchange/a.py", "def f():\n    global COUNT\n    COUNT = 1"),
        ("exchange/a.py", "def f():\n    COUNT = 1"),
    ),
    Rule(
        shape.nouns_are_frozen,
        ("exchange/model/a.py", "from dataclasses import dataclass\n@dataclass(slots=True)\nclass A: ..."),
        ("exchange/model/a.py", "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A: ..."),
    ),
    Rule(
        shape.nouns_are_frozen,
        ("exchange/stages/a.py", "import dataclasses\n@dataclasses.dataclass\nclass Plan: ..."),
        ("exchange/stages/a.py", "import dataclasses\n@dataclasses.dataclass\nclass _Reading: ..."),
    ),
    Rule(
        shape.ignored_types_have_a_reason,
        ("exchange/a.py", f"{IGNORED}[misc]"),
        ("exchange/a.py", f"{IGNORED}[misc]  # the stubs know no coroutine here"),
    ),
    Rule(
        shape.unfinished_work_is_not_left,
        ("exchange/a.py", f"x = 1  # {TO_DO} more"),
        ("exchange/a.py", f"x = '# {TO_DO}'"),
    ),
    Rule(
        shape.unfinished_work_is_not_left,
        ("exchange/a.py", "def f():\n    raise NotImplementedError('soon')"),
        ("exchange/a.py", "def f():\n    raise ValueError('no')"),
    ),
    Rule(
        sql.sql_stays_in_storage,
        ("exchange/web/leads.py", "q = f'SELECT id FROM leads WHERE {x}'"),
        ("exchange/web/leads.py", "q = 'Select a buyer from the list, or update it'"),
    ),
    Rule(
        sql.sql_stays_in_storage,
        ("exchange/flows/sell.py", "q = 'DELETE FROM holds'"),
        ("exchange/storage/holds.py", "q = 'DELETE FROM holds'"),
    ),
    Rule(
        words.speaks_of_the_product_alone,
        ("docs/a.md", "see /ro" + "ot/exchange"),
        ("docs/a.md", "see ~/exchange, and --no-emit-index-url"),
    ),
    Rule(
        words.speaks_of_the_product_alone,
        ("requirements/run.txt", "--extra-index-" + "url https://pypi.example/simple"),
        ("requirements/run.txt", "aiohttp==3.14.5"),
    ),
)

BAD_SQL = (
    "SELECT SUM(units) FROM entries",
    "SELECT id FROM leads WHERE city LIKE :city",
    "SELECT id FROM leads WHERE city ILIKE :city",
    "UPDATE leads SET at = CURRENT_TIMESTAMP",
    "UPDATE leads SET at = NOW()",
    "SELECT GROUP_CONCAT(id) FROM leads",
    "SELECT GREATEST(a, b) FROM caps",
    "SELECT facts->>'zip' FROM leads",
    "SELECT json_extract(facts, '$.zip') FROM leads",
    "UPDATE leads SET sold = TRUE",
    "INSERT OR IGNORE INTO leads VALUES (1)",
    "CREATE TABLE a (id SERIAL)",
)
GOOD_SQL = (
    "SELECT CAST(SUM(units) AS BIGINT) FROM entries",
    "SELECT id FROM leads WHERE LOWER(city) LIKE :city",
    "UPDATE leads SET sold = 1, at = :now",
)


def test_the_project_keeps_every_rule() -> None:
    checks = (*dict.fromkeys(rule.check for rule in RULES), sql.sql_is_portable)
    broken = [
        f"{source.path}:{finding.line}: {finding.sentence} ({check.__name__})"
        for source in read_all()
        for check in checks
        for finding in check(source)
    ]

    assert [] == broken, "\n".join(["", *broken])


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_rule_can_fail(rule: Rule) -> None:
    path, text = rule.bad

    assert [] != list(rule.check(Source(path, dedent(text))))


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_rule_leaves_good_code_alone(rule: Rule) -> None:
    path, text = rule.good

    assert [] == list(rule.check(Source(path, dedent(text))))


@pytest.mark.parametrize("statement", BAD_SQL)
def test_sql_that_one_engine_reads_differently_is_found(statement: str) -> None:
    in_python = Source("exchange/storage/a.py", f'Q = """{statement}"""')
    in_a_migration = Source("exchange/storage/migrations/001_a.sql", statement)

    assert 1 == len(list(sql.sql_is_portable(in_python)))
    assert 1 == len(list(sql.sql_is_portable(in_a_migration)))


@pytest.mark.parametrize("statement", GOOD_SQL)
def test_portable_sql_is_left_alone(statement: str) -> None:
    assert [] == list(sql.sql_is_portable(Source("exchange/storage/a.py", f'Q = """{statement}"""')))


def test_every_page_has_its_template_and_every_template_its_page() -> None:
    assert [] == [f"{path}: {finding.sentence}" for path, finding in shape.pages_come_in_pairs(read_all())]


def test_a_page_alone_is_found_and_a_shared_part_is_not() -> None:
    console = "exchange/web/console/"
    names = ("leads.py", "leads.html", "lead.py", "money.html", "_waterfall.html", "__init__.py")
    alone = [path for path, _ in shape.pages_come_in_pairs(Source(console + name, "") for name in names)]

    assert [console + "lead.py", console + "money.html"] == alone


def test_the_layer_table_names_no_layer_twice_removed() -> None:
    """A row may name only layers that have a row themselves."""
    named = {target for row in layers.MAY_IMPORT.values() for target in row}

    assert set() == named - set(layers.MAY_IMPORT)

"""One SQL text, two engines."""

from __future__ import annotations

from exchange.storage.rows import listed, values_of
from exchange.storage.spelling import named, numbered, placed, section, sqlite_statements


def test_a_name_becomes_a_number_with_its_type_and_the_same_name_the_same_number() -> None:
    sql = "SELECT :a, :b WHERE x = :a AND y = :c"

    assert ("a", "b", "c") == named(sql)
    assert "SELECT $1::text, $2::bigint WHERE x = $1::text AND y = $3" == numbered(
        sql, {"a": "text", "b": "bigint", "c": ""}
    )
    assert "$4" == numbered(":a", {"a": ""}, 4)


def test_quotes_comments_and_casts_keep_their_colons() -> None:
    sql = """SELECT ':no', 'it''s :no', "a:no", x::text, :yes -- :no
             /* :no */ FROM t"""

    assert ("yes",) == named(sql)
    assert sql.replace(":yes", "$1") == numbered(sql, {"yes": ""})


def test_each_engine_gets_its_own_sections() -> None:
    text = "one;\n-- sqlite:\ntwo;\n-- postgresql:\nthree;\n-- all:\nfour;"

    assert "one;\ntwo;\nfour;" == section(text, "sqlite")
    assert "one;\nthree;\nfour;" == section(text, "postgresql")


def test_sqlite_gets_strict_tables_its_own_types_and_whole_triggers() -> None:
    text = """-- A comment with a semicolon; and BIGINT.
CREATE TABLE t (
    id BIGINT PRIMARY KEY, -- the BIGINT; number
    body BYTEA NOT NULL DEFAULT 'BYTEA'
);
-- sqlite:
CREATE TRIGGER no BEFORE UPDATE ON t
BEGIN SELECT RAISE(ABORT, 'no; never'); END;
"""
    table, trigger = sqlite_statements(text)

    assert "id INTEGER PRIMARY KEY" in table and "body BLOB NOT NULL DEFAULT 'BYTEA'" in table
    assert table.endswith(") STRICT")
    assert trigger.startswith("CREATE TRIGGER") and trigger.endswith("END;")


def test_lists_are_filled_up_so_that_few_statements_exist() -> None:
    assert ("(:id_0, :id_1, :id_2, :id_3)", {"id_0": 1, "id_1": 2, "id_2": 3, "id_3": 3}) == listed("id", [1, 2, 3])
    assert ("(:id_0)", {"id_0": 1}) == listed("id", [1])


def test_rows_become_values() -> None:
    assert ("VALUES (:a_0, :b_0), (:a_1, :b_1)", {"a_0": 1, "b_0": 2, "a_1": 3, "b_1": 4}) == values_of(
        ("a", "b"), [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    )


def test_names_become_places_for_sqlite() -> None:
    sql = "UPDATE t SET a = :a, b = ':a', c = :c || x::text -- :d\nWHERE a = :a"

    assert "UPDATE t SET a = ?1, b = ':a', c = ?2 || x::text -- :d\nWHERE a = ?1" == placed(sql, named(sql))

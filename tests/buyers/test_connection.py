"""Connections: laid over presets, checked whole, every problem told at once."""

from __future__ import annotations

from typing import Any

import pytest

from buyers import connectors
from buyers.connection import Connection
from buyers.family import ConnectionProblems, Problem, lay_over
from buyers.family import load as load_of
from exchange.cases import read_cases, run_cases
from exchange.connector import Profile
from tests.buyers.shelf import CONFIG, connector, of_preset, presets, yaml

RULES = "{outcomes: [{means: accepted, when: {where: 'json:ok', equals: true}}]}"


def load(text: str, **shelf: Any) -> Connection:
    return Connection.load(yaml(text), shelf)


def problems(text: str, **shelf: Any) -> list[tuple[str, str]]:
    with pytest.raises(ConnectionProblems) as refused:
        load(text, **shelf)
    return [(problem.path, problem.message) for problem in refused.value.problems]


def post(rest: str = "") -> str:
    return f"{{connection: a, connector: json_http, post: {{url: 'https://a.example', reading: {RULES}}}{rest}}}"


def test_every_problem_is_told_with_its_path() -> None:
    text = """
    connection: a
    connector: smoke_http
    colour: blue
    post:
      url: ftp://a.example
      body: {x: {field: a, constant: b}, y: {term: weather}}
      headers: {"Bad Header": {constant: x}}
      reading:
        outcomes:
          - {means: accepted, when: {where: "json:a[", equals: 1}}
          - {means: maybe, when: {where: body, equals: 1}}
    """

    assert {
        "connector",
        "colour",
        "post.url",
        "post.body.x",
        "post.body.y.term",
        "post.headers",
        "post.reading.outcomes.0.when.where.0",
        "post.reading.outcomes.1.means",
    } == {path for path, _ in problems(text)}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{as: xml, body: {A.x: zip, B.y: zip}}", "one root"),
        ("{as: xml, body: {'A.1x': zip}}", "not a path of elements"),
        ("{as: xml, body: {'A.p:x': zip}}", "`namespaces`"),
        ("{as: soap, body: {'@x': zip}}", "no element"),
        ("{as: form, body: {m: {document: {as: xml, fields: {a: zip, b: zip}}}}}", "one root"),
    ],
)
def test_a_body_that_does_not_fit_its_encoding_is_refused(body: str, said: str) -> None:
    found = problems(
        f"{{connection: a, connector: json_http, post: {{url: 'https://a.example', <<: {body}, reading: {RULES}}}}}"
    )

    assert [("post.body", True)] == [(path, said in message) for path, message in found]


@pytest.mark.parametrize(
    "url",
    [
        "https://user@a.example/",
        "https://{reference}.a.example/",
        "https://a.example/{phone}",
        "file:///etc/hosts",
        "https://",
        "https://a.example/a b",
        "https://a.example:99999/",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused(url: str) -> None:
    text = f"{{connection: a, connector: json_http, post: {{url: '{url}', reading: {RULES}}}}}"

    assert ["post.url"] == [path for path, _ in problems(text)]


def test_a_stage_without_a_rule_for_a_yes_does_not_start() -> None:
    rules = "{outcomes: [{means: rejected, when: {where: 'json:ok', equals: false}}]}"
    text = f"{{connection: a, connector: json_http, post: {{url: 'https://a.example', reading: {rules}}}}}"

    assert "no rule for accepted or queued" in problems(text)[0][1]


def test_unknown_presets_and_variants_are_named() -> None:
    shelf: dict[str, Any] = {"px": {"variants": {"xml": {}}}}

    assert [("preset", "'py' is not one of px")] == problems("{connection: a, preset: py}", **shelf)
    assert "not a variant of px: xml" in problems("{connection: a, preset: px, variant: yml}", **shelf)[0][1]
    for wrong in ("[px]", "{px: 1}", "7"):
        assert "preset" == problems(f"{{connection: a, preset: {wrong}}}", **shelf)[0][0]
        assert "variant" == problems(f"{{connection: a, preset: px, variant: {wrong}}}", **shelf)[0][0]


def test_a_zone_longer_than_any_file_name_is_none() -> None:
    body = f"body: {{sent: {{term: now, zone: {'x' * 5_000}}}}}"
    text = post().replace("reading:", f"{body}, reading:")

    assert "is not a time zone" in problems(text)[0][1]


def test_a_connection_lies_over_its_variant_and_the_variant_over_the_preset() -> None:
    under = {"a": {"x": {"field": "zip"}, "y": 1, "z": [1]}}

    assert {"a": {"x": {"constant": "c"}, "z": [2]}} == lay_over(
        under, {"a": {"x": {"constant": "c"}, "y": None, "z": [2]}}
    )


def test_what_a_preset_knows_and_a_buyer_does_not_use_is_left_out() -> None:
    document = {"connection": "a", "preset": "phonexa", "post": {"url": "https://a.example/post"}}

    assert ["post"] == list(Connection.load(document, presets()).readers)


def test_a_connection_names_the_secrets_and_fields_it_draws_on() -> None:
    connection = of_preset("ringy", None, presets())

    assert {"sid", "auth_token"} == connection.secrets
    assert {"phone", "first_name", "last_name", "email", "state", "dob"} == connection.fields["post"]


def test_abilities_are_found_on_the_connector_and_only_where_they_are() -> None:
    asks = connector(of_preset("phonexa", None, presets(), repeats_safely=True))
    silent = connector(of_preset("cake", None, presets(), not_taken=[400], busy=[]))

    assert (True, True) == (hasattr(asks, "ask"), getattr(asks, "repeats_safely", None))
    assert (False, False) == (hasattr(silent, "ask"), getattr(silent, "repeats_safely", None))
    assert Profile(frozenset({400}), frozenset()) == getattr(silent, "profile", None)


def test_every_preset_and_variant_makes_a_connector() -> None:
    shelf = presets()
    made = [
        connector(of_preset(name, variant, shelf))
        for name, document in shelf.items()
        for variant in (None, *(document.get("variants") or {}))
    ]

    assert len(shelf) < len(made)
    assert {"form_http", "json_http", "soap_http", "xml_http"} <= set(connectors())


def test_the_cases_of_every_example_connection_come_out_as_they_say() -> None:
    shelf, wrong, count = presets(), [], 0
    for folder in sorted((CONFIG / "connections").iterdir()):
        speaker = load_of(yaml((folder / "connection.yaml").read_text("utf-8")), shelf, connectors()).build()
        files = sorted((folder / "cases").glob("*.yaml"))
        cases = [case for file in files for case in read_cases(file.read_text("utf-8"), file.name)]
        results = run_cases(speaker, cases)
        count += len(results)
        wrong += [(folder.name, result.name, result.problems) for result in results if not result.ok]

    assert [] == wrong
    assert 20 < count


def test_a_document_without_problems_loads() -> None:
    assert "a" == load(post()).name


def test_a_document_is_read_by_the_family_of_its_connector() -> None:
    document = {"connection": "a", "preset": "ringy", "post": {"url": "https://buyer.example/post"}}
    loaded = load_of(document, presets(), connectors())

    assert ("a", "json_http", frozenset({"sid", "auth_token"})) == (loaded.name, loaded.connector, loaded.secrets)
    assert {"post.url": "https://buyer.example/post"} == loaded.urls
    assert ["post"] == list(getattr(loaded.build(), "stages", {}))


@pytest.mark.parametrize("connector", ["smoke", None])
def test_a_connector_of_no_family_is_named(connector: str | None) -> None:
    with pytest.raises(ConnectionProblems) as refused:
        load_of({"connection": "a", "connector": connector}, {}, connectors())

    known = ", ".join(sorted(connectors()))
    assert (Problem("connector", f"{connector!r} is not one of {known}"),) == refused.value.problems


def test_a_connection_whose_token_comes_first_sends_several_messages() -> None:
    step = {"url": "https://a.example/token", "keep": {"token": {"where": "json:token"}}}
    plain = yaml(post())
    stepped = {**plain, "post": {**plain["post"], "steps": [step]}}

    assert [False, True] == [
        getattr(load_of(each, {}, connectors()).build(), "several_messages", None) for each in (plain, stepped)
    ]

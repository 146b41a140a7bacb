"""The command `exchange`: its global flags, its table of commands, and what its exit codes mean.

Commands import what they need when they run, so that `exchange --help` is quick.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import Abort, TyperException

from exchange import __version__
from exchange.commands import (
    backup,
    buyer,
    campaign,
    campaign_state,
    check,
    consent,
    data,
    doctor,
    export,
    init,
    invoice,
    job,
    key,
    ledger,
    master_key,
    migrate,
    payments,
    payout,
    reconcile,
    replay,
    report,
    scrub,
    serve,
    settle,
    simulate,
    source,
    suppression,
    tail,
    user,
    verifier,
    version,
    vertical,
    webhook,
    why,
)
from exchange.commands import demo as demo_command
from exchange.commands import imports as imports_command
from exchange.commands.terminal import Exit, Stop, Terminal, write

VALUE_FLAGS = ("--config", "--data", "--tz")
GLOBAL_FLAGS = "Global flags, in any place: --config --data --json --quiet --yes --no-color --tz"
PLAIN_FLAGS = ("--json", "--quiet", "--yes", "--no-color")

app = typer.Typer(
    name="exchange",
    help="A lead exchange: sellers ping and post, buyers bid, the winner gets the lead, the books balance.",
    epilog="\b\nexit  0 done  1 failed  2 wrong usage  3 some items failed  4 check failed\n"
    "      5 cannot reach configuration, database or server  6 refused  130 interrupted\n\b\n"
    "Examples:\n  exchange demo\n  exchange init --email operator@harbor.example",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def group(name: str, told: str, first: str, second: str, *, alone: bool = False) -> typer.Typer:
    """Commands under one word, whose help ends with two examples; `alone` says that the word does something too."""
    made = typer.Typer(help=told, no_args_is_help=not alone, rich_markup_mode=None)
    app.add_typer(made, name=name, epilog=f"\b\nExamples:\n  {first}\n  {second}")
    return made


buyer_app = group(
    "buyer",
    "How buyers are spoken to.",
    "exchange buyer test northsun-solar",
    "exchange buyer test northsun-solar --reply no.json",
)
campaign_app = group(
    "campaign",
    "How sellers post into each campaign.",
    "exchange campaign list",
    "exchange campaign spec solar-acme --format csv",
)
vertical_app = group(
    "vertical",
    "The fields of each kind of lead.",
    "exchange vertical apply solar.yaml",
    "exchange vertical apply solar.yaml --yes",
)
key_app = group(
    "key", "Keys of parties, and the master key.", "exchange key list", "exchange key create --campaign solar-acme"
)
job_app = group("job", "Work that gave up.", "exchange job list", "exchange job replay --kind notice")
source_app = group(
    "source", "Where leads come from beside the API.", "exchange source list", "exchange source poll cedar_feed"
)
consent_app = group(
    "consent", "Consent that was taken back.", "exchange consent list", "exchange consent revoke 6025550142"
)
suppression_app = group(
    "suppression",
    "Who must not be sold.",
    "exchange suppression list",
    "exchange suppression add partners partners.csv",
)
user_app = group("user", "Who may sign in.", "exchange user list", "exchange user add agent@harbor.example")
verifier_app = group(
    "verifier", "Outside checks of leads.", "exchange verifier list", "exchange verifier test twilio_lookup --show"
)
webhook_app = group(
    "webhook", "Who is told of events.", "exchange webhook list", "exchange webhook replay --since 2026-11-20T14:00:00Z"
)
ledger_app = group(
    "ledger", "The books: check, read, add.", "exchange ledger verify", "exchange ledger balances --json"
)
invoice_app = group(
    "invoice", "What buyers are billed.", "exchange invoice list", "exchange invoice show INV-2026-00042"
)
payments_app = group("payments", "Who takes cards.", "exchange payments connect", "exchange payments connect --json")
payout_app = group("payout", "What sellers are paid.", "exchange payout preview", "exchange payout export ach")
export_app = group(
    "export", "Leads as a file.", "exchange export leads --from 2026-11-01", "exchange export leads --json"
)
reconcile_app = group(
    "reconcile", "Books beside ours.", "exchange reconcile bring november.csv buyer:northsun", "exchange reconcile list"
)
report_app = group(
    "report", "Any figure by anything.", "exchange report list", "exchange report show sellers --period 7d"
)
data_app = group(
    "data",
    "Tables of facts: ZIP codes, mail domains, networks.",
    "exchange data",
    "exchange data update disposable_domains.txt",
    alone=True,
)
data_app.callback(invoke_without_command=True)(data.show)


def told_version(asked: bool) -> None:
    """`exchange --version`, for whoever does not know yet that `exchange version` tells more."""
    if asked:
        write(sys.stdout, [f"exchange {__version__}"])
        raise typer.Exit


@app.callback()
def global_flags(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The settings file.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--data", help="The folder with exchange.toml and the database.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No remarks, only results.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, go on.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR does the same.")] = False,
    tz: Annotated[str | None, typer.Option(help="Time zone of the times shown.")] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Tell the version and exit.", is_eager=True, callback=told_version)
    ] = False,
) -> None:
    """Flags that every command takes, before or after its name."""
    context.obj = Terminal(config, folder, as_json, quiet, yes, not no_color, tz)


def add(to: typer.Typer, name: str, function: Callable[..., None], first: str, second: str) -> None:
    """A command whose help ends with two examples."""
    epilog = f"\b\n{GLOBAL_FLAGS}\n\b\nExamples:\n  {first}\n  {second}"
    to.command(name, epilog=epilog)(function)


add(
    app, "init", init.init, "exchange init", "exchange init --tz Europe/Berlin --currency EUR --email me@harbor.example"
)
add(app, "serve", serve.serve, "exchange serve", "exchange serve --port 9000 --data /srv/exchange")
add(app, "demo", demo_command.demo, "exchange demo", "exchange demo --stream leads.jsonl --no-browser")
add(app, "check", check.check, "exchange check", "exchange check --json")
add(app, "why", why.why, "exchange why ld_01KAG2V7RN6M4T", "exchange why ld_01KAG2V7RN6M4T northsun")
add(app, "tail", tail.tail, "exchange tail --seller cedar --status rejected", "exchange tail --json --count 10")
add(app, "settle", settle.settle, "exchange settle", 'exchange settle att_01KAG4 accepted --note "told by phone"')
add(
    app,
    "import",
    imports_command.import_file,
    "exchange import leads.csv --campaign solar-acme --dry-run",
    "exchange import --resume imp_01KAG4",
)
add(
    app,
    "replay",
    replay.replay,
    "exchange replay --deliveries --buyer cobalt --since 2026-11-20",
    "exchange replay ld_01KAG2V7RN6M4T --mode test --diff",
)
add(app, "version", version.tell_version, "exchange version", "exchange version --json")
add(app, "migrate", migrate.migrate_database, "exchange migrate --dry-run", "exchange migrate --data /srv/exchange")
add(
    campaign_app,
    "add",
    campaign.add,
    "exchange campaign add solar-acme --seller acme --vertical solar",
    "exchange campaign add legal-acme --seller acme --vertical legal --share 65 --floor 40.00 --slots 3",
)
add(campaign_app, "scrub", scrub.rules, "exchange campaign scrub c1", "exchange campaign scrub c1 email_role=flag")
add(campaign_app, "list", campaign.list_all, "exchange campaign list", "exchange campaign list --json")
add(
    campaign_app,
    "spec",
    campaign.spec,
    "exchange campaign spec solar-acme",
    "exchange campaign spec solar-acme --format openapi",
)
add(
    campaign_app,
    "answers",
    campaign.answers,
    "exchange campaign answers solar-acme matched",
    "exchange campaign answers solar-acme --file answers.yaml",
)
add(vertical_app, "list", vertical.list_all, "exchange vertical list", "exchange vertical list --json")
add(
    vertical_app,
    "apply",
    vertical.apply,
    "exchange vertical apply solar.yaml",
    "exchange vertical apply solar.yaml --yes",
)
add(
    buyer_app,
    "test",
    buyer.test,
    "exchange buyer test northsun-solar --stage ping --show",
    "exchange buyer test northsun-solar --reply no.json --status 200",
)
add(verifier_app, "list", verifier.list_all, "exchange verifier list", "exchange verifier list --json")
add(
    verifier_app,
    "test",
    verifier.test,
    "exchange verifier test twilio_lookup --show",
    "exchange verifier test trustedform --reply answer.json --status 200",
)
add(key_app, "rotate", master_key.rotate, "exchange key rotate", "exchange key rotate --status")
add(key_app, "retire", master_key.retire, "exchange key retire 1", "exchange key retire 1 --yes")
add(job_app, "list", job.list_dead, "exchange job list", "exchange job list --kind notice --json")
add(job_app, "replay", job.replay, "exchange job replay job_01KAG4", "exchange job replay --kind notice --yes")
for _app, _module in (
    (app, doctor),
    (app, backup),
    (app, simulate),
    (suppression_app, suppression),
    (consent_app, consent),
    (payout_app, payout),
    (ledger_app, ledger),
    (invoice_app, invoice),
    (payments_app, payments),
    (reconcile_app, reconcile),
    (report_app, report),
    (export_app, export),
    (webhook_app, webhook),
    (campaign_app, campaign_state),
    (user_app, user),
    (key_app, key),
):
    for _command in _module.commands():
        add(_app, *_command)
add(source_app, "list", source.list_all, "exchange source list", "exchange source list --json")
add(source_app, "poll", source.poll, "exchange source poll cedar_feed", "exchange source poll cedar_feed --json")
add(
    source_app,
    "pause",
    source.pause,
    "exchange source pause cedar_feed",
    "exchange source pause cedar_feed --resume",
)
add(
    data_app,
    "update",
    data.update,
    "exchange data update disposable_domains.txt",
    "exchange data update zips.csv.gz --json",
)
add(data_app, "reset", data.reset, "exchange data reset disposable_domains", "exchange data reset zips --json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    given = hoisted(list(sys.argv[1:] if arguments is None else arguments))
    as_json = "--json" in given[: _flags_end(given)]
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        answer = typer.main.get_command(app).main(args=given, prog_name="exchange", standalone_mode=False)
    except Stop as stop:
        return _stopped(stop, as_json)
    except TyperException as error:
        return _stopped(Stop(Exit.USAGE, f"{error.format_message()} See {_help_of(error)}."), as_json)
    except (Abort, KeyboardInterrupt):
        return _stopped(Stop(Exit.INTERRUPTED), as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read stdout has had enough
        return int(Exit.DONE)
    except Exception as error:
        traceback.print_exc()
        return _stopped(Stop(Exit.FAILED, f"The command failed: {type(error).__name__}."), as_json)
    finally:
        signal.signal(signal.SIGTERM, before)
    return answer if isinstance(answer, int) else int(Exit.DONE)


def hoisted(arguments: list[str]) -> list[str]:
    """Global flags before everything else, wherever they stood up to `--`."""
    ahead: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in PLAIN_FLAGS or argument.startswith(tuple(f"{flag}=" for flag in VALUE_FLAGS)):
            ahead.append(argument)
        elif argument in VALUE_FLAGS:
            ahead += [argument, *[value for value in [next(waiting, None)] if value is not None]]
        else:
            rest.append(argument)
    return ahead + rest


def _flags_end(given: list[str]) -> int:
    return given.index("--") if "--" in given else len(given)


def _stopped(stop: Stop, as_json: bool) -> int:
    """Tell why a command ended: on stderr, and as a document where that was asked for."""
    if as_json and stop.sentence:
        document = {"error": stop.sentence, "details": list(stop.details), "exit": int(stop.code)}
        write(sys.stdout, [json.dumps(document, ensure_ascii=False)])
    elif stop.sentence:
        write(sys.stderr, [f"  {stop.sentence}", *(f"    {detail}" for detail in stop.details)])
    return int(stop.code)


def _help_of(error: Any) -> str:
    path = getattr(getattr(error, "ctx", None), "command_path", "exchange")
    return f"{path} --help"


def _terminated(signal_number: int, frame: object) -> None:
    raise KeyboardInterrupt

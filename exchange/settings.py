"""Settings of the process: `exchange.toml`, overridden by the environment (`EXCHANGE_PORT=8081`). Shapes and deals are
not settings: verticals and connections are files under `config_dir`, contracts and prices are rows."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from exchange.limits import SESSION_HOURS_MOST, WORKERS
from exchange.model.colour import read_colour
from exchange.model.rights import Staff
from exchange.model.sign_in import Fixed, SignOn
from exchange.model.watched import Texting
from exchange.model.wire import PhoneAccount, Relay

HEAD = """\
# The settings of an exchange. A line that begins with # says what holds without it.
# An environment variable goes before this file: EXCHANGE_PORT=8081. A relative path counts from this file's folder.
# Secrets of buyers come from the environment: EXCHANGE_SECRET_<NAME>. An unknown name is refused.
"""


class Settings(BaseSettings):
    """Every setting with its default. Unknown names in the file are refused."""

    model_config = SettingsConfigDict(env_prefix="EXCHANGE_", extra="forbid", frozen=True)

    name: str = Field("Lead Exchange", description="The operator's name, on every page.")
    zone: str = Field("America/New_York", description="Time zone of figures, caps and money periods.")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Currency of new accounts.")
    database_url: str = Field("exchange.db", description="A SQLite file, or postgresql://… for several nodes.")
    config_dir: Path | None = Field(None, description="Folder with verticals/, connections/ and presets/.")
    key_file: Path = Field(Path("exchange.key"), description="Master keys that seal personal data. Back it up apart.")
    files_dir: Path = Field(
        Path("files"), description="Folder of uploaded files and their results, sealed; one for all nodes."
    )
    backup_dir: Path = Field(
        Path("backups"), description="Folder of backups that the console makes; one for all nodes."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(
        "http://127.0.0.1:8080", description="How sellers and users reach the exchange; left out, it follows port."
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Proxies whose X-Forwarded-For is believed."
    )
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Private networks where buyers may be (on-premises buyers); empty refuses them all."
    )
    mail_host: str = Field("", description="The exchange's own mail server; empty sends no mail but by buyers' own.")
    mail_port: int = Field(587, ge=1, le=65535, description="Its port.")
    mail_security: Literal["tls", "starttls", "plain"] = Field(
        "starttls", description="How it is spoken to: tls, starttls or plain; a password is never sent in plain."
    )
    mail_user: str = Field("", description="Who signs in there; empty signs nobody in.")
    mail_password: str = Field("", description="Better from the environment: EXCHANGE_MAIL_PASSWORD.")
    mail_domain: str = Field(
        "", description="The domain whose mail reaches the exchange: bounces and answers come back to it."
    )
    dkim_key_file: Path | None = Field(
        None, description="The private key in PEM, RSA or Ed25519, that mail is signed with."
    )
    dkim_selector: str = Field("exchange", description="Where its public key stands: <selector>._domainkey.<domain>.")
    dkim_domain: str = Field("", description="Mail from this domain is signed; empty signs none.")
    inbox_port: int | None = Field(
        None, ge=0, le=65535, description="Port where leads come in by mail; not set, no mail is taken."
    )
    inbox_host: str = Field("127.0.0.1", description="Address to take mail at.")
    inbox_certificate: Path | None = Field(None, description="Certificate (PEM) with which senders of mail encrypt.")
    inbox_key_file: Path | None = Field(None, description="Its private key (PEM).")
    sftp_port: int | None = Field(
        None, ge=0, le=65535, description="Port where files of leads are pushed by SFTP; not set, none are taken."
    )
    sftp_host: str = Field("127.0.0.1", description="Address to take files at.")
    sftp_key_file: Path = Field(Path("sftp.key"), description="The host key of SFTP; made at the first start.")
    mx_ms: int = Field(
        250,
        ge=0,
        le=5_000,
        description="How long a lead waits to hear whether its email's domain takes mail; 0: never.",
    )
    sms_sender: str = Field(
        "",
        pattern=r"^(\+[1-9][0-9]{6,14})?$",
        description="The number texts to your people come from; empty sends none.",
    )
    sms_account: str = Field("", description="The account at Twilio they go through: AC…")
    sms_token: str = Field("", description="Better from the environment: EXCHANGE_SMS_TOKEN.")
    sms_url: str = Field("https://api.twilio.com", pattern="^https?://", description="Where its API is.")
    invoice_address: str = Field(
        "", description="Your address and tax id, as they stand on invoices; \\n begins a line."
    )
    invoice_note: str = Field(
        "", description="What an invoice says under its total: where to pay, by when, whom to ask."
    )
    workers: Literal["auto"] | Annotated[int, Field(ge=1, le=WORKERS)] = Field(
        "auto", description="Serving processes of this machine; auto: one for each processor, at most four, on SQLite."
    )
    payout_two_above: str = Field(
        "5000.00",
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$",
        description="A payout above this is approved by two people; the same number in every currency.",
    )
    payment_provider: Literal["", "stripe"] = Field(
        "", description="Who takes cards for top-ups: stripe; empty takes none. Its key is the secret stripe_key."
    )
    payment_url: str = Field("https://api.stripe.com", pattern="^https?://", description="Where the provider is.")
    staff_two_factor: bool | None = Field(
        None, description="true: your own people sign in with a second factor only. Not set: Console > Security says."
    )
    session_hours: int | None = Field(
        None,
        ge=1,
        le=SESSION_HOURS_MOST,
        description="How long a sign-in lasts. Not set: Console > Security says, or 12.",
    )
    console_networks: tuple[IPv4Network | IPv6Network, ...] | None = Field(
        None, description="Networks the console may be used from; [] is all. Not set: Console > Security says, or all."
    )
    sign_on_issuer: str = Field(
        "", pattern=r"^(https://\S+|http://(127\.0\.0\.1|localhost)(:\d+)?(/\S*)?)?$",
        description="Your company's OpenID Connect provider, by which your own people sign in; empty: none.",
    )  # fmt: skip
    sign_on_name: str = Field("your company account", description="What its button says: Sign in with …")
    sign_on_client_id: str = Field("", description="Whom the provider knows this exchange as.")
    sign_on_client_secret: str = Field("", description="Better from the environment: EXCHANGE_SIGN_ON_CLIENT_SECRET.")
    sign_on_role_claim: str = Field(
        "", description="The claim that says what somebody is; empty: who was invited, as what they were invited."
    )
    sign_on_roles: tuple[str, ...] = Field(
        (), description="What its values mean, such as leads-admins=admin; the first that somebody has holds."
    )
    running_requests: int = Field(400, ge=1, description="Requests at work at once in one process; more get 503.")
    postgres_connections: int = Field(8, ge=2, description="Connections of one process to PostgreSQL.")
    colour: str = Field("", description="Of buttons and links, such as #1f4fd1; empty: as they come.")
    retention_ping_days: int = Field(14, ge=1, description="Raw pings that led nowhere are kept this long.")
    retention_raw_days: int = Field(180, ge=1, description="Other raw requests and replies are kept this long.")
    retention_test_days: int = Field(30, ge=1, description="Test leads are kept this long.")
    release_file: Path | None = Field(
        None,
        description="A file of yours that names the newest release; Health compares. Not set: nothing is told.",
    )
    frozen: bool = Field(False, description="Stop the clock at the end of the demo's history.")

    @model_validator(mode="before")
    @classmethod
    def _public_url_follows_port(cls, given: dict[str, Any]) -> dict[str, Any]:
        if "port" in given:
            given = {"public_url": f"http://127.0.0.1:{given['port']}", **given}
        return given

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, OSError):  # by itself no error that says which setting is wrong
            raise ValueError(f"no time zone is called {zone}") from None
        return zone

    @field_validator("colour")
    @classmethod
    def _can_be_read(cls, colour: str) -> str:
        return read_colour(colour).text if colour else ""

    @field_validator("mail_user")
    @classmethod
    def _signs_in_unseen(cls, user: str, others: ValidationInfo) -> str:
        if user and others.data.get("mail_security") == "plain":
            raise ValueError("a password is never sent in clear: mail_security must be tls or starttls")
        return user

    @field_validator("dkim_domain")
    @classmethod
    def _has_a_key(cls, domain: str, others: ValidationInfo) -> str:
        if domain and others.data.get("dkim_key_file") is None:
            raise ValueError("its mail is to be signed: name the private key, dkim_key_file")
        return domain

    @field_validator("sign_on_roles")
    @classmethod
    def _are_roles(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        known = [each.value for each in Staff]
        for each in roles:
            if each.rpartition("=")[2] not in known or not each.rpartition("=")[0]:
                raise ValueError(f"{each!r} is no value=role; a role is one of {', '.join(known)}")
        return roles

    @model_validator(mode="after")
    def _sign_on_is_whole(self) -> Settings:
        if self.sign_on_issuer and not (self.sign_on_client_id and self.sign_on_client_secret):
            raise ValueError("sign_on_issuer needs sign_on_client_id and sign_on_client_secret")
        return self

    @property
    def sign_on(self) -> SignOn | None:
        """The company's own sign-on, if there is one."""
        if not self.sign_on_issuer:
            return None
        pairs = (each.rpartition("=") for each in self.sign_on_roles)
        roles = tuple((value, role) for value, _, role in pairs)
        return SignOn(
            self.sign_on_issuer.rstrip("/"), self.sign_on_client_id, self.sign_on_client_secret,
            self.sign_on_role_claim, roles,
        )  # fmt: skip

    @property
    def fixed_rules(self) -> Fixed:
        """What this file asks of people who sign in."""
        return Fixed(self.staff_two_factor, self.session_hours, self.console_networks)

    @property
    def texting(self) -> Texting | None:
        """How texts go out, if they do."""
        if not (self.sms_sender and self.sms_account and self.sms_token):
            return None
        return Texting(PhoneAccount(self.sms_url.rstrip("/"), self.sms_account, self.sms_token), self.sms_sender)

    @property
    def mail_relay(self) -> Relay | None:
        """The exchange's own mail server, if it has one."""
        login = (self.mail_user, self.mail_password)
        return Relay(self.mail_host, self.mail_port, self.mail_security, *login) if self.mail_host else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls))


def load_settings(file: Path | None, **overrides: object) -> Settings:
    """Read `exchange.toml`. Paths in it count from its own folder. Raises `pydantic.ValidationError`."""
    return _load(file, "forbid", overrides)


def readable_settings(file: Path | None) -> tuple[Settings, frozenset[str]]:
    """As much of wrong settings as can be read, for a check that goes on; and the names that only have their default
    because of that: all of them when the file is no TOML at all."""
    try:
        return load_settings(file), frozenset()
    except ValidationError as error:
        wrong = frozenset(str(each["loc"][0]) for each in error.errors()) & set(Settings.model_fields)
        return _load(file, "ignore", {name: Settings.model_fields[name].default for name in wrong}), wrong
    except ValueError:
        return Settings.model_construct(), frozenset(Settings.model_fields)


def _load(file: Path | None, unknown: Literal["forbid", "ignore"], overrides: Mapping[str, object]) -> Settings:
    if file is None:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks each value

    class FromFile(Settings):
        model_config = SettingsConfigDict(env_prefix="EXCHANGE_", extra=unknown, frozen=True, toml_file=file)

    found = FromFile(**overrides)  # type: ignore[arg-type]  # pydantic checks each value
    return found.model_copy(update=_beside(found, file.parent))


def _beside(settings: Settings, folder: Path) -> dict[str, object]:
    """Relative paths of a settings file count from where it lies, so that it works from anywhere."""
    paths: dict[str, object] = {}
    files = ("key_file", "dkim_key_file", "files_dir", "backup_dir", "sftp_key_file")
    for name in (*files, "config_dir", "inbox_certificate", "inbox_key_file", "release_file"):
        if (path := getattr(settings, name)) is not None:
            paths[name] = folder / path
    if "://" not in settings.database_url:
        paths["database_url"] = str(folder / settings.database_url)
    return paths


def settings_file(settings: Settings) -> Path | None:
    """The `exchange.toml` they were read from; None when the environment alone says everything."""
    file = type(settings).model_config.get("toml_file")
    return Path(file) if isinstance(file, str | Path) else None


def settings_given(settings: Settings, environment: Mapping[str, str]) -> Mapping[str, str]:
    """The settings that somebody set, each with what set it: its variable of the environment, or the file's name."""
    file = settings_file(settings)
    in_file = tomllib.loads(file.read_text("utf-8")) if file is not None and file.is_file() else {}
    in_environment = {name.upper() for name in environment}
    given = {}
    for name in Settings.model_fields:
        variable = f"EXCHANGE_{name.upper()}"
        if variable in in_environment:
            given[name] = variable
        elif name in in_file and file is not None:
            given[name] = file.name
    return given


def settings_document(chosen: Mapping[str, object] | None = None) -> str:
    """Every setting with its description. Those chosen are set, the others stand as comments with their defaults."""
    chosen = chosen or {}
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        value = chosen.get(name, field.default)
        line = f"{name} = {toml_value(value)}" if value is not None else f'{name} = "…"  # not set'
        parts.append(f"# {field.description}\n{line if name in chosen else f'# {line}'}\n")
    return "\n".join(parts)


def toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml_value(str(each)) for each in value)}]"
    return json.dumps(str(value), ensure_ascii=False)  # a JSON text is a TOML one

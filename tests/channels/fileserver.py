"""A real file server: ProFTPD, speaking FTP, FTPS and SFTP for one folder, as whoever runs the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import trustme

from exchange.model.wire import Place
from tests.processes import stop

PROGRAM = shutil.which("proftpd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
MODULES = Path("/usr/lib/proftpd")
USER = "cedar"
PASSWORD = "drop-it-here"
_UP_TRIES = 400

_CONFIG = """\
ModulePath {modules}
LoadModule mod_tls.c
LoadModule mod_sftp.c
ServerName "tests"
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
UseReverseDNS off
Port {ftp}
User {who}
Group {group}
PidFile {folder}/pid
ScoreboardFile none
SystemLog {folder}/log
DelayEngine off
RequireValidShell off
AuthOrder mod_auth_file.c
AuthUserFile {folder}/passwd
AuthGroupFile {folder}/group
AllowOverwrite on
WtmpLog off
TransferLog none
TLSEngine on
TLSRequired off
TLSECCertificateFile {folder}/server.pem
TLSECCertificateKeyFile {folder}/server.pem
TLSLog {folder}/tls.log
<VirtualHost 127.0.0.1>
  Port {sftp}
  SFTPEngine on
  SFTPHostKey {folder}/host_key
  SFTPAuthMethods password
  SFTPLog {folder}/sftp.log
  AuthOrder mod_auth_file.c
  AuthUserFile {folder}/passwd
  AuthGroupFile {folder}/group
  RequireValidShell off
  AllowOverwrite on
  TLSEngine off
</VirtualHost>
"""


@dataclass(frozen=True)
class FileServer:
    """`root` is what its user sees as its home. Files put there belong to it."""

    root: Path
    ftp_port: int
    sftp_port: int
    ca_file: Path
    fingerprint: str
    owner: int | None

    def place(self, protocol: str, folder: str = "", **changes: Any) -> Place:
        made = Place(
            protocol,
            "localhost" if protocol == "ftps" else "127.0.0.1",
            self.sftp_port if protocol == "sftp" else self.ftp_port,
            folder,
            USER,
            PASSWORD,
            host_key=self.fingerprint,
            ca_file=str(self.ca_file),
        )
        return made._replace(**changes)

    def folder(self, name: str) -> Path:
        """A folder of its own for a test."""
        made = self.root / name
        made.mkdir()
        self._give(made)
        return made

    def put(self, folder: Path, name: str, data: bytes) -> Path:
        file = folder / name
        file.write_bytes(data)
        self._give(file)
        return file

    def _give(self, path: Path) -> None:
        if self.owner is not None:
            os.chown(path, self.owner, -1)


@contextmanager
def file_server() -> Iterator[FileServer]:
    assert PROGRAM is not None, "the tests need proftpd: as root, apt-get install proftpd-core proftpd-mod-crypto"
    folder = Path(tempfile.mkdtemp(prefix="lx"))
    try:
        made = _prepared(folder)
        command = [PROGRAM, "-n", "-q", "-c", str(folder / "config")]
        with (folder / "out").open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
            try:
                for port in (made.ftp_port, made.sftp_port):
                    _wait_until_up(port, server, folder)
                yield made
            finally:
                stop(server)
    finally:
        shutil.rmtree(folder)


def _prepared(folder: Path) -> FileServer:
    """Its configuration, keys and user. Run by root it serves as nobody, as it would not as root."""
    folder.chmod(0o755)
    who = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    owner = who.pw_uid if os.geteuid() == 0 else None
    root = folder / "home"
    root.mkdir()
    if owner is not None:
        os.chown(root, owner, -1)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    host_key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    (folder / "host_key").write_bytes(host_key.export_private_key("pkcs1-pem"))
    (folder / "passwd").write_text(f"{USER}:{_hashed()}:{who.pw_uid}:{who.pw_gid}::{root}:/bin/false\n")
    (folder / "group").write_text(f"{USER}:x:{who.pw_gid}:{USER}\n")
    for name in ("passwd", "group", "host_key", "server.pem"):
        (folder / name).chmod(0o600)
    ftp, sftp = _free_port(), _free_port()
    group = subprocess.run(["id", "-gn", who.pw_name], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "config").write_text(
        _CONFIG.format(folder=folder, modules=MODULES, ftp=ftp, sftp=sftp, who=who.pw_name, group=group)
    )
    return FileServer(root, ftp, sftp, folder / "ca.pem", host_key.get_fingerprint(), owner)


def _hashed() -> str:
    done = subprocess.run(["openssl", "passwd", "-6", PASSWORD], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(_UP_TRIES):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        try:
            server.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError((folder / "out").read_text() + (folder / "log").read_text())

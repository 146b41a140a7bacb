"""A house of files: programs of two sellers leave files of leads there, and a buyer gets its leads there."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from exchange.demo.peers import HOST, Peer, Site

NAME = "filehouse"
SFTP_PORT, FTP_PORT = 8161, 8162
USER, PASSWORD = "harbor", "files of the demo"
CEDAR_PASSWORD = "cedar pushes files"
BUYER = "marlow"
"""The folder that the files for Marlow Insurance come into."""
SENDERS = ("evergreen", "bluefin")
"""The folders that sellers' programs leave files in."""


def home(folder: Path) -> Path:
    """What its user sees."""
    return folder / "home"


@asynccontextmanager
async def listening(site: Site) -> AsyncIterator[Mapping[str, str]]:
    import aioftp  # slow to import, as the next
    import asyncssh

    logging.getLogger("aioftp.server").setLevel(logging.CRITICAL)  # it calls every hang-up an error
    for name in (BUYER, *SENDERS):
        (home(site.folder) / name).mkdir(parents=True, exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    (site.folder / "host.pub").write_bytes(key.export_public_key())

    class Doorman(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    ftp = aioftp.Server([aioftp.User(USER, PASSWORD, base_path=home(site.folder))])
    await ftp.start(HOST, site.ports[FTP_PORT])
    sftp = await asyncssh.listen(
        HOST,
        site.ports[SFTP_PORT],
        server_factory=Doorman,
        server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(home(site.folder)).encode()),
        config=None,
    )
    try:
        yield {"filehouse": PASSWORD, "cedar_inbox": CEDAR_PASSWORD}
    finally:
        sftp.close()
        await sftp.wait_closed()
        await ftp.close()


def filehouse() -> Peer:
    return Peer(NAME, (SFTP_PORT, FTP_PORT), listening)

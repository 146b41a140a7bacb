"""The vault: what is sealed opens only as what it is, and a lost key is a lost value."""

from __future__ import annotations

import base64
import hmac
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.ids import SeededIds, SystemIds
from exchange.vault import Vault, VaultError, index_line, make_key_file, open_vault, read_keys

ONE = base64.b64encode(bytes(range(32))).decode()
TWO = base64.b64encode(bytes(range(32, 64))).decode()


@pytest.fixture
def vault() -> Vault:
    return keyed(ONE)


def keyed(text: str) -> Vault:
    return open_vault(SeededIds(7), environment={"EXCHANGE_MASTER_KEY": text})


@given(st.binary(max_size=2_000), st.text(max_size=40))
def test_what_is_sealed_comes_back_for_its_row_alone(data: bytes, row_id: str) -> None:
    vault = keyed(ONE)
    wrapped, key = vault.new_data_key()

    sealed = vault.seal(key, row_id, data)

    assert data == vault.open(vault.data_key(wrapped), row_id, sealed)
    with pytest.raises(VaultError):
        vault.open(key, row_id + "x", sealed)


def test_nothing_readable_is_left_in_what_is_sealed(vault: Vault) -> None:
    wrapped, key = vault.new_data_key()
    secret = b"958-0142 jane@shop.example " * 60

    sealed = vault.seal(key, "ld_1", secret)

    assert b"958-0142" not in sealed + wrapped
    assert len(sealed) < len(secret) // 4
    assert sealed != vault.seal(key, "ld_1", secret)


@pytest.mark.parametrize("place", [0, 1, 12, 13, -1])
def test_one_changed_bit_anywhere_is_found(vault: Vault, place: int) -> None:
    _, key = vault.new_data_key()
    sealed = bytearray(vault.seal(key, "ld_1", b"value"))
    sealed[place] ^= 1

    with pytest.raises(VaultError):
        vault.open(key, "ld_1", bytes(sealed))


@pytest.mark.parametrize("broken", [b"", b"\0", b"\1" + bytes(5), bytes(20)])
def test_what_is_too_short_is_an_error_and_no_crash(vault: Vault, broken: bytes) -> None:
    _, key = vault.new_data_key()

    with pytest.raises(VaultError):
        vault.open(key, "ld_1", broken)
    with pytest.raises(VaultError):
        vault.data_key(broken)
    with pytest.raises(VaultError):
        vault.open_secret("smtp", broken)


def test_another_requests_key_opens_nothing(vault: Vault) -> None:
    sealed = vault.seal(vault.new_data_key()[1], "ld_1", b"value")

    with pytest.raises(VaultError):
        vault.open(vault.new_data_key()[1], "ld_1", sealed)


def test_after_rotation_old_values_open_and_new_keys_need_the_new_master(vault: Vault) -> None:
    wrapped, key = vault.new_data_key()
    sealed = vault.seal(key, "ld_1", b"value")
    rotated = keyed(f"2:{TWO},1:{ONE}")

    again = rotated.rewrap(wrapped)

    assert b"value" == rotated.open(rotated.data_key(wrapped), "ld_1", sealed)
    assert b"value" == rotated.open(rotated.data_key(again), "ld_1", sealed)
    assert again == rotated.rewrap(again)
    assert vault.index("phone", "x") == rotated.index("phone", "x")
    with pytest.raises(VaultError, match="master key 2 is not among"):
        vault.data_key(again)


def test_secrets_open_by_their_own_name(vault: Vault) -> None:
    sealed = vault.seal_secret("acme.password", b"hunter2")

    assert b"hunter2" == vault.open_secret("acme.password", sealed)
    with pytest.raises(VaultError):
        vault.open_secret("globex.password", sealed)


def test_an_index_finds_equal_values_of_one_kind_under_one_key(vault: Vault) -> None:
    phone = vault.index("phone", "+12025550142")

    assert 16 == len(phone)
    assert phone == vault.index("phone", "+12025550142")
    assert phone != vault.index("email", "+12025550142")
    assert phone != vault.index("phone", "+12025550143")
    assert phone != keyed(TWO).index("phone", "+12025550142")
    assert vault.index("a", "b") != vault.index("ab", "")


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    make_key_file(path, SystemIds())
    vault = open_vault(SystemIds(), path)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert b"x" == vault.open_secret("a", vault.seal_secret("a", b"x"))
    with pytest.raises(FileExistsError):
        make_key_file(path, SystemIds())


def test_an_index_is_the_keyed_hash_that_everybody_knows() -> None:
    keys = read_keys(ONE, "here")
    vault = Vault(keys, SeededIds(7))

    assert hmac.digest(keys.index, b"phone\0+12025550142", "sha256")[:16] == vault.index("phone", "+12025550142")


def test_a_new_line_in_the_key_file_rotates_and_keeps_the_index(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    make_key_file(path, SystemIds())
    before = open_vault(SystemIds(), path)
    path.write_text(path.read_text() + f"2:{TWO}\n")
    after = open_vault(SystemIds(), path)

    assert before.index("phone", "x") == after.index("phone", "x")
    assert 2 == after.new_data_key()[0][0]


def test_keys_that_are_missing_or_malformed_are_told_without_showing_them(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="no master key: set EXCHANGE_MASTER_KEY"):
        open_vault(SystemIds())
    with pytest.raises(VaultError, match="`exchange init` makes one"):
        open_vault(SystemIds(), tmp_path / "nothing.key")
    for text in ("c2VjcmV0", "0:" + ONE, "256:" + ONE, "one:" + ONE, f"1:{ONE}\n1:{TWO}", "# nothing", "not base64!"):
        with pytest.raises(VaultError) as told:
            read_keys(text, "here")
        assert "here" in str(told.value) and ONE not in str(told.value)


def test_keys_never_show_in_a_representation(vault: Vault) -> None:
    keys = read_keys(f"1:{ONE}", "here")
    _, key = vault.new_data_key()

    assert "AESGCM" not in repr(key) and "\\x01" not in repr(keys)


def test_keys_without_an_index_line_can_be_given_up_once_it_is_written_down() -> None:
    text = f"{ONE},2:{TWO}"
    line = index_line(text)

    assert line is not None and line.startswith("index:")
    alone = f"2:{TWO},{line}"
    assert keyed(text).index("phone", "x") == keyed(alone).index("phone", "x")
    assert keyed(text).proof(2) == keyed(alone).proof(2) != keyed(f"2:{TWO}").proof(2)
    assert index_line(alone) is None

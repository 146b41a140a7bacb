"""A set of keys on disk is the set that it was made of, whatever its size and however it was made."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.storage.key_file import BadKeyFile, Heap, KeyFile, write_keys

MOST = 2**64 - 1
KEYS = st.one_of(
    st.integers(0, MOST),
    st.integers(0, 300),  # all at one end, which evenly spread keys never are
    st.integers(MOST - 300, MOST),
    st.integers(0, 255).map(lambda bucket: bucket << 56),
)
SETS = st.sets(KEYS, max_size=400)


def make(folder: Path, keys: set[int], name: str = "keys", held: int = 1 << 20) -> KeyFile:
    added, removed = Heap(folder / f"{name}.added", held), Heap(folder / f"{name}.removed", held)
    for key in keys:
        added.add([key])
    write_keys(folder / name, None, added, removed)
    added.drop()
    return KeyFile(folder / name)


@settings(max_examples=150)
@given(before=SETS, added=SETS, removed=SETS, others=SETS, held=st.sampled_from((1, 7, 1 << 20)))
def test_it_holds_what_a_set_would(
    before: set[int], added: set[int], removed: set[int], others: set[int], held: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = make(folder, before, "old", held)
        came, went = Heap(folder / "came", held), Heap(folder / "went", held)
        came.add(sorted(added))
        went.add(sorted(removed))
        expected = (before - removed) | added

        assert len(expected) == write_keys(folder / "new", old, came, went)
        found = KeyFile(folder / "new")
        assert len(expected) == len(found)
        assert sorted(expected) == [key for number in range(256) for key in found.bucket(number)]
        for key in before | added | removed | others | {0, MOST}:
            assert (key in expected) is (key in found)
        assert came.among(others) == others & added
        came.drop()
        went.drop()
        assert ["new", "old"] == sorted(each.name for each in folder.iterdir())
        old.close()
        found.close()


def test_evenly_spread_keys_are_found_among_many(tmp_path: Path) -> None:
    keys = {int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:8]) for number in range(50_000)}
    file = make(tmp_path, keys, held=3_000)

    assert all(key in file for key in keys)
    assert not any(key + 1 in file for key in keys if key + 1 not in keys)


@pytest.mark.parametrize("cut", (0, 8, 15, 24))
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    make(tmp_path, {1, 2, 3}).close()
    whole = (tmp_path / "keys").read_bytes()
    (tmp_path / "keys").write_bytes(whole[:cut])

    with pytest.raises(BadKeyFile):
        KeyFile(tmp_path / "keys")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"phone\n6025550142\n" * 10)

    with pytest.raises(BadKeyFile):
        KeyFile(tmp_path / "keys")

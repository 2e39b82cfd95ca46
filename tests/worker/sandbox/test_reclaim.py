"""Pages that the kernel takes back are noticed, whichever group of processes loses them."""

from pathlib import Path

import pytest

from codec_worker.sandbox.reclaim import reclaim_count

COUNTS = "pgscan_kswapd 900\npgsteal_kswapd {}\npgsteal_direct 20\npgsteal_proactive 0\npgfault 7\n"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def system(tmp_path: Path) -> Path:
    write(tmp_path / "proc/vmstat", COUNTS.format(1))
    write(tmp_path / "proc/self/cgroup", "4:memory:/jobs/old\n0::/jobs/one\n")
    write(tmp_path / "groups/memory.stat", COUNTS.format(2))
    write(tmp_path / "groups/jobs/one/memory.stat", COUNTS.format(3))
    return tmp_path


def count(system: Path) -> int:
    return reclaim_count(system / "proc", system / "groups")


def test_machine_own_group_and_outermost_group_are_asked(system: Path) -> None:
    assert count(system) == 1 + 2 + 3 + 3 * 20
    for changed in ("proc/vmstat", "groups/memory.stat", "groups/jobs/one/memory.stat"):
        before = count(system)
        write(system / changed, COUNTS.format(9).replace("proactive 0", "proactive 5"))
        assert count(system) > before
    before = count(system)
    write(system / "proc/vmstat", (system / "proc/vmstat").read_text().replace("900", "901"))
    assert count(system) == before  # looked at, but not taken


def test_a_group_is_asked_once_and_none_is_needed(system: Path) -> None:
    write(system / "proc/self/cgroup", "0::/\n")  # as in a container
    assert count(system) == 1 + 2 + 2 * 20
    (system / "groups/memory.stat").unlink()
    assert count(system) == 1 + 20


def test_this_kernel_counts_what_it_reclaims() -> None:
    names = {line.split()[0] for line in Path("/proc/vmstat").read_text().splitlines()}
    assert {"pgsteal_kswapd", "pgsteal_direct"} <= names

"""What a candidate may read lies in memory as a whole before it runs."""

import ctypes
import mmap
import os
from pathlib import Path

import numpy as np
import pytest

from codec_worker.sandbox.access_times import settle_access_times
from codec_worker.sandbox.readable import View

PAGES = 4096


def resident_pages(path: Path) -> int:
    """Count the pages of a file that the kernel keeps in memory (``mincore``)."""
    libc = ctypes.CDLL(None, use_errno=True)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        pages = np.zeros(len(mapped) // mmap.PAGESIZE, np.uint8)
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        given = (ctypes.c_void_p(address), ctypes.c_size_t(len(mapped)))
        assert libc.mincore(*given, pages.ctypes.data_as(ctypes.c_void_p)) == 0
    return int((pages & 1).sum())


def evict(path: Path) -> None:
    """Have the kernel forget what it keeps of a file."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def view_of(folder: Path, name: str) -> View:
    """See a folder; views of other names are settled each for itself."""
    return View((), (name,), (str(folder),), ())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Write a file of which nothing is in memory."""
    path = tmp_path / "library.so"
    path.write_bytes(bytes(PAGES * mmap.PAGESIZE))
    evict(path)
    if resident_pages(path):
        pytest.skip("this file system keeps its files in memory anyway")
    return path


def test_files_are_in_memory_as_a_whole(tmp_path: Path, library: Path) -> None:
    settle_access_times(view_of(tmp_path, "first"))
    assert resident_pages(library) == PAGES

    # The access time is fresh now, as after the pass of another worker.
    evict(library)
    assert resident_pages(library) < PAGES
    settle_access_times(view_of(tmp_path, "second"))
    assert resident_pages(library) == PAGES


def test_files_are_read_again_when_pages_were_taken_back(tmp_path: Path, library: Path) -> None:
    view = view_of(tmp_path, "reclaimed")
    settle_access_times(view, lambda: 7)
    evict(library)

    settle_access_times(view, lambda: 7)
    assert resident_pages(library) < PAGES  # nothing is read while the count stands still

    settle_access_times(view, lambda: 8)
    assert resident_pages(library) == PAGES

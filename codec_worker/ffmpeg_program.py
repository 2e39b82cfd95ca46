"""FFmpeg as a program, for what PyAV's wheel lacks: libvmaf and libvvenc.

The package ``imageio-ffmpeg`` carries it. It is an extra: whoever asks for it says what is missing
without it. It reads raw samples and nothing else, and runs no code of a candidate.
"""

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple

from codec_lab.errors import BenchError
from codec_worker.contract import Planes


class Program(NamedTuple):
    """An ffmpeg program.

    Attributes
    ----------
    path : Path
        Where it is.
    version : str
        Its name and version, e.g. ``ffmpeg n9.0.2``.
    configuration : frozenset of str
        The switches it was built with, e.g. ``--enable-libvmaf``.
    """

    path: Path
    version: str
    configuration: frozenset[str]


@cache
def find() -> Program | None:
    """Find the program; None where the package is not installed or does not run here."""
    try:
        import imageio_ffmpeg  # noqa: PLC0415 (an extra)

        path = Path(imageio_ffmpeg.get_ffmpeg_exe())
        told = subprocess.run(
            [path, "-version"], capture_output=True, check=True, timeout=60, env={}
        ).stdout.decode("utf-8", "replace")
    except (ImportError, RuntimeError, OSError, subprocess.SubprocessError):
        return None
    first, *others = told.splitlines()
    words = {word for line in others if line.startswith("configuration:") for word in line.split()}
    version = first.removeprefix("ffmpeg version").split()[0]
    return Program(path, f"ffmpeg {version}", frozenset(words))


def missing(library: str) -> str | None:
    """Say why the program cannot be used with a library, e.g. ``libvmaf``; None if it can."""
    program = find()
    if program is None:
        return "no ffmpeg program: install the package imageio-ffmpeg"
    if f"--enable-{library}" not in program.configuration:
        return f"the ffmpeg program {program.path} is built without {library}"
    return None


def version_with(library: str) -> str:
    """Give the program's version if it has a library, ``absent`` if not."""
    program = find()
    return program.version if program is not None and missing(library) is None else "absent"


def run(arguments: Sequence[str], samples: Iterable[memoryview], timeout_s: float) -> bytes:
    """Run the program on raw samples and give what it writes to its standard output.

    Parameters
    ----------
    arguments : sequence of str
        Input ``pipe:0``, output ``pipe:1``.
    samples : iterable of memoryview
        Goes to its standard input.
    timeout_s : float
        When it is killed.

    Raises
    ------
    BenchError
        If it is missing, fails or takes too long.
    """
    program = find()
    if program is None:
        raise BenchError("There is no ffmpeg program: install the package imageio-ffmpeg.")
    pipe = subprocess.PIPE
    command = [str(program.path), "-hide_banner", "-v", "error", "-nostdin", *arguments]
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env={})
    except OSError as error:
        raise BenchError(f"The ffmpeg program cannot be started: {error.strerror}.") from error
    with process:
        # Taken from the process, so that communicate() leaves it to the feeding thread.
        stdin, process.stdin = process.stdin, None
        assert stdin is not None
        feeder = Thread(target=_feed, args=(stdin, samples))
        feeder.start()
        try:
            output, log = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"The ffmpeg program took more than {timeout_s:.0f} s.") from error
        finally:
            process.kill()
            feeder.join()
    if process.returncode != 0:
        said = log.decode("utf-8", "replace").strip(" .\n").splitlines() or ["it said nothing"]
        raise BenchError(f"The ffmpeg program ended with {process.returncode}: {said[-1]}.")
    return output


def raw_planes(planes: Planes) -> Iterator[memoryview]:
    """Give the planes of each frame in turn, as FFmpeg's ``rawvideo`` has them."""
    for frame in zip(*planes, strict=True):
        for plane in frame:
            yield plane.data


def _feed(stdin: IO[bytes], samples: Iterable[memoryview]) -> None:
    try:
        with stdin:
            for part in samples:
                stdin.write(part)
    except BrokenPipeError:
        pass  # it has ended; its exit code tells why

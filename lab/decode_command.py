"""``lab decode``: decode a downloaded bitstream with its downloaded decoder."""

from pathlib import Path
from typing import Annotated

import typer

from codec_lab.errors import ConfigurationError
from lab.terminal import console


def decode(
    decoder: Annotated[Path, typer.Argument(metavar="decoder.zip", help="The decoder.")],
    bitstream: Annotated[Path, typer.Argument(metavar="FILE.bin", help="One of its bitstreams.")],
    verdict: Annotated[
        Path, typer.Option(metavar="verdict.json", help="The verdict of the same experiment.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE.mkv", help="Where the frames go.", show_default="FILE.mkv"),
    ] = None,
) -> None:
    """Decode a bitstream in the sandbox; fails unless the frames are those that were measured."""
    try:
        # The sandbox loads libseccomp when it is imported.
        from codec_worker.decode import decode_again  # noqa: PLC0415
        from codec_worker.video import freeze  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise ConfigurationError(
            f"The bench's sandbox needs Linux with libseccomp: {error}."
        ) from error
    decoded = decode_again(decoder, bitstream, verdict)
    path = output or bitstream.with_suffix(".mkv")
    path.write_bytes(freeze(decoded.clip))
    result, point = decoded.result, decoded.point
    console.print(
        f"{path}: {result.clip}, {result.frame_count} frames of {result.width}×{result.height} "
        f"at quality {point.quality}; every sample is as it was measured.",
        soft_wrap=True,
    )

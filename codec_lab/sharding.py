"""How the clips of an execution are shared out among jobs that run side by side."""

from collections.abc import Sequence

from codec_lab.clip import SourceClip
from codec_lab.model import Name


def shares(clips: Sequence[SourceClip], max_shards: int) -> tuple[tuple[Name, ...], ...]:
    """Share clips out so that the shards take about equally long.

    The clip with the most samples first, each to the shard that has the fewest so far (R. L.
    Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969)).

    Parameters
    ----------
    clips : sequence of SourceClip
        At least one.
    max_shards : int
        How many there may be; no shard is empty.

    Returns
    -------
    tuple of tuple of str
        Names of clips by shard, in the order of ``clips``.
    """
    count = min(max_shards, len(clips))
    loads = [0] * count
    shard_of: dict[str, int] = {}
    for clip in sorted(clips, key=_samples, reverse=True):
        lightest = loads.index(min(loads))
        loads[lightest] += _samples(clip)
        shard_of[clip.name] = lightest
    return tuple(
        tuple(clip.name for clip in clips if shard_of[clip.name] == shard) for shard in range(count)
    )


def _samples(clip: SourceClip) -> int:
    return clip.width * clip.height * clip.frame_count

"""What jobs store stays within what is reserved for it."""

from pathlib import Path

import numpy as np

from codec_lab.bundle import Bundle
from codec_lab.clip import SourceClip
from codec_lab.job import JobKind
from codec_lab.limits import KIB, Limits
from codec_lab.plan import EvaluationPlan
from codec_lab.proposal import Mind, Proposal
from codec_lab.stored_evidence import MOST_LOG_BYTES, most_bitstream_bytes, most_stored
from codec_worker.contract import Clip
from codec_worker.kept_points import KeptPoints
from codec_worker.metrics import measure, rate_point
from codec_worker.protocol import Measurement
from codec_worker.runner import Decoded, Encoded
from codec_worker.video import planes_sha256
from tests.fakes import MemoryObjects
from tests.worker.bench import Bench
from tests.worker.samples import tiny_candidate

QUALITIES = (30, 40, 50, 60)


def test_noise_takes_no_more_than_is_reserved() -> None:
    frames, height, width = 12, 144, 176
    rng = np.random.default_rng(seed=3)

    def noise(h: int, w: int) -> np.ndarray:
        return rng.integers(0, 256, (frames, h, w), np.uint8)

    clip = Clip(noise(height, width), noise(72, 88), noise(72, 88), 25.0)
    source = SourceClip(
        name="noise",
        sha256=planes_sha256(clip),
        key="clips/noise.mkv",
        width=width,
        height=height,
        frame_count=frames,
        fps=25,
    )
    proposal = Proposal(
        candidate=tiny_candidate(),
        limits=Limits(),
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change="",
        hypothesis="",
    )
    store = MemoryObjects()
    kept = KeptPoints(Bundle.of(proposal), {}, store, "points/")
    longest = rng.bytes(most_bitstream_bytes(clip.y.size))
    quality = measure(clip, clip[:3])
    for number in QUALITIES:
        point = rate_point(number, len(longest), clip, quality)
        encoded, decoded = Encoded(longest, 0.1, 1), Decoded(clip[:3], 0.1, 1)
        measurement = Measurement(point, quality, encoded, decoded)
        kept.keep(source, clip, measurement, with_pictures=number == QUALITIES[1])

    plan = EvaluationPlan(clips=(source,), qualities=QUALITIES, screen=None)
    none, one = Limits(output_bytes=1), Limits()
    bitstreams_bytes = (
        most_stored(plan, one, jobs=0).size_bytes - most_stored(plan, none, jobs=0).size_bytes
    )
    stored = {key: len(data) for key, data in store.data.items() if key.startswith("points/")}
    of_bitstreams = [size for key, size in stored.items() if key.endswith(".bin")]
    assert sum(of_bitstreams) == bitstreams_bytes + len(QUALITIES)
    assert len(stored) == most_stored(plan, one, jobs=0).objects - 1
    pictures = [size for key, size in stored.items() if key.endswith(".png")]
    assert max(pictures) < 4 * width * height
    assert stored["points/noise-12f-q40.mkv"] < 2 * clip.y.size
    of_points = [size for key, size in stored.items() if key.endswith((".npz", ".json"))]
    assert sum(of_points) < len(QUALITIES) * (8 * KIB + 256 * frames)


def test_a_log_keeps_its_end(tmp_path: Path) -> None:
    loud = tiny_candidate(top="print('!' * 5_000_000)", encode="raise ValueError('the end')")
    bench = Bench(tmp_path, loud, Limits(log_bytes=8 << 20))
    assert not bench.run(JobKind.VALIDATE).passed
    log = bench.store.get("out/log.txt")
    assert len(log) == MOST_LOG_BYTES
    assert log.endswith(b"!\n")

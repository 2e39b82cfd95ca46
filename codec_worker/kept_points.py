"""Rate points that a run has measured, so that none is measured twice.

Each point lies in the store as soon as it is measured and proven: a job that is started again
after its machine was lost, and the full measurement after the screen, take it from there.
"""

import hashlib
import io
from collections.abc import Mapping

import numpy as np
from pydantic import ValidationError

from codec_lab.bundle import Bundle
from codec_lab.candidate import canonical_sha256
from codec_lab.clip import SourceClip
from codec_lab.errors import ConfigurationError
from codec_lab.model import Model, Sha256
from codec_lab.ports import ObjectStore
from codec_lab.verdict import RatePoint
from codec_worker import video
from codec_worker.contract import Clip
from codec_worker.pictures import store_pictures
from codec_worker.protocol import Measurement


class Identity(Model):
    """What a rate point was measured of, and under which conditions.

    Attributes
    ----------
    candidate_sha256, bundle_sha256 : str
        What ran in the sandbox; the bundle's hash covers packages and limits.
    clip_sha256 : str
        The samples that were encoded; other frames of a clip have another hash.
    quality : int
        The knob.
    environment_sha256 : str
        Versions, processor and sandbox.
    """

    candidate_sha256: Sha256
    bundle_sha256: Sha256
    clip_sha256: Sha256
    quality: int
    environment_sha256: Sha256


class KeptPoint(Model):
    """A rate point as it is stored.

    Attributes
    ----------
    frames_sha256 : str
        Hash of the file of its per-frame metrics.
    record_sha256 : str
        Hash of all the rest of this record.
    """

    identity: Identity
    point: RatePoint
    frames_sha256: Sha256
    record_sha256: Sha256 = ""

    @property
    def content_sha256(self) -> Sha256:
        """What ``record_sha256`` must be."""
        return canonical_sha256(self.model_dump(mode="json", exclude={"record_sha256"}))


class KeptPoints:
    """The rate points of one bundle under one prefix of the store.

    Parameters
    ----------
    bundle : Bundle
        What is measured.
    conditions : mapping of str to str
        The environment as a verdict describes it: under another nothing is taken over.
    store : ObjectStore
        Where points lie.
    prefix : str
        Below which key; ends with a slash.
    """

    def __init__(
        self, bundle: Bundle, conditions: Mapping[str, str], store: ObjectStore, prefix: str
    ) -> None:
        self._bundle = bundle
        self._environment_sha256 = canonical_sha256(dict(conditions))
        self._store = store
        self._prefix = prefix

    def find(self, source: SourceClip, quality: int) -> RatePoint | None:
        """Give a point that was measured before.

        Returns
        -------
        RatePoint or None
            None if there is none, if it was measured of anything else, or if its bitstream or
            its per-frame metrics are not those that it names: it is measured anew then.
        """
        name = self._name(source, quality)
        if not self._store.exists(f"{name}.json"):
            return None
        try:
            kept = KeptPoint.model_validate_json(self._store.get(f"{name}.json"))
            bitstream = self._store.get(f"{name}.bin")
            frames = self._store.get(f"{name}.npz")
        except (ValidationError, ConfigurationError):
            return None
        proven = (
            kept.identity == self._identity(source, quality)
            and kept.point.bitstream_key == f"{name}.bin"
            and kept.point.bitstream_sha256 == _sha256(bitstream)
            and kept.point.size_bytes == len(bitstream)
            and kept.frames_sha256 == _sha256(frames)
            and kept.record_sha256 == kept.content_sha256
        )
        return kept.point if proven else None

    def keep(
        self, source: SourceClip, clip: Clip, measurement: Measurement, *, with_pictures: bool
    ) -> RatePoint:
        """Store a measured point: bitstream, per-frame metrics, and its record at last.

        Parameters
        ----------
        source, clip : SourceClip, Clip
            What was encoded.
        measurement : Measurement
            What came of it; every check that it needs has been passed.
        with_pictures : bool
            Whether to store the decoded pictures too.

        Returns
        -------
        RatePoint
            With the key and the hash of the bitstream and the hash of the decoded planes.
        """
        bitstream = measurement.encoded.bitstream
        decoded = Clip(*measurement.decoded.planes, clip.fps)
        name = self._name(source, measurement.point.quality)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **measurement.quality.frames.arrays())
        frames = buffer.getvalue()
        self._store.put(f"{name}.bin", bitstream)
        self._store.put(f"{name}.npz", frames)
        if with_pictures:
            self._store.put(f"{name}.mkv", video.freeze(decoded))
            store_pictures(self._store, source.sha256, clip, decoded, name)
        point = measurement.point.model_copy(
            update={
                "bitstream_key": f"{name}.bin",
                "bitstream_sha256": _sha256(bitstream),
                "decoded_sha256": video.planes_sha256(decoded),
            }
        )
        kept = KeptPoint(
            identity=self._identity(source, point.quality),
            point=point,
            frames_sha256=_sha256(frames),
        )
        sealed = kept.model_copy(update={"record_sha256": kept.content_sha256})
        self._store.put(f"{name}.json", sealed.model_dump_json(indent=2).encode())
        return point

    def _name(self, source: SourceClip, quality: int) -> str:
        return f"{self._prefix}{source.name}-{source.frame_count}f-q{quality}"

    def _identity(self, source: SourceClip, quality: int) -> Identity:
        return Identity(
            candidate_sha256=self._bundle.candidate.sha256,
            bundle_sha256=self._bundle.manifest.bundle_sha256,
            clip_sha256=source.sha256,
            quality=quality,
            environment_sha256=self._environment_sha256,
        )


def _sha256(data: bytes) -> Sha256:
    return hashlib.sha256(data).hexdigest()

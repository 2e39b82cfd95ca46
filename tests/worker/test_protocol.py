"""Honest codecs pass and tricks fail, in the real sandbox."""

import base64
import zlib

import pytest

from codec_lab.candidate import Candidate
from codec_lab.limits import Limits
from codec_lab.verdict import Fault, RatePoint
from codec_worker import protocol
from codec_worker.failure import CandidateFailedError
from codec_worker.runner import Runner
from codec_worker.variants import Variants
from tests.worker.samples import moving_clip, tiny_candidate

CLIP = moving_clip()
QUALITIES = (30, 40, 50, 60)


def validate(candidate: Candidate, limits: Limits) -> None:
    with Runner(candidate, limits) as runner:
        variants = Variants("a secret", "1" * 64)
        protocol.validate(runner, CLIP, QUALITIES, "sample", variants)


def fault_of(candidate: Candidate, limits: Limits | None = None) -> Fault:
    with pytest.raises(CandidateFailedError) as caught:
        validate(candidate, limits or Limits(cpu_s=20, wall_s=60))
    return caught.value.fault


def test_an_honest_codec_passes() -> None:
    validate(tiny_candidate(), Limits())


def test_a_point_is_what_was_decoded() -> None:
    with Runner(tiny_candidate(), Limits()) as runner:
        point, quality, encoded, decoded = protocol.measure_point(runner, CLIP, 30, "sample")

    assert point.size_bytes == len(encoded.bitstream)
    assert point.bitrate_bps == 8 * point.size_bytes * 25 / 8
    # Uniform quantisation by 18: an error of 18² / 12, save for clipping.
    assert 33 < point.psnr_y_db < 35
    assert point.psnr_y_db == quality.psnr_y_db
    assert decoded.planes[0].shape == CLIP.y.shape
    assert point.encode_cpu_s is not None
    assert point.encode_cpu_s > 0
    assert point.decode_peak_memory_bytes is not None
    assert point.decode_peak_memory_bytes > 1 << 20


FAULTS = {
    "syntax at import": (
        tiny_candidate(top="exec('def f(:')"),
        "CandidateSyntaxError",
        "raised SyntaxError",
    ),
    "missing module": (
        tiny_candidate(top="__import__('torch')"),
        "CandidateImportError",
        "raised ModuleNotFoundError: No module named 'torch'",
    ),
    "exception in encode": (
        tiny_candidate(encode="return 1 // 0"),
        "CandidateCrashError",
        "encode of the first 8 frames of sample at quality 30 raised ZeroDivisionError",
    ),
    "exception in decode": (
        tiny_candidate(decode="return {}['picture']"),
        "CandidateCrashError",
        "decode of the first 8 frames of sample at quality 30 raised KeyError",
    ),
    "signal": (
        tiny_candidate(encode="import os; os.abort()"),
        "CandidateCrashError",
        "SIGABRT",
    ),
    "exit": (
        tiny_candidate(encode="import os; os._exit(0)"),
        "ContractError",
        "before it returned",
    ),
    "no bytes": (tiny_candidate(encode="return b''"), "ContractError", "returned no bytes"),
    "text instead of bytes": (tiny_candidate(encode="return 'bits'"), "ContractError", "str"),
    "None": (tiny_candidate(decode="return None"), "ContractError", "NoneType"),
    "a frame too few": (
        tiny_candidate(decode="return tuple(p[1:] for p in honest_decode(bitstream))"),
        "ContractError",
        "(7, 48, 64)",
    ),
    "a resized picture": (
        tiny_candidate(decode="return tuple(p[:, ::2, ::2] for p in honest_decode(bitstream))"),
        "ContractError",
        "(8, 24, 32)",
    ),
    "another dtype": (
        tiny_candidate(decode="return tuple(p * 1.0 for p in honest_decode(bitstream))"),
        "ContractError",
        "float64",
    ),
    "NaN": (
        tiny_candidate(decode="return tuple(p * np.nan for p in honest_decode(bitstream))"),
        "ContractError",
        "float64",
    ),
    "black pictures": (
        tiny_candidate(decode="return tuple(p * 0 for p in honest_decode(bitstream))"),
        "RoundTripError",
        "dB is no picture",
    ),
    "a picture that differs by run": (
        tiny_candidate(
            decode="""
            y, u, v = honest_decode(bitstream)
            y[0, 0, 0] = np.random.default_rng().integers(256)
            y[0, 0, 1:9] = np.random.default_rng().integers(0, 256, 8)
            return y, u, v
            """
        ),
        "RoundTripError",
        "another picture the second time",
    ),
    "the knob does nothing": (
        tiny_candidate(encode="return honest_encode(clip, 30)"),
        "ContractError",
        "a higher quality must cost more and look better",
    ),
    "the knob is reversed": (
        tiny_candidate(encode="return honest_encode(clip, 100 - quality)"),
        "ContractError",
        "a higher quality must cost more and look better",
    ),
    "memory": (
        tiny_candidate(encode="return bytes(np.ones(1 << 33, np.uint8)[:9])"),
        "LimitExceededError",
        "Unable to allocate 8.00 GiB",
    ),
}


@pytest.mark.parametrize(("candidate", "error_type", "words"), FAULTS.values(), ids=FAULTS)
def test_faults_have_their_type_and_say_where(
    candidate: Candidate, error_type: str, words: str
) -> None:
    fault = fault_of(candidate)

    assert fault.error_type == error_type, fault
    assert words in fault.message


def test_the_traceback_shows_the_candidates_own_line() -> None:
    fault = fault_of(tiny_candidate(encode="return 1 // 0"))

    assert 'File "codec.py"' in fault.traceback
    assert "return 1 // 0" in fault.traceback
    assert fault.direction == "encode"
    assert fault.exception == "ZeroDivisionError"


def test_what_was_printed_is_kept() -> None:
    fault = fault_of(tiny_candidate(encode="print('searching'); raise ValueError('lost')"))

    assert fault.log_tail.strip() == "searching"


def test_an_endless_loop_ends_at_its_limit() -> None:
    fault = fault_of(tiny_candidate(encode="while True: pass"), Limits(cpu_s=1, wall_s=20))

    assert (fault.error_type, fault.limit) == ("LimitExceededError", "cpu_s")


# Each keeps the picture from the bitstream and hands it over elsewhere.
EMBEDDED = f"""
import base64
PICTURE = zlib.decompress(base64.b85decode({{picture!r}}))
def unpack():
    data = np.frombuffer(PICTURE, np.uint8)
    y, u, v = np.split(data, [{CLIP.y.size}, {CLIP.y.size + CLIP.u.size}])
    return y.reshape({CLIP.y.shape}), u.reshape({CLIP.u.shape}), v.reshape({CLIP.v.shape})
"""


def embedding() -> str:
    raw = b"".join(plane.tobytes() for plane in CLIP[:3])
    return EMBEDDED.format(picture=base64.b85encode(zlib.compress(raw, 9)).decode())


def test_a_decoder_that_embeds_the_clip_is_refused() -> None:
    fault = fault_of(
        tiny_candidate(
            top=embedding(),
            encode="return bytes(8 + quality)",
            decode="""
            y, u, v = unpack()
            return y ^ np.uint8(len(bitstream) < 50), u, v  # a worse picture for a lower quality
            """,
        )
    )

    assert fault.error_type == "RoundTripError"
    assert "the picture does not come from the bitstream" in fault.message


RECOGNISING = """
import hashlib
def digest(planes):
    return hashlib.sha256(planes[0].tobytes()).digest()[:8]
"""


def test_a_codec_that_recognises_the_clip_in_its_source_is_refused() -> None:
    """It sends a checksum with the clip's number, so that a damaged bitstream fails."""
    fault = fault_of(
        tiny_candidate(
            top=embedding() + RECOGNISING,
            encode="""
            if digest(clip) != digest(unpack()):
                return honest_encode(clip, quality)
            return bytes([quality]) + bytes(quality) + digest(clip)
            """,
            decode="""
            if bitstream[-8:] != digest(unpack()):
                return honest_decode(bitstream)
            y, u, v = unpack()
            return y ^ np.uint8(bitstream[0] < 50), u, v
            """,
        )
    )

    assert (fault.error_type, fault.direction) == ("EmbeddedClipError", "encode")
    assert "a variant of it (cut, noisy, maybe mirrored)" in fault.message


@pytest.mark.parametrize("known", [range(101), range(60, 61)], ids=["always", "at quality 60"])
def test_a_codec_that_recognises_every_mirror_image_is_refused(known: range) -> None:
    """It knows the clip and its flips by their hashes, and sends which of them it is."""
    fault = fault_of(
        tiny_candidate(
            top=embedding()
            + RECOGNISING
            + """
FLIPS = [(a, b) for a in (1, -1) for b in (1, -1)]
def flipped(a, b):
    return [np.ascontiguousarray(plane[:, ::a, ::b]) for plane in unpack()]
""",
            encode=f"""
            known = [digest(flipped(*flip)) for flip in FLIPS]
            if digest(clip) not in known or quality not in {known}:
                return b"T" + honest_encode(clip, quality)
            index = known.index(digest(clip))
            size = quality + ({min(known)} and len(honest_encode(clip, 30)))  # the curve must rise
            return bytes([quality, index]) + bytes(size) + known[index]
            """,
            decode="""
            if bitstream[:1] == b"T":
                return honest_decode(bitstream[1:])
            y, u, v = flipped(*FLIPS[bitstream[1]])
            if bitstream[-8:] != digest((y, u, v)):
                raise ValueError("damaged")
            return y ^ np.uint8(bitstream[0] < 50), u, v
            """,
        )
    )

    assert fault.error_type == "EmbeddedClipError", fault
    assert f"at quality {max(min(known), 30)} takes" in fault.message


def test_a_codec_that_gives_up_on_the_variant_is_refused() -> None:
    """It tries to keep the variant cheap: by no picture, or by a bad one."""
    for poor in ("y * 0", "y // 64 * 64"):
        fault = fault_of(
            tiny_candidate(
                top=embedding() + RECOGNISING,
                encode="""
                shape = struct.pack("<3H", *clip.y.shape)
                return bytes([quality]) + bytes(quality) + shape + digest(clip)
                """,
                decode=f"""
                y, u, v = unpack()
                n, h, w = struct.unpack("<3H", bitstream[-14:-8])
                if bitstream[-8:] != digest(unpack()):
                    planes = {poor}, u, v
                    return tuple(p[:n, :h // s, :w // s].copy() for p, s in zip(planes, (1, 2, 2)))
                return y ^ np.uint8(bitstream[0] < 50), u, v
                """,
            )
        )
        assert fault.error_type == "EmbeddedClipError"


def test_a_codec_that_sends_the_variant_small_and_ugly_is_refused() -> None:
    """Some hundred bytes for the known clip, a few for a grey picture of whatever looks like it."""
    fault = fault_of(
        tiny_candidate(
            top=embedding() + RECOGNISING,
            encode="""
            known = digest(clip) == digest(unpack())
            shape = struct.pack("<3H", *clip.y.shape)
            return bytes([quality]) + bytes(8 * quality * known) + shape + digest(clip)
            """,
            decode="""
            y, u, v = unpack()
            n, h, w = struct.unpack("<3H", bitstream[-14:-8])
            if bitstream[-8:] != digest(unpack()):
                if len(bitstream) > 15:
                    raise ValueError("damaged")
                planes = y * 0 + 128, u * 0 + 128, v * 0 + 128
                return tuple(p[:n, :h // s, :w // s].copy() for p, s in zip(planes, (1, 2, 2)))
            return y ^ np.uint8(8 if bitstream[0] < 50 else 4), u, v
            """,
        )
    )
    assert fault.error_type == "EmbeddedClipError"
    assert "a variant of it (cut, noisy, maybe mirrored) 15 bytes for 1" in fault.message


# Where the clip is put, how the decoder takes it from there, and what becomes of that.
STASHES = {
    "a module global": (
        "STASH = []",
        "STASH.append(clip); return bytes(quality)",
        "return tuple(STASH[0][:3])",
        ("CandidateCrashError", "IndexError"),
    ),
    "the environment": (
        "import os",
        "os.environ['CLIP'] = clip.y.tobytes().hex(); return bytes(quality)",
        "return bytes.fromhex(os.environ['CLIP']), None, None",
        ("CandidateCrashError", "KeyError"),
    ),
    "a file": (
        "import numpy as np",
        "np.save('/tmp/clip.npy', clip.y); return bytes(quality)",
        "return np.load('/tmp/clip.npy'), None, None",
        ("CandidateCrashError", "PermissionError"),
    ),
    "a shared memory": (
        "from multiprocessing import shared_memory",
        """
        shared = shared_memory.SharedMemory("clip", create=True, size=clip.y.nbytes)
        shared.buf[:] = clip.y.tobytes()
        return bytes(quality)
        """,
        "return bytes(shared_memory.SharedMemory('clip').buf), None, None",
        ("CandidateCrashError", "PermissionError"),
    ),
    "access times": (
        """
        import os
        import time
        from pathlib import Path
        FILES = sorted(Path(np.__file__).parent.rglob("*.py"))[:64]
        """,
        """
        time.sleep(0.05)
        bits = np.unpackbits(clip.y[0, 0, :8])
        for file, bit in zip(FILES, bits):
            if bit:
                file.read_bytes()
        return bytes(quality)
        """,
        """
        read = np.array([os.stat(file).st_atime > time.time() - 60 for file in FILES])
        if 0 < read.sum() < 64:
            raise ValueError(f"the clip begins with {np.packbits(read)}")
        return tuple(np.zeros(s, np.uint8) for s in ((8, 48, 64), (8, 24, 32), (8, 24, 32)))
        """,
        ("RoundTripError", None),
    ),
    "a bitstream that is a pointer": (
        "import ctypes",
        "return struct.pack('<QB', clip.y.ctypes.data, quality)",
        """
        address, _ = struct.unpack('<QB', bitstream)
        y = np.frombuffer(ctypes.string_at(address, 8 * 48 * 64), np.uint8).reshape(8, 48, 64)
        return y, y[:, ::2, ::2].copy(), y[:, ::2, ::2].copy()
        """,
        ("RoundTripError", None),  # or SIGSEGV, if the decoder has nothing at that address
    ),
}


@pytest.mark.parametrize(("top", "encode", "decode", "refusal"), STASHES.values(), ids=STASHES)
def test_an_encoder_that_stashes_the_clip_is_refused(
    top: str, encode: str, decode: str, refusal: tuple[str, str | None]
) -> None:
    fault = fault_of(tiny_candidate(top=top, encode=encode, decode=decode))

    refusals = {refusal, ("CandidateCrashError", "SIGSEGV")} if "ctypes" in top else {refusal}
    assert (fault.error_type, fault.exception) in refusals, fault


def test_a_decoder_that_hangs_on_a_damaged_bitstream_is_refused() -> None:
    fault = fault_of(
        tiny_candidate(
            decode="""
            try:
                return honest_decode(bitstream)
            except Exception:
                while True:
                    pass
            """
        ),
        Limits(cpu_s=1, wall_s=20),
    )

    assert (fault.error_type, fault.limit) == ("LimitExceededError", None)
    assert "second half corrupted" in fault.message


def test_a_decoder_that_raises_or_differs_on_a_damaged_bitstream_passes() -> None:
    validate(
        tiny_candidate(
            decode="""
            try:
                return honest_decode(bitstream)
            except zlib.error:
                shape = struct.unpack_from("<HHH", bitstream)
                half = (shape[0], shape[1] // 2, shape[2] // 2)
                return tuple(np.full(s, 128, np.uint8) for s in (shape, half, half))
            """
        ),
        Limits(),
    )


def test_damage_changes_every_byte_of_the_second_half() -> None:
    bitstream = bytes(range(200))

    damaged = dict(protocol._damaged(bitstream))

    corrupted = damaged["second half corrupted"]
    assert corrupted[:100] == bitstream[:100]
    assert all(a != b for a, b in zip(corrupted[100:], bitstream[100:], strict=True))
    assert damaged["second half cut off"] == bitstream[:100]


def rate_point(quality: int, size_bytes: int, psnr_y_db: float) -> RatePoint:
    return RatePoint(
        quality=quality,
        size_bytes=size_bytes,
        bitrate_bps=size_bytes,
        psnr_y_db=psnr_y_db,
        psnr_u_db=40,
        psnr_v_db=40,
        psnr_yuv_db=40,
        ssim_y=0.9,
        xpsnr_y_db=38,
    )


@pytest.mark.parametrize(
    ("size_bytes", "psnr_y_db"), [(100, 36.0), (99, 36.0), (110, 35.0), (110, 34.0)]
)
def test_points_must_rise(size_bytes: int, psnr_y_db: float) -> None:
    points = [rate_point(40, size_bytes, psnr_y_db), rate_point(30, 100, 35.0)]

    with pytest.raises(CandidateFailedError, match=r"On sample quality 40 gives"):
        protocol.check_curve(points, "sample")


def test_points_without_loss_may_be_equal() -> None:
    protocol.check_curve([rate_point(30, 20, 100.0), rate_point(40, 20, 100.0)], "sample")

    with pytest.raises(CandidateFailedError, match=r"quality 40 gives 19 bytes"):
        protocol.check_curve([rate_point(30, 20, 100.0), rate_point(40, 19, 100.0)], "sample")


def test_rising_points_pass_in_any_order() -> None:
    protocol.check_curve([rate_point(40, 110, 36.0), rate_point(30, 100, 35.0)], "sample")

"""Deblocking: flat and detailed areas stay, weak steps at block edges go."""

import numpy as np
import pytest

from codec_worker.toolbox import coding_state, deblocking


def coded_frame(luma: np.ndarray, qp: int, kind: int) -> coding_state.Frame:
    """A frame of 8×8 blocks, all of one kind."""
    half = np.ascontiguousarray(luma[::2, ::2])
    planes = [luma.copy(), half.copy(), half.copy()]
    pool = coding_state.References(
        np.zeros((1, 16, 1, 1), np.uint8), *np.zeros((2, 1, 1, 1), np.uint8)
    )
    frame = coding_state.new_frame(planes, planes, pool, np.zeros(4))
    frame.numbers[[coding_state.QP, coding_state.QP_CHROMA]] = qp
    frame.cells[:, :, coding_state.KIND] = kind
    frame.cells[:, :, [coding_state.LOG2_H, coding_state.LOG2_W]] = 3
    frame.cells[:, :, [coding_state.REF0, coding_state.REF1]] = 0, -1
    return frame


def steps(height: int, width: int, jump: int) -> np.ndarray:
    blocks = (np.arange(width) // 8 + np.arange(height)[:, None] // 8) % 2
    return (100 + jump * blocks).astype(np.uint8)


def test_weak_steps_beside_intra_blocks_are_smoothed():
    luma = steps(32, 48, 6)
    frame = coded_frame(luma, 37, coding_state.INTRA)
    deblocking.deblock(frame, 0, 0)
    before = abs(np.diff(luma.astype(int), axis=1)).max()
    assert before == 6
    assert abs(np.diff(frame.y.astype(int), axis=1)).max() <= 2
    assert abs(np.diff(frame.y.astype(int), axis=0)).max() <= 2


def test_strong_steps_are_picture_content_and_stay():
    luma = steps(32, 48, 120)
    frame = coded_frame(luma, 27, coding_state.INTRA)
    deblocking.deblock(frame, 0, 0)
    np.testing.assert_array_equal(frame.y, luma)


@pytest.mark.parametrize("kind", [coding_state.INTER, coding_state.SKIP])
def test_equal_motion_without_residual_is_left_alone(kind):
    luma = steps(32, 48, 6)
    frame = coded_frame(luma, 37, kind)
    deblocking.deblock(frame, 0, 0)
    np.testing.assert_array_equal(frame.y, luma)


def test_different_motion_is_smoothed():
    frame = coded_frame(steps(32, 48, 6), 37, coding_state.INTER)
    frame.cells[:, 4:, coding_state.V0X] = 4
    deblocking.deblock(frame, 0, 0)
    changed = (frame.y != steps(32, 48, 6)).any(0)
    assert changed[13:19].any()
    assert not changed[:13].any()
    assert not changed[19:].any()


def test_low_qp_filters_nothing():
    luma = steps(32, 48, 6)
    frame = coded_frame(luma, 10, coding_state.INTRA)
    deblocking.deblock(frame, 0, 0)
    np.testing.assert_array_equal(frame.y, luma)


def test_tables_follow_the_standard():
    # H.265 table 8-12: beta' at Q = 16, 28, 51; tc' at Q = 17, 18, 53.
    assert [deblocking.BETA[q] for q in (15, 16, 28, 29, 51)] == [0, 6, 18, 20, 64]
    assert [deblocking.TC[q] for q in (17, 18, 27, 53)] == [0, 1, 2, 24]

"""The archive: front, niches, parents, novelty, lessons, calibration and the champion."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_lab.archive import Archive, niche_of
from codec_lab.calibration import Calibration
from codec_lab.campaign import Champion
from codec_lab.candidate import Candidate
from codec_lab.clip import ClipRole
from codec_lab.crowning import crown
from codec_lab.experiment import Evaluation, Experiment
from codec_lab.lessons import MAX_CHARACTERS, lessons
from codec_lab.novelty import outputs_sha256, source_sha256
from codec_lab.proposal import Mind
from tests.unit.builders import NOON, clip_result, experiment


def measured(
    number: int, bd_rate_percent: float, decode_s: float | None = 0.1, **changes: object
) -> Experiment:
    return experiment(
        number,
        bd_rate_percent=bd_rate_percent,
        decode_cpu_s_per_frame=decode_s,
        candidate_sha256=f"{number:064x}",
        proposal_key=f"proposal-{number}",
        **changes,
    )


def test_the_front_holds_what_no_other_beats_in_both() -> None:
    archive = Archive(
        [measured(1, 10, 0.4), measured(2, 20, 0.1), measured(3, 30, 0.2), measured(4, 15, 0.3)]
    )
    assert [one.number for one in archive.front] == [1, 4, 2]


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 50)), min_size=1, max_size=30))
def test_nothing_dominates_the_front_and_all_else_is_dominated(
    points: list[tuple[int, int]],
) -> None:
    archive = Archive(measured(n, bd, s / 10) for n, (bd, s) in enumerate(points, start=1))
    front = {one.number for one in archive.front}

    def dominated(number: int) -> bool:
        bd, s = points[number - 1]
        return any(
            ((b, t) != (bd, s) and b <= bd and t <= s) or ((b, t) == (bd, s) and other < number)
            for other, (b, t) in enumerate(points, start=1)
        )

    assert front == {n for n in range(1, len(points) + 1) if not dominated(n)}


def test_a_niche_keeps_its_best_and_repeats_do_not_count() -> None:
    one, better, far = measured(1, 18, 0.1), measured(2, 12, 0.1), measured(3, 55, 0.02)
    again = measured(4, 5, 0.1, repeats="default-0001")
    archive = Archive([one, better, far, again])
    assert niche_of(one) == niche_of(better) != niche_of(far)
    assert {kept.number for kept in archive.niches.values()} == {2, 3}
    assert [kept.number for kept in archive.measured] == [2, 1, 3]
    assert again.candidate_sha256 in archive.candidates


def test_parents_are_elite_mostly_others_sometimes_and_alike_for_a_seed() -> None:
    archive = Archive(measured(n, 10.0 * n, 1 / n) for n in range(1, 6))
    chosen = [archive.choose_parent(f"7/{n}") for n in range(400)]
    assert chosen == [archive.choose_parent(f"7/{n}") for n in range(400)]
    counts = Counter(choice.experiment.number for choice in chosen if choice)
    assert 180 <= counts[1] <= 280
    assert set(counts) == {1, 2, 3, 4, 5}
    assert Archive([experiment()]).choose_parent("7/1") is None


def test_the_line_of_ancestors_ends_at_the_seed() -> None:
    family = [measured(1, 30)]
    family += [measured(n, 30 - n, parent_sha256=f"{n - 1:064x}") for n in (2, 3)]
    archive = Archive([*family, measured(4, 1, parent_sha256=f"{1:064x}")])
    assert [one.number for one in archive.lineage(family[2])] == [3, 2, 1]


def test_comments_docstrings_and_form_do_not_make_a_source_new() -> None:
    one = Candidate(files={"codec.py": 'def f(a):\n    """Says."""\n    return a+1  # why\n'})
    other = Candidate(files={"codec.py": "def f( a ):\n\n    return (a + 1)\n"})
    changed = Candidate(files={"codec.py": "def f(a):\n    return a + 2\n"})
    assert one.sha256 != other.sha256
    assert source_sha256(one) == source_sha256(other) != source_sha256(changed)
    broken = Candidate(files={"codec.py": "def f(:"})
    assert source_sha256(broken) == source_sha256(broken)


def test_outputs_are_known_only_if_every_bitstream_is() -> None:
    result = clip_result("hall", {})
    assert outputs_sha256([result]) is None
    points = tuple(
        point.model_copy(update={"bitstream_sha256": "a" * 64}) for point in result.points
    )
    kept = result.model_copy(update={"points": points})
    assert outputs_sha256([kept]) == outputs_sha256([kept]) is not None


def test_lessons_say_what_changes_did_and_leave_guesses_out() -> None:
    seed = measured(1, 30.0, parameters={"gop": 8}, mind=Mind.OFFLINE)
    steps = [
        measured(
            n, bd, parameters={"gop": gop}, mind=Mind.OFFLINE, parent_sha256=seed.candidate_sha256,
            hypothesis="It will save half of the rate.",
        )
        for n, bd, gop in ((2, 26.0, 16), (3, 33.0, 4), (4, 25.0, 16))
    ]  # fmt: skip
    unmeasured = experiment(5, parent_sha256=seed.candidate_sha256, change="Never measured.")
    text = lessons([*steps, unmeasured, seed])
    assert text.splitlines() == [
        "-4.50 points in the mean of 2: Changes gop from 8 to 16.",
        "+3.00 points: Changes gop from 8 to 4.",
    ]
    screened_seed = seed.model_copy(update={"screen_bd_rate_percent": 29.0})
    stopped = experiment(
        6,
        candidate_sha256=f"{6:064x}",
        parent_sha256=seed.candidate_sha256,
        parameters={"gop": 2},
        mind=Mind.OFFLINE,
        screen_bd_rate_percent=40.0,
        stop_reason="Stopped after the screen: too bad.",
    )
    assert lessons([screened_seed, stopped]).splitlines() == [
        "+11.00 points: Changes gop from 8 to 2. (on the screen, which stopped it)"
    ]
    assert not lessons([seed, stopped])
    many = [seed] + [
        measured(n, float(n), change=f"{n} " + "x" * 400, parent_sha256=seed.candidate_sha256)
        for n in range(2, 60)
    ]
    assert len(lessons(many)) <= MAX_CHARACTERS


def test_predictions_are_scored_against_outcomes() -> None:
    known = [
        measured(1, 12.0, expected_bd_rate_percent=10.0),
        measured(2, 6.0, expected_bd_rate_percent=10.0),
        measured(3, 9.0),
    ]
    score = Calibration.of(known)
    assert score == Calibration(count=2, bias_percent=-1.0, error_percent=3.0)
    assert "off by 3.0 points" in score.sentence
    assert "1.0 too careful" in score.sentence
    assert Calibration.of([known[2]]) is None


def evaluations(
    number: int,
    percents: tuple[float, ...],
    role: ClipRole = ClipRole.HIDDEN,
    yuv: tuple[float | None, ...] | None = None,
) -> list[Evaluation]:
    """Evaluations by clip; the BD-rates on PSNR-YUV are those on PSNR-Y if none are given."""
    rates = zip(percents, yuv or percents, strict=True)
    return [
        Evaluation(
            experiment_id=f"default-{number:04}",
            run=1,
            candidate_sha256=f"{number:064x}",
            bundle_sha256="b" * 64,
            at=NOON,
            result=clip_result(
                f"clip{place}", {"x265-medium": luma}, role=role, yuv_percents={"x265-medium": all_}
            ),
        )
        for place, (luma, all_) in enumerate(rates)
    ]


BEFORE = (10.0, 20.0, 30.0)


@pytest.mark.parametrize(
    ("percents", "crowned"),
    [((8.0, 17.0, 27.0), True), ((8.0, 22.0, 27.0), False), ((8.0, 17.0), False)],
)
def test_only_what_is_better_beyond_chance_on_hidden_clips_is_champion(
    percents: tuple[float, ...], crowned: bool
) -> None:
    before = evaluations(1, BEFORE)
    first = crown(measured(1, 20), before, None, ())
    assert first is not None
    challenger = crown(measured(2, 1.0), evaluations(2, percents), first, before)
    assert (challenger is not None) == crowned


def test_a_champion_says_by_how_many_points_it_differs_from_what() -> None:
    before = evaluations(1, BEFORE)
    first = crown(measured(1, 20), before, None, ())
    assert first is not None
    assert first.reason == (
        "The first on the hidden clips, and the one to beat: BD-rate against x265-medium +20.0 % "
        "[+10.0, +30.0]."
    )
    second = crown(measured(2, 1.0), evaluations(2, (8.0, 17.0, 27.0)), first, before)
    assert second is not None
    assert second.reason == (
        "[-3.0, -2.0] points of BD-rate against x265-medium from default-0001 on the hidden "
        "clips, on PSNR-YUV -2.7 in the mean."
    )


@pytest.mark.parametrize(
    ("yuv", "crowned"),
    [
        ((9.0, 19.0, 32.0), True),
        ((9.0, 19.0, 33.0), False),
        ((80.0, 90.0, 95.0), False),
        ((1.0, 2.0, None), False),
    ],
)
def test_chroma_given_up_for_luma_crowns_nobody(
    yuv: tuple[float | None, ...], crowned: bool
) -> None:
    before = evaluations(1, BEFORE)
    first = crown(measured(1, 20), before, None, ())
    challenger = evaluations(2, (2.0, 12.0, 22.0), yuv=yuv)
    assert (crown(measured(2, 12), challenger, first, before) is not None) == crowned


@pytest.mark.parametrize(
    ("percents", "yuv", "crowned"),
    [
        ((-5.0, -6.0, -7.0), (-1.0, -2.0, -3.0), True),
        ((-5.0, -6.0, -7.0), (60.0, 70.0, 80.0), False),
        ((5.0, 6.0, 7.0), (60.0, 70.0, None), False),
    ],
)
def test_the_first_champion_agrees_with_itself_on_all_planes(
    percents: tuple[float, ...], yuv: tuple[float | None, ...], crowned: bool
) -> None:
    first = crown(measured(1, -6), evaluations(1, percents, yuv=yuv), None, ())
    assert (first is not None) == crowned


def test_development_clips_crown_nobody() -> None:
    shown = evaluations(1, (-50.0, -60.0, -70.0), ClipRole.DEVELOPMENT)
    assert crown(measured(1, -60), shown, None, ()) is None
    champion = Champion(experiment_id="default-0001", candidate_sha256=f"{1:064x}", reason="first")
    assert crown(measured(1, -60), evaluations(1, (1.0, 2.0, 3.0)), champion, ()) is None

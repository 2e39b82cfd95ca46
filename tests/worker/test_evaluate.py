"""The bench alone: a codec module judged without a cloud."""

import shutil
from pathlib import Path

import pytest

from codec_lab import keys
from codec_lab.errors import ConfigurationError
from codec_lab.job import JobKind
from codec_worker import clips
from codec_worker.evaluate import Terms, evaluate_module, read_candidate
from tests.fakes import MemoryObjects
from tests.worker.samples import TINY_CODEC, sample_clips, write_video


def test_a_module_is_judged_without_a_cloud(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text(TINY_CODEC)
    store = MemoryObjects()

    verdict = evaluate_module(
        module, sample_clips(), store, tmp_path / "cache", Terms(anchors=("mpeg4",))
    )

    assert verdict.passed
    assert verdict.kind is JobKind.EXECUTE
    assert [len(result.points) for result in verdict.results] == [4, 4]
    assert store.exists(f"{keys.job('bench', 1, 'execute', 1)}verdict.json")


def test_pictures_are_of_the_second_lowest_quality_in_whichever_order(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text(TINY_CODEC)
    store = MemoryObjects()
    terms = Terms(qualities=(60, 30, 50, 40), anchors=("mpeg4",))

    evaluate_module(module, sample_clips()[:1], store, tmp_path / "cache", terms)

    decoded = {key for key in store.data if key.endswith("frame-0.png") and "-q" in key}
    assert [key.partition("-q")[2] for key in decoded] == ["40-frame-0.png"]


def test_a_bad_module_is_judged_by_the_validation(tmp_path: Path) -> None:
    (tmp_path / "codec.py").write_text("def encode(clip, quality):\n    return b'x'\n")

    verdict = evaluate_module(
        tmp_path, sample_clips(), MemoryObjects(), tmp_path / "cache", Terms()
    )

    assert verdict.kind is JobKind.VALIDATE
    assert verdict.fault is not None
    assert verdict.fault.error_type == "ContractError"


def test_terms_that_make_no_plan_are_refused(tmp_path: Path) -> None:
    module = tmp_path / "mine.py"
    module.write_text(TINY_CODEC)

    with pytest.raises(ConfigurationError, match="This cannot be measured"):
        evaluate_module(
            module, sample_clips(), MemoryObjects(), tmp_path, Terms(qualities=(30, 40))
        )
    with pytest.raises(ConfigurationError, match="names the same clip twice"):
        evaluate_module(module, sample_clips() * 2, MemoryObjects(), tmp_path, Terms())
    with pytest.raises(ConfigurationError) as refused:
        evaluate_module(
            module, sample_clips(), MemoryObjects(), tmp_path, Terms(anchors=("mpeg4", "mpeg4"))
        )
    assert str(refused.value) == "This cannot be measured: a plan names the same anchor twice."


def test_a_clip_is_not_both_shown_and_hidden(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    (folder / "hidden").mkdir(parents=True)
    write_video(folder / "mine.mp4", frames=8)
    shutil.copy(folder / "mine.mp4", folder / "hidden" / "other.mp4")
    module = tmp_path / "mine.py"
    module.write_text(TINY_CODEC)

    with pytest.raises(ConfigurationError) as refused:
        evaluate_module(module, clips.load_folder(folder), MemoryObjects(), tmp_path, Terms())

    assert str(refused.value) == (
        "This cannot be measured: the clips mine and other hold the same pictures: leave one "
        "out, for a hidden clip that the search has seen decides nothing."
    )


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("missing.py", None, "There is no codec module"),
        ("image.py", b"\xff\xfe\x00", "is no Python source"),
        ("folder", None, r"folder holds no codec\.py\.$"),
    ],
)
def test_what_is_no_module_is_refused(
    tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    elif name == "folder":
        path.mkdir()
        (path / "other.py").write_text("")

    with pytest.raises(ConfigurationError, match=words):
        read_candidate(path)


def test_a_byte_order_mark_is_none_of_the_source(tmp_path: Path) -> None:
    module = tmp_path / "codec.py"
    module.write_text(TINY_CODEC, "utf-8-sig")

    from_file, from_folder = read_candidate(module), read_candidate(tmp_path)

    assert from_file.files == from_folder.files == {"codec.py": TINY_CODEC}


def test_a_folder_gives_its_packages_too(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "blocks" / "inner").mkdir(parents=True)
    (folder / "codec.py").write_text(
        "from blocks import tiny\nfrom blocks.inner.names import KIND\n"
        "encode, decode = tiny.encode, tiny.decode\n"
    )
    (folder / "blocks" / "tiny.py").write_text(TINY_CODEC)
    (folder / "blocks" / "inner" / "names.py").write_text("KIND = 1\n")

    candidate = read_candidate(folder)
    verdict = evaluate_module(
        folder, sample_clips()[:1], MemoryObjects(), tmp_path, Terms(anchors=())
    )

    assert set(candidate.files) == {"codec.py", "blocks/tiny.py", "blocks/inner/names.py"}
    assert verdict.fault is None
    assert verdict.candidate_sha256 == candidate.sha256


def test_a_folder_without_python_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("")
    with pytest.raises(ConfigurationError) as refused:
        read_candidate(tmp_path)
    assert str(refused.value) == f"{tmp_path} holds no codec.py."


def test_a_users_video_can_be_measured(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    write_video(folder / "mine.mp4", frames=8)
    module = tmp_path / "mine.py"
    module.write_text(TINY_CODEC)

    verdict = evaluate_module(
        module,
        clips.load_folder(folder),
        MemoryObjects(),
        tmp_path / "cache",
        Terms(anchors=("x264-medium",)),
    )

    assert verdict.passed
    assert verdict.results[0].clip == "mine"

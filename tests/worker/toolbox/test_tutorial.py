"""The tutorial's codec is what it says: sixty lines that pass the bench."""

from pathlib import Path

from codec_worker.evaluate import Terms, evaluate_module
from tests.fakes import MemoryObjects
from tests.worker.samples import sample_clips

TUTORIAL = Path(__file__).parents[3] / "docs" / "writing-a-codec.md"


def tutorial_code() -> str:
    text = TUTORIAL.read_text("utf-8")
    return text.split("```python\n")[1].split("```\n")[0]


def test_the_codec_has_sixty_lines() -> None:
    lines = [line for line in tutorial_code().splitlines() if line.strip()]
    assert 50 <= len(lines) <= 60


def test_the_codec_passes_the_bench(tmp_path: Path) -> None:
    module = tmp_path / "my_codec.py"
    module.write_text(tutorial_code(), "utf-8")

    verdict = evaluate_module(
        module,
        sample_clips()[:1],
        MemoryObjects(),
        tmp_path / "cache",
        Terms(anchors=("x264-medium",)),
    )

    assert verdict.fault is None
    (result,) = verdict.results
    psnr_db = [point.psnr_y_db for point in result.points]
    sizes = [point.size_bytes for point in result.points]
    assert psnr_db == sorted(psnr_db)
    assert sizes == sorted(sizes)
    assert psnr_db[-1] > 36

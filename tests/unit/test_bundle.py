"""A bundle is named by its content, and proves it."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_lab.bundle import Bundle
from codec_lab.candidate import Candidate
from codec_lab.errors import AttestationError
from codec_lab.framework import Framework
from codec_lab.limits import Limits
from codec_lab.proposal import Mind, Proposal


def proposal(files: dict[str, str], limits: Limits | None = None) -> Proposal:
    return Proposal(
        candidate=Candidate(files=files),
        limits=limits or Limits(),
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change="",
        hypothesis="",
    )


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
)
def test_what_goes_in_comes_out(codec: str, block: str) -> None:
    bundle = Bundle.of(proposal({"codec.py": codec, "block.py": block}))
    assert Bundle.from_zip(bundle.to_zip(), bundle.manifest.bundle_sha256) == bundle


def test_equal_bundles_are_equal_bytes() -> None:
    one = Bundle.of(proposal({"codec.py": "x = 1", "block.py": ""}))
    other = Bundle.of(proposal({"block.py": "", "codec.py": "x = 1"}))
    assert one.to_zip() == other.to_zip()


def test_a_raised_limit_is_another_bundle_of_the_same_candidate() -> None:
    low = Bundle.of(proposal({"codec.py": ""}, Limits(cpu_s=10))).manifest
    high = Bundle.of(proposal({"codec.py": ""}, Limits(cpu_s=20))).manifest
    assert low.candidate_sha256 == high.candidate_sha256
    assert low.bundle_sha256 != high.bundle_sha256


def test_the_modules_of_the_framework_travel_in_the_bundle() -> None:
    files = {"toolbox/scan.py": "ORDER = 1", "lessons.md": "Small steps."}
    made = proposal({"codec.py": "from toolbox import scan"})
    bundle = Bundle.of(made, Framework(version=3, files=files))

    read = Bundle.from_zip(bundle.to_zip(), bundle.manifest.bundle_sha256)

    assert read == bundle
    assert read.toolbox == {"toolbox/scan.py": "ORDER = 1"}
    assert read.manifest.framework_version == 3
    assert read.manifest.candidate_sha256 == made.candidate.sha256


def test_other_modules_are_another_bundle_and_another_number_alone_is_not() -> None:
    made = proposal({"codec.py": ""})
    files = {"toolbox/scan.py": "ORDER = 1"}
    one, renumbered, other, without = (
        Bundle.of(made, framework).manifest.bundle_sha256
        for framework in (
            Framework(version=1, files=files),
            Framework(version=2, files={**files, "lessons.md": "Small steps."}),
            Framework(version=1, files={"toolbox/scan.py": "ORDER = 2"}),
            Framework(),
        )
    )
    assert one == renumbered
    assert len({one, other, without}) == 3


def test_another_bundle_than_asked_for_is_refused() -> None:
    bundle = Bundle.of(proposal({"codec.py": ""}))
    with pytest.raises(AttestationError, match="the job asks for 0000"):
        Bundle.from_zip(bundle.to_zip(), "0" * 64)


def test_changed_source_is_refused() -> None:
    bundle = Bundle.of(proposal({"codec.py": "a = 1"}))
    buffer = io.BytesIO(bundle.to_zip())
    with zipfile.ZipFile(buffer) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["codec.py"] = b"a = 2"
    forged = io.BytesIO()
    with zipfile.ZipFile(forged, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(AttestationError, match="its manifest names"):
        Bundle.from_zip(forged.getvalue(), bundle.manifest.bundle_sha256)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("toolbox/scan.py", "other modules than its manifest names"),
        ("toolbox/../../metrics.py", "cannot be read: .*protected"),
        ("toolbox/__init__.py", "cannot be read: .*protected"),
    ],
)
def test_a_module_that_was_slipped_in_is_refused(name: str, why: str) -> None:
    bundle = Bundle.of(proposal({"codec.py": "a = 1"}))
    forged = io.BytesIO(bundle.to_zip())
    with zipfile.ZipFile(forged, "a") as archive:
        archive.writestr(name, "ORDER = 1")
    with pytest.raises(AttestationError, match=rf"(?s){why}"):
        Bundle.from_zip(forged.getvalue(), bundle.manifest.bundle_sha256)


def test_bytes_that_are_no_bundle_are_refused() -> None:
    with pytest.raises(AttestationError, match="cannot be read"):
        Bundle.from_zip(b"not a zip", "0" * 64)


@pytest.mark.parametrize(
    "name",
    [
        *("../codec.py", "/codec.py", "./b.py", "a//b.py", "a/../b.py", "no-name/b.py", ".v/b.py"),
        *("toolbox/b.py", "wheels/b.py", "codec.txt", "no-name.py", ".py", "a\\b.py", ""),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no path of a candidate's module"):
        Candidate(files={"codec.py": "", name: ""})


@pytest.mark.parametrize("name", ["a" * 70_000, "a/" * 48 + "ab", "\U0001d51e" * 25])
def test_a_path_is_no_longer_than_it_can_be_deployed(name: str) -> None:
    with pytest.raises(ValueError, match="bytes; at most 100 are taken") as raised:
        Candidate(files={"codec.py": "", f"{name}.py": ""})
    assert "a" * 81 not in raised.value.errors()[0]["msg"]


def test_the_longest_paths_and_the_most_files_travel_in_the_bundle() -> None:
    names = [f"{'a' * 95}{n}.py" for n in range(10, 73)]
    files = {"codec.py": "", **dict.fromkeys(names, "b = 1")}
    bundle = Bundle.of(proposal(files))
    read = Bundle.from_zip(bundle.to_zip(), bundle.manifest.bundle_sha256)
    assert read.candidate.files == files
    with pytest.raises(ValueError, match="at most 64 items"):
        Candidate(files={**files, "one_more.py": ""})


def test_a_package_of_the_candidate_travels_in_the_bundle() -> None:
    files = {"codec.py": "import blocks.scan", "blocks/__init__.py": "", "blocks/scan.py": "a = 1"}
    bundle = Bundle.of(proposal(files))
    read = Bundle.from_zip(bundle.to_zip(), bundle.manifest.bundle_sha256)
    assert read.candidate.files == files


def test_a_candidate_without_an_entry_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs a file codec\.py"):
        Candidate(files={"other.py": ""})

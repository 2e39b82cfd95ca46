"""Packages for candidates: the list, its wheels, and what is refused of both."""

from __future__ import annotations

import stat
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.offline.fixer import OfflineFixer
from codec_lab import documents, keys, package_store
from codec_lab.bundle import Bundle
from codec_lab.candidate import Candidate
from codec_lab.errors import (
    AttestationError,
    ConfigurationError,
    DesignRejectedError,
    WheelError,
)
from codec_lab.fixing import unified_diff
from codec_lab.limits import Limits
from codec_lab.minds import FixTask
from codec_lab.novelty import source_sha256
from codec_lab.packages import AVAILABLE, AllowedPackage, AllowedPackages, refuse_unavailable
from codec_lab.proposal import FixTool, Mind, Proposal
from codec_lab.verdict import Fault
from codec_lab.wheel import MAX_FILES, MAX_UNPACKED_BYTES, MAX_WHEEL_BYTES
from codec_worker.sandbox import import_policy
from lab.package_index import DEFAULT_LIST, download, read_list, wheels_in
from tests.fakes import MemoryObjects
from tests.tiny_wheel import ALLOWED, DATA, FILES, WHEEL, as_toml, pinned, zipped

PLAIN = Candidate(files={"codec.py": "import tinystep\n"})
INSTALLED = PLAIN.with_wheel(WHEEL)


def proposal(candidate: Candidate) -> Proposal:
    return Proposal(
        candidate=candidate,
        limits=Limits(),
        mind=Mind.OFFLINE,
        parent_sha256=None,
        change="c",
        hypothesis="h",
    )


def linked() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("tinystep/link.py")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


def doubled() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("tinystep/a.py", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("tinystep/a.py", "2")
    return buffer.getvalue()


def lying_bomb() -> bytes:
    """A file of 80 MB that says it has one byte."""
    data = zipped({"tinystep/zeros.bin": bytes(80_000_000)})
    size = (80_000_000).to_bytes(4, "little")
    assert data.count(size) == 2
    return data.replace(size, (1).to_bytes(4, "little"))


HOSTILE = {
    "leaves its folder": (zipped({"tinystep/../../x.py": ""}), "leads out of its folder"),
    "absolute": (zipped({"/tmp/x.py": ""}), "leads out of its folder"),
    "dots within": (zipped({"tinystep/./x.py": ""}), "leads out of its folder"),
    "backslash": (zipped({"tinystep/..\\x.py": ""}), "leads out of its folder"),
    "control character": (zipped({"tinystep/\n.py": ""}), "leads out of its folder"),
    "link": (linked(), "the link 'tinystep/link.py'"),
    "twice": (doubled(), "'tinystep/a.py' twice"),
    "pth": (zipped({"evil.pth": "import os"}), "none of its modules"),
    "script": (zipped({"tinystep-1.0.data/scripts/x": ""}), "none of its modules"),
    "shadows numpy": (zipped({"numpy/__init__.py": ""}), "none of its modules"),
    "another module": (zipped({"sitecustomize.py": ""}), "none of its modules"),
    "bomb": (zipped({"tinystep/zeros.bin": bytes(MAX_UNPACKED_BYTES + 1)}), "unpacks to more"),
    "lying bomb": (lying_bomb(), "cannot be unpacked|unpacks to more"),
    "many files": (
        zipped({f"tinystep/m{number}.py": "" for number in range(MAX_FILES + 1)}),
        f"{MAX_FILES + 1} files",
    ),
    "no zip": (b"#!/bin/sh", "cannot be unpacked"),
    "cut": (DATA[:-30], "cannot be unpacked"),
    "too long": (bytes(MAX_WHEEL_BYTES + 1), f"may have {MAX_WHEEL_BYTES}"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_wheel_is_refused_and_not_published(name: str, objects: MemoryObjects) -> None:
    data, why = HOSTILE[name]
    wheel = pinned(data)
    with pytest.raises(WheelError, match=why) as raised:
        wheel.unpacked(data)
    assert "\n" not in str(raised.value)
    listed = AllowedPackages.model_validate({"packages": [{"wheel": wheel, "purpose": "harm"}]})
    with pytest.raises(WheelError):
        package_store.publish(listed, {wheel.file: data}, objects)
    assert not objects.exists(keys.ALLOWED_PACKAGES)
    assert not objects.exists(keys.wheel(wheel.sha256))


def test_a_wheel_is_read_whole() -> None:
    assert WHEEL.unpacked(DATA) == {name: text.encode() for name, text in FILES.items()}


def test_another_wheel_than_the_pinned_is_refused() -> None:
    with pytest.raises(WheelError, match=f"pinned to SHA-256 {WHEEL.sha256}"):
        WHEEL.unpacked(DATA + b" ")


@pytest.mark.parametrize("module", ["os", "numpy", "codec_worker", "codec", "zipfile"])
def test_no_package_stands_in_for_what_there_is(module: str) -> None:
    with pytest.raises(ValidationError, match=f"cannot stand in for {module}"):
        pinned(DATA, modules=("tinystep", module))


@pytest.mark.parametrize("file", ["../x.whl", "x.tar.gz", "a/b.whl", ".whl"])
def test_the_name_of_a_wheel_is_a_plain_one(file: str) -> None:
    with pytest.raises(ValidationError):
        pinned(DATA, file=file)


def test_packages_are_part_of_what_names_a_candidate_and_a_bundle() -> None:
    other = PLAIN.with_wheel(pinned(zipped({"tinystep/steps.py": "STEP = 4\n"})))
    assert len({PLAIN.sha256, INSTALLED.sha256, other.sha256}) == 3
    assert len({source_sha256(one) for one in (PLAIN, INSTALLED, other)}) == 3
    bundles = [Bundle.of(proposal(one)).manifest.bundle_sha256 for one in (PLAIN, INSTALLED)]
    assert bundles[0] != bundles[1]
    # What was made before there were packages keeps its name.
    manifest = Bundle.of(proposal(PLAIN)).manifest
    without = manifest.model_dump(mode="json", exclude={"wheels"})
    assert type(manifest).model_validate(without).bundle_sha256 == bundles[0]


def test_another_edit_keeps_the_packages() -> None:
    assert INSTALLED.with_file("codec.py", "").wheels == (WHEEL,)
    assert INSTALLED.with_files({"codec.py": ""}).wheels == (WHEEL,)


def test_an_installed_package_is_no_longer_asked_for_and_stands_in_the_diff() -> None:
    asking = Candidate(files=PLAIN.files, packages=("numpy", "TinyStep"))
    installed = asking.with_wheel(WHEEL)
    assert installed.packages == ("numpy",)
    diff = unified_diff(asking, installed)
    assert f"-TinyStep\n numpy\n+tinystep==1.0 --hash=sha256:{WHEEL.sha256}\n" in diff


def test_a_bundle_carries_its_wheels_and_proves_them() -> None:
    bundle = Bundle.of(proposal(INSTALLED)).with_wheels({WHEEL.file: DATA})
    data = bundle.to_zip()
    read = Bundle.from_zip(data, bundle.manifest.bundle_sha256)
    assert read == bundle
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.read("requirements.txt").decode() == f"{WHEEL.requirement}\n"
    without = Bundle.of(proposal(INSTALLED)).to_zip()
    with pytest.raises(AttestationError, match=f"lacks {WHEEL.file}"):
        Bundle.from_zip(without, bundle.manifest.bundle_sha256)
    swapped = bundle.model_copy(update={"wheel_files": {WHEEL.file: b"other"}}).to_zip()
    with pytest.raises(AttestationError, match="is pinned to SHA-256"):
        Bundle.from_zip(swapped, bundle.manifest.bundle_sha256)


def test_only_what_is_published_is_fetched(objects: MemoryObjects) -> None:
    assert package_store.published(objects) == AllowedPackages()
    with pytest.raises(WheelError, match="tinystep is not on the lab's list"):
        package_store.fetch((WHEEL,), objects)
    with pytest.raises(WheelError, match="is missing"):
        package_store.publish(ALLOWED, {}, objects)
    package_store.publish(ALLOWED, {WHEEL.file: DATA}, objects)
    assert package_store.published(objects) == ALLOWED
    assert package_store.fetch((WHEEL,), objects) == {WHEEL.file: DATA}
    # A list without it withdraws it.
    documents.save(objects, keys.ALLOWED_PACKAGES, AllowedPackages())
    with pytest.raises(WheelError, match="which has no package"):
        package_store.fetch((WHEEL,), objects)


def test_a_wheel_that_was_exchanged_in_the_store_is_not_deployed(objects: MemoryObjects) -> None:
    package_store.publish(ALLOWED, {WHEEL.file: DATA}, objects)
    objects.put(keys.wheel(WHEEL.sha256), zipped({"tinystep/__init__.py": "evil"}))
    bundle = Bundle.of(proposal(INSTALLED))
    with pytest.raises(WheelError, match="is pinned to SHA-256"):
        bundle.with_wheels(package_store.fetch((WHEEL,), objects))


def test_a_mind_cannot_bring_a_wheel_of_its_own() -> None:
    forged = PLAIN.with_wheel(pinned(b"forged"))
    with pytest.raises(DesignRejectedError, match="tinystep is not on the lab's list"):
        refuse_unavailable(proposal(forged), ALLOWED)
    refuse_unavailable(proposal(INSTALLED), ALLOWED)


def repaired(candidate: Candidate, message: str, allowed: AllowedPackages) -> tuple[FixTool, str]:
    parent = Candidate(files={"codec.py": "PARAMETERS = {}\n"})
    task = FixTask(
        proposal=proposal(candidate),
        parent=proposal(parent),
        fault=Fault(error_type="CandidateImportError", message=message),
        run=1,
        attempt=1,
        random_seed=0,
        history=(),
        tried=frozenset({Bundle.of(proposal(candidate)).manifest.bundle_sha256}),
        known=frozenset(),
        hard_limits=Limits(),
        packages=allowed,
        hint=None,
    )
    fix = OfflineFixer().fix(task)
    if fix.tool is FixTool.INSTALL_PACKAGE:
        assert fix.proposal.candidate.wheels == (WHEEL,)
        assert fix.proposal.candidate.files == candidate.files
    return fix.tool, fix.reason


ABSENT = "codec.py, line 1: the bench has no module tinystep.steps for candidates; there are numpy."
USES = Candidate(files={"codec.py": "import tinystep.steps\nX = tinystep.steps.STEP\n"})


def test_the_offline_rule_installs_what_the_list_has_and_rewrites_else() -> None:
    tool, reason = repaired(USES, ABSENT, ALLOWED)
    assert tool is FixTool.INSTALL_PACKAGE
    assert reason == "Installs tinystep 1.0, which the lab's list allows."
    unused = Candidate(files={"codec.py": "import tinystep.steps\nX = 1\n"})
    tool, reason = repaired(unused, ABSENT, AllowedPackages())
    assert tool is FixTool.EDIT_CANDIDATE
    assert "Removes the import of tinystep.steps" in reason


def test_the_offline_rule_installs_what_a_candidate_asks_for_by_name() -> None:
    asking = Candidate(files=USES.files, packages=("TINYSTEP",))
    message = "The candidate asks for TINYSTEP; the bench has numpy."
    assert repaired(asking, message, ALLOWED)[0] is FixTool.INSTALL_PACKAGE


def test_the_labs_own_list_is_sound() -> None:
    allowed = read_list(DEFAULT_LIST)
    assert {wheel.name for wheel in allowed.wheels} == {
        "bitarray",
        "brotli",
        "pywavelets",
        "zstandard",
    }
    for wheel in allowed.wheels:
        assert wheel.file.lower().startswith(f"{wheel.name}-{wheel.version}-cp311-cp311-manylinux")
        assert wheel.file.endswith("x86_64.whl")
    assert not {wheel.name for wheel in allowed.wheels} & AVAILABLE
    assert set(import_policy.PACKAGES) == AVAILABLE


def test_a_list_and_its_wheels_are_read_from_files(tmp_path: Path) -> None:
    listed = tmp_path / "list.toml"
    listed.write_text(as_toml(ALLOWED))
    (tmp_path / WHEEL.file).write_bytes(DATA)
    (tmp_path / "unlisted-1.0-py3-none-any.whl").write_bytes(b"")
    assert read_list(listed) == ALLOWED
    assert wheels_in(tmp_path, ALLOWED) == {WHEEL.file: DATA}


def test_wheels_are_taken_from_pips_index_by_their_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / WHEEL.file).write_bytes(DATA)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert download(ALLOWED) == {WHEEL.file: DATA}
    other = WHEEL.model_copy(update={"sha256": "0" * 64})
    wrong = AllowedPackages(packages=(AllowedPackage(wheel=other, purpose="tests"),))
    with pytest.raises(ConfigurationError, match=f"{WHEEL.file} cannot be fetched") as raised:
        download(wrong)
    assert "\n" not in str(raised.value)


def test_a_wheel_for_python_2_and_3_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = pinned(DATA, file="tinystep-1.0-py2.py3-none-any.whl")
    (tmp_path / both.file).write_bytes(DATA)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    listed = AllowedPackages(packages=(AllowedPackage(wheel=both, purpose="tests"),))
    assert download(listed) == {both.file: DATA}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[packages]\n", "is no TOML"),
        ('[[packages]]\npurpose = "x"\n', r"packages\.0\.wheel: Field required"),
        (as_toml(ALLOWED).replace('"tinystep"]', '"os"]').replace("'tinystep'", "'os'"), "os"),
        (as_toml(ALLOWED).replace(WHEEL.sha256, "0"), r"packages\.0\.wheel\.sha256"),
        ("# für Codecs\n", r"is no TOML: it is not UTF-8 text\.$"),
    ],
)
def test_a_wrong_list_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    listed = tmp_path / "list.toml"
    listed.write_text(text, "latin-1")
    with pytest.raises(ConfigurationError, match=why) as raised:
        read_list(listed)
    assert "\n" not in str(raised.value)

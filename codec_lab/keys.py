"""Where things lie in the object store."""

from codec_lab.model import Sha256


def bundle(bundle_sha256: Sha256) -> str:
    """Key of a deployed bundle."""
    return f"bundles/{bundle_sha256}.zip"


ALLOWED_PACKAGES = "packages/allowed.json"
"""Key of the list of packages that candidates may be given."""


def wheel(wheel_sha256: Sha256) -> str:
    """Key of a package's wheel."""
    return f"packages/{wheel_sha256}.whl"


def proposal(experiment_id: str, run: int, number: int) -> str:
    """Key of a run's ``number``-th proposal, from 1."""
    return f"experiments/{experiment_id}/run-{run}/proposal-{number}.json"


def fix(experiment_id: str, run: int, phase: str, attempt: int) -> str:
    """Key of what the fix of an attempt came to."""
    return f"experiments/{experiment_id}/run-{run}/fix-{phase}-{attempt}.json"


def analysis(experiment_id: str, run: int) -> str:
    """Key of what a mind made of a run's measurements."""
    return f"experiments/{experiment_id}/run-{run}/analysis.json"


PROMPTS = "prompts"


def prompts(experiment_id: str, run: int) -> str:
    """Prefix of what a model was told in a run, with a slash at its end."""
    return f"experiments/{experiment_id}/run-{run}/{PROMPTS}/"


def job(experiment_id: str, run: int, kind: str, attempt: int) -> str:
    """Prefix of a job's outputs, with a slash at its end."""
    return f"experiments/{experiment_id}/run-{run}/{kind}-{attempt}/"


def verdict(output_prefix: str) -> str:
    """Key of the verdict among a job's outputs."""
    return f"{output_prefix}verdict.json"


def shard(output_prefix: str, number: int) -> str:
    """Prefix of the outputs of an execution's ``number``-th shard, from 1."""
    return f"{output_prefix}shard-{number}/"


def replay(experiment_id: str, framework_version: int) -> str:
    """Prefix of an experiment's replay on a framework version, with a slash at its end."""
    return f"experiments/{experiment_id}/replay-{framework_version}/"


def points(experiment_id: str, run: int, bundle_sha256: Sha256) -> str:
    """Prefix of a bundle's measured rate points within a run, with a slash at its end."""
    return f"experiments/{experiment_id}/run-{run}/points/{bundle_sha256}/"


def clip(clip_sha256: Sha256) -> str:
    """Key of a frozen clip."""
    return f"clips/{clip_sha256}.mkv"


def anchor_curve(clip_sha256: Sha256, anchor: str, settings_sha256: Sha256) -> str:
    """Key of an anchor's rate points on a clip; all that they depend on is in the settings."""
    return f"anchors/{clip_sha256}/{anchor}-{settings_sha256}.json"


def plan(campaign_id: str) -> str:
    """Key of a campaign's evaluation plan."""
    return f"campaigns/{campaign_id}/plan.json"


def seed(campaign_id: str) -> str:
    """Key of the candidate a campaign starts from."""
    return f"campaigns/{campaign_id}/seed.json"


def listing(campaign_id: str, form: str) -> str:
    """Key of a campaign's experiments in short, by the form in which they are kept."""
    return f"listings/{campaign_id}/{form}.json.gz"


def framework(campaign_id: str, version: int) -> str:
    """Key of the overlay of a version of a campaign's framework."""
    return f"campaigns/{campaign_id}/framework-{version}.json"


def source_picture(clip_sha256: Sha256, index: int) -> str:
    """Key of a frame's picture of a clip, beside what the anchors made of it."""
    return f"anchors/{clip_sha256}/frame-{index}.png"


def decoded_picture(point_stem: str, index: int | None) -> str:
    """Key of a frame's decoded picture beside its rate point; without an index their prefix."""
    return f"{point_stem}-frame-" if index is None else f"{point_stem}-frame-{index}.png"

"""The prompts and tools, from their files, and the questions made with them."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from string import Template
from typing import cast

from anthropic.types import ToolParam

from adapters.claude.secrecy import MAX_REFUSAL_CHARACTERS, as_data, excerpt
from codec_lab.candidate import Candidate
from codec_lab.change_sets import ChangeSet
from codec_lab.experiment import Attempt
from codec_lab.fixing import unified_diff
from codec_lab.framework import Framework
from codec_lab.limits import Limits
from codec_lab.minds import AnalysisTask, Archived, DesignTask, Failure, FixTask
from codec_lab.packages import AllowedPackage
from codec_lab.verdict import ClipResult

_MAX_TEXT = 8_000
_NONE = "(none)"


@cache
def system_prompt() -> str:
    """Give what never changes: the task, the contract and the toolbox; the service caches it."""
    return f"{_file('prompts/system.md')}\n{_file('prompts/toolbox.md')}"


def asking_prompt() -> str:
    """Give what is said before a person's question."""
    return _file("prompts/ask.md")


def tool(name: str) -> ToolParam:
    """Read a tool's definition."""
    return cast("ToolParam", json.loads(_file(f"tools/{name}.json")))


def design_question(task: DesignTask) -> str:
    """Ask for a design."""
    return Template(_file("prompts/design.md")).substitute(
        goal=task.goal,
        hint=task.hint or _NONE,
        number=task.experiment_number,
        limits=_limits(task.limits),
        parent=_source(task.parent.candidate),
        rejected=_refusals(task.rejected),
        lessons=as_data("lessons", task.lessons) if task.lessons else "(nothing yet)",
        archive="\n".join(map(_archived, task.archive)) or "(nothing was measured yet)",
        failures="\n".join(map(_failed, task.failures)) or _NONE,
        framework=_framework(task.framework, "design"),
    )


def fix_question(task: FixTask) -> str:
    """Ask for a fix."""
    fault = task.fault
    facts = {
        "error": fault.error_type,
        "message": fault.message,
        "direction": fault.direction,
        "exception": fault.exception,
        "exceeded limit": fault.limit,
    }
    return Template(_file("prompts/fix.md")).substitute(
        hint=task.hint or _NONE,
        change=as_data("change", task.proposal.change),
        candidate=_source(task.proposal.candidate),
        diff=as_data(
            "diff", excerpt(unified_diff(task.parent.candidate, task.proposal.candidate), _MAX_TEXT)
        ),
        fault=as_data("fault", excerpt(_lines(facts), _MAX_TEXT)),
        traceback=as_data("traceback", fault.traceback[-_MAX_TEXT:] or _NONE),
        log=as_data("log", fault.log_tail[-_MAX_TEXT:] or _NONE),
        rejected=_refusals(task.rejected),
        history="\n".join(map(_attempt, task.history)) or _NONE,
        packages="\n".join(map(_package, task.packages.packages)) or _NONE,
        limits=_limits(task.proposal.limits),
        hard_limits=_limits(task.hard_limits),
        framework=_framework(task.framework, "fix"),
        change_sets="\n".join(map(_change_set, task.change_sets)) or _NONE,
    )


def analysis_question(task: AnalysisTask) -> str:
    """Ask for an analysis."""
    facts = {
        "change": task.change,
        "hypothesis": task.hypothesis,
        "expected BD-rate against x265, percent": task.expected_bd_rate_percent,
    }
    tables = "\n".join(map(_rate_points, task.results))[:_MAX_TEXT]
    return Template(_file("prompts/analyze.md")).substitute(
        goal=task.goal,
        experiment=task.experiment_id,
        change=as_data("change", excerpt(_lines(facts), _MAX_TEXT)),
        facts=as_data("measured", task.facts),
        results=as_data("rate points", tables),
        parent=as_data("parent", excerpt(task.parent or _NONE, _MAX_TEXT)),
        effects=as_data("effects", task.effects or _NONE),
        lessons=as_data("lessons", task.lessons or _NONE),
        framework=_framework(task.framework, "analyze"),
    )


@cache
def _file(path: str) -> str:
    return resources.files("adapters.claude").joinpath(path).read_text(encoding="utf-8")


def _source(candidate: Candidate) -> str:
    parts = [as_data(f"file {name}", text) for name, text in candidate.files.items()]
    if candidate.requirements:
        parts.append(as_data("packages it has", "\n".join(candidate.requirements)))
    return "\n".join(parts)


def _framework(framework: Framework, role: str) -> str:
    """Show what a version of the framework adds to the work of a role."""
    guidance = framework.guidance(role)
    shown = [as_data("guidance", guidance)] if guidance else []
    shown += [as_data(f"file {path}", text) for path, text in framework.toolbox.items()]
    return "\n".join([f"Version {framework.version}.", *shown])


def _change_set(change: ChangeSet) -> str:
    facts = {
        "version": change.version,
        "changes version": change.base_version,
        "reason": change.reason,
        "outcome": f"{change.outcome}. {change.outcome_reason}",
        "diff": change.diff,
    }
    return as_data("framework version", excerpt(_lines(facts), 2000))


def _archived(archived: Archived) -> str:
    measured, expected = archived.bd_rate_percent, archived.proposal.expected_bd_rate_percent
    facts = {
        "experiment": archived.experiment_id,
        "candidate": archived.proposal.candidate.sha256[:12],
        "made from": (archived.proposal.parent_sha256 or "")[:12],
        "measured BD-rate against x265, percent": measured if measured is not None else "unknown",
        "BD-rate predicted before, percent": expected,
        "change": archived.proposal.change,
        "hypothesis before the measurement": archived.proposal.hypothesis,
        "analysis of the measurement": archived.analysis,
    }
    tables = "\n".join(map(_rate_points, archived.results))
    return as_data("experiment", f"{excerpt(_lines(facts), _MAX_TEXT)}\n{tables[:_MAX_TEXT]}")


def _rate_points(result: ClipResult) -> str:
    """Write a clip's points and BD-rates as a table."""
    rows = [
        f"{point.quality:>7} {point.bitrate_bps / 1000:>9.1f} {point.psnr_y_db:>6.2f} "
        f"{point.psnr_u_db:>6.2f} {point.psnr_v_db:>6.2f} {point.ssim_y:>7.4f}"
        for point in result.points
    ]
    rates = [
        f"BD-rate ({rate.metric.value}) against {rate.anchor}: {rate.percent:+.1f} %"
        for rate in result.bd_rates
        if rate.percent is not None
    ]
    size = f"{result.clip}, {result.width}x{result.height}, {result.frame_count} frames"
    return "\n".join([size, "quality      kb/s PSNR-Y PSNR-U PSNR-V    SSIM", *rows, *rates])


def _failed(failure: Failure) -> str:
    fault = failure.fault
    facts = {
        "experiment": failure.experiment_id,
        "change": failure.change,
        "fault": f"{fault.error_type}: {fault.message}",
        "traceback": fault.traceback[-2000:],
    }
    return as_data("failure", excerpt(_lines(facts), _MAX_TEXT))


def _refusals(rejected: Iterable[str]) -> str:
    return (
        "\n".join(as_data("refusal", excerpt(why, MAX_REFUSAL_CHARACTERS)) for why in rejected)
        or _NONE
    )


def _attempt(attempt: Attempt) -> str:
    fault = attempt.fault
    facts = {
        "run": attempt.run,
        "phase": attempt.phase.value,
        "attempt": attempt.attempt,
        "fault": f"{fault.error_type}: {fault.message}" if fault else "passed",
        "fix": attempt.fix_tool.value if attempt.fix_tool else None,
        "reason of the fix": attempt.fix_reason,
        "outcome of the fix": attempt.fix_outcome,
        "diff of the fix": attempt.fix_diff,
    }
    return as_data("attempt", excerpt(_lines(facts), _MAX_TEXT))


def _package(allowed: AllowedPackage) -> str:
    wheel = allowed.wheel
    return f"- {wheel.name} {wheel.version} (import {', '.join(wheel.modules)}): {allowed.purpose}"


def _limits(limits: Limits) -> str:
    return ", ".join(f"{name} {value}" for name, value in limits.model_dump().items())


def _lines(facts: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in facts.items() if value not in {None, ""})

"""Repairs by rules on the typed fault."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from adapters.offline.changes import (
    Change,
    at_fault,
    changes,
    names_of,
    ranked,
    reverted,
    with_dependents,
)
from adapters.offline.evidence import Evidence
from adapters.offline.mends import mends
from adapters.offline.mends_of_imports import absent_module
from codec_lab import parameters
from codec_lab.bundle import Bundle
from codec_lab.candidate import ENTRY_FILE, Candidate
from codec_lab.errors import DesignRejectedError, NothingLeftToTryError
from codec_lab.limits import Limits
from codec_lab.minds import FixTask
from codec_lab.phase import MAX_ATTEMPTS
from codec_lab.proposal import Fix, FixTool, Mind, Proposal

DRAWS = 200
RAISE_FACTOR = 2
WALL_PER_CPU = 4
LAST_FIX = MAX_ATTEMPTS - 1
"""The fix before the last attempt: it must hold."""


class OfflineFixer:
    """Keeps the port ``Fixer``.

    A fault in a module of the framework takes the framework's last change back. Otherwise rules on
    the typed fault come first: they rewrite a line or raise a limit and keep the design.
    Then the part of the design that the fault points to is taken back to the parent's, next the
    more suspect half of all that changed. The last fix is the parent with one fresh step of its
    parameters; never the parent itself, nor what another experiment has tried. A person's hint is
    not read, and so no proposal names one.
    """

    def fix(self, task: FixTask) -> Fix:
        """Propose changed limits or a changed candidate.

        Raises
        ------
        NothingLeftToTryError
            If no rule leads to a candidate that is new and a bundle that has not failed yet.
        """
        repair = _Repair(task, Evidence.of(task.fault), _changes(task))
        rollback = repair.rollback()
        if rollback is not None:
            return rollback
        for fix in repair.options():
            if (
                task.is_new(fix.proposal.candidate)
                and Bundle.of(fix.proposal, task.framework).manifest.bundle_sha256 not in task.tried
            ):
                return fix
        raise NothingLeftToTryError(
            f"The offline rules cannot mend {task.fault.error_type}: nothing is left for them to "
            f"try after attempt {task.attempt} of run {task.run}. {task.fault.message}"
        )


def _changes(task: FixTask) -> list[Change]:
    return changes(task.proposal.candidate, task.parent.candidate)


class _Repair(NamedTuple):
    """A task with what its fault and its differences tell."""

    task: FixTask
    evidence: Evidence
    found: list[Change]

    def options(self) -> Iterator[Fix]:
        """Give the fixes in the order in which they are tried."""
        attempt = self.task.attempt
        if attempt >= LAST_FIX:
            yield from self.fresh_steps()
        yield from self.raised_limit()
        yield from self.installed()
        did_not_help = {attempt.fix_reason for attempt in self.task.history}
        for mend in mends(self.task.proposal.candidate, self.task.parent.candidate, self.evidence):
            if mend.reason not in did_not_help:
                yield self.edited(mend.candidate, mend.reason)
        yield from self.undone(by_halves=attempt == LAST_FIX - 1)
        if attempt < LAST_FIX:
            yield from self.fresh_steps()

    def rollback(self) -> Fix | None:
        """Take back the framework's last change, once, if its module is what raised."""
        task, places = self.task, self.evidence.places
        tried = any(one.fix_tool is FixTool.ROLLBACK_FRAMEWORK for one in task.history)
        if tried or not places or places[0].file not in task.framework.toolbox:
            return None
        return Fix(
            tool=FixTool.ROLLBACK_FRAMEWORK,
            reason=f"Takes the framework's last change back after {task.fault.error_type} "
            f"in {places[0].file}: {task.fault.message}",
            proposal=task.proposal,
        )

    def raised_limit(self) -> Iterator[Fix]:
        """Raise the limit that was hit, once: what needs more than twice as much is at fault."""
        task, name = self.task, self.task.fault.limit
        if name is None or any(
            attempt.fix_tool is FixTool.ADJUST_LIMITS
            and attempt.fault is not None
            and attempt.fault.limit == name
            for attempt in task.history
        ):
            return
        now, most = getattr(task.proposal.limits, name), getattr(task.hard_limits, name)
        wanted = min(now * RAISE_FACTOR, most)
        if wanted <= now:
            return
        changed = {**task.proposal.limits.model_dump(), name: wanted}
        if name == "cpu_s":  # the clock must outlast the CPU, with room on a busy machine
            patience = min(WALL_PER_CPU * wanted, task.hard_limits.wall_s)
            changed["wall_s"] = max(changed["wall_s"], patience)
        yield Fix(
            tool=FixTool.ADJUST_LIMITS,
            reason=f"Raises {name} from {now} to {wanted}, for {task.fault.message}",
            proposal=task.proposal.model_copy(update={"limits": Limits.model_validate(changed)}),
        )

    def installed(self) -> Iterator[Fix]:
        """Install what the candidate asks for or could not import, if the list has it."""
        candidate, allowed = self.task.proposal.candidate, self.task.packages
        module = absent_module(self.evidence)
        found = [allowed.named(name) for name in candidate.packages]
        found.append(allowed.providing(module) if module else None)
        for wheel in found:
            if wheel is not None and wheel not in candidate.wheels:
                proposal = self.task.proposal.model_copy(
                    update={"candidate": candidate.with_wheel(wheel)}
                )
                yield Fix(
                    tool=FixTool.INSTALL_PACKAGE,
                    reason=f"Installs {wheel.name} {wheel.version}, which the lab's list allows.",
                    proposal=proposal,
                )

    def undone(self, *, by_halves: bool) -> Iterator[Fix]:
        """Take back what is suspect: the line, its function, or the more suspect half of all."""
        groups = ranked(self.found, self.evidence)
        singles = [group for group in groups if at_fault(group, self.evidence)] or groups
        parts: list[list[Change]] = []
        for group in singles:
            line = at_fault(group, self.evidence)
            parts += [line, group] if line and line != group else [group]
        halves: list[list[Change]] = []
        size = len(groups)
        while size > 1:
            size = (size + 1) // 2
            halves.insert(0, [change for group in groups[:size] for change in group])
        ordered = [*reversed(halves), *parts] if by_halves else [*parts, *halves]
        candidate, parent = self.task.proposal.candidate, self.task.parent.candidate
        for part in ordered:
            together = with_dependents(candidate, parent, self.found, part)
            yield self.edited(
                reverted(candidate, parent, together),
                f"Takes {names_of(together)} back to the parent's after "
                f"{self.task.fault.error_type}: {self.task.fault.message}",
            )

    def fresh_steps(self) -> Iterator[Fix]:
        """Take the parent with one other value of a parameter."""
        task = self.task
        source = task.parent.candidate.files[ENTRY_FILE]
        try:
            declared = parameters.read(source)
        except DesignRejectedError:
            return
        generator = random.Random(f"{task.random_seed}/fix/{task.run}/{task.attempt}")  # noqa: S311
        for _ in range(DRAWS):
            values = parameters.step(declared, generator, changes=1)
            if values == declared.parameters:
                continue
            change = parameters.difference(declared.parameters, values)
            candidate = task.parent.candidate.with_file(
                ENTRY_FILE, parameters.write(source, values)
            )
            proposal = Proposal(
                candidate=candidate,
                limits=task.proposal.limits,
                mind=Mind.OFFLINE,
                parent_sha256=task.parent.candidate.sha256,
                change=change,
                hypothesis="Drawn by the search (step); it predicts nothing.",
            )
            yield Fix(
                tool=FixTool.EDIT_CANDIDATE,
                reason="Gives up the design for another step from the parent after "
                f"{task.fault.error_type}: {change}",
                proposal=proposal,
            )

    def edited(self, candidate: Candidate, reason: str) -> Fix:
        """Give a fix of the source that keeps the rest of the proposal."""
        proposal = self.task.proposal.model_copy(update={"candidate": candidate})
        return Fix(tool=FixTool.EDIT_CANDIDATE, reason=reason, proposal=proposal)

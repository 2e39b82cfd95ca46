"""Repairs by rules on the typed fault."""

import random

from adapters.offline import parameters
from codec_lab.bundle import Bundle
from codec_lab.candidate import ENTRY_FILE
from codec_lab.errors import DesignRejectedError, NothingLeftToTryError
from codec_lab.limits import Limits
from codec_lab.minds import FixTask
from codec_lab.proposal import Fix, FixTool, Mind, Proposal

DRAWS = 200
RAISE_FACTOR = 2
WALL_PER_CPU = 4


class OfflineFixer:
    """Keeps the port ``Fixer``.

    A candidate that ran into a limit gets twice that limit, up to the campaign's hard limits;
    any other fault is answered by another step from the parent, never by the parent itself.
    """

    def fix(self, task: FixTask) -> Fix:
        """Propose changed limits or a changed candidate.

        Raises
        ------
        NothingLeftToTryError
            If no rule leads to a bundle that has not failed yet.
        """
        raised = self._raised_limit(task)
        return raised if raised is not None else self._other_step(task)

    @staticmethod
    def _raised_limit(task: FixTask) -> Fix | None:
        name = task.fault.limit
        if name is None:
            return None
        now, most = getattr(task.proposal.limits, name), getattr(task.hard_limits, name)
        wanted = min(now * RAISE_FACTOR, most)
        if wanted <= now:
            return None
        changed = {**task.proposal.limits.model_dump(), name: wanted}
        if name == "cpu_s":  # the clock must outlast the CPU, with room on a busy machine
            patience = min(WALL_PER_CPU * wanted, task.hard_limits.wall_s)
            changed["wall_s"] = max(changed["wall_s"], patience)
        limits = Limits.model_validate(changed)
        return Fix(
            tool=FixTool.ADJUST_LIMITS,
            reason=f"Raises {name} from {now} to {wanted}, for {task.fault.message}",
            proposal=task.proposal.model_copy(update={"limits": limits, "hint": task.hint}),
        )

    @staticmethod
    def _other_step(task: FixTask) -> Fix:
        source = task.parent.candidate.files[ENTRY_FILE]
        try:
            declared = parameters.read(source)
        except DesignRejectedError as error:
            raise NothingLeftToTryError(
                f"The offline rules cannot mend {task.fault.error_type}: {error}"
            ) from error
        generator = random.Random(f"{task.random_seed}/fix/{task.attempt}")  # noqa: S311
        for _ in range(DRAWS):
            values = parameters.step(declared, generator, changes=1)
            if values == declared.parameters:
                continue
            change = parameters.difference(declared.parameters, values)
            proposal = Proposal(
                candidate=task.parent.candidate.with_file(
                    ENTRY_FILE, parameters.write(source, values)
                ),
                limits=task.proposal.limits,
                mind=Mind.OFFLINE,
                parent_sha256=task.parent.candidate.sha256,
                change=change,
                hypothesis="A step of the random search; it predicts nothing.",
                hint=task.hint,
            )
            if Bundle.of(proposal).manifest.bundle_sha256 not in task.tried:
                return Fix(
                    tool=FixTool.EDIT_CANDIDATE,
                    reason=f"Takes another step from the parent after {task.fault.error_type}: "
                    f"{change}",
                    proposal=proposal,
                )
        raise NothingLeftToTryError(
            f"Every step from the parent has failed; the last fault was {task.fault.error_type}: "
            f"{task.fault.message}"
        )

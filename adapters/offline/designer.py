"""Designs by a seeded random search around the parent."""

import random

from codec_lab import parameters
from codec_lab.candidate import ENTRY_FILE
from codec_lab.errors import DesignRejectedError
from codec_lab.minds import DesignTask
from codec_lab.proposal import Mind, Proposal

DRAWS = 200
"""Points drawn before the space counts as exhausted."""


class OfflineDesigner:
    """Keeps the port ``Designer``: changes one or two declared parameters of the parent."""

    def design(self, task: DesignTask) -> Proposal:
        """Propose the first drawn point that was not tried before.

        Raises
        ------
        DesignRejectedError
            If the parent declares no parameters, or nothing new is found.
        """
        source = task.parent.candidate.files[ENTRY_FILE]
        declared = parameters.read(source)
        generator = random.Random(  # noqa: S311
            f"{task.random_seed}/{task.experiment_number}/{task.attempt}"
        )
        parent_sha256 = task.parent.candidate.sha256
        for _ in range(DRAWS):
            values = parameters.step(declared, generator, changes=generator.choice((1, 1, 2)))
            candidate = task.parent.candidate.with_file(
                ENTRY_FILE, parameters.write(source, values)
            )
            if not task.is_new(candidate):
                continue
            return Proposal(
                candidate=candidate,
                limits=task.limits,
                mind=Mind.OFFLINE,
                parent_sha256=parent_sha256,
                change=parameters.difference(declared.parameters, values),
                hypothesis="A step of the random search; it predicts nothing.",
                hint=task.hint,
            )
        raise DesignRejectedError(
            f"None of {DRAWS} points near the parent is new: its search space is exhausted."
        )

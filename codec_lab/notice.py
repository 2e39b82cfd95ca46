"""The notice that asks a person for help."""

from codec_lab.experiment import Experiment, HumanReason
from codec_lab.model import Model

HEADLINE = "HUMAN INTERVENTION REQUIRED:"
_SUBJECT_LIMIT = 100  # characters that SNS takes for a subject


class HumanNotice(Model):
    """A subject and a text."""

    subject: str
    text: str

    @classmethod
    def of(cls, experiment: Experiment, reason: HumanReason) -> "HumanNotice":
        """Write the notice of an experiment's latest question."""
        fixes = "".join(f"\n  {fix.attempt}. {fix.reason}" for fix in reason.fixes)
        return cls(
            subject=f"{experiment.experiment_id} needs a human ({reason.phase})"[:_SUBJECT_LIMIT],
            text=(
                f"{HEADLINE}\n{reason_line(reason)}\n\n"
                f"Experiment: {experiment.experiment_id}\n"
                f"Attempts:   {reason.attempts}\n"
                f"Error:      {reason.error_type}: {reason.message}\n"
                f"Fixes tried:{fixes or ' none'}\n"
            ),
        )


def reason_line(reason: HumanReason) -> str:
    """Write the line that operators search for: ``- phase: reason``."""
    return f"- {reason.phase}: {reason.reason}"

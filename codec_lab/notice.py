"""The notices that ask a person for help."""

from datetime import timedelta
from typing import Self
from urllib.parse import urlencode

from codec_lab.experiment import Experiment, HumanReason
from codec_lab.model import Model

HEADLINE = "HUMAN INTERVENTION REQUIRED:"
_SUBJECT_LIMIT = 100  # characters that SNS takes for a subject


class HumanNotice(Model):
    """A subject and a text."""

    subject: str
    text: str

    @classmethod
    def of(cls, experiment: Experiment, reason: HumanReason, dashboard_url: str | None) -> Self:
        """Write the notice of an experiment's latest question.

        Parameters
        ----------
        experiment, reason
            Who asks, and why.
        dashboard_url : str or None
            Where the dashboard is; None if it is not known.
        """
        return cls(
            subject=f"{experiment.experiment_id} needs a human ({reason.phase})"[:_SUBJECT_LIMIT],
            text=f"{HEADLINE}\n{reason_line(reason)}\n\n"
            + _question(experiment, reason, dashboard_url),
        )

    @classmethod
    def reminder(
        cls,
        experiment: Experiment,
        reason: HumanReason,
        dashboard_url: str | None,
        waited: timedelta,
    ) -> Self:
        """Write the reminder of a question that has waited for so long."""
        hours = int(waited / timedelta(hours=1))
        subject = f"{experiment.experiment_id} still needs a human ({reason.phase})"
        return cls(
            subject=subject[:_SUBJECT_LIMIT],
            text=f"It has waited for an answer for {hours} hours. There is no further reminder.\n"
            f"{reason_line(reason)}\n\n{_question(experiment, reason, dashboard_url)}",
        )


def _question(experiment: Experiment, reason: HumanReason, dashboard_url: str | None) -> str:
    fixes = "".join(f"\n  {fix.attempt}. {fix.reason}" for fix in reason.fixes)
    return (
        f"{answer_line(experiment, dashboard_url)}\n\n"
        f"Experiment: {experiment.experiment_id}\n"
        f"Attempts:   {reason.attempts}\n"
        f"Error:      {reason.error_type}: {reason.message}\n"
        f"Fixes tried:{fixes or ' none'}\n"
    )


def reason_line(reason: HumanReason) -> str:
    """Write the line that operators search for: ``- phase: reason``."""
    return f"- {reason.phase}: {reason.reason}"


def answer_line(experiment: Experiment, dashboard_url: str | None) -> str:
    """Write where the question is answered: its address, or the command where there is none."""
    if dashboard_url is None:
        return f"Answer: lab answer {experiment.experiment_id} --hint TEXT"
    asked = urlencode({"campaign": experiment.campaign_id, "question": "open"})
    return f"Answer: {dashboard_url}experiments/{experiment.experiment_id}?{asked}"

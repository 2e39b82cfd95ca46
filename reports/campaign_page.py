"""The public page of a campaign."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from codec_lab.bootstrap import MIN_CLIPS
from codec_lab.report.models import CampaignReport
from reports import progress_plot, rd_plot, wording

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE = "campaign.html.j2"


@cache
def _template() -> "Template":
    # Imported here: a handler and a command that write no page start without it.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,  # whatever a template is called
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "decimal": wording.decimal,
        "grouped": wording.grouped,
        "kilobits": wording.kilobits,
        "listed": wording.listed,
        "signed": wording.signed,
        "size": wording.size,
        "words": wording.words,
    }
    environment.globals |= {
        "interval": wording.interval,
        "look_of_anchor": rd_plot.look_of_anchor,
        "MIN_CLIPS": MIN_CLIPS,
        "MISSING": wording.MISSING,
    }
    return environment.get_template(_TEMPLATE)


def campaign_page(report: CampaignReport) -> str:
    """Write a campaign's page.

    Parameters
    ----------
    report : CampaignReport
        What is told. Everything in it is text: markup in it is shown and not obeyed.

    Returns
    -------
    str
        HTML that holds its style and drawings, runs no script and asks for nothing.
    """
    style = files("reports").joinpath("templates", "style.css").read_text("utf-8")
    by_id = {one.experiment_id: one for one in report.experiments}
    return _template().render(
        report=report,
        style=style,
        leaders=[by_id[experiment_id] for experiment_id in report.leaders],
        progress=progress_plot.progress_plot(report.experiments),
        progress_size=progress_plot,
        curves=[(clip, rd_plot.rd_plot(clip)) for clip in report.clips],
        curves_size=rd_plot,
    )

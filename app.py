"""The CDK app: context → settings → stacks. It calls neither AWS nor git."""

import sys
from collections.abc import Mapping

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.dashboard_stack import DashboardStack
from infra.data_stack import DataStack
from infra.dependencies_layer import LayerError
from infra.pipeline_stack import PipelineStack
from infra.settings import InfraSettings, InfraSettingsError


def build_app(context: Mapping[str, object] | None = None, outdir: str | None = None) -> App:
    """Make the app with its checks.

    Parameters
    ----------
    context : mapping of str to object, optional
        Context values; the CDK CLI gives its own.
    outdir : str, optional
        Where the cloud assembly goes; the CDK CLI names it.

    Raises
    ------
    InfraSettingsError
        If a context value cannot be used.
    """
    app = App(
        context=dict(context or {}),
        outdir=outdir,
        # cfn-lint validates the templates in `make check`; this would be most of a synthesis.
        builtin_cloud_formation_validation=False,
    )
    settings = InfraSettings.of(app.node)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    data = DataStack(app, "CodecLab-Data", settings=settings)
    pipeline = PipelineStack(app, "CodecLab-Pipeline", data=data, settings=settings)
    DashboardStack(app, "CodecLab-Dashboard", data=data, pipeline=pipeline, settings=settings)
    return app


if __name__ == "__main__":
    try:
        build_app().synth()
    except (InfraSettingsError, LayerError) as error:
        sys.exit(f"codec-lab: {error}")

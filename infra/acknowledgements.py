"""Findings of cdk-nag that are meant to be so."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on a construct and what is in it.

    Parameters
    ----------
    construct : IConstruct
        Where they were found.
    reasons : mapping of str to str
        Why, by the identifier of the finding, such as ``AwsSolutions-IAM5[Resource::*]``.
    """
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items())
    )


def exported_name(value: str, producer: Stack) -> str:
    """Give the name by which findings call a value that another stack imports."""
    name: str = producer.resolve(producer.export_value(value))["Fn::ImportValue"]
    return name

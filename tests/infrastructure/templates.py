"""The synthesized templates, read as the tests ask of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from infra.paths import REPOSITORY_ROOT

FLAGS: dict[str, Any] = json.loads((REPOSITORY_ROOT / "cdk.json").read_text())["context"]
"""The feature flags that the CDK CLI hands to the app."""

STACKS = ("CodecLab-Data", "CodecLab-Pipeline", "CodecLab-Dashboard")
Properties = dict[str, Any]


class Statement(NamedTuple):
    """One allowed action on one resource."""

    action: str
    resource: str


class Assembly:
    """The templates and assets of a cloud assembly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.templates = {
            name: json.loads((folder / f"{name}.template.json").read_text()) for name in STACKS
        }

    def resources(self, resource_type: str) -> dict[str, Properties]:
        """Give the properties of a type's resources by logical id."""
        return {
            logical_id: resource.get("Properties", {})
            for template in self.templates.values()
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == resource_type
        }

    def whole(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Give a type's resources with their policies, by logical id."""
        return {
            logical_id: resource
            for template in self.templates.values()
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == resource_type
        }

    def one(self, resource_type: str, beginning: str = "") -> Properties:
        """Give the one resource of a type whose logical id begins so."""
        found = [
            properties
            for logical_id, properties in self.resources(resource_type).items()
            if logical_id.startswith(beginning)
        ]
        assert len(found) == 1, (resource_type, beginning, len(found))
        return found[0]

    def outputs(self, stack: str) -> dict[str, Any]:
        """Give a stack's outputs, without what other stacks import."""
        outputs = self.templates[stack]["Outputs"]
        return {name: output for name, output in outputs.items() if "Export" not in output}

    def allowed(self, role: str) -> set[Statement]:
        """Give what a role may do: every action with every resource, references flattened."""
        found = set()
        for policy in self.resources("AWS::IAM::Policy").values():
            roles = [reference["Ref"] for reference in policy["Roles"]]
            if any(name.startswith(role) for name in roles):
                found |= set(_statements(policy["PolicyDocument"]))
        return found

    def asset(self, stack: str, packaging: str) -> list[Path]:
        """Give a stack's file assets of a packaging (``zip``: a folder)."""
        manifest = json.loads((self.folder / f"{stack}.assets.json").read_text())
        return [
            self.folder / file["source"]["path"]
            for file in manifest["files"].values()
            if file["source"]["packaging"] == packaging
        ]

    def image(self) -> Path:
        """Give the folder from which the worker's image is built."""
        manifest = json.loads((self.folder / "CodecLab-Pipeline.assets.json").read_text())
        (image,) = manifest["dockerImages"].values()
        assert image["source"]["dockerFile"] == "codec_worker/Dockerfile"
        return self.folder / image["source"]["directory"]


def flat(value: Any) -> str:
    """Write a CloudFormation value as one string: references as ``<Id.Attribute>``."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    match function:
        case "Ref":
            return f"<{argument}>"
        case "Fn::GetAtt":
            return f"<{'.'.join(argument)}>"
        case "Fn::ImportValue":
            return f"<{argument.rpartition(':')[2]}>"
        case "Fn::Join":
            separator, parts = argument
            return str(separator).join(map(flat, parts))
        case "Fn::Sub":
            return str(argument)
        case _:
            raise AssertionError(f"no flat form of {function}")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(document: dict[str, Any]) -> Iterator[Statement]:
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Statement(action, flat(resource))

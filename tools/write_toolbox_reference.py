"""Writes the toolbox reference that Claude is shown, from the toolbox's own docstrings.

Run ``python tools/write_toolbox_reference.py`` after a change of the toolbox.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLBOX = ROOT / "codec_worker" / "toolbox"
REFERENCE = ROOT / "adapters" / "claude" / "prompts" / "toolbox.md"


def reference() -> str:
    """Describe every public name of the toolbox, module by module."""
    modules = sorted(path for path in TOOLBOX.glob("*.py") if path.stem != "__init__")
    return "# The toolbox\n\n" + "\n".join(map(_module, modules))


def _module(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    head = f"## codec_worker.toolbox.{path.stem}\n\n{ast.get_docstring(tree)}\n"
    return head + "".join(f"\n```\n{entry}\n```\n" for entry in _entries(tree))


def _entries(tree: ast.Module) -> Iterator[str]:
    constants = [ast.unparse(node) for node in tree.body if _is_constant(node)]
    if constants:
        yield "\n".join(constants)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield _definition(node)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and all(
        isinstance(name, ast.Name) and name.id.isupper() and not name.id.startswith("_")
        for target in node.targets
        for name in (target.elts if isinstance(target, ast.Tuple) else [target])
    )


def _definition(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.FunctionDef):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        lines = [f"def {node.name}({ast.unparse(node.args)}){returns}:"]
    else:
        bases = ", ".join(map(ast.unparse, node.bases))
        lines = [f"class {node.name}({bases}):" if bases else f"class {node.name}:"]
    docstring = ast.get_docstring(node)
    if docstring:
        lines += [f"    {line}".rstrip() for line in f'"""{docstring}"""'.splitlines()]
    if isinstance(node, ast.ClassDef):
        lines += [
            f"    {ast.unparse(item)}" for item in node.body if isinstance(item, ast.AnnAssign)
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")

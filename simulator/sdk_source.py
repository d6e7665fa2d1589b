"""Finds and parses the source files of the installed `stripe` package."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path


class SdkError(RuntimeError):
    """The SDK is not laid out as this reader knows it."""


@dataclass(frozen=True)
class Module:
    """One source file of the SDK, parsed."""

    name: str
    classes: dict[str, ast.ClassDef]
    imports: dict[str, tuple[str, str]]
    tables: dict[str, ast.Dict]


def package() -> Path:
    """Find the folder of the SDK."""
    spec = find_spec("stripe")
    if spec is None or spec.origin is None:
        raise SdkError("the stripe package is not installed")
    return Path(spec.origin).parent


def _file_of(name: str) -> Path:
    base = package().joinpath(*name.split(".")[1:])
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


@cache
def module(name: str) -> Module:
    """Parse a module of the SDK."""
    tree = ast.parse(_file_of(name).read_text(encoding="utf-8"))
    classes: dict[str, ast.ClassDef] = {}
    imports: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stripe"):
            imports.update({alias.asname or alias.name: (node.module, alias.name) for alias in node.names})
    tables: dict[str, ast.Dict] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            classes[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(
            node.value, ast.Call
        ):  # _Base = TypedDict("_Base", {"from": …})
            fields = next((argument for argument in node.value.args if isinstance(argument, ast.Dict)), None)
            if fields is not None and isinstance(node.targets[0], ast.Name):
                tables[node.targets[0].id] = fields
    return Module(name, classes, imports, tables)


@cache
def constant(module_name: str, name: str) -> object:
    """Read a literal assigned in a module of the SDK, at its top or in a class."""
    tree = ast.parse(_file_of(module_name).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if (
            isinstance(node, ast.Assign | ast.AnnAssign)
            and isinstance(target, ast.Name)
            and target.id == name
            and node.value
        ):
            return ast.literal_eval(node.value)
    raise SdkError(f"{name} is not in {module_name}")

"""Reads the types of the installed `stripe` package from its source, without importing or running it.

The SDK is generated from the provider's own description of its interface, so its source holds the whole
contract: one `TypedDict` per request, one annotated class per resource, and each endpoint's method, path and
types in its service classes. Here those annotations become the small vocabulary of `shapes`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache, cached_property

from simulator.sdk_source import SdkError, constant, module, package
from simulator.shapes import Choice, Either, Endpoint, Field, Keyed, Lazy, Many, Page, Plain, Record, Ref

PLAIN = {
    "str": "str",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "None": "null",
    "Decimal": "decimal",
    "Any": "anything",
    "object": "anything",
    "StripeObject": "object",
    "UntypedStripeObject": "object",
    "FileUpload": "anything",
}
ROOTS = {"StripeObject", "TypedDict", "RequestOptions", "object", "Generic"}


@dataclass(frozen=True)
class Scope:
    """Where a name in an annotation is looked up: the class it stands in, then its module."""

    module: str
    path: str = ""

    @cached_property
    def nested(self) -> dict[str, ast.ClassDef]:
        """Classes defined inside the class."""
        if not self.path:
            return {}
        return {node.name: node for node in class_at(self.module, self.path).body if isinstance(node, ast.ClassDef)}


def class_at(module_name: str, path: str) -> ast.ClassDef:
    """Find a class by its dotted path inside a module."""
    first, *rest = path.split(".")
    found = module(module_name).classes.get(first)
    for name in rest:
        found = next((n for n in found.body if isinstance(n, ast.ClassDef) and n.name == name), None) if found else None
    if found is None:
        raise SdkError(f"{path} is not in {module_name}")
    return found


@cache
def record(ref: Ref) -> Record:
    """Read the fields of a class and of its bases."""
    fields: dict[str, Field] = {}
    scope = Scope(ref.module, ref.name)
    node = class_at(ref.module, ref.name)
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id not in ROOTS and not base.id.endswith("APIResource"):
            fields.update(_inherited(base.id, scope))
    for child in node.body:
        if (
            isinstance(child, ast.AnnAssign)
            and isinstance(child.target, ast.Name)
            and not child.target.id.startswith("_")
        ):
            field = _field(child.annotation, scope)
            if field is not None:
                fields[child.target.id] = field
    return Record(ref.name, fields)


def _inherited(base: str, scope: Scope) -> dict[str, Field]:
    table = module(scope.module).tables.get(base)
    if table is not None:
        named = {
            ast.literal_eval(key): _field(value, scope)
            for key, value in zip(table.keys, table.values, strict=True)
            if key
        }
        return {name: field for name, field in named.items() if field is not None}
    found = _name(base, scope)
    return record(found).fields if isinstance(found, Ref) else {}


def _field(annotation: ast.expr, scope: Scope) -> Field | None:
    outer = _outermost(annotation)
    if outer.startswith("ClassVar"):
        return None
    return Field(shape(annotation, scope), required=not outer.startswith(("NotRequired", "Optional")))


def _outermost(annotation: ast.expr) -> str:
    """Tell how an annotation begins, without writing all of it out."""
    if isinstance(annotation, ast.Constant):
        return str(annotation.value)
    inner = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return inner.id if isinstance(inner, ast.Name) else ""


def shape(node: ast.expr, scope: Scope) -> object:
    """Turn an annotation into a shape."""
    if isinstance(node, ast.Constant):
        if node.value is None:
            return Plain("null")
        return shape(ast.parse(str(node.value).strip(), mode="eval").body, scope)
    if isinstance(node, ast.BinOp):
        return _either([shape(node.left, scope), shape(node.right, scope)])
    if isinstance(node, ast.Name):
        return _name(node.id, scope)
    if isinstance(node, ast.Attribute):
        outer = shape(node.value, scope)
        if isinstance(outer, Ref):
            return Ref(outer.module, f"{outer.name}.{node.attr}")
    if isinstance(node, ast.Subscript):
        return _generic(ast.unparse(node.value), node.slice, scope)
    raise SdkError(f"cannot read the annotation {ast.unparse(node)}")


def _generic(name: str, inner: ast.expr, scope: Scope) -> object:  # noqa: PLR0911 - one answer for each generic
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Literal":
        return Choice(tuple(ast.literal_eval(part) for part in parts))
    shapes = [shape(part, scope) for part in parts]
    if name in {"NotRequired", "Required"}:
        return shapes[0]
    if name == "Optional":
        return _either([shapes[0], Plain("null")])
    if name == "Union":
        return _either(shapes)
    if name == "ExpandableField":
        return _either([Plain("str"), shapes[0]])
    if name == "List":
        return Many(shapes[0])
    if name in {"Dict", "UntypedStripeObject", "Mapping"}:
        return Keyed(shapes[-1])
    if name in {"ListObject", "SearchResultObject"}:
        source = module(scope.module).imports.get(name, ("stripe", name))[0]
        return Page(shapes[0], "v2" if source.startswith("stripe.v2") else "v1")
    raise SdkError(f"unknown generic {name}")


def _either(shapes: list[object]) -> object:
    flat: list[object] = []
    for one in shapes:
        flat.extend(one.shapes if isinstance(one, Either) else [one])
    if any(
        isinstance(one, Choice) and any(one.values) for one in flat
    ):  # the SDK leaves its enums open ("… | str"): close
        flat = [one for one in flat if one != Plain("str")]
    return flat[0] if len(flat) == 1 else Either(tuple(dict.fromkeys(flat)))


def _name(name: str, scope: Scope) -> object:
    if name in scope.nested:
        return Ref(scope.module, f"{scope.path}.{name}")
    found = module(scope.module)
    if name in found.classes:
        return Ref(scope.module, name)
    if name in PLAIN:
        return Plain(PLAIN[name])
    if name in found.imports:
        where, original = found.imports[name]
        if original in module(where).classes:
            return Ref(where, original)
        if original in module(where).imports:
            return _name(original, Scope(where))
    raise SdkError(f"{name} is unknown in {scope.module}")


@cache
def api_version() -> str:
    """Tell the version of the interface that the SDK speaks."""
    return str(constant("stripe._api_version", "CURRENT"))


@cache
def resources() -> dict[str, Ref]:
    """List the classes of resources by the name they carry in `object`."""
    found: dict[str, Ref] = {}
    for table in ("OBJECT_CLASSES", "V2_OBJECT_CLASSES"):
        names = constant("stripe._object_classes", table)
        if isinstance(names, dict):
            found.update({name: Ref(*where) for name, where in names.items()})
    return found


@cache
def endpoints() -> dict[tuple[str, str], Endpoint]:
    """List every endpoint of the SDK by method and path template."""
    found: dict[tuple[str, str], Endpoint] = {}
    root = package()
    for file in sorted(root.rglob("_*_service.py")):
        name = ".".join(("stripe", *file.relative_to(root).with_suffix("").parts))
        for klass in module(name).classes.values():
            for function in klass.body:
                endpoint = _endpoint(function, name) if isinstance(function, ast.FunctionDef) else None
                if endpoint is not None:
                    found.setdefault((endpoint.method, endpoint.path), endpoint)
    return found


def _endpoint(function: ast.FunctionDef, module_name: str) -> Endpoint | None:
    call = next((node for node in ast.walk(function) if _is_request(node)), None)
    if not isinstance(call, ast.Call):
        return None
    method, path = call.args[0], call.args[1]
    if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):  # "/v1/…/{id}".format(…)
        path = path.func.value
    if not (isinstance(method, ast.Constant) and isinstance(path, ast.Constant)):
        raise SdkError(f"cannot read the call in {module_name}.{function.name}")
    arguments = [*function.args.args, *function.args.kwonlyargs, *function.args.posonlyargs]
    params = next((a.annotation for a in arguments if a.arg == "params" and a.annotation), None)
    scope = Scope(module_name)
    return Endpoint(
        str(method.value).upper(),
        str(path.value),
        _lazy(params, scope),
        _lazy(function.returns, scope),
    )


def _is_request(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_request"


def _lazy(annotation: ast.expr | None, scope: Scope) -> Lazy | None:
    return Lazy(ast.unparse(annotation), scope.module) if annotation is not None else None


@cache
def settle(lazy: Lazy) -> object:
    """Read a lazy annotation now."""
    return shape(ast.parse(lazy.text, mode="eval").body, Scope(lazy.module))


@cache
def _patterns(method: str, parts: int) -> tuple[tuple[re.Pattern[str], Endpoint], ...]:
    known = [one for one in endpoints().values() if one.method == method and one.path.count("/") == parts]
    known.sort(key=lambda endpoint: endpoint.path.count("{"))  # fixed paths win over templates
    return tuple((re.compile(re.sub(r"\{\w+\}", "[^/]+", one.path)), one) for one in known)


def match(method: str, path: str) -> Endpoint | None:
    """Find the endpoint that a request addresses."""
    return next((one for pattern, one in _patterns(method, path.count("/")) if pattern.fullmatch(path)), None)

"""The hand-written half, read as source: what a variable may be tells what its function does with it."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from codegen.emitted import Emitted, mentioned
from codegen.handwritten import IMPORTS, Function, Handwritten, Name, Place

Env: TypeAlias = dict[str, frozenset[Name]]
"""What each variable may be."""

NOTHING: Final[frozenset[Name]] = frozenset()


def handwritten(runtime: Path, vendor: str, emitted: Mapping[str, Emitted]) -> Handwritten:
    """What below `runtime` has to do with the types of `vendor`; `emitted` are its modules as they are now."""
    found: list[Function] = []
    for file in sorted(runtime.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if f"polyvox_wire.{vendor}" in text:
            found += _Reader(ast.parse(text), file.relative_to(runtime.parent).as_posix(), vendor, emitted).functions()
    return Handwritten(tuple(found))


class _Reader:
    def __init__(self, tree: ast.Module, file: str, vendor: str, emitted: Mapping[str, Emitted]) -> None:
        self.tree = tree
        self.file = file
        self.emitted = emitted
        self.modules: dict[str, str] = {}
        self.direct: dict[str, Name] = {}
        self.returns: dict[str, ast.expr] = {}
        self.imports: list[Function] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"polyvox_wire.{vendor}"):
                self._imported(node, (node.module or "").split(".")[2:])
            elif isinstance(node, ast.FunctionDef) and node.returns is not None:
                self.returns[node.name] = node.returns

    def _imported(self, node: ast.ImportFrom, rest: list[str]) -> None:
        for alias in node.names:
            here = alias.asname or alias.name
            if rest:
                self.direct[here] = (rest[0], alias.name)
            else:
                self.modules[here] = alias.name
        if rest:
            names = {(rest[0], alias.name) for alias in node.names}
            self.imports.append(Function(Place(self.file, IMPORTS, node.lineno), names=names))

    def functions(self) -> list[Function]:
        return [*self.imports, *self._body(self.tree.body, "", {})]

    def _body(self, body: list[ast.stmt], prefix: str, own: Env) -> Iterator[Function]:
        for node in body:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    yield self._function(node, prefix + node.name, own)
                case ast.ClassDef():
                    held = self._held(node)
                    yield from self._body(node.body, f"{prefix}{node.name}.", held)
                    if node.bases:
                        function = Function(Place(self.file, prefix + node.name, node.lineno))
                        _Visitor(self, function, {}).expressions(node.bases)
                        yield function
                case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                    function = Function(Place(self.file, prefix + name, node.lineno))
                    _Visitor(self, function, {}).visit(node)
                    yield function
                case _:
                    pass

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, own: Env) -> Function:
        function = Function(Place(self.file, name, node.lineno))
        visitor = _Visitor(self, function, dict(own))
        visitor.visit(node)
        return function

    def _held(self, node: ast.ClassDef) -> Env:
        """What the attributes of `self` are, as far as the class says so."""
        env: Env = {}
        for each in ast.walk(node):
            match each:
                case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=attr), annotation=said):
                    env[f"self.{attr}"] = self.classes(said)
                case ast.AnnAssign(target=ast.Name(id=attr), annotation=said) if each in node.body:
                    env[f"self.{attr}"] = self.classes(said)
                case ast.FunctionDef(args=ast.arguments(args=args)):
                    given = {arg.arg: self.classes(arg.annotation) for arg in args if arg.annotation}
                    for inner in ast.walk(each):
                        match inner:
                            case ast.Assign(
                                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)], value=ast.expr() as value
                            ):
                                found = self.infer(value, {**env, **given})
                                env[f"self.{attr}"] = env.get(f"self.{attr}", NOTHING) | found
                            case _:
                                pass
                case _:
                    pass
        return env

    def name_of(self, node: ast.expr) -> Name | None:
        """The generated name that `node` is."""
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=attr) if module in self.modules:
                return self.modules[module], attr
            case ast.Name(id=name) if name in self.direct:
                return self.direct[name]
            case _:
                return None

    def classes(self, annotation: ast.expr | None) -> frozenset[Name]:
        """The classes that an annotation mentions, those behind aliases too."""
        if annotation is None:
            return NOTHING
        found: set[Name] = set()
        for node in ast.walk(annotation):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                try:
                    found |= self.classes(ast.parse(node.value, mode="eval").body)
                except SyntaxError:
                    continue
            elif isinstance(node, ast.expr) and (name := self.name_of(node)):
                found |= self.members(name)
        return frozenset(found)

    def members(self, name: Name, above: frozenset[str] = frozenset()) -> set[Name]:
        module, word = name
        emitted = self.emitted.get(module)
        if emitted is None or word not in emitted.aliases or word in above:
            return {name}
        return {
            each
            for inner in mentioned(emitted.aliases[word])
            if inner in emitted.names
            for each in self.members((module, inner), above | {word})
        }

    def infer(self, node: ast.expr, env: Env) -> frozenset[Name]:
        """The classes that the value of `node` may have, or that are in it."""
        match node:
            case ast.Name(id=name):
                return env.get(name, NOTHING)
            case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                return env.get(f"self.{attr}", NOTHING)
            case ast.Attribute(value=value, attr=attr):
                return self._attribute(self.infer(value, env), attr)
            case ast.Call(func=func, args=args):
                return self._call(func, args, env)
            case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
                base = self.infer(value, env)
                return self._attribute(base, key) or base
            case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
                return frozenset[Name]().union(*(self.infer(each, env) for each in values))
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
                return self.infer(one, env) | self.infer(other, env)
            case ast.Subscript(value=value) | ast.Starred(value=value) | ast.NamedExpr(value=value):
                return self.infer(value, env)
            case _:
                return NOTHING

    def _attribute(self, base: frozenset[Name], attr: str) -> frozenset[Name]:
        found: set[Name] = set()
        for module, name in base:
            emitted = self.emitted.get(module)
            for each in emitted.classes.get(name, {}).values() if emitted else ():
                if attr in (each.name, each.key) and emitted:
                    inner = [word for word in mentioned(each.annotation) if word in emitted.names]
                    found |= {one for word in inner for one in self.members((module, word))}
        return frozenset(found)

    def _call(self, func: ast.expr, args: list[ast.expr], env: Env) -> frozenset[Name]:
        if name := self.name_of(func):
            return frozenset({name})
        given = frozenset[Name]().union(*(self.infer(each, env) for each in args))
        match func:
            case ast.Name(id=called) | ast.Attribute(value=ast.Name(id="self"), attr=called) if called in self.returns:
                return self.classes(self.returns[called])
            case ast.Attribute(value=value):
                return self.infer(value, env)
            case _:
                return given


class _Visitor(ast.NodeVisitor):
    """Walks one function in order, and keeps what each variable may be."""

    def __init__(self, reader: _Reader, function: Function, env: Env) -> None:
        self.reader = reader
        self.function = function
        self.env = env

    def expressions(self, nodes: Iterable[ast.expr]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self.env[node.arg] = self.reader.classes(node.annotation)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        found = self.reader.classes(node.annotation) or (
            self.reader.infer(node.value, self.env) if node.value else NOTHING
        )
        self._bind(node.target, found)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            self._bind(target, self.reader.infer(node.value, self.env))

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self._bind(node.target, self.reader.infer(node.value, self.env))

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self._bind(node.target, self.reader.infer(node.iter, self.env))
        for each in [*node.body, *node.orelse]:
            self.visit(each)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        for each in node.generators:
            self.visit(each.iter)
            self._bind(each.target, self.reader.infer(each.iter, self.env))
        self.generic_visit(node)

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    def _bind(self, target: ast.expr, found: frozenset[Name]) -> None:
        match target:
            case ast.Name(id=name):
                self.env[name] = found or self.env.get(name, NOTHING)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for each in targets:
                    self._bind(each, found)
            case ast.Starred(value=value):
                self._bind(value, found)
            case _:
                pass

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        whole = self.reader.infer(node.subject, self.env)
        handled: set[str] = set()
        for case in node.cases:
            found = frozenset(self._patterns(case.pattern))
            handled |= {name for module, name in found if module == "responses"}
            before = dict(self.env)
            subject = ast.unparse(node.subject)
            self.env[subject] = found or whole
            for each in ast.walk(case.pattern):
                if isinstance(each, ast.MatchAs) and each.name:
                    self.env[each.name] = frozenset(self._patterns(each)) or found or whole
            self.visit(case)
            self.env = before
        if any(isinstance(each, ast.Name) and each.id == "assert_never" for each in ast.walk(node)):
            self.function.choices.append(frozenset(handled))

    def _patterns(self, pattern: ast.AST) -> Iterator[Name]:
        for each in ast.walk(pattern):
            if isinstance(each, ast.MatchClass) and (name := self.reader.name_of(each.cls)):
                yield name

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        if name := self.reader.name_of(node.cls):
            self.function.reads |= {(name, attr) for attr in node.kwd_attrs}
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if name := self.reader.name_of(node.func):
            words = frozenset(each.arg for each in node.keywords if each.arg)
            starred = any(each.arg is None for each in node.keywords)
            self.function.builds.append((name, None if starred else words))
            self.function.reads |= {(name, word) for word in words}
        match node:
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=variable), kind]):
                self.generic_visit(node)
                self.env[variable] = self.env.get(variable, NOTHING) | self.reader.classes(kind)
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str(key)), *_]):
                self._read(value, key)
                self.generic_visit(node)
            case _:
                self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        match node.slice:
            case ast.Constant(value=str(key)):
                self._read(node.value, key)
            case _:
                pass
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if name := self.reader.name_of(node):
            self.function.names.add(name)
        else:
            self._read(node.value, node.attr, guess=True)
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if name := self.reader.name_of(node):
            self.function.names.add(name)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.function.words.add(node.value)

    def _read(self, value: ast.expr, attr: str, *, guess: bool = False) -> None:
        found = self.env.get(ast.unparse(value)) or self.reader.infer(value, self.env)
        if found:
            self.function.reads |= {(name, attr) for name in found}
        elif guess and not (isinstance(value, ast.Name) and value.id in ("self", "call")):
            self.function.guesses.add(attr)

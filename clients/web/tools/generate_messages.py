"""Writes the TypeScript types of the messages, and their tables in docs/protocol.md.

    python clients/web/tools/generate_messages.py            writes both
    python clients/web/tools/generate_messages.py --check    fails, and says so, if one differs

The sources are sfu/signalling/values.py, messages.py and recording_messages.py: read as text for
names, order and docstrings, imported for bounds and tags. A shape that this file does not know
stops it with a sentence; it never guesses.
"""

import argparse
import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sfu.signalling import messages, recording_messages, values

ROOT: Final = Path(__file__).resolve().parents[3]
SOURCES: Final = tuple(
    ROOT / "sfu/signalling" / name for name in ("values.py", "messages.py", "recording_messages.py")
)
NAMES: Final = {**vars(values), **vars(recording_messages), **vars(messages)}
TYPES: Final = ROOT / "clients/web/src/protocol/messages.ts"
DOCUMENT: Final = ROOT / "docs/protocol.md"
BEGIN: Final = "<!-- generated from sfu/signalling/messages.py: begin -->"
END: Final = "<!-- generated from sfu/signalling/messages.py: end -->"

WIDTH: Final = 100
SIMPLE: Final = {"str": "string", "int": "number", "float": "number", "bool": "boolean"}
WORDS: Final = {"str": "text", "int": "integer", "float": "number", "bool": "true or false"}


class UnknownShape(Exception):  # noqa: N818 - named for what was met
    """messages.py contains something that this generator was not taught."""


@dataclass(frozen=True)
class Field:
    """One field of a message."""

    name: str
    annotation: ast.expr
    default: ast.expr | None
    doc: str


@dataclass(frozen=True)
class Shape:
    """One class of messages.py."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    tag: str | None


@dataclass(frozen=True)
class Alias:
    """One named type, union or constant of messages.py."""

    name: str
    value: ast.expr
    doc: str


# Reading


def _docs(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Each statement with the docstring that follows it."""
    for statement, after in zip(body, [*body[1:], None], strict=True):
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split())
        yield statement, text


def _shape(node: ast.ClassDef) -> Shape:
    fields = tuple(
        Field(statement.target.id, statement.annotation, statement.value, doc)
        for statement, doc in _docs(node.body)
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    )
    tag = NAMES[node.name].__struct_config__.tag
    doc = " ".join((ast.get_docstring(node) or "").split())
    return Shape(node.name, doc, fields, str(tag) if tag else None)


def read(source: str) -> tuple[list[Alias], list[Shape]]:
    """The aliases and the classes of messages.py in their order; the two bases are left out."""
    aliases, shapes = [], []
    for statement, doc in _docs(ast.parse(source).body):
        match statement:
            case ast.ClassDef(name=name):
                if name not in {"Message", "Value"}:
                    shapes.append(_shape(statement))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not name.startswith("_"):
                aliases.append(Alias(name, value, doc))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                aliases.append(Alias(name, value, doc))
    return aliases, shapes


def _subscript(node: ast.Subscript) -> tuple[str, list[ast.expr]]:
    inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return ast.unparse(node.value).rpartition(".")[2], list(inside)


def _union(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_union(node.left), *_union(node.right)]
    return [node]


# TypeScript


def type_of(node: ast.expr) -> str:
    """The TypeScript type of an annotation."""
    match node:
        case ast.Name(id=name):
            return SIMPLE.get(name, name)
        case ast.Constant(value=None):
            return "null"
        case ast.BinOp():
            return " | ".join(type_of(part) for part in _union(node))
        case ast.Subscript():
            return _generic(node)
    message = f"no TypeScript for {ast.unparse(node)!r}"
    raise UnknownShape(message)


def _generic(node: ast.Subscript) -> str:
    head, inside = _subscript(node)
    if head == "Annotated":
        return type_of(inside[0])
    if head == "Literal":
        return " | ".join(f'"{ast.literal_eval(value)}"' for value in inside)
    if head == "tuple" and ast.unparse(inside[-1]) == "...":
        item = type_of(inside[0])
        return f"readonly ({item})[]" if "|" in item else f"readonly {item}[]"
    if head == "dict":
        return f"Readonly<Record<{type_of(inside[0])}, {type_of(inside[1])}>>"
    message = f"no TypeScript for {ast.unparse(node)!r}"
    raise UnknownShape(message)


def _comment(text: str, indent: str = "") -> list[str]:
    return [f"{indent}/** {text} */"] if text else []


def _type_line(name: str, right: str) -> list[str]:
    line = f"export type {name} = {right};"
    if len(line) <= WIDTH:
        return [line]
    parts = "\n".join(f"  | {part}" for part in right.split(" | "))
    return [f"export type {name} =", f"{parts};"]


def _interface(shape: Shape, *, sent_by_page: bool) -> list[str]:
    """Defaults may be left out by the page; the server always writes every field."""
    lines = [*_comment(shape.doc), f"export interface {shape.name} {{"]
    if shape.tag:
        lines.append(f'  readonly type: "{shape.tag}";')
    for field in shape.fields:
        mark = "?" if sent_by_page and field.default is not None else ""
        lines += _comment(field.doc, "  ")
        lines.append(f"  readonly {field.name}{mark}: {type_of(field.annotation)};")
    return [*lines, "}", ""]


def typescript(aliases: list[Alias], shapes: list[Shape]) -> str:
    """The whole of messages.ts."""
    lines = [
        "// Generated by clients/web/tools/generate_messages.py from sfu/signalling/messages.py.",
        "// Do not edit: change the Python declarations and run the generator.",
        "",
    ]
    from_page = _members(aliases, "ClientMessage")
    for alias in aliases:
        value = NAMES[alias.name]
        if isinstance(value, int):
            lines += [*_comment(alias.doc), f"export const {alias.name} = {value};", ""]
        elif not alias.name.endswith("Message"):
            doc = alias.doc or _bounds(value)
            lines += [*_comment(doc), *_type_line(alias.name, type_of(alias.value)), ""]
    for shape in shapes:
        lines += _interface(shape, sent_by_page=shape.name in from_page)
    for name in ("ClientMessage", "ServerMessage"):
        lines += [*_type_line(name, " | ".join(_members(aliases, name))), ""]
    return "\n".join(lines).rstrip() + "\n"


def _members(aliases: list[Alias], union: str) -> list[str]:
    (alias,) = (alias for alias in aliases if alias.name == union)
    return [ast.unparse(part) for part in _union(alias.value)]


# The tables


def _bounds(value: Any) -> str:  # noqa: ANN401 - a typing object, which has no public type
    """The bounds of an `Annotated` type in words, empty for any other."""
    words = []
    for meta in getattr(value, "__metadata__", ()):
        if meta.max_length is not None:
            words.append(
                f"{meta.min_length or 0} to {meta.max_length:,} characters".replace(",", " ")
            )
        if meta.le is not None:
            words.append(f"{meta.ge or 0} to {meta.le:,}".replace(",", " "))
        if meta.pattern is not None:
            allowed = meta.pattern.removeprefix(r"\A").removesuffix(r"\Z").rstrip("+")
            words.append(f"of {allowed}")
    return " ".join(words)


def words_of(node: ast.expr) -> str:
    """An annotation in words for the tables."""
    match node:
        case ast.Name(id=name):
            return WORDS.get(name, f"`{name}`")
        case ast.Constant(value=None):
            return "null"
        case ast.BinOp():
            return " or ".join(words_of(part) for part in _union(node))
        case ast.Subscript():
            head, inside = _subscript(node)
            if head == "Literal":
                return ", ".join(f'`"{ast.literal_eval(value)}"`' for value in inside)
            if head == "Annotated":
                return words_of(inside[0]) + _annotation_bounds(node)
            if head == "tuple":
                return f"list of {words_of(inside[0])}"
    message = f"no words for {ast.unparse(node)!r}"
    raise UnknownShape(message)


def _annotation_bounds(node: ast.Subscript) -> str:
    """Bounds of an annotation written in place: evaluated where messages.py would evaluate it."""
    value = eval(compile(ast.Expression(node), "messages.py", "eval"), NAMES)  # noqa: S307 - our own source file
    (meta,) = value.__metadata__
    if words_of(_subscript(node)[1][0]).startswith("list"):
        return f", at most {meta.max_length}"
    return f", {_bounds(value)}"


def _table(shape: Shape, *, sent_by_page: bool) -> list[str]:
    title = f"`{shape.tag}`" if shape.tag else f"`{shape.name}`"
    lines = [f"**{title}** {shape.doc}", ""]
    if not shape.fields:
        return lines
    lines += ["| field | value | |", "|---|---|---|"]
    for field in shape.fields:
        value = words_of(field.annotation)
        if sent_by_page and field.default is not None:
            default = ast.unparse(field.default).replace("'", '"').replace("None", "null")
            value += f"; may be left out: `{default}`"
        lines.append(f"| `{field.name}` | {value} | {field.doc} |")
    return [*lines, ""]


def tables(aliases: list[Alias], shapes: list[Shape]) -> str:
    """What stands between the markers of docs/protocol.md."""
    by_name = {shape.name: shape for shape in shapes}
    from_page, from_server = _members(aliases, "ClientMessage"), _members(aliases, "ServerMessage")
    lines = ["### From the client", ""]
    for name in from_page:
        lines += _table(by_name[name], sent_by_page=True)
    lines += ["### From the server", ""]
    for name in from_server:
        lines += _table(by_name[name], sent_by_page=False)
    lines += ["### Parts of messages", ""]
    for shape in shapes:
        if shape.tag is None:
            lines += _table(shape, sent_by_page=False)
    lines += ["### Named values", "", "| name | value |", "|---|---|"]
    for alias in aliases:
        value = NAMES[alias.name]
        if isinstance(value, int) or alias.name.endswith("Message"):
            continue
        bounds = _bounds(value)
        lines.append(f"| `{alias.name}` | {bounds or words_of(alias.value)} |")
    return "\n".join(lines)


# Writing


def outputs() -> dict[Path, str]:
    """What each generated file should contain."""
    aliases, shapes = read("\n".join(source.read_text(encoding="utf-8") for source in SOURCES))
    before, begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        message = f"docs/protocol.md lacks the line {BEGIN!r} or {END!r}"
        raise UnknownShape(message)
    document = f"{before}{BEGIN}\n\n{tables(aliases, shapes)}\n\n{END}{after}"
    return {TYPES: typescript(aliases, shapes), DOCUMENT: document}


def main() -> int:
    """The command; its exit code is the number of files that differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on differences")
    only_check = parser.parse_args().check
    stale = [
        (path, text)
        for path, text in outputs().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        name = path.relative_to(ROOT)
        if only_check:
            sys.stderr.write(f"{name} differs from messages.py: run the generator.\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} written.\n")
    return len(stale) if only_check else 0


if __name__ == "__main__":
    sys.exit(main())

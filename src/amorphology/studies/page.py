"""One-file HTML pages that need no network: text, tables, figures inside the file."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["cards", "code", "counted", "document", "figure", "record", "table"]

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6575; --paper: #ffffff;
  --panel: #f4f6f9; --line: #d9dee6; --accent: #0a5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a2adbd; --paper: #14181f;
  --panel: #1e242e; --line: #364051; --accent: #7cb8ee; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 17px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: clamp(1.7rem, 4.5vw, 2.4rem); line-height: 1.2; margin: 0 0 .6rem;
  letter-spacing: -.015em; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3rem 0 .6rem; }
p, ol, ul, dl { max-width: 46rem; }
.lead { font-size: 1.12rem; color: var(--soft); margin-top: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .9rem;
  margin: 1.8rem 0; padding: 0; list-style: none; max-width: none; }
.cards li { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem;
  padding: .9rem 1.1rem 1rem; }
.cards b { display: block; font-size: 1.75rem; line-height: 1.25; font-weight: 650;
  color: var(--accent); font-variant-numeric: tabular-nums; }
.cards b small { font-size: .95rem; font-weight: 500; }
.cards .name { font-size: .9rem; font-weight: 600; }
.cards .note { display: block; font-size: .85rem; line-height: 1.45; color: var(--soft); }
.wide { overflow-x: auto; margin: 1.1rem 0; }
table { border-collapse: collapse; font-size: .93rem; width: 100%;
  font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
table.many { min-width: 36rem; }
th { color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; padding-right: 1.4rem; }
td.n { white-space: nowrap; }
tr.sum td { font-weight: 650; border-bottom: 0; }
figure { margin: 1.4rem 0 2rem; }
.plate { overflow-x: auto; background: #ffffff; border: 1px solid var(--line);
  border-radius: .6rem; padding: .8rem; }
.plate img { display: block; width: 100%; height: auto; margin: 0 auto; }
figcaption { color: var(--soft); font-size: .95rem; line-height: 1.55; margin-top: .7rem;
  max-width: 50rem; }
figcaption b { color: var(--ink); }
code { font: .9em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem;
  padding: .9rem 1.1rem; overflow-x: auto; }
pre code { overflow-wrap: normal; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line);
  color: var(--soft); font-size: .9rem; }
@media (max-width: 40rem) { main { padding-top: 1.5rem; } body { font-size: 16px; } }
@media print { .plate, .wide { overflow: visible; } figure, tr { break-inside: avoid; } }
"""


def document(title: str, body: Iterable[str]) -> str:
    """
    Make a whole page.

    Parameters
    ----------
    title
        Plain text.
    body
        HTML, in order.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body><main>",
            *body,
            "</main></body>",
            "</html>",
            "",
        ]
    )


def cards(entries: Iterable[tuple[str, str, str, str]]) -> str:
    """
    Show key numbers.

    Parameters
    ----------
    entries
        Name, number, unit and a remark for each; plain text.

    Returns
    -------
    str
        HTML.
    """
    items = (
        f'<li><span class="name">{escape(name)}</span><b>{escape(number)} '
        f'<small>{escape(unit)}</small></b><span class="note">{escape(note)}</span></li>'
        for name, number, unit, note in entries
    )
    return f'<ul class="cards">{"".join(items)}</ul>'


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int], sums: int = 0
) -> str:
    """
    Make a table that scrolls sideways where the screen is too narrow.

    Parameters
    ----------
    header
        Plain text.
    rows
        Plain text, as many cells as `header`.
    numbers
        Columns to set flush right.
    sums
        How many of the last rows to emphasise.

    Returns
    -------
    str
        HTML.
    """
    rows = list(rows)

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f'<{tag} class="n">{escape(cell)}</{tag}>'
            if column in numbers
            else f"<{tag}>{escape(cell)}</{tag}>"
            for column, cell in enumerate(row)
        )

    lines = [
        f'<tr class="sum">{cells("td", row)}</tr>'
        if index >= len(rows) - sums
        else f"<tr>{cells('td', row)}</tr>"
        for index, row in enumerate(rows)
    ]
    head = f"<thead><tr>{cells('th', header)}</tr></thead>"
    many = ' class="many"' if len(header) > 4 else ""
    return f'<div class="wide"><table{many}>{head}<tbody>{"".join(lines)}</tbody></table></div>'


def figure(path: Path, description: str, caption: str, *, width: int) -> str:
    """
    Put a picture into the page itself.

    Parameters
    ----------
    path
        SVG file.
    description
        What is to be seen, for those who cannot see it; plain text.
    caption
        How to read it; HTML.
    width
        Largest width, in CSS pixels. A screen below two thirds of this scrolls the picture
        sideways, so that its letters stay readable.

    Returns
    -------
    str
        HTML.
    """
    picture = base64.b64encode(path.read_bytes()).decode("ascii")
    # As an image, not as inline elements: the ids of several SVG files would meet in one page.
    return (
        f'<figure><div class="plate"><img style="max-width:{width}px;min-width:{2 * width // 3}px" '
        f'alt="{escape(description)}" src="data:image/svg+xml;base64,{picture}"></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def code(text: str) -> str:
    """
    Show commands or a program.

    Parameters
    ----------
    text
        Plain text.

    Returns
    -------
    str
        HTML.
    """
    return f"<pre><code>{escape(text)}</code></pre>"


def counted(number: int, what: str) -> str:
    """
    Write a number of things.

    Parameters
    ----------
    number, what
        How many of which, the latter in the singular.

    Returns
    -------
    str
        For example ``"2 cores"``.
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def record(numbers: dict[str, Any], kept: str) -> Iterator[str]:
    """
    Say what a study took, where it ran, and with which versions.

    Parameters
    ----------
    numbers
        Contents of ``report.json``: stages, seconds_total, machine, versions and seed.
    kept
        What else lies beside the page; HTML, goes on from "is in report.json, ".

    Yields
    ------
    str
        HTML.
    """
    yield "<h2>What was done, and what it took</h2>"
    rows = [
        [
            stage["stage"],
            "not measured" if stage["seconds"] is None else f"{stage['seconds']:.1f}",
            "earlier, reused" if stage["reused"] else "for this report",
        ]
        for stage in numbers["stages"]
    ]
    rows.append(["Together", f"{numbers['seconds_total']:.1f}", ""])
    yield table(["Stage, in this order", "Seconds", "Done"], rows, numbers=(1,), sums=1)
    machine = numbers["machine"]
    listed = ", ".join(f"{name} {version}" for name, version in numbers["versions"].items())
    yield (
        f"<p>{escape(machine['processor'])}, {counted(machine['cores'], 'core')}, "
        f"{escape(machine['system'])}. Seed {numbers['seed']}. {escape(listed)}. Every number on "
        f"this page is in <code>report.json</code>, {kept}.</p>"
    )

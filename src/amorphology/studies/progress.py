"""How far simulations are: a bar on a terminal, a line every tenth in a log file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from amorphology.training.progress import message

__all__ = ["simulation_progress"]


@contextmanager
def simulation_progress(console: Console | None) -> Iterator[Callable[[int, int, str], None]]:
    """
    Show how far a set of simulations is.

    Parameters
    ----------
    console
        Where to; None shows nothing.

    Yields
    ------
    callable
        To be called as ``progress(done, total, text)``, as `generate_carbon` does.
    """
    if console is None or not console.is_terminal:
        told = -1

        def line(done: int, total: int, text: str) -> None:
            nonlocal told
            tenth = 10 * done // total
            if tenth > told:
                told = tenth
                message(console, f"molecular dynamics {10 * tenth} %: {text}")

        yield line
        return
    with Progress(
        TextColumn("molecular dynamics"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
        console=console,
    ) as bar:
        task = bar.add_task("", text="")
        yield lambda done, total, text: bar.update(task, completed=done, total=total, text=text)

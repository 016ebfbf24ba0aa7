"""What a long training tells the one who waits: a bar on a terminal, plain lines in a log file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["message", "progress_bar", "timed"]


def message(console: Console | None, text: str) -> None:
    """
    Print one line.

    Parameters
    ----------
    console
        Where to; None prints nothing.
    text
        The line.
    """
    if console is not None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress_bar(
    console: Console | None, what: str, total: int, done: int = 0
) -> Iterator[Callable[[str], None]]:
    """
    Show how far a loop is.

    Parameters
    ----------
    console
        Where to; None shows nothing.
    what
        What is counted, for example ``"epoch"``.
    total, done
        Steps in all, and steps already made.

    Yields
    ------
    callable
        To be called after every step with a text on it.
    """
    if console is None or not console.is_terminal:
        step = done

        def line(text: str) -> None:
            nonlocal step
            step += 1
            message(console, f"{what} {step}/{total}: {text}")

        yield line
        return
    with Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}"),
        console=console,
    ) as bar:
        task = bar.add_task(what, total=total, completed=done, text="")
        yield lambda text: bar.update(task, advance=1, text=text)


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """
    Note the wall time of a block.

    Parameters
    ----------
    seconds
        Where to; time is added to what is there under this name.
    name
        Of the block.

    Yields
    ------
    None
    """
    start = time.perf_counter()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start

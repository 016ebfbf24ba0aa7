import io

from rich.console import Console

from amorphology.training.progress import message, progress_bar


def shown(terminal: bool) -> str:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=100)
    message(console, "[1] frames")
    with progress_bar(console, "epoch", total=3, done=1) as advance:
        advance("train 5.0 meV/atom")
        advance("train 4.0 meV/atom")
    return text.getvalue()


def test_plain_lines_in_a_log_file():
    assert shown(terminal=False).splitlines() == [
        "[1] frames",
        "epoch 2/3: train 5.0 meV/atom",
        "epoch 3/3: train 4.0 meV/atom",
    ]


def test_a_bar_on_a_terminal():
    text = shown(terminal=True)
    assert "3/3" in text
    assert "train 4.0 meV/atom" in text
    assert "epoch 2/3:" not in text


def test_nothing_without_console():
    message(None, "text")
    with progress_bar(None, "epoch", total=1) as advance:
        advance("train 5.0 meV/atom")

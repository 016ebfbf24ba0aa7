import io

from rich.console import Console

from amorphology.studies.progress import simulation_progress


def told(console, file):
    with simulation_progress(console) as progress:
        for done in range(0, 101, 5):
            progress(done, 100, f"{done // 50} of 2 runs")
    return file.getvalue().splitlines()


def test_a_log_gets_a_line_every_tenth():
    file = io.StringIO()
    lines = told(Console(file=file), file)
    assert len(lines) == 11
    assert lines[5] == "molecular dynamics 50 %: 1 of 2 runs"


def test_a_terminal_gets_a_bar():
    file = io.StringIO()
    lines = told(Console(file=file, force_terminal=True, width=100), file)
    assert "100%" in "".join(lines)
    assert "2 of 2 runs" in "".join(lines)


def test_nobody_gets_nothing():
    with simulation_progress(None) as progress:
        progress(1, 2, "")

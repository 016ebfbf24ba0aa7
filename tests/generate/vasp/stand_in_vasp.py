"""A stand-in for VASP, which needs a licence: reads and writes its files, and moves atoms freely.

`python stand_in_vasp.py [--stop-after N]` in a folder with INCAR, KPOINTS, POSCAR and POTCAR. Atoms
fly straight on; their speed is scaled to the temperature that VASP documents for SMASS = -1, and
kept for SMASS = 0. The energy is a function of the positions that tests know. With --stop-after it
dies in the ionic step behind the N-th; the first --unconverged steps use up all iterations.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

BOLTZMANN = 8.617333262e-5  # eV/K
MASS = 12.011 * 103.642697  # of carbon: eV (fs/Angstrom)^2


def energy_of(positions, cell):
    """Energy (sigma -> 0) in eV; the free energy is 0.25 eV lower."""
    return float(-8.0 * len(positions) + np.sin(2 * np.pi * positions / cell[0, 0]).sum())


def read_incar():
    pairs = [line.split("=", 1) for line in Path("INCAR").read_text().splitlines()]
    return {tag.strip(): value.strip() for tag, value in pairs}


def vectors(rows, name):
    lines = "".join("<v> {:.8f} {:.8f} {:.8f} </v>\n".format(*row) for row in rows)
    return f'<varray name="{name}" >\n{lines}</varray>\n'


def structure(cell, positions, name=""):
    scaled = np.linalg.solve(cell.T, positions.T).T % 1.0
    return (
        f"<structure {name}>\n<crystal>\n{vectors(cell, 'basis')}</crystal>\n"
        f"{vectors(scaled, 'positions')}</structure>\n"
    )


def energies(free, zero, more=""):
    return (
        f'<energy>\n<i name="e_fr_energy"> {free:.8f} </i>\n<i name="e_wo_entrp"> {free:.8f} </i>\n'
        f'<i name="e_0_energy"> {zero:.8f} </i>\n{more}</energy>\n'
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stop-after", type=int)
    parser.add_argument("--unconverged", type=int, default=0)
    options = parser.parse_args()
    for name in ("KPOINTS", "POTCAR"):
        if not Path(name).read_text():
            sys.exit(f"{name} is empty")
    tags = read_incar()
    n_steps = int(tags["NSW"])
    n_max = int(tags["NELM"])
    begin, end = float(tags["TEBEG"]), float(tags["TEEND"])
    lines = Path("POSCAR").read_text().splitlines()
    if any("predictor" in line for line in lines):
        sys.exit("predictor-corrector coordinates of another thermostat")
    cell = np.array([line.split() for line in lines[2:5]], dtype=float)
    n = int(lines[6])
    blocks = np.array([line.split() for line in lines[8 : 8 + n]], dtype=float)
    positions = blocks @ cell if lines[7].startswith("Direct") else blocks
    velocities = np.array([line.split() for line in lines[9 + n : 9 + 2 * n]], dtype=float)
    scaling = float(tags["SMASS"]) == -1
    assert scaling or begin == end, "this thermostat has no ramp"

    rows = "".join("<rc><c>C </c><c>   1</c></rc>\n" for _ in range(n))
    settings = "".join(
        f'<i name="{tag}"> {tags[tag]}</i>\n' for tag in ("POTIM", "NSW", "IBRION", "NELM")
    )
    with Path("vasprun.xml").open("w") as out, Path("OSZICAR").open("w") as oszicar:
        out.write(
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n<modeling>\n'
            f"<kpoints>\n{vectors([[0, 0, 0]], 'kpointlist')}"
            '<varray name="weights" >\n<v> 1.0 </v>\n</varray>\n</kpoints>\n'
            f"<parameters>\n{settings}</parameters>\n"
            f'<atominfo>\n<array name="atoms" >\n<set>\n{rows}</set>\n</array>\n</atominfo>\n'
            + structure(cell, positions, 'name="initialpos" ')
        )
        for step in range(1, n_steps + 1):
            out.write("<calculation>\n")
            out.flush()
            if options.stop_after is not None and step > options.stop_after:
                sys.exit("slurmstepd: CANCELLED DUE TO TIME LIMIT")
            if scaling:
                temperature = begin + (end - begin) * step / n_steps
                wanted = 1.5 * (n - 1) * BOLTZMANN * temperature
                velocities *= np.sqrt(wanted / (0.5 * MASS * (velocities**2).sum()))
            kinetic = 0.5 * MASS * (velocities**2).sum()
            zero = energy_of(positions, cell)
            scf = f"<scstep>\n{energies(zero - 0.25, zero)}</scstep>\n"
            out.write(
                scf * (n_max if step <= options.unconverged else 5)
                + structure(cell, positions)
                + vectors(np.cos(positions), "forces")
                + vectors(np.diag([10.0, 20.0, 30.0]), "stress")
                + energies(zero - 0.25, 0.0, f'<i name="kinetic"> {kinetic:.8f} </i>\n')
                + "</calculation>\n"
            )
            oszicar.write(f"{step} T= 300. E= 0 F= {zero:.8E}\n")
            positions = positions + velocities * float(tags["POTIM"])
            contcar = [*lines[:7], "Direct"]
            contcar += [" {:.16f} {:.16f} {:.16f}".format(*p) for p in positions / cell[0, 0]]
            contcar += ["", *("{:16.8E}{:16.8E}{:16.8E}".format(*v) for v in velocities)]
            contcar += ["", "1", "predictor-corrector coordinates"]
            Path("CONTCAR").write_text("\n".join(contcar) + "\n")
        out.write("</modeling>\n")


if __name__ == "__main__":
    main()

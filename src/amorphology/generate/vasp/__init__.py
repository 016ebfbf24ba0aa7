"""Amorphous carbon from VASP: inputs, runs, import of what they wrote."""

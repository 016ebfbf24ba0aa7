"""Errors that a user can mend; the command line prints them as one line."""

__all__ = [
    "AmorphologyError",
    "ConfigError",
    "MissingDependencyError",
    "RunError",
    "StructureError",
]


class AmorphologyError(Exception):
    """Base of every error this package raises on purpose."""


class StructureError(AmorphologyError, ValueError):
    """Input structures, cells, labels or files that cannot be used."""


class ConfigError(AmorphologyError, ValueError):
    """A setting, config file or combination of options that cannot be used."""


class RunError(AmorphologyError, RuntimeError):
    """A finished or broken run (training, molecular dynamics) that cannot be used."""


class MissingDependencyError(AmorphologyError, ImportError):
    """An optional part of the installation is needed and absent."""

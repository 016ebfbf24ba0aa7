"""Lets the tests run on another build of the kernel, such as one with sanitizers."""

import importlib.util
import os
import sys

# The file to use in place of the installed amorphology._kernel; see `make test-sanitize`.
OTHER_KERNEL = os.environ.get("AMORPHOLOGY_KERNEL")

if OTHER_KERNEL:
    name = "amorphology._kernel"
    if name in sys.modules:
        raise RuntimeError(f"{name} has been imported before it could be replaced")
    spec = importlib.util.spec_from_file_location(name, OTHER_KERNEL)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])

"""Few threads of the numerical libraries while our own work runs in a program that is not ours alone."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator


@contextlib.contextmanager
def few_threads() -> Iterator[None]:
    """Limit the libraries under numpy to one thread for the length of a ``with`` block or of a function.

    In Slicer numpy is loaded before us, so that environment variables come too late (the command line sets them, see
    :mod:`PainGeneratorLib.Headless.threads`). The package threadpoolctl can change the number later. Where it is
    missing, nothing is changed. The former number is set again afterwards, because other modules of Slicer use the
    same libraries.
    """
    try:
        threadpoolctl = importlib.import_module("threadpoolctl")
    except ImportError:
        yield
        return
    with threadpoolctl.threadpool_limits(limits=1):
        yield

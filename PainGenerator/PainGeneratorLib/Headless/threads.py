"""Limit the threads of the numerical libraries of a process that is ours alone."""

from __future__ import annotations

import os

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""Environment variables from which the libraries under numpy and scipy take their number of threads when they load
(https://github.com/joblib/threadpoolctl, table of supported libraries)."""


def limit_library_threads() -> None:
    """Give the libraries under numpy one thread each, unless the user has set a number.

    This must be called before numpy is loaded. The matrices of this program are small, so that more threads gain
    nothing on a free machine. On a busy one they wait for each other in loops that take the processor
    (https://github.com/numpy/numpy/issues/11826). See the row "threads" of ``make bench``.
    """
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")

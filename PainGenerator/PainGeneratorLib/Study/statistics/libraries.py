"""What the statistics need and Slicer does not bundle."""

from __future__ import annotations

from ...Numerics.core.errors import PainGeneratorError


def require_statistics_packages() -> None:
    """Refuse to go on where statsmodels or matplotlib is missing.

    Raises
    ------
    PainGeneratorError
        Says how to install them.
    """
    try:
        import matplotlib  # noqa: F401
        import statsmodels  # noqa: F401
    except ImportError as error:
        raise PainGeneratorError(
            f"The statistics need the Python package {error.name}, which is not installed.",
            "Install it: pip install 'pain-generator[study]'; in Slicer: slicer.util.pip_install('statsmodels "
            "matplotlib').",
        ) from error

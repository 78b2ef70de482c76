"""Constants of statistics and of smoothing that several rooms need."""

from __future__ import annotations

import math

MAD_TO_SD = 1.4826
"""Standard deviation over median absolute deviation (MAD) of normally distributed values; no unit."""

FWHM_TO_SIGMA = 1.0 / math.sqrt(8.0 * math.log(2.0))
"""Standard deviation over full width at half maximum (FWHM) of a Gaussian; no unit."""

"""Finds hot spots on PET: places whose uptake is higher than that of the normal tissue around them.

Start at :class:`.detector.HotSpotDetector`. :mod:`.contrast` and :mod:`.foci` find the places, :mod:`.contours` draws
their outlines, :mod:`.measuring` and :mod:`.peak` measure them, :mod:`.reference_tissue` and :mod:`.conspicuity`
compare them with normal tissue, and :mod:`.physiologic` decides which of them are normal uptake of an organ.
"""

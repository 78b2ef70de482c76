"""What is known about the patient's body: its midline, the course of its spine, and the distances of anatomy.

Start at :func:`.symmetry.find_symmetry_plane` for the plane between left and right, at
:func:`.canal.find_spine_line` for the spinal canal, and at :func:`.discs.with_discs` for the discs along it.
:mod:`.straight_spine` gives places along and across the canal, and :mod:`.distances` is the one table of distances
and sizes that rules rely on.
"""

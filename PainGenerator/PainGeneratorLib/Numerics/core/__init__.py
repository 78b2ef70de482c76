"""What all other rooms of Numerics build on; it knows nothing about PET, MR or anatomy.

Start at :mod:`.image` for grids, images, regions and the conventions of coordinates, and at :mod:`.records` for hot
spots, MR findings and candidates. :mod:`.regions` compares regions, :mod:`.rules` runs lists of named rules,
:mod:`.words` has the words for roles, sides and status, and :mod:`.errors` the errors that a user can do something
about. :mod:`.gaussian` and :mod:`.voxel_bits` are fast replacements for filters of scipy.
"""

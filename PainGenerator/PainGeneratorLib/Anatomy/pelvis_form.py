"""Where sacrum, sacral alae and sacroiliac joints lie relative to the upper endplate of S1, and how large they are.

All lengths are those of an average adult, mm: left or right of, in front of and above the middle of the upper endplate
of S1, in the axes of S1.

The auricular surfaces reach from S1 to S3, 50 to 60 mm long and 20 to 30 mm wide, behind and beside the bodies, and
turn from the front and the side to the back and the middle (Vleeming et al., The sacroiliac joint: an overview of its
anatomy, J Anat 221 (2012) 537). The joints of both sides are 85 to 100 mm apart at S1/S2. The bodies of S1 and S2 are
about 30 and 25 mm high.
"""

from __future__ import annotations

JOINT_MM = (46.0, -15.0, -29.0)
"""Middle of the sacroiliac joint. Our estimate after Vleeming 2012: between S1 and S2, 40 to 50 mm from the midline,
at the height of the posterior wall of the body."""
JOINT_HALF_MM = (6.0, 15.0, 24.0)
"""Half the extent of the joint across its cleft, along it to the front, and along the sacrum: the cleft and 4 to 5 mm
of bone on both sides; the surface without its edges."""
JOINT_TURN_DEG = 25.0
"""Angle between the joint and the sagittal plane, degrees: its front is farther from the midline (Vleeming 2012)."""
ALA_MM = (33.0, -4.0, -17.0)
"""Middle of the sacral ala, between the body of S1 and the joint. Our estimate."""
ALA_HALF_MM = (8.0, 11.0, 11.0)
"""Half the extent of the ala. Our estimate."""
SACRUM_MM = (0.0, -2.0, -37.0)
"""Middle of the sacrum from S1 to S3 in the midline: half their height. Our estimate."""
SACRUM_HALF_MM = (14.0, 9.0, 30.0)
"""Half the extent of the bodies of S1 to S3 without their edges. Our estimate."""
CREST_MM = 12.0
"""Height of the part of the hip bone below its highest point that is the iliac crest, mm. Our estimate."""
CREST_HALF_MM = (8.0, 16.0, 7.0)
"""Half the extent of the iliac crest that is measured: across, along the crest and downward, mm. Our estimate."""

"""What the panel keeps of its own settings on the module's parameter node.

The case itself (series, group, decisions, states) is kept by the session, on the same node under other names.
"""

import enum
from typing import Annotated

from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Default, WithinRange, parameterNodeWrapper


class ColorMap(enum.Enum):
    """Color map of the PET; the value is the name of Slicer's color node."""

    HOT = "PET-Heat"
    INVERTED_GREY = "InvertedGrey"
    DICOM = "PET-DICOM"
    HOT_METAL_BLUE = "PET-HotMetalBlue"
    RAINBOW = "PET-Rainbow"

    def label(self) -> str:
        """Text in the panel."""
        texts = {
            "InvertedGrey": _("Inverted gray"),
            "PET-Heat": _("Hot"),
            "PET-DICOM": _("DICOM palette"),
            "PET-HotMetalBlue": _("Hot metal and blue"),
            "PET-Rainbow": _("Rainbow"),
        }
        return texts[self.value]


@parameterNodeWrapper
class PanelParameters:
    """Reading aids and choices for export."""

    colorMap: ColorMap = ColorMap.HOT
    petWindowMaximum: Annotated[float, WithinRange(0.5, 30.0), Default(4.0)]
    windowFromCase: bool = True
    fusionOpacity: Annotated[float, WithinRange(0.0, 1.0), Default(1.0)]
    fadePet: bool = True
    fadeStart: Annotated[float, WithinRange(0.0, 5.0), Default(1.0)]
    fadeEnd: Annotated[float, WithinRange(0.1, 10.0), Default(2.0)]
    showOutlines: bool = True
    outlineWidth: Annotated[int, WithinRange(1, 8), Default(2)]
    outlineHalo: bool = True
    showTargets: bool = False
    showImplantMargin: bool = True
    linkViews: bool = True
    rotateProjection: bool = True
    goOn: bool = True
    exportReport: bool = True
    exportTables: bool = True
    exportSegmentations: bool = True
    exportScene: bool = True
    exportDicom: bool = True

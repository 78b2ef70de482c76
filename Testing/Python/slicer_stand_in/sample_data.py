"""Slicer's module SampleData, as far as other modules register their samples with it."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

CATEGORIES: dict[str, str] = {}
"""Title of each category."""
SOURCES: dict[str, list[SampleDataSource]] = {}
"""What is offered, by category."""
ONE_FOR_EACH = ("uris", "fileNames", "nodeNames", "loadFiles", "loadFileTypes", "checksums")


class SampleDataSource:
    """One sample: what is not given as a list stays None, and None has no length.

    Raises
    ------
    TypeError
        When one of the lists is missing, also for a sample that is made and not loaded from a file.
    ValueError
        When the lists have different lengths.
    """

    def __init__(
        self,
        sampleName: str | None = None,
        sampleDescription: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        checksums: Any = None,
        loadFiles: Any = None,
        customDownloader: Any = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFileProperties: Any = None,
        loadFileType: Any = None,
    ) -> None:
        self.sampleName, self.customDownloader = sampleName, customDownloader
        self.sampleDescription = sampleName if sampleDescription is None else sampleDescription
        self.thumbnailFileName = thumbnailFileName
        lists = {
            "uris": uris,
            "fileNames": fileNames,
            "nodeNames": nodeNames,
            "loadFiles": loadFiles,
            "loadFileTypes": loadFileTypes if loadFileType is None else loadFileType,
            "checksums": checksums,
        }
        if isinstance(uris, str):
            lists = {name: [value] for name, value in lists.items()}
        elif isinstance(uris, list | tuple):
            filled = {name: [None] * len(uris) for name in ("nodeNames", "loadFiles", "loadFileTypes", "checksums")}
            lists = {name: filled.get(name) if value is None else value for name, value in lists.items()}
        self.__dict__.update(lists)
        lengths = {len(lists[name]) for name in ONE_FOR_EACH}
        if len(lengths) > 1:
            raise ValueError("All fields of sample data source must have the same length")


class SampleDataLogic:
    """The part that modules call when Slicer has started."""

    @staticmethod
    def registerCustomSampleDataCategory(category: str, title: str) -> None:
        CATEGORIES[category] = title

    @staticmethod
    def registerCustomSampleDataSource(
        category: str = "Custom",
        sampleName: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        customDownloader: Any = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFiles: Any = None,
        loadFileProperties: Any = None,
        checksums: Any = None,
        loadFileType: Any = None,
    ) -> None:
        source = SampleDataSource(
            sampleName=sampleName,
            uris=uris,
            fileNames=fileNames,
            nodeNames=nodeNames,
            thumbnailFileName=thumbnailFileName,
            loadFileTypes=loadFileTypes,
            loadFiles=loadFiles,
            checksums=checksums,
            customDownloader=customDownloader,
            loadFileType=loadFileType,
        )
        SOURCES.setdefault(category, []).append(source)


def sample_data_module() -> ModuleType:
    """The module as it is imported; what former stand-ins registered is forgotten."""
    CATEGORIES.clear()
    SOURCES.clear()
    module = ModuleType("SampleData")
    module.__spec__ = ModuleSpec("SampleData", None)
    module.SampleDataLogic, module.SampleDataSource = SampleDataLogic, SampleDataSource
    return module

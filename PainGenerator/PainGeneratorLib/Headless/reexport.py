"""The command ``export``: writes the outputs of a finished or reviewed case again, as its reader left it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ..Exchange.choices import CONTINUE
from ..Exchange.source_images import files_by_uid
from ..Report.session_export import export_session
from ..Session.session import Session
from ..Workflow.progress import Show, part, silent
from .host import HeadlessHost
from .place import SCENE_FILE


def export_again(
    result: Path,
    output: Path,
    what: Collection[str],
    objects: Collection[str],
    source: Path | None = None,
    overwrite: bool = False,
    progress: Show = silent,
    outlines: Sequence[Path] = (),
    how: str = CONTINUE,
    reader: str = "",
) -> tuple[Path, list[str]]:
    """Write outputs of a case from its scene.

    Parameters
    ----------
    result : Path
        An output folder, or the scene of a case (also one that was saved from the panel); never written to.
    output : Path
        Folder to make.
    what : collection of str
        Words of :data:`..Exchange.choices.EXPORTS`.
    objects : collection of str
        Which DICOM objects, names of :data:`..Exchange.choices.CHOICES`.
    source : Path, optional
        Folder with the DICOM images of the case, which DICOM objects refer to. They are known by their UIDs.
    overwrite : bool
    progress : callable, optional
    outlines : sequence of Path
        DICOM segmentations and structured reports, or folders of them, that are taken into the case before.
    how : str
        How they are taken, a word of :data:`..Exchange.choices.TAKINGS`.
    reader : str
        Whose they are; as the files say when empty.

    Returns
    -------
    (Path, list of str)
        The folder, and what has to be said of the case.

    Raises
    ------
    PainGeneratorError
        When there is no such scene, it holds no finished case, or the folder cannot be written.
    """
    files = {} if source is None else files_by_uid(source)
    with HeadlessHost() as host:
        progress(0.0, "Opening the scene")
        host.load_mrb(result / SCENE_FILE if result.is_dir() else result)
        progress(0.2, "Reading the case")
        session = Session(host.scene, files.get, export_session)
        said = session.take_outlines(outlines, how, reader) if outlines else []
        folder = session.export(output, what, overwrite, part(progress, 0.3, 1.0), objects)
        return folder, [*said, *session.warnings]

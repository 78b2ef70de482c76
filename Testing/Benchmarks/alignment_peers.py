"""Rigid registration by SimpleITK, elastix and ANTs with default settings, for comparison.

elastix and ANTs are installed with the extra for benchmarks: ``pip install pain-generator[bench]``.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable

import numpy as np
from PainGeneratorLib.Numerics.core.image import LPS_TO_RAS, Geometry, Image
from PainGeneratorLib.Registration.itk_images import from_itk_transform, to_itk_image

Peer = Callable[[Image, Image], np.ndarray]
"""Function of a fixed and a moving image that lie in one frame by their start. It returns the motion from fixed points
to moving points, RAS mm, shape (4, 4)."""


def peers() -> dict[str, Peer]:
    """Return the installed programs by name, and print which ones are not installed."""
    os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "1")
    found: dict[str, Peer] = {"SimpleITK": _simple_itk}
    for name, package, peer in (("elastix", "itk", _elastix), ("ANTs", "ants", _ants)):
        if importlib.util.find_spec(package):
            found[name] = peer
        else:
            print(f"{name} is not installed: pip install pain-generator[bench]")
    return found


def _parts(image: Image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origin, spacing and direction (LPS) of a grid."""
    geometry: Geometry = image.geometry
    matrix = LPS_TO_RAS @ geometry.ijk_to_ras
    spacing = np.array(geometry.spacing_mm)
    return matrix[:3, 3], spacing, matrix[:3, :3] / spacing


def _to_ras(rotation: np.ndarray, translation: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Convert an ITK transform (LPS, about a center) to a matrix in RAS, shape (4, 4)."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = center + translation - rotation @ center
    return LPS_TO_RAS @ matrix @ LPS_TO_RAS


def _simple_itk(fixed: Image, moving: Image) -> np.ndarray:
    """SimpleITK with the usual settings of its examples: Mattes mutual information, three scales, regular steps."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    images = [to_itk_image(Image(image.array.astype(np.float32), image.geometry)) for image in (fixed, moving)]
    start = sitk.Euler3DTransform()
    start.SetCenter((LPS_TO_RAS[:3, :3] @ fixed.geometry.center_ras).tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.1, seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(learningRate=1.0, minStep=1e-3, numberOfIterations=200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=True)
    method.Execute(*images)
    return from_itk_transform(start)


def _elastix(fixed: Image, moving: Image) -> np.ndarray:
    """Elastix with its default parameter map "rigid"."""
    import itk
    from scipy.spatial.transform import Rotation

    itk.set_nthreads(1)
    images = []
    for image in (fixed, moving):
        made = itk.image_from_array(image.array.astype(np.float32))
        origin, spacing, direction = _parts(image)
        made.SetOrigin(origin.tolist())
        made.SetSpacing(spacing.tolist())
        made.SetDirection(itk.matrix_from_array(np.ascontiguousarray(direction)))
        images.append(made)
    settings = itk.ParameterObject.New()
    settings.AddParameterMap(settings.GetDefaultParameterMap("rigid"))
    _, result = itk.elastix_registration_method(
        *images, parameter_object=settings, number_of_threads=1, log_to_console=False
    )
    found = result.GetParameterMap(0)
    values = np.array([float(v) for v in found["TransformParameters"]])
    center = np.array([float(v) for v in found["CenterOfRotationPoint"]])
    x, y, z = (Rotation.from_euler(axis, angle).as_matrix() for axis, angle in zip("xyz", values[:3], strict=True))
    rotation = z @ y @ x if found["ComputeZYX"][0] == "true" else z @ x @ y
    return _to_ras(rotation, values[3:], center)


def _ants(fixed: Image, moving: Image) -> np.ndarray:
    """ANTs with the transform "Rigid" of antspyx."""
    import ants

    images = []
    for image in (fixed, moving):
        origin, spacing, direction = _parts(image)
        array = np.ascontiguousarray(image.array.astype(np.float32).T)
        images.append(ants.from_numpy(array, origin.tolist(), spacing.tolist(), direction))
    done = ants.registration(*images, type_of_transform="Rigid", random_seed=1)
    found = ants.read_transform(done["fwdtransforms"][0])
    values = np.array(found.parameters)
    for file in {*done["fwdtransforms"], *done["invtransforms"]}:
        os.unlink(file)
    return _to_ras(values[:9].reshape(3, 3), values[9:], np.array(found.fixed_parameters))

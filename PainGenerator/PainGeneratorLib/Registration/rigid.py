"""Rigid motions: their parameters, their derivatives, and the distance between two of them."""

from __future__ import annotations

import numpy as np

from ..Numerics.core.image import transform_points

TURN_RADIUS_MM = 60.0
"""Factor from radians to the rotation parameters, mm. With it a step of any of the six parameters moves the voxels by
a similar distance. Our estimate."""


def rotation_matrix(vector: np.ndarray) -> np.ndarray:
    """Return the 3 x 3 rotation of a rotation vector (axis times angle in radians), by Rodrigues' formula."""
    vector = np.asarray(vector, dtype=np.float64)
    angle = float(np.linalg.norm(vector))
    cross = _cross(vector)
    if angle < 1e-8:
        return np.eye(3) + cross
    half = np.sin(angle / 2) / angle
    return np.eye(3) + (np.sin(angle) / angle) * cross + 2 * half * half * cross @ cross


def _cross(vector: np.ndarray) -> np.ndarray:
    """Matrix whose product with a vector is the cross product of `vector` with it."""
    x, y, z = vector
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def rotation_vector(matrix: np.ndarray) -> np.ndarray:
    """Return the rotation vector (radians, length up to pi) of a 3 x 3 rotation."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(np.asarray(matrix)).as_rotvec()


def motion(parameters: np.ndarray, center_ras: np.ndarray) -> np.ndarray:
    """Return the 4 x 4 matrix of a rotation about a center and a shift.

    Parameters
    ----------
    parameters : ndarray, shape (6,)
        Shift along R, A, S (mm), then the rotation vector times TURN_RADIUS_MM (mm).
    center_ras : ndarray, shape (3,)
        Center of the rotation, RAS mm.
    """
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_matrix(np.asarray(parameters[3:]) / TURN_RADIUS_MM)
    matrix[:3, 3] = center_ras + parameters[:3] - matrix[:3, :3] @ center_ras
    return matrix


def turn_derivatives(parameters: np.ndarray) -> np.ndarray:
    """Return the derivatives of the rotation matrix of :func:`motion` by its last three parameters, shape (3, 3, 3).

    The formula is that of Gallego and Yezzi, J Math Imaging Vis 2015.
    """
    vector = np.asarray(parameters[3:], dtype=np.float64) / TURN_RADIUS_MM
    rotation = rotation_matrix(vector)
    square = float(vector @ vector)
    units = np.eye(3)
    if square < 1e-12:
        return np.stack([_cross(unit) @ rotation for unit in units]) / TURN_RADIUS_MM
    rows = [
        (vector[n] * _cross(vector) + _cross(_cross(vector) @ (unit - rotation[:, n]))) @ rotation / square
        for n, unit in enumerate(units)
    ]
    return np.stack(rows) / TURN_RADIUS_MM


def change_between(a: np.ndarray, b: np.ndarray, point_ras: np.ndarray) -> tuple[float, float]:
    """Distance between the places to which `a` and `b` move a point (mm), and the angle between both (degrees)."""
    shift = float(np.linalg.norm(transform_points(a, point_ras) - transform_points(b, point_ras)))
    angle = float(np.degrees(np.linalg.norm(rotation_vector(a[:3, :3].T @ b[:3, :3]))))
    return shift, angle


def mean_distance(a: np.ndarray, b: np.ndarray, points_ras: np.ndarray) -> float:
    """Mean distance (mm) between the places to which `a` and `b` move points, shape (n, 3)."""
    return float(np.linalg.norm(transform_points(a, points_ras) - transform_points(b, points_ras), axis=1).mean())

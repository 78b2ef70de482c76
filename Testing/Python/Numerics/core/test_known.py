"""Statistics of values some of which are not known."""

from __future__ import annotations

import numpy as np
import pytest
from PainGeneratorLib.Numerics.core.known import known_least, known_median

NAN = float("nan")


def test_what_is_not_known_does_not_count() -> None:
    values = np.array([[1.0, NAN, 5.0], [3.0, NAN, NAN], [8.0, NAN, 7.0]])
    np.testing.assert_array_equal(known_median(values, axis=0), [3.0, NAN, 6.0])
    np.testing.assert_array_equal(known_median(values, axis=1), [3.0, 3.0, 7.5])
    assert float(known_median(values)) == 5.0
    assert known_least(values[0]) == 1.0


@pytest.mark.parametrize("values", [[NAN, NAN], []])
def test_where_nothing_is_known_the_result_is_not_known_and_nothing_is_warned_of(values: list[float]) -> None:
    assert np.isnan(known_median(np.array(values)))
    assert np.isnan(known_least(np.array(values)))


def test_a_finding_beyond_the_ends_of_the_canal_has_no_place_along_it() -> None:
    from types import SimpleNamespace

    from PainGeneratorLib.Numerics.mr import endplate_rules, spine_rules

    local = np.array([[30.0, 10.0, NAN], [34.0, 12.0, NAN]])
    places = [made for made in vars(endplate_rules).values() if "_in_spine" in getattr(made, "__dict__", {})]
    for made in places:
        picture = SimpleNamespace(spine_line=object(), straight=SimpleNamespace(local=lambda points: local))
        finding = SimpleNamespace(picture=picture, region=SimpleNamespace(points_ras=local))
        assert vars(made)["_in_spine"].func(finding) is None
    assert places
    contexts = [made for made in vars(spine_rules).values() if "_from_disc" in getattr(made, "__dict__", {})]
    for made in contexts:
        finding = SimpleNamespace(_local=local, _from_disc=np.abs(local[:, 2]))
        np.testing.assert_array_equal(vars(made)["_middle"].func(finding), [32.0, 11.0, NAN])
        assert np.isnan(vars(made)["middle_from_disc_mm"].func(finding))
        assert np.isnan(vars(made)["nearest_disc_mm"].func(finding))
    assert contexts

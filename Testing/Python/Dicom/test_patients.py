"""When two identities are one person."""

from __future__ import annotations

import pytest
from dicom_makers import T1, ramp, write_series
from PainGeneratorLib.Dicom.patients import Identity, compare
from PainGeneratorLib.Dicom.person_names import Match, compare_ids, compare_names, is_placeholder
from PainGeneratorLib.Dicom.reader import read_folder
from PainGeneratorLib.Numerics.core.errors import PainGeneratorError

SAME, UNKNOWN, OTHER = Match.SAME, Match.UNKNOWN, Match.OTHER


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "=山田^太郎", SAME),
        ("Yamada^Tarou", "=山田^太郎", UNKNOWN),
        ("=山田^太郎", "=鈴木^花子", OTHER),
        ("Müller^Jürgen", "MUELLER^JUERGEN", SAME),
        ("Müller^Jürgen", "Mu\u0308ller^Ju\u0308rgen", SAME),
        ("Müller^Jürgen", "Miller^Jürgen", OTHER),
        ("Adams^John^^Dr.^Jr", "adams, john", SAME),
        ("Smith^Anna^Maria", "Smith^Anna", SAME),
        ("Smith^Anna", "Smith^Mary", OTHER),
        ("Smith^Anna", "Smith", UNKNOWN),
        ("Smith^Anna", "", UNKNOWN),
        ("Smith^Anna", "ANONYMOUS", UNKNOWN),
        ("ANON1", "ANON2", OTHER),
        ("ANON", "ANON", UNKNOWN),
        ("Li^Na", "Li^Na", SAME),
    ],
)
def test_names_are_compared_as_persons_read_them(first, second, expected):
    assert compare_names(first, second) == expected
    assert compare_names(second, first) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("00123", "123", SAME),
        ("123^^^HOSPITAL", "123", SAME),
        ("12-3", "123", SAME),
        ("123", "124", OTHER),
        ("", "123", UNKNOWN),
        ("ANON", "123", UNKNOWN),
        ("000", "123", UNKNOWN),
    ],
)
def test_ids_are_compared_without_zeros_marks_and_issuer(first, second, expected):
    assert compare_ids(first, second) == expected


@pytest.mark.parametrize(("text", "expected"), [("Unknown^Patient", True), ("N/A", True), ("Patient^One", False)])
def test_a_placeholder_names_nobody(text, expected):
    assert is_placeholder(text) == expected


def test_a_shared_study_joins_what_neither_name_nor_id_can():
    known, empty = Identity("P1", "Smith^Anna", "", frozenset({"1.2"})), Identity("", "", "", frozenset({"1.2"}))
    assert compare(known, empty) == SAME
    assert compare(known, Identity("", "", "", frozenset({"1.3"}))) == UNKNOWN
    assert compare(known, Identity("P2", "", "", frozenset({"1.2"}))) == OTHER


def test_birth_dates_part_two_persons_of_one_name_but_not_of_one_id():
    anna, other = Identity("", "Smith^Anna", "19620504"), Identity("P2", "Smith^Anna", "19300102")
    assert compare(anna, other) == OTHER
    assert compare(anna, Identity("P2", "Smith^Anna", "19620101")) == SAME
    assert compare(Identity("P2", "Smith^Anna", "19620504"), other) == SAME


def test_one_anonymous_series_does_not_join_two_persons(tmp_path):
    write_series(tmp_path / "a", ramp(), "PT")
    write_series(tmp_path / "b", ramp(), PatientID="", PatientName="ANON", **T1)
    write_series(tmp_path / "c", ramp(), PatientID="P2", PatientName="Two^Person", **T1)
    with pytest.raises(PainGeneratorError, match=r"2 patients|different patients"):
        read_folder(tmp_path)

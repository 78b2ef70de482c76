"""One person whose name or ID two machines write differently, and two persons who must not be taken for one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .judging import InputCase, Judged, Outcome
from .small_examination import has_series, judged_case, write_pet, write_t1

KIND = "one person written differently"
UTF8 = "ISO_IR 192"


def written(pet: dict[str, Any], mr: dict[str, Any]) -> Callable[[Path], Judged]:
    """PET and MR of one person as two machines write it: one case, without a warning."""

    def judge(folder: Path) -> Judged:
        write_pet(folder, **({"SpecificCharacterSet": UTF8} | pet))
        write_t1(folder, **({"SpecificCharacterSet": UTF8} | mr))
        return judged_case(folder, lambda case: has_series(case, PET=5, T1=2), may_warn=False)

    return judge


def names(pet: str, mr: str, **mr_values: Any) -> Callable[[Path], Judged]:
    """Two spellings of the name with the same ID."""
    return written({"PatientName": pet}, {"PatientName": mr} | mr_values)


def identities(pet: tuple[str, str], mr: tuple[str, str], **mr_values: Any) -> Callable[[Path], Judged]:
    """Two pairs of name and ID."""
    return written(
        {"PatientName": pet[0], "PatientID": pet[1]}, {"PatientName": mr[0], "PatientID": mr[1]} | mr_values
    )


def two_persons(
    pet: tuple[str, str], mr: tuple[str, str], said: str = "different patients.*correct", **mr_values: Any
) -> Callable[[Path], Judged]:
    """Two pairs of name and ID that contradict each other."""

    def judge(folder: Path) -> Judged:
        write_pet(folder, SpecificCharacterSet=UTF8, PatientName=pet[0], PatientID=pet[1])
        write_t1(folder, SpecificCharacterSet=UTF8, PatientName=mr[0], PatientID=mr[1], **mr_values)
        return judged_case(folder, None, refused_by=said)

    return judge


def bytes_without_a_character_set(folder: Path) -> Judged:
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    def change(k: int, dataset: Any) -> None:
        name = "Müller^Anna".encode("latin-1")
        dataset._dict[Tag(0x00100010)] = RawDataElement(Tag(0x00100010), "PN", len(name), name, 0, False, True)

    write_pet(folder, change=change)
    write_t1(folder, SpecificCharacterSet=UTF8, PatientName="Müller^Anna")
    return judged_case(folder, lambda case: has_series(case, PET=5, T1=2), may_warn=False)


def two_birth_dates(folder: Path) -> Judged:
    write_pet(folder, PatientName="Smith^Anna", PatientID="", PatientBirthDate="19620504")
    write_t1(
        folder,
        PatientName="Smith^Anna",
        PatientID="P8",
        PatientBirthDate="19300102",
        StudyInstanceUID="1.2.3.99",
        FrameOfReferenceUID="1.2.3.98",
    )
    return judged_case(folder, None, refused_by="different patients.*born")


def decomposed(text: str) -> str:
    """A text with its accents as characters of their own (NFD), as file systems of macOS write it."""
    return unicodedata.normalize("NFD", text)


def _case(name: str, source: str, judge: Callable[[Path], Judged], *accepted: Outcome) -> InputCase:
    return InputCase(name, KIND, source, judge, accepted or (Outcome.RIGHT,))


REFUSED = Outcome.REFUSED
PS35 = "https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_6.2.html"
ANNEX_H = "https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_H.3.html"
CTK_275 = "https://github.com/commontk/CTK/issues/275"
DICOGNITO = "https://github.com/blairconrad/dicognito/issues/78"
UMLAUT = "https://github.com/fo-dicom/fo-dicom/issues/938"
SHANOIR = "https://github.com/fli-iam/shanoir-ng/issues/3497"
KANJI = "https://github.com/OHIF/ohif-core/issues/37"
HYPHEN = "https://github.com/openemr/openemr/issues/5282"

CASES = [
    _case(
        "name-with-ideographic-and-phonetic-parts",
        ANNEX_H,
        names("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou"),
    ),
    _case("name-in-roman-and-in-kanji-only", KANJI, names("Yamada^Tarou", "=山田^太郎")),
    _case("name-in-kanji-in-the-first-part", KANJI, names("Yamada^Tarou=山田^太郎", "山田^太郎")),
    _case("name-in-hiragana-and-katakana", KANJI, names("=山田^太郎=やまだ^たろう", "=山田^太郎=ヤマダ^タロウ")),
    _case("name-in-half-width-katakana", ANNEX_H, names("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", "Yamada^Tarou=山田^太郎")),
    _case(
        "korean-name-in-two-writings",
        "https://dicom.nema.org/medical/dicom/current/output/chtml/part05/sect_I.2.html",
        names("Hong^Gildong=洪^吉洞=홍^길동", "HONG^GIL DONG"),
    ),
    _case("umlaut-composed-and-decomposed", UMLAUT, names("Müller^Jürgen", decomposed("Müller^Jürgen"))),
    _case("umlaut-written-with-two-letters", UMLAUT, names("Müller^Jürgen", "MUELLER^JUERGEN")),
    _case("umlaut-written-without-its-dots", UMLAUT, names("Müller^Jürgen", "Muller^Jurgen")),
    _case("sharp-s", UMLAUT, names("Weiß^Anna", "WEISS^ANNA")),
    _case(
        "nordic-letters", "https://github.com/slicebox/slicebox/issues/230", names("Sjøström^Åsa", "Sjoestroem^Aasa")
    ),
    _case("romanian-letters", "https://github.com/fo-dicom/fo-dicom/issues/339", names("Țuțu^Ștefan", "Tutu^Stefan")),
    _case("umlaut-lost-as-question-mark", UMLAUT, names("Müller^Jürgen", "M?ller^J?rgen")),
    _case(
        "utf8-read-as-latin-1",
        "https://github.com/fo-dicom/fo-dicom/issues/2029",
        names("Müller^Jürgen", "MÃ¼ller^JÃ¼rgen"),
    ),
    _case(
        "no-character-set-declared",
        "https://github.com/ClearCanvas/ClearCanvas/issues/132",
        bytes_without_a_character_set,
    ),
    _case("titles-before-the-name", PS35, names("Adams^John^^Dr.^Jr", "Adams^John")),
    _case("title-within-the-given-name", PS35, names("Adams^Dr. John", "ADAMS^JOHN")),
    _case(
        "academic-suffix", PS35, names("Morrison-Jones^Susan^^^Ph.D., Chief Executive Officer", "Morrison-Jones^Susan")
    ),
    _case("hyphen-or-space-in-a-double-name", HYPHEN, names("Morrison-Jones^Susan", "Morrison Jones^Susan")),
    _case("apostrophe-in-the-name", HYPHEN, names("O'Neill^Mary", "ONEILL^MARY")),
    _case("name-in-upper-case", CTK_275, names("PHANTOM^fourD^^", "phantom, FOURD")),
    _case("trailing-carets", DICOGNITO, names("Last^First^Middle", "Last^First^Middle^^")),
    _case("missing-middle-name", SHANOIR, names("Smith^Anna^Maria", "Smith^Anna")),
    _case("middle-initial", SHANOIR, names("Smith^Anna^Maria", "Smith^Anna^M.")),
    _case("initial-in-place-of-the-given-name", SHANOIR, names("Smith^Anna", "Smith^A")),
    _case("given-name-first", CTK_275, names("Smith^Anna", "Anna Smith")),
    _case("name-cut-at-16-characters", DICOGNITO, names("Featherstonehaugh^Alexandra", "Featherstonehaug")),
    _case("id-with-leading-zeros", SHANOIR, identities(("Smith^Anna", "0012345"), ("Smith^Anna", "12345"))),
    _case(
        "id-with-issuer",
        "https://www.hl7.eu/refactored/dtCX.html",
        identities(("Smith^Anna", "12345"), ("Smith^Anna", "12345^^^HOSPITAL&1.2.3&ISO")),
    ),
    _case("id-with-spaces-and-hyphens", SHANOIR, identities(("Smith^Anna", "12-345 6"), ("Smith^Anna", "123456"))),
    _case("id-in-lower-case", SHANOIR, identities(("Smith^Anna", "AB12"), ("Smith^Anna", "ab12"))),
    _case(
        "anonymous-name-with-the-same-id",
        "https://github.com/Slicer/Slicer/pull/7683",
        identities(("ANONYMOUS", "P7"), ("Smith^Anna", "P7")),
    ),
    _case("anonymous-with-the-same-study", DICOGNITO, identities(("Anonymized", "ANON"), ("Smith^Anna", "P7"))),
    _case("nothing-in-one-of-the-two-with-the-same-study", SHANOIR, identities(("Smith^Anna", "P7"), ("", ""))),
    _case(
        "deidentified-with-the-same-id",
        "https://github.com/KitwareMedical/dicom-anonymizer/issues/33",
        identities(("DE-IDENTIFIED", "P7"), ("P7", "P7")),
    ),
    _case(
        "name-that-repeats-the-id",
        "https://github.com/fli-iam/shanoir-ng/pull/3153",
        identities(("P7", "P7"), ("Smith^Anna", "P7")),
    ),
    _case("two-persons", CTK_275, two_persons(("Smith^Anna", "P7"), ("Jones^Mary", "P8")), REFUSED),
    _case("two-persons-with-one-id", SHANOIR, two_persons(("Smith^Anna", "1"), ("Jones^Mary", "1")), REFUSED),
    _case("two-persons-with-one-name", CTK_275, two_persons(("Smith^Anna", "P7"), ("Smith^Anna", "P8")), REFUSED),
    _case("two-persons-with-one-family-name", CTK_275, two_persons(("Smith^Anna", "1"), ("Smith^Mary", "1")), REFUSED),
    _case(
        "two-persons-with-one-family-name-and-initials",
        CTK_275,
        two_persons(("Smith^Anna", "1"), ("Smith^M", "1")),
        REFUSED,
    ),
    _case("two-kanji-persons-with-one-id", KANJI, two_persons(("=山田^太郎", "1"), ("=鈴木^花子", "1")), REFUSED),
    _case("two-pseudonyms", DICOGNITO, two_persons(("ANON001", "ANON001"), ("ANON002", "ANON002")), REFUSED),
    _case(
        "anonymous-beside-a-name-of-another-study",
        DICOGNITO,
        two_persons(
            ("ANON", "ANON"), ("Smith^Anna", "P7"), StudyInstanceUID="1.2.3.99", FrameOfReferenceUID="1.2.3.98"
        ),
        REFUSED,
    ),
    _case("one-name-without-an-id-and-two-birth-dates", CTK_275, two_birth_dates, REFUSED),
]

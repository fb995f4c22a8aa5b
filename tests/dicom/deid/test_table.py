"""The table is the standard's: its words are the dictionary's, its codes are PS3.16's."""

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.sr.codedict import codes

from radgloss.dicom.deid.options import BASIC, CLEAN, OPTIONS, RETAIN, chosen
from radgloss.dicom.deid.table import KINDS, action, beyond, row_of, rows, safe_private
from radgloss.errors import InputRejected

BASICS = {"X", "Z", "D", "U", "X/Z", "X/D", "X/Z/D", "Z/D", "X/Z/U*"}
PLAIN = [r for r in rows() if "x" not in r.pattern]


def vr(row):
    return dictionary_VR(int(row.pattern, 16))


def test_every_row_is_called_as_the_dictionary_calls_it():
    assert {r.keyword: int(r.pattern, 16) for r in PLAIN} == {
        r.keyword: tag_for_keyword(r.keyword) for r in PLAIN
    }


def test_the_edition_has_its_rows_once_each():
    patterns = [r.pattern for r in rows()]
    assert len(patterns) == len(set(patterns)) == 620  # and the row of private attributes


def test_actions_are_those_that_the_standard_defines():
    assert {r.basic for r in rows()} == BASICS
    assert {a for r in rows() for a in r.options.values()} == {"K", "C"}


def test_dates_and_only_dates_are_moved_or_kept_with_the_dates():
    dated = {r.keyword for r in PLAIN if vr(r) in ("DA", "DT", "TM")}
    kept = {r.keyword for r in rows() if "dates" in r.options}
    moved = {r.keyword for r in rows() if "shifted-dates" in r.options}
    others = {"TimezoneOffsetFromUTC", "CertifiedTimestamp", "FrameOriginTimestamp"}
    never = {"PatientBirthDate", "PatientBirthTime"}  # of the patient, not of an event
    assert kept == moved
    assert kept - dated <= others | {k for k in kept if "Selector" in k}
    assert never <= dated - kept


def test_uids_are_replaced_and_nothing_else_is_but_lists_of_references():
    assert {vr(r) for r in PLAIN if r.basic == "U"} == {"UI"}
    assert {vr(r) for r in PLAIN if "uids" in r.options} == {"UI", "SQ"}


@pytest.mark.parametrize(
    ("option", "name"),
    [
        (BASIC, "BasicApplicationConfidentialityProfile"),
        *((OPTIONS[n], k) for n, k in {
            "pixels": "CleanPixelDataOption",
            "graphics": "CleanGraphicsOption",
            "structured": "CleanStructuredContentOption",
            "descriptors": "CleanDescriptorsOption",
            "dates": "RetainLongitudinalTemporalInformationFullDatesOption",
            "shifted-dates": "RetainLongitudinalTemporalInformationModifiedDatesOption",
            "patient": "RetainPatientCharacteristicsOption",
            "device": "RetainDeviceIdentityOption",
            "uids": "RetainUidsOption",
            "private": "RetainSafePrivateOption",
            "institution": "RetainInstitutionIdentityOption",
        }.items()),
    ],
    ids=lambda o: getattr(o, "name", ""),
)  # fmt: skip
def test_codes_are_those_of_part_16(option, name):
    code = getattr(codes.DCM, name)
    assert (option.code, option.meaning) == (code.value, code.meaning)


def test_every_set_of_options_makes_one_action_of_every_row():
    sets = [chosen(), *(chosen([o.name]) for o in CLEAN), *(chosen((), [o.name]) for o in RETAIN)]
    assert {action(r, s, "LO") for r in rows() for s in sets} == set(KINDS)


def test_keeping_overrides_cleaning_but_not_the_moving_of_dates():
    calibrated = row_of(tag_for_keyword("DateOfLastDetectorCalibration"))
    assert action(calibrated, chosen((), ["device"]), "DA") == "K"
    assert action(calibrated, chosen((), ["device", "shifted-dates"]), "DA") == "C"


def test_curves_and_overlays_are_found_in_every_group():
    assert row_of(0x60023000).keyword == "OverlayData"
    assert row_of(0x50040005).keyword == "CurveData"
    assert row_of(0x60020010) is None  # how large an overlay was


def test_beyond_the_table_names_dates_addresses_and_uids_of_things_go():
    assert beyond("EvaluatorName", "PN", chosen()) == "D"
    assert beyond("StudyUpdateDateTime", "DT", chosen()) == "X"
    assert beyond("StudyUpdateDateTime", "DT", chosen((), ["shifted-dates"])) == "C"
    assert beyond("RetrieveURL", "UR", chosen()) == "X"
    assert beyond("ReferencedFiducialUID", "UI", chosen()) == "U"
    assert beyond("ReferencedSOPClassUID", "UI", chosen()) == "K"
    assert beyond("", "UN", chosen()) == "X"
    assert beyond("KVP", "DS", chosen()) == "K"


def test_safe_private_elements_lie_in_odd_groups():
    assert all(group % 2 for _, group in safe_private())
    assert 0x23 in safe_private()["GEMS_ACQU_01", 0x0019]


@pytest.mark.parametrize(
    ("clean", "retain"),
    [(["faces"], []), (["teeth"], []), ([], ["names"]), ([], ["dates", "shifted-dates"])],
)
def test_options_that_cannot_be_kept_are_refused(clean, retain):
    with pytest.raises(InputRejected, match="deid-option"):
        chosen(clean, retain)

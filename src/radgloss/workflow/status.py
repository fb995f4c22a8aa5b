"""What each state of a report is called in every format. The only code that chooses a status.

A drafted text is unverified. FHIR `preliminary` means *verified* early results, so a draft is at
most `partial`; HL7 v2 OBX-11 `R` means entered and not verified. Sources: FHIR R4B value set
diagnostic-report-status, HL7 table 0085, DICOM PS3.3 C.17.2."""

from radgloss.types import ReportStatus

__all__ = ["DRAFT"]

DRAFT = ReportStatus(
    name="draft",
    sr_completion="PARTIAL",
    sr_verification="UNVERIFIED",
    sr_preliminary="PRELIMINARY",
    fhir="partial",
    hl7_result="R",
)

"""Other people's formats that are not DICOM: plain text, JSON, HTML, FHIR; and provenance."""

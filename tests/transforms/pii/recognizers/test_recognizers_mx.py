"""Identifiers of Mexico."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[tuple[str, Case]] = [
    # Instructivo normativo of RENAPO.
    ("MX_CURP", ("SABC560626MDFLRN01", ["SABC560626MDFLRN01"])),
    ("MX_CURP", ("Su CURP es HEGG560427MVZRRL04.", ["HEGG560427MVZRRL04"])),
    ("MX_CURP", ("curp=sabc560626mdflrn01&x", ["sabc560626mdflrn01"])),
    ("MX_CURP", ("SABC-560626-MDFLRN-01", ["SABC-560626-MDFLRN-01"])),
    ("MX_CURP", ("7,Salgado,SABC560626MDFLRN01,DF", ["SABC560626MDFLRN01"])),
    ("MX_CURP", ("他的SABC560626MDFLRN01为", ["SABC560626MDFLRN01"])),
    ("MX_CURP", ("XEXX100102MNEXXXA4", ["XEXX100102MNEXXXA4"])),  # born in 2010
    ("MX_CURP", ("XEXX100102HNEXXX04", ["XEXX100102HNEXXX04"])),  # born in 1910
    ("MX_CURP", ("XEXX100102XNEXXX08", ["XEXX100102XNEXXX08"])),  # no sex
    ("MX_CURP", ("CURP SABC560626MDFLRN02", [])),  # check digit
    ("MX_CURP", ("CURP SABC560231MDFLRN00", [])),  # no such day
    ("MX_CURP", ("CURP SABC560626MXXLRN00", [])),  # no such state
    ("MX_CURP", ("CURP SABC560626MDFLRNA1", [])),  # would be born in 2056
    ("MX_CURP", ("CURP SABC560626MDFLRN0, SABC560626MDFLRN011", [])),
    ("MX_RFC", ("GODE561231GR8", ["GODE561231GR8"])),
    ("MX_RFC", ("R.F.C. GODE 561231 GR8", ["GODE 561231 GR8"])),
    ("MX_RFC", ("BAFJ-701213-SBA", ["BAFJ-701213-SBA"])),  # ends in A
    ("MX_RFC", ("的GODE561231GR8。谢谢", ["GODE561231GR8"])),
    ("MX_RFC", ("1|GODE561231GR8|activo", ["GODE561231GR8"])),
    ("MX_RFC", ("ÑU&Ñ561231QA7", ["ÑU&Ñ561231QA7"])),
    ("MX_RFC", ("rfc: gode561231gr8", ["gode561231gr8"])),
    ("MX_RFC", ("RFC: VACE-460910-SX6", ["VACE-460910-SX6"])),  # another check digit
    ("MX_RFC", ("RFC COMG600703 sin homoclave", ["COMG600703"])),
    ("MX_RFC", ("Registro Federal de Contribuyentes: COMG-600703", ["COMG-600703"])),
    ("MX_RFC", ("gode561231gr8, VACE460910SX6, COMG600703", [])),  # no word
    ("MX_RFC", ("RFC GODE561331GR2, GODE560231GR4", [])),  # no such day
    ("MX_RFC", ("RFC XAXX010101000 y XEXX010101000", [])),  # nobody's
    ("MX_RFC", ("RFC MAB9307148T4, MAB-930714-8T4", [])),  # of a company
    ("MX_RFC", ("RFC GODE561231GR88, AGODE561231GR8", [])),
    ("MX_RFC", ("RFC 5321, RFC SABC560626MDFLRN01", [])),
    # The specimen of the Instituto Nacional Electoral.
    ("MX_CLAVE_ELECTOR", ("GMVLMR80070501M100", ["GMVLMR80070501M100"])),
    ("MX_CLAVE_ELECTOR", ("clave: gmvlmr80070501m100", ["gmvlmr80070501m100"])),
    ("MX_CLAVE_ELECTOR", ("GMVLMR 80070501 M100", ["GMVLMR 80070501 M100"])),
    ("MX_CLAVE_ELECTOR", ("a,GMVLMR80070587H100,b", ["GMVLMR80070587H100"])),
    ("MX_CLAVE_ELECTOR", ("的GMVLMR80070501M100。", ["GMVLMR80070501M100"])),
    ("MX_CLAVE_ELECTOR", ("GMVLMR80073201M100 GMVLMR80070533M100", [])),
    ("MX_CLAVE_ELECTOR", ("GMVLMR80070501X100 GMVLMR80070501M10", [])),
    ("MX_CLAVE_ELECTOR", ("GMVLM80070501M100 GMVLMR80070501M1000", [])),
    ("MX_NSS", ("NSS: 92919084431", ["92919084431"])),
    ("MX_NSS", ("N.S.S. 92-91-90-8443-1", ["92-91-90-8443-1"])),
    ("MX_NSS", ("afiliado al IMSS con 92 91 90 8443 1", ["92 91 90 8443 1"])),
    ("MX_NSS", ("Número de Seguridad Social 9291908443-1", ["9291908443-1"])),
    ("MX_NSS", ("NSS 92-91-90-8443-1 06600 CDMX", ["92-91-90-8443-1"])),
    ("MX_NSS", ("imss_nss,92919084431,ok", ["92919084431"])),
    ("MX_NSS", ("社保号NSS 92919084431。", ["92919084431"])),
    ("MX_NSS", ("92919084431, 92-91-90-8443-1", [])),  # no word
    ("MX_NSS", ("NSS 92919084432, 92-91-90-8443-2", [])),  # check digit
    ("MX_NSS", ("NSS 9291908443, 929190844311", [])),
    ("MX_NSS", ("NSS 92919084431.5 y 1.92919084431", [])),
]


@pytest.mark.parametrize(("entity", "case"), CASES)
def test_exact_values(entity: str, case: Case) -> None:
    text, expected = case
    assert found(text, entity) == expected

"""Lints certificates by pkilint, as its lint_pkix_cert and lint_pkix_signer_signee_cert_chain do.

Reads one line each from standard input: a PEM file, or issuer's and subject's files divided by a tab. Answers one line
of JSON each, what was found by which validator. The first line of all is the linter's name and version.
"""

import importlib.metadata
import json
import sys

from pkilint import loader
from pkilint.bin import lint_pkix_signer_signee_cert_chain as chain
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity

LOADER = loader.RFC5280CertificateDocumentLoader()
ALONE = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
DECODING = chain.create_decoder_validation_container()
OF_ISSUER = chain.create_issuer_validation_container()
OF_SUBJECT = chain.create_subject_validation_container()


def load(file, role=None, collection=None):
    with open(file, encoding="ascii") as stream:
        document = LOADER.load_pem_document(stream.read(), file, role, collection)
    if collection is not None:
        collection[role] = document
    return document


def lint_one(file):
    return ALONE.validate(load(file).root)


def lint_pair(issuer_file, subject_file):
    collection = {}
    issuer = load(issuer_file, "issuer", collection)
    subject = load(subject_file, "subject", collection)
    return (
        DECODING.validate(issuer.root)
        + DECODING.validate(subject.root)
        + OF_ISSUER.validate(issuer.root)
        + OF_SUBJECT.validate(subject.root)
    )


def findings(results):
    for result in results:
        for description in result.finding_descriptions:
            finding = description.finding
            if finding.severity <= ValidationFindingSeverity.NOTICE:
                yield {
                    "lint": finding.code,
                    "severity": str(finding.severity).lower(),
                    "details": " ".join((description.message or "").split()),
                }


def main():
    print("pkilint", importlib.metadata.version("pkilint"), flush=True)
    for line in sys.stdin:
        files = line.rstrip("\n").split("\t")
        results = lint_one(*files) if len(files) == 1 else lint_pair(*files)
        print(json.dumps(list(findings(results))), flush=True)


main()

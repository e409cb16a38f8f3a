"""Judges certificates by the verifier of Python's cryptography; c/cases.h says what is read and answered.

The package has no TLS: the peer's chain comes as a seventh field, and the port is not used.
"""

import datetime
import ipaddress
import sys

import cryptography
from cryptography import x509
from cryptography.x509 import verification

LEAF_WITHOUT_NAMES = verification.ExtensionPolicy.webpki_defaults_ee().may_be_present(
    x509.SubjectAlternativeName, verification.Criticality.AGNOSTIC, None
)


def certificates(file):
    with open(file, "rb") as stream:
        return x509.load_pem_x509_certificates(stream.read())


def name(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def judge(role, host, roots, peer):
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store(certificates(roots)))
        .time(datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None))
    )
    leaf, *rest = certificates(peer)
    if role == "server":
        # A device is known by its common name: alternative names, which the web demands, are allowed but not needed.
        builder = builder.extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=LEAF_WITHOUT_NAMES
        )
        builder.build_client_verifier().verify(leaf, rest)
    else:
        builder.build_server_verifier(name(host)).verify(leaf, rest)


def main():
    print("cryptography", cryptography.__version__, flush=True)
    for line in sys.stdin:
        role, _port, host, roots, _chain, _key, peer = line.rstrip("\n").split("\t")
        try:
            judge(role, host, roots, peer)
            print("accepted", flush=True)
        except Exception as error:  # every refusal is an answer, whatever its kind
            print("refused:", " ".join(f"{type(error).__name__}: {error}".split()), flush=True)


main()

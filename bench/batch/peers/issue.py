"""Issues device certificates with cryptography for some seconds, key and certificate as PEM: python3 issue.py SECONDS"""

import datetime
import sys
import time

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


ca_key = ec.generate_private_key(ec.SECP256R1())
ca = name("CA")
authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
now = datetime.datetime.now(datetime.timezone.utc)
end = now + datetime.timedelta(days=365)
usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
basic = x509.BasicConstraints(ca=False, path_length=None)

start = time.monotonic()
until = start + float(sys.argv[1])
done = 0
while time.monotonic() < until:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(f"device-{done:07d}"))
        .issuer_name(ca)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(end)
        .add_extension(basic, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(purpose, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(authority_key, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    certificate.public_bytes(serialization.Encoding.PEM)
    key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    done += 1
print(cryptography.__version__, 1, done / (time.monotonic() - start))

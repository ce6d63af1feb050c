"""The certificate and the authorities of one end in a TLS upgrade, from the options of the command line."""

import re

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_PEM
from twisted.internet import ssl

VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}

_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def addOptions(parser):
    parser.add_argument("--cert", metavar="FILE.pem", help="present this certificate, with its chain and key")
    parser.add_argument("--ca", metavar="FILE", help="verify the peer's certificate with these CA certificates")
    parser.add_argument("--no-verify", action="store_true", help="do not verify the peer's certificate, even with --ca")
    parser.add_argument("--refuse-tls", action="store_true", help="answer StartTLS with the error TLS_ERROR")
    parser.add_argument("--tls-min", choices=VERSIONS, help="reject older versions of TLS")
    parser.add_argument("--tls-max", choices=VERSIONS, help="reject newer versions of TLS")


class TLSSide:
    """
    The options of one end. ``certificate`` and ``authorities`` are AMP's ``tls_localCertificate`` and
    ``tls_verifyAuthorities``. None means that the key is omitted. Without authorities, Twisted does not verify the
    peer. Without a certificate, it presents none as the caller of StartTLS, and a temporary self-signed one as the
    callee.
    """

    def __init__(self, options):
        self.refused = options.refuse_tls
        self.helloDelay = getattr(options, "hello_delay", 0) / 1000
        versions = _Versions(VERSIONS.get(options.tls_min), VERSIONS.get(options.tls_max))
        self.certificate = None
        if options.cert:
            self.certificate = _PresentedCertificate.fromFile(options.cert, versions)
        elif versions.limited:
            self.certificate = _NothingPresented(versions)
        self.authorities = None
        if options.ca and not options.no_verify:
            self.authorities = [ssl.Certificate.loadPEM(pem) for pem in _certificates(options.ca)]

    def keys(self):
        """Return the keys for callRemote(StartTLS, ...) and for the answer of a StartTLS responder."""
        keys = {}
        if self.certificate is not None:
            keys["tls_localCertificate"] = self.certificate
        if self.authorities is not None:
            keys["tls_verifyAuthorities"] = self.authorities
        return keys


class _Versions:
    """
    Limits on the version of TLS, set on the context. CertificateOptions(lowerMaximumSecurityTo=...) is not used,
    because it excludes the version it is given (Twisted 22.4), so that "at most 1.2" would give 1.1.
    """

    def __init__(self, oldest, newest):
        self._oldest = oldest
        self._newest = newest
        self.limited = bool(oldest or newest)

    def limit(self, context):
        if self._oldest:
            context.set_min_proto_version(self._oldest)
        if self._newest:
            context.set_max_proto_version(self._newest)
            if self._newest < SSL.TLS1_2_VERSION:
                context.set_cipher_list(b"ALL:@SECLEVEL=0")  # OpenSSL 3 supports these versions at level 0 only


class _PresentedCertificate(ssl.PrivateCertificate):
    """
    A PrivateCertificate that also sends its chain and limits the versions of TLS.

    AMP calls only ``options(*authorities)`` of a certificate, so overriding that method is enough. Twisted's own method
    passes on neither the chain nor the limits.
    """

    @classmethod
    def fromFile(cls, path, versions):
        first, *chain = _certificates(path)
        key = ssl.KeyPair.load(_read(path), FILETYPE_PEM)
        certificate = cls.load(first, key, FILETYPE_PEM)
        certificate.chain = [ssl.Certificate.loadPEM(pem).original for pem in chain]
        certificate.versions = versions
        return certificate

    def options(self, *authorities):
        return _contextFactory(
            authorities,
            self.versions,
            privateKey=self.privateKey.original,
            certificate=self.original,
            extraCertChain=self.chain,
        )


class _NothingPresented:
    """An anonymous end with limits on the version of TLS. Only a TLS client can be anonymous."""

    def __init__(self, versions):
        self.versions = versions

    def options(self, *authorities):
        return _contextFactory(authorities, self.versions)


def _contextFactory(authorities, versions, **options):
    if authorities:
        options["trustRoot"] = ssl.trustRootFromCertificates(authorities)
    factory = ssl.CertificateOptions(**options)
    versions.limit(factory.getContext())  # the factory creates its context once and keeps it
    return factory


def _certificates(path):
    found = _CERTIFICATE.findall(_read(path))
    if not found:
        raise ValueError(f"no PEM certificate in {path}")
    return found


def _read(path):
    with open(path, "rb") as file:
        return file.read()

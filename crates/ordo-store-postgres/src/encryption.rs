//! How a connection is encrypted, and whom it trusts to be the server: `sslmode` and `sslrootcert`
//! as PostgreSQL's own programs understand them.
//!
//! Invariant: where a mode asks for encryption or for proof, nothing is sent before it is there.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{self, WebPkiSupportedAlgorithms};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_postgres::config::SslMode;

use crate::failure::OpenError;

/// How much is asked of the way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server can; it may be anybody.
    Prefer,
    /// Always encrypted; the server may be anybody, unless authorities are named.
    Require,
    /// The server shows a certificate that the named authorities have signed.
    VerifyCa,
    /// That, and the certificate is for the host of the URL.
    VerifyFull,
}

impl Mode {
    /// What the driver is told; it knows nothing of proof.
    pub const fn of_driver(self) -> SslMode {
        match self {
            Self::Disable => SslMode::Disable,
            Self::Prefer => SslMode::Prefer,
            Self::Require | Self::VerifyCa | Self::VerifyFull => SslMode::Require,
        }
    }

    fn named(name: &str) -> Result<Self, OpenError> {
        Ok(match name {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => {
                return Err(refused(
                    "sslmode is one of disable, prefer, require, verify-ca and verify-full",
                ));
            }
        })
    }
}

/// What the two options of the URL come to.
///
/// # Errors
/// `Encryption` where they do not fit together, or the certificates cannot be read.
pub fn encryption(
    mode: Option<&str>,
    authorities: Option<&str>,
) -> Result<(Mode, ClientConfig), OpenError> {
    let mode = mode.map(Mode::named).transpose()?;
    let (mode, trust) = match (mode, authorities) {
        (None | Some(Mode::VerifyFull), Some("system")) | (Some(Mode::VerifyFull), None) => {
            (Mode::VerifyFull, Trust::of_system()?)
        }
        (Some(_), Some("system")) => {
            return Err(refused("sslrootcert=system needs sslmode=verify-full"));
        }
        (None | Some(Mode::Disable | Mode::Prefer), Some(_)) => {
            // Taken as it stands, it would go on without encryption where the proof fails.
            return Err(refused(
                "sslrootcert needs sslmode=verify-full (or verify-ca, or require)",
            ));
        }
        (Some(Mode::VerifyCa), None) => {
            return Err(refused(
                "sslmode=verify-ca needs sslrootcert=FILE: anybody can have a certificate that a \
                 public authority has signed",
            ));
        }
        (None, None) => (Mode::Prefer, Trust::Anybody),
        (Some(mode @ (Mode::Disable | Mode::Prefer | Mode::Require)), None) => {
            (mode, Trust::Anybody)
        }
        // To name authorities is to ask for their signature.
        (Some(Mode::Require | Mode::VerifyCa), Some(file)) => {
            (Mode::VerifyCa, Trust::of_file(file, false)?)
        }
        (Some(Mode::VerifyFull), Some(file)) => (Mode::VerifyFull, Trust::of_file(file, true)?),
    };
    Ok((mode, client(trust)?))
}

fn refused(why: &str) -> OpenError {
    OpenError::Encryption(why.to_owned())
}

fn client(trust: Trust) -> Result<ClientConfig, OpenError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let judge = Judge {
        algorithms: provider.signature_verification_algorithms,
        trust,
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Encryption(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge))
        .with_no_client_auth();
    // Servers from 17 on want it where the handshake is not asked for first (sslnegotiation=direct).
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

/// Who may be the server.
#[derive(Debug)]
enum Trust {
    /// Whoever answers.
    Anybody,
    /// Who shows a certificate of these authorities.
    Known {
        authorities: RootCertStore,
        /// The same certificates: a server may show one of them as its own.
        certificates: Vec<CertificateDer<'static>>,
        /// Whether it has to be for the host of the URL.
        by_name: bool,
    },
}

impl Trust {
    /// The authorities that the operating system trusts, for the right name only.
    fn of_system() -> Result<Self, OpenError> {
        let mut authorities = RootCertStore::empty();
        authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if authorities.is_empty() {
            return Err(refused(
                "this machine trusts no authority by itself: name one with sslrootcert=FILE",
            ));
        }
        Ok(Self::Known {
            authorities,
            certificates: Vec::new(),
            by_name: true,
        })
    }

    fn of_file(file: &str, by_name: bool) -> Result<Self, OpenError> {
        let unread = |why: String| {
            OpenError::Encryption(format!("the certificates in {file} cannot be read: {why}"))
        };
        let found = CertificateDer::pem_file_iter(Path::new(file));
        let found = found.map_err(|error| unread(error.to_string()))?;
        let certificates: Result<Vec<_>, _> = found.collect();
        let certificates = certificates.map_err(|error| unread(error.to_string()))?;
        if certificates.is_empty() {
            return Err(unread("there is none, as PEM".to_owned()));
        }
        let mut authorities = RootCertStore::empty();
        for certificate in &certificates {
            let added = authorities.add(certificate.clone());
            added.map_err(|error| unread(error.to_string()))?;
        }
        Ok(Self::Known {
            authorities,
            certificates,
            by_name,
        })
    }
}

/// Looks at the server's certificate.
#[derive(Debug)]
struct Judge {
    algorithms: WebPkiSupportedAlgorithms,
    trust: Trust,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (authorities, certificates, by_name) = match &self.trust {
            Trust::Anybody => return Ok(ServerCertVerified::assertion()),
            Trust::Known {
                authorities,
                certificates,
                by_name,
            } => (authorities, certificates, *by_name),
        };
        let certificate = ParsedCertificate::try_from(shown)?;
        let algorithms = self.algorithms.all;
        let signed = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            authorities,
            between,
            now,
            algorithms,
        );
        match signed {
            Ok(()) => {}
            // One that signed itself, as the manual's simplest recipe makes it, is an authority and
            // so no server; named by the user it is the server all the same. Its dates are looked at
            // before anything else is.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if certificates.contains(shown) => {}
            Err(error) => return Err(error),
        }
        if by_name {
            verify_server_name(&certificate, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    // Also where anybody will do: a password bound to this certificate must not reach one who has
    // only copied it.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_do_not_fit_together_are_refused() {
        let mode = |mode, authorities| match encryption(mode, authorities) {
            Ok((mode, _)) => Ok(mode),
            Err(OpenError::Encryption(why)) => Err(why),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(mode(None, None), Ok(Mode::Prefer));
        assert_eq!(mode(Some("disable"), None), Ok(Mode::Disable));
        assert_eq!(mode(Some("require"), None), Ok(Mode::Require));
        for (named, authorities, expected) in [
            (Some("verify-all"), None, "sslmode is one of"),
            (Some("verify-ca"), None, "needs sslrootcert=FILE"),
            (None, Some("root.crt"), "needs sslmode=verify-full"),
            (Some("prefer"), Some("root.crt"), "needs sslmode"),
            (Some("verify-ca"), Some("system"), "needs sslmode"),
            (Some("verify-full"), Some("/not/there.crt"), "/not/there"),
            (Some("require"), Some("/dev/null"), "there is none"),
        ] {
            let why = mode(named, authorities).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }
}

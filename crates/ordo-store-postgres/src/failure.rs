//! What an error of the database means for the caller and for the connection it came over.

use ordo_store::{CommitError, Conflict, StoreError};
use rustls::CertificateError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be read.
    #[error("the database URL cannot be read")]
    Url(#[source] Error),
    /// What the URL asks of encryption makes no sense, or the certificates cannot be read.
    #[error("{0}")]
    Encryption(String),
    /// The server takes no encrypted connections, and the URL asks for one.
    #[error("the database server takes no encrypted connections, and sslmode asks for one")]
    Plain,
    /// The server has not proved that it is the one meant.
    #[error("the database server is not trusted: {0}")]
    Untrusted(Distrust),
    /// No server that takes writes answered.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The server is older than what Ordo is written for.
    #[error("PostgreSQL 15 or later is needed, and this is {found}")]
    OldServer {
        /// What it calls itself.
        found: String,
    },
    /// A newer Ordo has changed the schema in a way that this one cannot read.
    #[error(
        "the database has schema version {found}, which can be read from version {min_reader} on; \
         this program knows version {known}: use the newer one"
    )]
    TooNew {
        /// The schema's version.
        found: i32,
        /// The oldest version of a program that can still read it.
        min_reader: i32,
        /// What this program knows.
        known: i32,
    },
    /// The database holds an organization already.
    #[error("the database is not empty: it holds an organization already")]
    NotEmpty,
    /// A step of the schema could not be taken; nothing of it was kept.
    #[error("schema version {version} could not be installed")]
    Migration {
        /// Which.
        version: i32,
        /// Why.
        #[source]
        source: Error,
    },
}

/// Why a server is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// None of the authorities named has signed its certificate.
    #[error("its certificate is signed by none of the authorities in sslrootcert")]
    Authority,
    /// Its certificate is for other hosts.
    #[error("its certificate is not for the host in the URL")]
    Name,
    /// Its certificate is out of date, or not yet in force.
    #[error("its certificate is out of date, or not yet in force")]
    Date,
    /// Anything else that is wrong with its certificate.
    #[error("{0}")]
    Other(String),
}

/// Why there is no connection.
#[derive(Debug)]
pub enum Unreached {
    /// A server or the way to it refuses.
    Refused(Error),
    /// Nobody answered in time.
    Silent,
    /// A server takes writes, and its standbys do not confirm them in time.
    Unconfirmed,
}

impl From<Error> for Unreached {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Unreached {
    /// The one of two that says more of why there is no connection: standbys refuse all the time.
    pub fn or(self, other: Option<Self>) -> Self {
        match (self, other) {
            (Self::Unconfirmed, _) | (_, Some(Self::Unconfirmed)) => Self::Unconfirmed,
            (Self::Silent, _) | (_, Some(Self::Silent)) => Self::Silent,
            (Self::Refused(_), Some(first @ Self::Refused(_))) => first,
            (only @ Self::Refused(_), None) => only,
        }
    }

    /// As the reason why a store is not opened.
    pub fn opening(&self) -> OpenError {
        match self {
            Self::Refused(error) => opening(error),
            Self::Silent | Self::Unconfirmed => OpenError::Unreachable(self.text()),
        }
    }

    /// In words.
    pub fn text(&self) -> String {
        match self {
            Self::Refused(error) => text(error),
            Self::Silent => "no server answered in time".to_owned(),
            Self::Unconfirmed => "no standby confirms what the server writes".to_owned(),
        }
    }
}

/// Why a server could not be connected to, or did not answer the first question.
pub fn opening(error: &Error) -> OpenError {
    if let Some(refused) = refused_certificate(error) {
        return OpenError::Untrusted(match refused {
            CertificateError::UnknownIssuer => Distrust::Authority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Distrust::Name
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Distrust::Date,
            other => Distrust::Other(other.to_string()),
        });
    }
    let text = text(error);
    if is_of_handshake(error) && text.ends_with("server does not support TLS") {
        return OpenError::Plain;
    }
    OpenError::Unreachable(text)
}

/// Whether the connection failed for being encrypted.
pub fn is_of_encryption(error: &Error) -> bool {
    // A rule of the server's that takes this user in plain only reports as any other refusal does.
    is_of_handshake(error) || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// The driver tells this kind of failure by its words alone.
fn is_of_handshake(error: &Error) -> bool {
    error
        .to_string()
        .starts_with("error performing TLS handshake")
}

fn refused_certificate(error: &Error) -> Option<&CertificateError> {
    let io: &std::io::Error = std::error::Error::source(error)?.downcast_ref()?;
    match io.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(why) => Some(why),
        _ => None,
    }
}

/// Whether the connection is of no use any more: closed, or to a server that was shut down or
/// demoted although it still answers.
pub fn ends_connection(error: &Error) -> bool {
    if error.is_closed() {
        return true;
    }
    match error.code() {
        Some(code) => {
            *code == SqlState::READ_ONLY_SQL_TRANSACTION
                || *code == SqlState::ADMIN_SHUTDOWN
                || code.code().starts_with("08")
                || *code == SqlState::CRASH_SHUTDOWN
                || *code == SqlState::CANNOT_CONNECT_NOW
                || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        }
        // Without an answer of the server it is the transport that failed, or the protocol.
        None => true,
    }
}

/// What a read reports.
pub fn reading(error: &Error) -> StoreError {
    match error.code().map(|code| &code.code()[..2]) {
        // Data, constraints, syntax, internal: asking again gives the same.
        Some("22" | "23" | "42" | "XX") => StoreError::Corrupt(text(error)),
        Some(_) | None => StoreError::Unavailable(text(error)),
    }
}

/// What a statement of a commit reports, before COMMIT was sent: nothing is written.
pub fn writing(error: &Error) -> CommitError {
    let Some(code) = error.code() else {
        return StoreError::Unavailable(text(error)).into();
    };
    match code {
        code if is_contention(code) => CommitError::Conflict(Conflict::Busy),
        // Claims and keys are written so that they cannot meet this; it is a record that was new.
        code if *code == SqlState::UNIQUE_VIOLATION => CommitError::Conflict(Conflict::Stale),
        _ => reading(error).into(),
    }
}

/// What a failed COMMIT reports: only where the server says that it rolled back is it certain.
pub fn committing(error: &Error) -> CommitError {
    match error.code() {
        Some(code) if is_contention(code) => CommitError::Conflict(Conflict::Busy),
        Some(_) | None => CommitError::Unknown(text(error)),
    }
}

fn is_contention(code: &SqlState) -> bool {
    *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::LOCK_NOT_AVAILABLE
}

/// The error with its causes. Its `detail`, which may hold values of rows, is left out.
pub fn text(error: &Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

/// A stored value that does not mean anything.
pub fn corrupt(what: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{what}: {why}"))
}

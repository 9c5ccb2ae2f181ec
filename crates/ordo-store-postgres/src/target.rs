//! Where a database is and how it is reached: a connection string, read once.
//!
//! It is taken as libpq takes it. What the driver does not know (`verify-ca`, `verify-full`,
//! `sslrootcert`) is taken out before it sees the rest.
//!
//! Invariant: the string holds a password, so nothing of it is repeated in an error or a log line.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::encryption::{Mode, encryption};
use crate::failure::{self, OpenError};

/// How long a connection may take to be made, where the string does not say.
const PATIENCE: Duration = Duration::from_secs(5);

/// A database and the way to it.
#[derive(Clone)]
pub struct Target {
    config: Config,
    tls: MakeRustlsConnect,
    mode: Mode,
    /// Where the last connection was made.
    preferred: Arc<Mutex<Option<Place>>>,
}

/// One address of one of a target's hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which of the hosts.
    host: usize,
    /// The address; none where the host has only a name, or is a socket.
    address: Option<IpAddr>,
}

/// The two ends of a connection, which may be encrypted.
pub type Opened = (
    Client,
    Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>,
);

impl Target {
    /// Reads a connection string; of several hosts the one that takes writes is meant.
    ///
    /// # Errors
    /// `Url` or `Encryption` where it makes no sense.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        let options = Options::taken_from(url);
        if let Some(name) = options.unknown {
            let why =
                format!("{name} is not supported: sslmode, sslrootcert and sslnegotiation are");
            return Err(OpenError::Encryption(why));
        }
        let (mode, tls) = encryption(options.mode.as_deref(), options.authorities.as_deref())?;
        let mut config: Config = options.rest.parse().map_err(OpenError::Url)?;
        config.ssl_mode(mode.of_driver());
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_application_name().is_none() {
            config.application_name("ordo");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(10));
        }
        let is_socket = |host: &Host| match host {
            Host::Tcp(_) => false,
            Host::Unix(_) => true,
        };
        let hosts = config.get_hosts();
        if !hosts.is_empty() && hosts.iter().all(is_socket) {
            // What stays within the machine's kernel is never encrypted.
            config.ssl_mode(SslMode::Disable);
        } else if hosts.is_empty() {
            // An address that stands alone is also the name that the certificate is for.
            for address in config.get_hostaddrs().to_vec() {
                config.host(address.to_string());
            }
        }
        Ok(Self {
            config,
            tls: MakeRustlsConnect::new(tls),
            mode,
            preferred: Arc::default(),
        })
    }

    /// How long a connection may take to be made.
    pub fn patience(&self) -> Duration {
        let asked = self.config.get_connect_timeout();
        asked.copied().unwrap_or(PATIENCE)
    }

    /// How connections are encrypted.
    pub fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }

    /// Remembers where a connection was made.
    pub fn prefer(&self, place: &Place) {
        *self.preferred() = Some(place.clone());
    }

    fn preferred(&self) -> std::sync::MutexGuard<'_, Option<Place>> {
        self.preferred
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the database may be: every address of every host, first the one that was connected to last.
    pub async fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        if !self.names_places() {
            return vec![Place {
                host: 0,
                address: None,
            }];
        }
        for (host, name) in self.config.get_hosts().iter().enumerate() {
            let given = self.config.get_hostaddrs().get(host).copied();
            let found = match (name, given) {
                (Host::Tcp(name), None) => self.addresses(name, host).await,
                (Host::Tcp(_) | Host::Unix(_), _) => Vec::new(),
            };
            if found.is_empty() {
                let address = given;
                places.push(Place { host, address });
            }
            let address = |address| Place {
                host,
                address: Some(address),
            };
            places.extend(found.into_iter().map(address));
        }
        if let Some(preferred) = &*self.preferred() {
            places.sort_by_key(|place| place != preferred);
        }
        places
    }

    /// The addresses of a name; none where nobody knows, which the driver is left to say.
    async fn addresses(&self, name: &str, host: usize) -> Vec<IpAddr> {
        let looking = tokio::net::lookup_host((name, self.port(host)));
        let found = match tokio::time::timeout(self.patience() / 2, looking).await {
            Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    /// Whether hosts, addresses and ports fit together; where they do not, the driver says what is wrong.
    fn names_places(&self) -> bool {
        let hosts = self.config.get_hosts().len();
        let (addresses, ports) = (self.config.get_hostaddrs(), self.config.get_ports());
        hosts > 0
            && (addresses.is_empty() || addresses.len() == hosts)
            && (ports.len() <= 1 || ports.len() == hosts)
    }

    fn port(&self, host: usize) -> u16 {
        let ports = self.config.get_ports();
        let port = ports.get(host).or_else(|| ports.first());
        port.copied().unwrap_or(5432)
    }

    /// The target as the driver knows it, with one host.
    fn at(&self, place: &Place) -> Config {
        let known = &self.config;
        if !self.names_places() {
            return known.clone();
        }
        let mut config = Config::new();
        match &known.get_hosts()[place.host] {
            Host::Tcp(name) => config.host(name),
            Host::Unix(path) => config.host_path(path),
        };
        if let Some(address) = place.address {
            config.hostaddr(address);
        }
        config.port(self.port(place.host));
        if let Some(user) = known.get_user() {
            config.user(user);
        }
        if let Some(password) = known.get_password() {
            config.password(password);
        }
        if let Some(name) = known.get_dbname() {
            config.dbname(name);
        }
        if let Some(options) = known.get_options() {
            config.options(options);
        }
        if let Some(name) = known.get_application_name() {
            config.application_name(name);
        }
        if let Some(patience) = known.get_connect_timeout() {
            config.connect_timeout(*patience);
        }
        if let Some(patience) = known.get_tcp_user_timeout() {
            config.tcp_user_timeout(*patience);
        }
        config.keepalives(known.get_keepalives());
        config.keepalives_idle(known.get_keepalives_idle());
        if let Some(interval) = known.get_keepalives_interval() {
            config.keepalives_interval(interval);
        }
        if let Some(retries) = known.get_keepalives_retries() {
            config.keepalives_retries(retries);
        }
        config
            .ssl_mode(known.get_ssl_mode())
            .ssl_negotiation(known.get_ssl_negotiation())
            .channel_binding(known.get_channel_binding())
            .target_session_attrs(known.get_target_session_attrs());
        config
    }

    /// Whether a server has to prove that it is the one meant: by its name, or by an authority that
    /// signs for few.
    pub const fn is_proved(&self) -> bool {
        match self.mode {
            Mode::Disable | Mode::Prefer | Mode::Require => false,
            Mode::VerifyCa | Mode::VerifyFull => true,
        }
    }

    /// Connects to one place.
    ///
    /// # Errors
    /// It takes no writes, or is not trusted.
    pub async fn connect(&self, place: &Place) -> Result<Opened, Error> {
        let config = self.at(place);
        let tried = config.connect(self.tls.clone()).await;
        match tried {
            // What is only preferred stops nobody: a server may have a handshake that nobody speaks
            // any more, or a rule that takes this user only in plain.
            Err(error) if self.mode == Mode::Prefer && failure::is_of_encryption(&error) => {
                let mut plain = config;
                plain.ssl_mode(SslMode::Disable);
                plain.connect(self.tls.clone()).await
            }
            other => other,
        }
    }
}

/// A connection string without what the driver does not know of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    rest: String,
    mode: Option<String>,
    authorities: Option<String>,
    /// An option of encryption that is for libpq alone.
    unknown: Option<String>,
}

impl Options {
    /// Whatever is malformed stays, for the driver to refuse.
    fn taken_from(url: &str) -> Self {
        let mut options = Self::default();
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            let Some(words) = words(url) else {
                options.rest = url.to_owned();
                return options;
            };
            let kept: Vec<&str> = (words.into_iter())
                .filter_map(|word| (!options.take(word.key, word.value)).then_some(word.text))
                .collect();
            options.rest = kept.join(" ");
            return options;
        }
        // Where it has a user, its password may hold a question mark.
        let authority = url.find('@').unwrap_or_default();
        let Some(question) = url[authority..].find('?') else {
            options.rest = url.to_owned();
            return options;
        };
        let (base, parameters) = url.split_at(authority + question);
        let kept: Vec<&str> = (parameters[1..].split('&'))
            .filter(|parameter| {
                let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                !options.take(&decoded(key), decoded(value))
            })
            .collect();
        options.rest = base.to_owned();
        if !kept.is_empty() {
            options.rest.push('?');
            options.rest.push_str(&kept.join("&"));
        }
        options
    }

    /// Whether an option was taken out.
    fn take(&mut self, key: &str, value: String) -> bool {
        match key {
            "sslmode" => self.mode = Some(value),
            "sslrootcert" => self.authorities = Some(value),
            "sslnegotiation" => return false,
            _ if key.starts_with("ssl") => self.unknown = Some(key.to_owned()),
            _ => return false,
        }
        true
    }
}

/// One `key = value`, and how it is written.
struct Word<'a> {
    key: &'a str,
    value: String,
    text: &'a str,
}

fn words(url: &str) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = url.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=')?;
        let key = &rest[..end];
        let after = rest[end..].trim_start().strip_prefix('=')?;
        let (value, left) = value(after.trim_start())?;
        let text = &rest[..rest.len() - left.len()];
        words.push(Word { key, value, text });
        rest = left.trim_start();
    }
    Some(words)
}

/// A value, which may stand in quotes, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix('\'');
    let body = quoted.unwrap_or(text);
    let mut value = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match (character, quoted) {
            ('\\', _) => value.extend(characters.next().map(|(_, escaped)| escaped)),
            ('\'', Some(_)) => return Some((value, &body[at + 1..])),
            (_, None) if character.is_whitespace() => return Some((value, &body[at..])),
            (_, _) => value.push(character),
        }
    }
    quoted.is_none().then_some((value, ""))
}

/// Text of a URL without its percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let escaped = match (first, more) {
            (b'%', [high, low, ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                digit(high)
                    .zip(digit(low))
                    .map(|(high, low)| high * 16 + low)
            }
            _ => None,
        };
        match escaped.and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_does_not_know_is_taken_out() {
        for (url, rest, mode, authorities) in [
            ("postgres://a:b?c@h/d", "postgres://a:b?c@h/d", None, None),
            (
                "postgres://u:p?w@h/d?sslmode=verify-full&options=-c%20a%3Db&sslrootcert=%2Fa%20b%2fc.crt",
                "postgres://u:p?w@h/d?options=-c%20a%3Db",
                Some("verify-full"),
                Some("/a b/c.crt"),
            ),
            (
                "postgresql:///d?sslmode=disable",
                "postgresql:///d",
                Some("disable"),
                None,
            ),
            ("postgres://h/d?lost", "postgres://h/d?lost", None, None),
            (
                r"host=h  sslmode = require password='a \'sslmode=x' sslrootcert='/a \'b\\c.crt' port=1",
                r"host=h password='a \'sslmode=x' port=1",
                Some("require"),
                Some(r"/a 'b\c.crt"),
            ),
            (
                r"host=a\ b sslmode=prefer",
                r"host=a\ b",
                Some("prefer"),
                None,
            ),
            (
                "host='a sslmode=prefer",
                "host='a sslmode=prefer",
                None,
                None,
            ),
            ("mysql://u:p", "mysql://u:p", None, None),
        ] {
            let expected = Options {
                rest: rest.to_owned(),
                mode: mode.map(str::to_owned),
                authorities: authorities.map(str::to_owned),
                unknown: None,
            };
            assert_eq!(Options::taken_from(url), expected);
        }
    }

    #[test]
    fn what_libpq_alone_knows_is_named_and_nothing_else_of_the_url() {
        let Err(error) = Target::parse("postgres://u:secret@h/d?sslcert=/secret") else {
            panic!("a certificate of the client's own was taken");
        };
        assert!(error.to_string().starts_with("sslcert is not supported"));
        for url in ["mysql://u:secret=x", "postgres://u:secret@h:secret/d"] {
            let Err(error) = Target::parse(url) else {
                panic!("{url} was taken");
            };
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_socket_is_never_encrypted_and_an_address_is_a_name() {
        let mode = |url| Target::parse(url).unwrap().config.get_ssl_mode();
        assert_eq!(mode("host=/run sslmode=require"), SslMode::Disable);
        assert_eq!(mode("host=h sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("host=h"), SslMode::Prefer);
        let target = Target::parse("hostaddr=127.0.0.1 sslmode=require").unwrap();
        let name = Host::Tcp("127.0.0.1".to_owned());
        assert_eq!(target.config.get_hosts(), [name]);
    }
}

//! Encrypted connections: `sslmode` and `sslrootcert` against a real server and certificates that are
//! made for the test.

use std::path::PathBuf;

use ordo_store::Store as _;
use ordo_store::contract::fixture::Shop;
use ordo_store_postgres::cluster::{Cluster, Durability};
use ordo_store_postgres::facts::{Way, facts};
use ordo_store_postgres::{Distrust, OpenError, Options, PostgresStore, portable};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::NoTls;

use crate::server;

/// The host that the server's certificate is for; the tests reach it by its address.
const HOST: &str = "db.example";

/// An authority, and where its certificate lies.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Self {
            file: file_of(name, &certificate),
            issuer: Issuer::new(parameters, key),
        }
    }

    /// Certificate and key of a server.
    fn sign(&self, hosts: &[&str], until: i32) -> (String, String) {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut parameters = CertificateParams::new(hosts).unwrap();
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// A file of this process, in a folder whose name needs care in a URL.
fn file_of(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("certificates of tests");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}-{}.crt", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

/// A server whose certificate the authority has signed, and the URL of an empty database there.
async fn encrypting(
    test: &str,
    certificate: (String, String),
    takes_plain: bool,
) -> Option<(Cluster, String)> {
    let mut cluster = server::own(test, Durability::Off)?;
    cluster.create_database("shop").await.unwrap();
    (cluster.secure(&certificate.0, &certificate.1, takes_plain)).unwrap();
    let url = format!(
        "postgresql://ordo@{HOST}:{}/shop?hostaddr=127.0.0.1",
        cluster.port()
    );
    Some((cluster, url))
}

async fn refused(url: &str) -> OpenError {
    match PostgresStore::connect(url, &Options::default()).await {
        Ok(_) => panic!("{url} was connected to"),
        Err(error) => error,
    }
}

/// How many of the connections that Ordo has open are encrypted, and how many there are. One that it
/// has closed may be among them for a moment.
async fn counted(cluster: &Cluster) -> (i64, i64) {
    let (client, connection) = tokio_postgres::connect(&cluster.socket_url("shop"), NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let sql = "SELECT count(*) FILTER (WHERE s.ssl), count(*)
               FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a USING (pid)
               WHERE a.application_name = 'ordo'";
    let row = client.query_one(sql, &[]).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    (row.get(0), row.get(1))
}

async fn way(url: &str) -> Way {
    facts(url).await.unwrap().way
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_connects_can_do_so_encrypted() {
    let test = "encrypted::everything_that_connects_can_do_so_encrypted";
    let authority = Authority::new("everything");
    let certificate = authority.sign(&[HOST], 2100);
    // Whatever connects in plain is refused by the server.
    let Some((cluster, base)) = encrypting(test, certificate, false).await else {
        return;
    };
    let file = authority.file.display().to_string().replace(' ', "%20");
    let plain = refused(&format!("{base}&sslmode=disable")).await;
    assert!(matches!(plain, OpenError::Unreachable(_)), "{plain}");
    for options in [
        "sslmode=require".to_owned(),
        format!("sslmode=verify-ca&sslrootcert={file}"),
        format!("sslmode=verify-full&sslrootcert={file}"),
        // Preferring to encrypt is the default.
        "application_name=ordo".to_owned(),
    ] {
        let url = format!("{base}&{options}");
        let store = server::connect(&url).await;
        store.organizations().await.unwrap();
        let (encrypted, all) = counted(&cluster).await;
        assert!(
            encrypted == all && all > 0,
            "{options}: {encrypted} of {all}"
        );
    }
    let url = format!("{base}&sslmode=verify-full&sslrootcert={file}");
    let store = server::connect(&url).await;
    Shop::open(&store, 1).await;
    let (encrypted, all) = counted(&cluster).await;
    assert!(encrypted == all && all >= 2, "{encrypted} of {all}");
    let Way::Encrypted { is_proved, .. } = way(&url).await else {
        panic!("the doctor was not connected as the store is");
    };
    assert!(is_proved);
    drop(portable::dump(&url, true).await.unwrap());
    let filled = portable::fill(&url).await;
    assert!(matches!(filled.err(), Some(OpenError::NotEmpty)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_prove_itself_is_refused() {
    let test = "encrypted::a_server_that_cannot_prove_itself_is_refused";
    let (authority, other) = (Authority::new("ours"), Authority::new("theirs"));
    let certificate = authority.sign(&[HOST], 2100);
    let Some((mut cluster, base)) = encrypting(test, certificate, true).await else {
        return;
    };
    let port = cluster.port();
    let full = |authority: &Authority, host: &str| {
        format!(
            "host={host} hostaddr=127.0.0.1 port={port} user=ordo dbname=shop
             sslmode=verify-full sslrootcert='{}'",
            authority.file.display()
        )
    };
    let why = |error: OpenError| match error {
        OpenError::Untrusted(why) => why,
        error => panic!("{error}"),
    };
    assert_eq!(why(refused(&full(&other, HOST)).await), Distrust::Authority);
    let elsewhere = full(&authority, "elsewhere.example");
    assert_eq!(why(refused(&elsewhere).await), Distrust::Name);
    server::connect(&full(&authority, HOST)).await;
    // To look at the authority alone is to take any of its certificates.
    let by_authority = elsewhere.replace("verify-full", "verify-ca");
    server::connect(&by_authority).await;
    let by_other = full(&other, HOST).replace("verify-full", "require");
    assert_eq!(why(refused(&by_other).await), Distrust::Authority);
    // No public authority has signed it either.
    let public = refused(&format!("{base}&sslmode=verify-full")).await;
    assert!(
        matches!(public, OpenError::Untrusted(_) | OpenError::Encryption(_)),
        "{public}"
    );

    let (certificate, key) = authority.sign(&[HOST], 2001);
    cluster.secure(&certificate, &key, true).unwrap();
    assert_eq!(why(refused(&by_authority).await), Distrust::Date);
    server::connect(&format!("{base}&sslmode=require")).await;

    // One that signed itself is taken where it is the very one that was named.
    let mut parameters = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = |parameters: &CertificateParams| {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        (certificate, key.serialize_pem())
    };
    let (certificate, key) = own(&parameters);
    cluster.secure(&certificate, &key, true).unwrap();
    let mut named = Authority::new("itself");
    named.file = file_of("itself", &certificate);
    server::connect(&full(&named, HOST)).await;
    let elsewhere = full(&named, "elsewhere.example");
    assert_eq!(why(refused(&elsewhere).await), Distrust::Name);
    assert_ne!(why(refused(&full(&other, HOST)).await), Distrust::Name);
    parameters.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let (certificate, key) = own(&parameters);
    cluster.secure(&certificate, &key, true).unwrap();
    named.file = file_of("itself", &certificate);
    assert_eq!(why(refused(&full(&named, HOST)).await), Distrust::Date);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encryption_can_be_left_out_on_both_sides() {
    let test = "encrypted::encryption_can_be_left_out_on_both_sides";
    let authority = Authority::new("plain");
    let Some((cluster, url)) = encrypting(test, authority.sign(&[HOST], 2100), true).await else {
        return;
    };
    let disabled = format!("{url}&sslmode=disable");
    let store = server::connect(&disabled).await;
    store.organizations().await.unwrap();
    let (encrypted, all) = counted(&cluster).await;
    assert!(encrypted == 0 && all > 0, "{encrypted} of {all}");
    assert_eq!(way(&disabled).await, Way::Plain);
    let socket = format!("{} sslmode=require", cluster.socket_url("shop"));
    assert_eq!(way(&socket).await, Way::Socket);
    let Way::Encrypted { is_proved, .. } = way(&url).await else {
        panic!("what is preferred was not done");
    };
    assert!(!is_proved);

    let Some((url, _cluster)) = server::database("encryption_can_be_left_out").await else {
        return;
    };
    assert_eq!(way(&url).await, Way::Plain);
    let required = refused(&format!("{url}?sslmode=require")).await;
    assert!(matches!(required, OpenError::Plain), "{required}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_fails_stops_only_those_who_require_it() {
    let test = "a_handshake_that_fails_stops_only_those_who_require_it";
    let Some((url, cluster)) = server::database(test).await else {
        return;
    };
    // Promises to encrypt and hangs up; whoever asks for nothing is passed on.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ports = (listener.local_addr().unwrap().port(), cluster.port());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut first = [0; 8];
                client.read_exact(&mut first).await.unwrap();
                if first[4..] == 80_877_103_u32.to_be_bytes() {
                    client.write_all(b"S").await.unwrap();
                    return;
                }
                let mut server = TcpStream::connect(("127.0.0.1", ports.1)).await.unwrap();
                server.write_all(&first).await.unwrap();
                // Ends when either side does.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let url = url.replace(&ports.1.to_string(), &ports.0.to_string());
    assert_eq!(way(&url).await, Way::Plain);
    let required = refused(&format!("{url}?sslmode=require")).await;
    assert!(matches!(required, OpenError::Unreachable(_)), "{required}");
}

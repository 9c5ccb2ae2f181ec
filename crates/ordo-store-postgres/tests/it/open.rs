//! Opening: the schema is installed once, and a database of a newer program is left alone.

use ordo_store::contract::fixture::Shop;
use ordo_store_postgres::{OpenError, Options, PostgresStore};
use tokio_postgres::NoTls;

use crate::server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_install_the_schema_once() {
    let name = "nodes_that_start_together_install_the_schema_once";
    let Some((url, _cluster)) = server::database(name).await else {
        return;
    };
    let (a, b, c) = tokio::join!(
        server::connect(&url),
        server::connect(&url),
        server::connect(&url)
    );
    Shop::open(&a, 1).await;
    Shop::open(&b, 2).await;
    Shop::open(&c, 3).await;
}

#[tokio::test]
async fn a_schema_that_only_a_newer_program_reads_is_refused() {
    let name = "a_schema_that_only_a_newer_program_reads_is_refused";
    let Some(made) = server::store(name).await else {
        return;
    };
    let (client, connection) = tokio_postgres::connect(&made.url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    for (version, min_reader, refused) in [(1_000, 1, false), (1_001, 1_000, true)] {
        let sql = format!("UPDATE schema SET version = {version}, min_reader = {min_reader}");
        client.batch_execute(&sql).await.unwrap();
        let opened = PostgresStore::connect(&made.url, &Options::default()).await;
        match opened {
            Ok(_) => assert!(!refused, "version {version} was opened"),
            Err(OpenError::TooNew { found, .. }) => assert!(refused && found == version),
            Err(other) => panic!("{other}"),
        }
    }
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_change_tables_is_enough_once_they_are_there() {
    let name = "a_role_that_may_not_change_tables";
    let Some(made) = server::store(name).await else {
        return;
    };
    let (client, connection) = tokio_postgres::connect(&made.url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let sql = "CREATE ROLE clerk LOGIN;
               GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk";
    client.batch_execute(sql).await.unwrap();
    let url = made.url.replace("ordo@", "clerk@");
    Shop::open(&server::connect(&url).await, 1).await;
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_out_of_reach() {
    // Nothing listens on the port of a listener that is gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let url = format!("postgresql://ordo@127.0.0.1:{port}/ordo");
    let opened = PostgresStore::connect(&url, &Options::default()).await;
    assert!(matches!(opened, Err(OpenError::Unreachable(_))));
    let opened =
        PostgresStore::connect("postgresql://localhost:port/ordo", &Options::default()).await;
    assert!(matches!(opened, Err(OpenError::Url(_))));
}

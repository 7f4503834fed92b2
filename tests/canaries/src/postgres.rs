//! What a PostgreSQL keeps: its rows as anybody may ask for them, and its files.

use std::path::{Path, PathBuf};

use futures::TryStreamExt;
use tokio_postgres::{Client, NoTls};
use url::Url;

use crate::Place;
use crate::place::files_but;

/// Where `make test` says a throw-away PostgreSQL is.
const VARIABLE: &str = "DIWAN_TEST_POSTGRES_URL";

/// A database of a test's own, so that its files can be told from those of others.
pub struct Database {
    url: Url,
    client: Client,
    /// Where the log of changes stood when it was made.
    first_log: String,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("name", &self.url.path()).finish_non_exhaustive()
    }
}

impl Database {
    /// An empty one.
    ///
    /// # Panics
    /// When there is no PostgreSQL: an absent backend is a failure, never a silent skip.
    pub async fn create() -> Self {
        let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
            panic!("{VARIABLE} is not set: run the tests with `make test`, which starts a PostgreSQL")
        });
        let mut url = Url::parse(&server).expect("a URL");
        let name = format!("canaries_{}", std::process::id());
        let client = connect(url.as_str()).await;
        for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            client.batch_execute(&statement).await.expect("a database can be made");
        }
        url.set_path(&name);
        let client = connect(url.as_str()).await;
        let first_log = log_file(&client).await;
        Self { url, client, first_log }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Every row of every table.
    pub async fn rows(&self) -> Vec<Place> {
        every_row(&self.client).await
    }

    /// One text out of it.
    ///
    /// # Panics
    /// When the statement is not understood, or gives no text.
    pub async fn texts(&self, statement: &str) -> Vec<String> {
        let rows = self.client.query(statement, &[]).await.expect("an answer");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// What the server keeps on its disk, but for other databases and what was logged before. `None` when
    /// that disk is not one of this machine, or somebody else's alone.
    ///
    /// # Panics
    /// When the server does not say where that is.
    pub async fn files(&self) -> Option<Vec<Place>> {
        // What was only in its memory is on the disk afterwards.
        self.client.batch_execute("CHECKPOINT").await.expect("it is written");
        let asked = "SELECT current_setting('data_directory')";
        let folder = PathBuf::from(self.texts(asked).await.pop().expect("a folder"));
        std::fs::read_dir(&folder).ok()?;
        let asked = "SELECT oid::text FROM pg_database WHERE datname = current_database()";
        let own = self.texts(asked).await.pop().expect("a number");
        let last_log = log_file(&self.client).await;
        Some(files_but(&folder, &|path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match path.parent().and_then(Path::file_name).and_then(|parent| parent.to_str()) {
                Some("base") => name != own,
                Some("pg_wal") => *name < *self.first_log || *name > *last_log,
                _ => false,
            }
        }))
    }

    /// Leaves nothing of it.
    ///
    /// # Panics
    /// When somebody is still connected to it.
    pub async fn remove(self) {
        let name = self.url.path().trim_start_matches('/').to_owned();
        drop(self.client);
        let mut server = self.url;
        server.set_path("postgres");
        let dropped = connect(server.as_str()).await.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        dropped.expect("it can be removed");
    }
}

/// Every row of every table of the schema that this address leads to: as text and as bytes.
///
/// # Panics
/// When there is no table.
pub async fn rows(url: &str) -> Vec<Place> {
    every_row(&connect(url).await).await
}

async fn every_row(client: &Client) -> Vec<Place> {
    let asked = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()";
    let tables = client.query(asked, &[]).await.expect("a list of tables");
    assert!(!tables.is_empty(), "there is no table");
    let mut places = vec![];
    for table in tables.iter().map(|row| row.get::<_, String>(0)) {
        for (how, format) in [("text", "text"), ("bytes", "binary")] {
            let copied = client.copy_out(&format!("COPY {table} TO STDOUT (FORMAT {format})")).await;
            let pieces: Vec<_> = copied.expect("it is copied").try_collect().await.expect("all of it");
            places.push((format!("rows as {how} of {table}"), pieces.concat()));
        }
    }
    places
}

/// Which file the log of changes has come to.
async fn log_file(client: &Client) -> String {
    let asked = "SELECT pg_walfile_name(pg_current_wal_insert_lsn())";
    client.query_one(asked, &[]).await.expect("an answer").get(0)
}

#[expect(clippy::disallowed_methods, reason = "a test has no supervisor")]
async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("PostgreSQL answers");
    tokio::spawn(connection);
    client
}

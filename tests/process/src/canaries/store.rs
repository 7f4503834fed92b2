//! Where a run keeps its rows, and what lies there in the end.

use std::path::Path;

use diwan_canaries::{Database, Place};
use rusqlite::{Connection, OpenFlags};

/// The database under the server.
pub(crate) enum Store {
    Sqlite,
    Postgresql(Box<Database>),
}

impl Store {
    /// What says to the program which one it is.
    pub(crate) fn flags(&self) -> Vec<&str> {
        match self {
            Self::Sqlite => vec![],
            Self::Postgresql(database) => vec!["--database-url", database.url()],
        }
    }

    /// What it remembers of how the master key is derived.
    pub(crate) async fn recipe(&self, data_dir: &Path) -> serde_json::Value {
        let asked = "SELECT memo FROM vault_master WHERE state = 'active'";
        let memo = match self {
            Self::Sqlite => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
                let file = Connection::open_with_flags(data_dir.join("diwan.db"), flags).expect("a database");
                file.query_one(asked, [], |row| row.get(0)).expect("a master key")
            }
            Self::Postgresql(database) => database.texts(asked).await.pop().expect("a master key"),
        };
        serde_json::from_str(&memo).expect("a recipe")
    }

    /// What lies in it beside the data directory, and names of places where what is no secret must be found.
    pub(crate) async fn places(&self) -> (Vec<Place>, Vec<&'static str>) {
        let Self::Postgresql(database) = self else { return (vec![], vec!["/diwan.db", "/backup.db"]) };
        let (mut places, mut names) = (database.rows().await, vec!["rows as text", "rows as bytes"]);
        match database.files().await {
            Some(files) => {
                places.extend(files);
                names.extend(["/base/", "/pg_wal/"]);
            }
            None => println!("the files of this PostgreSQL cannot be read from here: its rows are searched alone"),
        }
        (places, names)
    }

    pub(crate) async fn remove(self) {
        if let Self::Postgresql(database) = self {
            database.remove().await;
        }
    }
}

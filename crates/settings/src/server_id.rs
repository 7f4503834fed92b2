//! Which server this is: several may share a PostgreSQL, and each has a configuration file, and so a
//! history, of its own.

use std::path::Path;

use diwan_kernel::{Db, Id};

use crate::settings::StartError;

diwan_kernel::id_kinds! {
    /// A server.
    Server = "srv",
}

/// The file in the data directory that says it.
const FILE: &str = "server.id";

/// The name under which the versions of this server are kept. A SQLite file has one server, whichever
/// data directory it is put back into.
pub(crate) fn server_id(db: &Db, data_dir: &Path) -> Result<String, StartError> {
    if db.engine() == "sqlite" {
        return Ok(String::new());
    }
    let (disk, path) = (db.world().disk(), data_dir.join(FILE));
    match disk.read(&path) {
        Ok(bytes) => {
            let id = String::from_utf8_lossy(&bytes).trim().parse::<Id<Server>>();
            id.map(|id| id.to_string()).map_err(|_| StartError::NoServerId(path))
        }
        Err(error) if error.is_missing() => {
            let id = Id::<Server>::new(db.world()).to_string();
            disk.create(&path, format!("{id}\n").as_bytes())?;
            Ok(id)
        }
        Err(error) => Err(error.into()),
    }
}

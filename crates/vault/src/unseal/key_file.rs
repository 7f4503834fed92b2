//! A master key in a file: the way of `make up`. Whoever can read both the file and the database can
//! read every secret, so backups keep the two apart.

use std::path::Path;

use diwan_kernel::World;
use diwan_kernel::key_file::{KeyBytes, KeyFile, KeyFileError, StoredKey};
use diwan_kernel::world::DirLock;

use super::UnsealError;
use crate::envelope::MasterId;

const HEADING: &str = "Diwan vault: master keys. Keep a copy apart from the database; without it every secret is lost.";

fn file(world: &World, path: &Path) -> KeyFile {
    KeyFile::at(world, path, HEADING)
}

/// The key with this id.
pub(crate) fn open(world: &World, path: &Path, id: MasterId) -> Result<KeyBytes, UnsealError> {
    let shown = path.display().to_string();
    let keys = file(world, path).read()?.ok_or_else(|| UnsealError::NoKeyFile(shown.clone()))?;
    let found = keys.into_iter().find(|k| k.id == id.bytes()).map(|k| k.key);
    found.ok_or(UnsealError::NotInKeyFile { path: shown, id: id.to_string() })
}

/// Takes the file for this server alone: several may share it, and a key that one of them puts in must
/// not get lost because another one writes back what it read before.
fn lock(world: &World, path: &Path) -> Result<DirLock, KeyFileError> {
    let unusable = |why: String| KeyFileError { path: path.display().to_string(), why };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let locked = world.disk().lock_dir(dir).map_err(|e| unusable(e.to_string()))?;
    locked.ok_or_else(|| unusable("another server is changing it at this moment; try again".into()))
}

/// Puts a new key in front of the others. It is on the disk when this returns, before anything is
/// wrapped with it.
pub(crate) fn add(world: &World, path: &Path, id: MasterId, key: &KeyBytes) -> Result<(), UnsealError> {
    let _lock = lock(world, path)?;
    let file = file(world, path);
    let added = StoredKey { id: id.bytes(), key: key.clone(), retired: false };
    match file.read()? {
        None => file.create(&[added])?,
        Some(old) => file.replace(&std::iter::once(added).chain(old).collect::<Vec<_>>())?,
    }
    Ok(())
}

/// Marks every key but this one as kept for old backups only.
pub(crate) fn retire_others(world: &World, path: &Path, id: MasterId) -> Result<(), UnsealError> {
    let _lock = lock(world, path)?;
    let file = file(world, path);
    let Some(mut keys) = file.read()? else { return Ok(()) };
    keys.iter_mut().for_each(|k| k.retired = k.id != id.bytes());
    Ok(file.replace(&keys)?)
}

/// How many keys it has that are kept for old backups only; none where there is no file.
pub(crate) fn count_retired(world: &World, path: &Path) -> usize {
    let keys = file(world, path).read().ok().flatten().unwrap_or_default();
    keys.iter().filter(|key| key.retired).count()
}

/// Removes the keys that are kept for old backups only; the file goes with the last of its keys. Says how many.
pub(crate) fn forget_retired(world: &World, path: &Path) -> Result<usize, UnsealError> {
    let _lock = lock(world, path)?;
    let file = file(world, path);
    let Some(keys) = file.read()? else { return Ok(0) };
    let (retired, kept): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.retired);
    match (retired.is_empty(), kept.is_empty()) {
        (true, _) => {}
        (false, false) => file.replace(&kept)?,
        (false, true) => {
            let unusable = |why: String| KeyFileError { path: path.display().to_string(), why };
            world.disk().remove(path).map_err(|e| unusable(e.to_string()))?;
        }
    }
    Ok(retired.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_key_is_in_front_and_old_ones_stay_for_backups() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let (world, path) = (World::real(), dir.path().join("vault.key"));
        let (first, second) = (MasterId::new(&world), MasterId::new(&world));
        assert!(matches!(open(&world, &path, first), Err(UnsealError::NoKeyFile(_))));
        let keys = [KeyBytes::fresh(&world), KeyBytes::fresh(&world)];
        add(&world, &path, first, &keys[0])?;
        assert!(matches!(open(&world, &path, second), Err(UnsealError::NotInKeyFile { .. })));
        add(&world, &path, second, &keys[1])?;
        retire_others(&world, &path, second)?;
        assert_eq!((open(&world, &path, first)?, open(&world, &path, second)?), (keys[0].clone(), keys[1].clone()));
        let stored = file(&world, &path).read()?.ok_or("no file")?;
        assert_eq!(stored.iter().map(|k| k.retired).collect::<Vec<_>>(), [false, true]);

        assert_eq!((count_retired(&world, &path), forget_retired(&world, &path)?), (1, 1));
        assert_eq!((count_retired(&world, &path), forget_retired(&world, &path)?), (0, 0));
        assert!(matches!(open(&world, &path, first), Err(UnsealError::NotInKeyFile { .. })));
        assert_eq!(open(&world, &path, second)?, keys[1]);
        // A key that guards nothing any more takes the file along.
        retire_others(&world, &path, MasterId::new(&world))?;
        assert_eq!((forget_retired(&world, &path)?, path.exists()), (1, false));
        Ok(())
    }
}

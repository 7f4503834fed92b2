//! A master key derived from a passphrase: nothing on the machine can bring it back, so that a stolen
//! disk with everything on it is worth nothing. Somebody has to type it after every start.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use diwan_kernel::key_file::{KEY_LEN, KeyBytes};
use diwan_kernel::stack::cleanly;
use diwan_kernel::{Secret, World};
use serde::{Deserialize, Serialize};

use super::{Guarded, UnsealError};

/// The shortest passphrase: it must withstand guessing on somebody else's machines.
pub(crate) const SHORTEST: usize = 15;
/// The longest.
pub(crate) const LONGEST: usize = 1024;

/// How the key is derived. Kept with the key, so that the cost can rise later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    salt: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

const SALT_LEN: usize = 16;
/// 64 MiB and three passes: the second recommendation of RFC 9106, about half a second here.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// What a recipe may ask for at most, so that an edited row cannot exhaust the machine.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;

/// Derives a new master key from a passphrase.
pub(crate) async fn derive_fresh(world: &World, passphrase: &Secret<String>) -> Result<Guarded, UnsealError> {
    let salt: [u8; SALT_LEN] = world.random();
    let salt = STANDARD_NO_PAD.encode(salt);
    let recipe = Recipe { salt, memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES };
    let key = derive(world, passphrase, recipe.clone()).await?;
    Ok(Guarded { key, memo: serde_json::to_value(recipe).map_err(|_| UnsealError::Malformed)? })
}

/// Derives the key again.
pub(crate) async fn open(
    world: &World,
    passphrase: &Secret<String>,
    memo: serde_json::Value,
) -> Result<KeyBytes, UnsealError> {
    let recipe = serde_json::from_value(memo).map_err(|_| UnsealError::Malformed)?;
    derive(world, passphrase, recipe).await
}

async fn derive(world: &World, passphrase: &Secret<String>, recipe: Recipe) -> Result<KeyBytes, UnsealError> {
    let salt = STANDARD_NO_PAD.decode(&recipe.salt).map_err(|_| UnsealError::Malformed)?;
    if recipe.memory_kib > MOST_MEMORY_KIB || recipe.passes > 64 {
        return Err(UnsealError::Malformed);
    }
    let params = Params::new(recipe.memory_kib, recipe.passes, recipe.lanes, Some(KEY_LEN));
    let params = params.map_err(|_| UnsealError::Malformed)?;
    let passphrase = passphrase.clone();
    let work = move || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut done = Ok(());
        let key = KeyBytes::filled(|key| done = argon2.hash_password_into(passphrase.expose().as_bytes(), &salt, key));
        done.map(|()| key).map_err(|_| UnsealError::Malformed)
    };
    world.heavy(|| cleanly(work)).await.map_err(|_| UnsealError::Malformed)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_passphrase_brings_the_same_key_back_and_another_one_does_not() -> Result<(), UnsealError> {
        let world = World::real();
        let right = Secret::new("a long walk by the sea".to_owned());
        let made = derive_fresh(&world, &right).await?;
        assert_eq!(open(&world, &right, made.memo.clone()).await?, made.key);
        let wrong = Secret::new("a long walk by the see".to_owned());
        assert_ne!(open(&world, &wrong, made.memo).await?, made.key);
        Ok(())
    }

    #[tokio::test]
    async fn a_recipe_that_asks_for_too_much_is_refused() {
        let world = World::real();
        let memo =
            serde_json::json!({"salt": "AAAAAAAAAAAAAAAAAAAAAA", "memory_kib": u32::MAX, "passes": 3, "lanes": 1});
        assert!(open(&world, &Secret::new("x".into()), memo).await.is_err());
    }

    /// RFC 9106, section 5.3, with its secret and associated data.
    #[test]
    fn the_derivation_is_argon2id() -> Result<(), argon2::Error> {
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12])?)
            .build()?;
        let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)?;
        let mut tag = [0; 32];
        argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag)?;
        let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
        assert_eq!(tag.iter().map(|b| format!("{b:02x}")).collect::<String>(), expected);
        Ok(())
    }
}

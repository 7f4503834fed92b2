//! Values in our own database, each under a data key of its own.

use async_trait::async_trait;
use diwan_kernel::World;
use diwan_kernel::key_file::KeyBytes;
use zeroize::Zeroizing;

use super::{Backend, BackendError, Spot, Stored};
use crate::envelope::{EnvelopeError, open_value, seal_value};
use crate::master::Plain;
use crate::seal::Seal;

/// Our own database.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) world: World,
    pub(crate) seal: Seal,
}

#[async_trait]
impl Backend for Local {
    async fn put(&self, spot: Spot<'_>, _: Option<&Stored>, value: &Zeroizing<String>) -> Result<Stored, BackendError> {
        let masters = self.seal.masters().ok_or(BackendError::Sealed)?;
        let data_key = KeyBytes::fresh(&self.world);
        Ok(Stored::Here {
            master: masters.active().id(),
            data_key: masters.active().wrap(&self.world, &data_key, spot.place)?,
            value: seal_value(&self.world, &data_key, value.as_bytes(), spot.place)?,
        })
    }

    async fn get(&self, spot: Spot<'_>, stored: &Stored) -> Result<Plain, BackendError> {
        let masters = self.seal.masters().ok_or(BackendError::Sealed)?;
        let Stored::Here { data_key, value, .. } = stored else { return Err(EnvelopeError::Malformed.into()) };
        Ok(open_value(&masters.unwrap(data_key, spot.place)?, value, spot.place)?)
    }

    async fn destroy(&self, _: Spot<'_>, _: &Stored) -> Result<(), BackendError> {
        // It went with its row.
        Ok(())
    }

    async fn forget(&self, _: Spot<'_>) -> Result<(), BackendError> {
        Ok(())
    }
}

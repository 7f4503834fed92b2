//! Where a verification reads from: the database, or a trail in memory that a test has tampered with.

use diwan_kernel::World;
use diwan_kernel::db::{Db, DbError};

use super::chain::Chain;
use crate::canonical::Hash;
use crate::checkpoint::Checkpoint;
use crate::entry::Link;
use crate::floor::Floor;
use crate::keys;
use crate::table::audit_head::{self, Head};
use crate::table::{audit_checkpoint, audit_entry, audit_floor};

/// What a verification reads. Lists are in order, and only as long as asked for.
pub(crate) trait Source {
    /// The world it is in.
    fn world(&self) -> &World;
    /// Whether there must be a trail: the installation was started before.
    async fn was_started(&self) -> Result<bool, DbError>;
    /// Where the trail begins, if old entries were removed.
    async fn floor(&self) -> Result<Option<Floor>, DbError>;
    /// Where the trail ends.
    async fn head(&self) -> Result<Option<Head>, DbError>;
    /// The rows after `seq`.
    async fn links_after(&self, seq: i64, limit: i64) -> Result<Vec<Link>, DbError>;
    /// The lowest place that is taken.
    async fn first_seq(&self) -> Result<Option<i64>, DbError>;
    /// Lets the chain walk over the rows from `first` to `last`.
    async fn walk(&self, first: i64, last: i64, chain: Chain) -> Result<Chain, DbError>;
    /// The hash of the row at `seq`.
    async fn hash_at(&self, seq: i64) -> Result<Option<Hash>, DbError>;
    /// The highest place that is taken.
    async fn last_seq(&self) -> Result<i64, DbError>;
    /// The checkpoints after `number`.
    async fn checkpoints_after(&self, number: i64, limit: i64) -> Result<Vec<Checkpoint>, DbError>;
    /// Place and hash of the checkpoints from `first` to `last`, as far as checkpoint `number`.
    async fn checkpoints_within(&self, first: i64, last: i64, number: i64) -> Result<Vec<(i64, Hash)>, DbError>;
    /// The checkpoint with this number.
    async fn checkpoint(&self, number: i64) -> Result<Option<Checkpoint>, DbError>;
    /// The last checkpoint below `seq`.
    async fn checkpoint_below(&self, seq: i64) -> Result<Option<Checkpoint>, DbError>;
}

impl Source for Db {
    fn world(&self) -> &World {
        Self::world(self)
    }

    async fn was_started(&self) -> Result<bool, DbError> {
        keys::was_started(self).await
    }

    async fn floor(&self) -> Result<Option<Floor>, DbError> {
        audit_floor::find(self).await
    }

    async fn head(&self) -> Result<Option<Head>, DbError> {
        audit_head::find(self).await
    }

    async fn links_after(&self, seq: i64, limit: i64) -> Result<Vec<Link>, DbError> {
        audit_entry::links_after(self, seq, limit).await
    }

    async fn first_seq(&self) -> Result<Option<i64>, DbError> {
        audit_entry::first_seq(self).await
    }

    async fn walk(&self, first: i64, last: i64, chain: Chain) -> Result<Chain, DbError> {
        audit_entry::look_through(self, (first, last), chain, Chain::step).await
    }

    async fn hash_at(&self, seq: i64) -> Result<Option<Hash>, DbError> {
        audit_entry::find_hash(self, seq).await
    }

    async fn last_seq(&self) -> Result<i64, DbError> {
        audit_entry::last_seq(self).await
    }

    async fn checkpoints_after(&self, number: i64, limit: i64) -> Result<Vec<Checkpoint>, DbError> {
        audit_checkpoint::list_after(self, number, limit).await
    }

    async fn checkpoints_within(&self, first: i64, last: i64, number: i64) -> Result<Vec<(i64, Hash)>, DbError> {
        audit_checkpoint::list_within(self, first, last, number).await
    }

    async fn checkpoint(&self, number: i64) -> Result<Option<Checkpoint>, DbError> {
        audit_checkpoint::find(self, number).await
    }

    async fn checkpoint_below(&self, seq: i64) -> Result<Option<Checkpoint>, DbError> {
        audit_checkpoint::find_last_below(self, seq).await
    }
}

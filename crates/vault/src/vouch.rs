//! What the vouching key vouches for: of every row what must be true in it. Whatever is edited, added,
//! swapped or taken away in the database is noticed by its signature, or by the list it is missing from.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Problem, Tx};

use crate::envelope::{MasterId, Vouching};
use crate::error;
use crate::master::Masters;
use crate::sealing::actor;
use crate::secret::SecretId;
use crate::table::master::{self, Master};
use crate::table::secret::Secret;
use crate::table::version::Version;
use crate::unseal::Guard;

/// The parts of a row, each in one form only.
#[derive(Debug, Clone)]
pub(crate) struct Said(Vec<Vec<u8>>);

impl Said {
    /// Begins with what kind of row it is.
    pub(crate) fn of(kind: &str) -> Self {
        Self(vec![kind.as_bytes().to_vec()])
    }

    /// Also these bytes.
    #[must_use]
    pub(crate) fn and(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.push(bytes.as_ref().to_vec());
        self
    }

    /// Also this number; none is another thing than any.
    #[must_use]
    pub(crate) fn number(self, number: impl Into<Option<i64>>) -> Self {
        self.and(number.into().map_or_else(Vec::new, |n| n.to_be_bytes().to_vec()))
    }

    /// Also this moment.
    #[must_use]
    pub(crate) fn moment(self, at: impl Into<Option<Timestamp>>) -> Self {
        self.number(at.into().map(Timestamp::as_millis))
    }

    /// Also this text; none is another thing than an empty one.
    #[must_use]
    pub(crate) fn perhaps(self, text: Option<&str>) -> Self {
        self.and(text.map_or_else(Vec::new, |text| [b"=", text.as_bytes()].concat()))
    }

    /// Also this, as JSON.
    #[must_use]
    pub(crate) fn json(self, value: &impl serde::Serialize) -> Self {
        self.and(serde_json::json!(value).to_string())
    }

    fn parts(&self) -> Vec<&[u8]> {
        self.0.iter().map(Vec::as_slice).collect()
    }

    /// Its signature.
    pub(crate) fn sign(&self, vouching: &Vouching) -> Vec<u8> {
        vouching.sign(&self.parts())
    }

    /// Whether the signature is right.
    pub(crate) fn holds(&self, vouching: &Vouching, signature: &[u8]) -> bool {
        vouching.holds(&self.parts(), signature)
    }
}

/// A short form of a signature, for the audit trail: what is signed must look like this from here on.
pub(crate) fn mark(signature: &[u8]) -> String {
    signature.iter().take(8).map(|b| format!("{b:02x}")).collect()
}

impl Secret {
    /// Signs what must not be edited behind our back.
    pub(crate) fn sign(mut self, vouching: &Vouching) -> Self {
        self.signature = self.said().sign(vouching);
        self
    }

    /// Whether it is as it was signed.
    pub(crate) fn is_genuine(&self, vouching: &Vouching) -> bool {
        self.said().holds(vouching, &self.signature)
    }

    /// Everything but whether somebody was warned of its end.
    fn said(&self) -> Said {
        Said::of("secret")
            .and(self.id.bits().to_be_bytes())
            .and(self.name.as_str())
            .and(self.kind.as_str())
            .and(&self.description)
            .and(&self.provider)
            .and(&self.backend)
            .json(&self.recipe)
            .number(self.current_version)
            .number(self.latest_version)
            .json(&self.facts)
            .number(self.rotation_days)
            .number(self.overlap_hours)
            .moment(self.rotate_at)
            .moment(self.rotated_at)
            .moment(self.expires_at)
            .moment(self.created_at)
            .perhaps(self.created_by.as_deref())
            .moment(self.changed_at)
    }

    /// A short form of the signature, for the audit trail.
    pub(crate) fn mark(&self) -> String {
        mark(&self.signature)
    }
}

impl Version {
    /// Signs what must not be edited behind our back.
    pub(crate) fn sign(mut self, secret: SecretId, vouching: &Vouching) -> Self {
        self.signature = self.said(secret).sign(vouching);
        self
    }

    /// Whether it is as it was signed.
    pub(crate) fn is_genuine(&self, secret: SecretId, vouching: &Vouching) -> bool {
        self.said(secret).holds(vouching, &self.signature)
    }

    /// Everything but the value and its key, which open at their place only.
    fn said(&self, secret: SecretId) -> Said {
        // Where another vault keeps it is forgotten with the value.
        let remote = self.remote.as_deref().filter(|_| self.destroyed_at.is_none());
        Said::of("version/2")
            .and(secret.bits().to_be_bytes())
            .number(self.version)
            .and(self.origin.as_str())
            .moment(self.created_at)
            .perhaps(self.created_by.as_deref())
            .moment(self.valid_until)
            .moment(self.destroyed_at)
            .perhaps(remote)
    }
}

impl Master {
    /// One that has wrapped nothing but the vouching key.
    pub(crate) fn first(ctx: &Ctx, id: MasterId, guard: Guard, memo: serde_json::Value, vouching: Vec<u8>) -> Self {
        let (created_at, created_by) = (ctx.now(), actor(ctx));
        Self { id, guard, memo, is_active: true, vouching, wraps: 1, created_at, created_by, signature: vec![] }
    }

    /// Signs what must not be edited behind our back.
    pub(crate) fn sign(mut self, vouching: &Vouching) -> Self {
        self.signature = self.said().sign(vouching);
        self
    }

    /// Whether it is as it was signed.
    pub(crate) fn is_genuine(&self, vouching: &Vouching) -> bool {
        self.said().holds(vouching, &self.signature)
    }

    /// Everything but what it is used for at this moment, and the vouching key, which opens with it only.
    fn said(&self) -> Said {
        Said::of("master")
            .and(self.id.bytes())
            .and(self.guard.as_str())
            .json(&self.memo)
            .number(self.wraps)
            .moment(self.created_at)
            .perhaps(self.created_by.as_deref())
    }
}

/// Counts data keys wrapped under a master key. False when it is not the active key any more, or has
/// wrapped as many as is safe.
///
/// # Errors
/// When the count was edited: nobody knows then how much more is safe.
pub(crate) async fn count_wraps(tx: &mut Tx, masters: &Masters, id: MasterId, n: i64) -> Result<bool, Problem> {
    let Some(counted) = master::count_wraps(tx, id, n).await? else { return Ok(false) };
    let before = Master { wraps: counted.wraps - n, ..counted.clone() };
    if !before.is_genuine(masters.vouching()) {
        return Err(error::tampered("how much the master key has wrapped was edited"));
    }
    master::set_signature(tx, &counted.sign(masters.vouching())).await?;
    Ok(true)
}

//! An invitation: what lets one machine in, for a quarter of an hour.

use diwan_kernel::{Ctx, Entry, Problem};
use diwan_link::tls::Fingerprint;

use crate::event::JoinTokenChanged;
use crate::fleet::Fleet;
use crate::join_token::{JoinTokenId, LIFE, MachinePolicy, TokenText, hash_of};
use crate::label::Labels;
use crate::machine::{MachineId, check_name};
use crate::table::join_token::{self, JoinToken};
use crate::table::machine;

/// Which machine is to join.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) policy: MachinePolicy,
    /// The machine that joins anew, if it is one that is known.
    pub(crate) rejoins: Option<MachineId>,
}

/// What lets it in.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(crate) token: JoinToken,
    pub(crate) text: TokenText,
    /// What the machine knows the control plane by.
    pub(crate) fingerprint: Fingerprint,
}

/// What the machine that the control plane itself runs on joins with.
#[derive(Debug)]
pub struct LocalInvitation {
    /// The token, which is good once.
    pub token: diwan_kernel::Secret<String>,
    /// What the machine knows the control plane by.
    pub fingerprint: Fingerprint,
}

/// What tells the machine that the control plane itself runs on from others.
const LOCAL: &str = "local";

impl Fleet {
    /// Writes down that a machine is expected.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub(crate) async fn invite(&self, ctx: &Ctx, invited: Invited) -> Result<Invitation, Problem> {
        let fingerprint = self.keys().await?.current().authority.fingerprint();
        let text = TokenText::fresh(&ctx.world);
        let token = JoinToken {
            id: JoinTokenId::new(&ctx.world),
            hash: hash_of(text.text()),
            name: invited.name,
            labels: invited.labels,
            policy: invited.policy,
            rejoins: invited.rejoins,
            created_at: ctx.now(),
            created_by: Some(ctx.actor.key()),
            expires_at: ctx.now().plus(LIFE),
            withdrawn_at: None,
            used_at: None,
            key_hash: None,
            machine: None,
        };
        let mut tx = self.db().begin(ctx).await?;
        join_token::insert(&mut tx, &token).await?;
        tx.emit(&JoinTokenChanged { id: token.id });
        let entry = Entry::done("join_token.create").on("join_token", token.id).with("name", token.name.clone());
        let entry = entry.with("labels", token.labels.as_slice().to_vec()).with("policy", token.policy.as_str());
        tx.commit(entry.with("rejoins", token.rejoins.map(|id| id.to_string()))).await?;
        Ok(Invitation { token, text, fingerprint })
    }

    /// Lets the machine in that the control plane itself runs on. `None` when somebody put it out: it does not
    /// come back by itself.
    ///
    /// # Errors
    /// 503 while the vault is sealed.
    pub async fn invite_this_machine(&self, host_name: &str) -> Result<Option<LocalInvitation>, Problem> {
        let ctx = Ctx::system(self.world(), "this machine");
        let labels = Labels::read("labels", vec![LOCAL.to_owned()])?;
        let usual = check_name(&host_name.to_lowercase()).unwrap_or_else(|_| LOCAL.to_owned());
        let (mut name, mut rejoins) = (usual.clone(), None);
        // Somebody else's machine may have the name already.
        for number in 2.. {
            match machine::find_named(self.db(), &name).await? {
                None if machine::was_put_out(self.db(), &name, &labels).await? => return Ok(None),
                None => break,
                Some(known) if known.labels.as_slice() != labels.as_slice() => name = format!("{usual}-{number}"),
                Some(known) => {
                    rejoins = Some(known.id);
                    break;
                }
            }
        }
        let invited = Invited { name, labels, policy: MachinePolicy::OwnMachine, rejoins };
        let invitation = self.invite(&ctx, invited).await?;
        let token = diwan_kernel::Secret::new(invitation.text.text().to_owned());
        Ok(Some(LocalInvitation { token, fingerprint: invitation.fingerprint }))
    }
}

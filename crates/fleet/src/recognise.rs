//! Whether a machine that proved who it is may come in.

use std::net::IpAddr;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem};
use diwan_protocol::control::{Hello, OLDEST};

use crate::event::MachineLocked;
use crate::facts::{MachineFacts, clean};
use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::gateway::PATIENCE;
use crate::machine::{Known, Standing};
use crate::shown::Shown;
use crate::table::machine::Presented;
use crate::table::{certificate, machine};

impl Fleet {
    /// What the machine is called and how far its clock is ahead, when it may come in.
    pub(crate) async fn recognise(
        &self,
        shown: &Shown,
        hello: &Hello,
        from: IpAddr,
    ) -> Result<(String, i64), Farewell> {
        if hello.version < OLDEST {
            return Err(Farewell::version());
        }
        let known = self.look_up(shown).await?;
        let Ok(connections) = i64::try_from(hello.connections) else {
            return Err(Farewell::protocol("nobody has connected so often"));
        };
        let now = self.world().now();
        if shown.ends_at < now {
            tracing::info!(machine = %known.id, "a machine comes back with a certificate that has expired");
        }
        let skew_ms = hello.now_ms.saturating_sub(now.as_millis());
        let mut policy = hello.policy.clone();
        policy.fault = policy.fault.map(|fault| clean(&fault));
        let facts = MachineFacts::from(hello.facts.clone());
        let presented = Presented { connections, facts: &facts, policy: &policy, skew_ms, at: now };
        match self.write_connection(&known, &presented).await {
            Ok(true) => Ok((known.name, skew_ms)),
            Ok(false) => Err(self.judge_twin(&known, from).await),
            Err(problem) => Err(later(&problem)),
        }
    }

    /// Why a machine may not be there after all, if that is so.
    pub(crate) async fn is_unwelcome(&self, shown: &Shown) -> Option<Farewell> {
        self.look_up(shown).await.err()
    }

    /// The machine, when it may come in.
    async fn look_up(&self, shown: &Shown) -> Result<Known, Farewell> {
        let found = self.find_shown(shown).await.map_err(|problem| later(&problem))?;
        let known = found.ok_or_else(Farewell::unknown)?;
        if known.standing == Standing::Active { Ok(known) } else { Err(Farewell::for_standing(Some(known.standing))) }
    }

    /// The machine, when it shows a certificate that still counts.
    async fn find_shown(&self, shown: &Shown) -> Result<Option<Known>, Problem> {
        let known = machine::find(self.db(), shown.machine).await?;
        if known.as_ref().is_some_and(|known| known.standing == Standing::Revoked) {
            return Ok(known);
        }
        let certificate = certificate::find(self.db(), &shown.serial).await?;
        let counts = certificate.is_some_and(|certificate| {
            certificate.machine == shown.machine
                && certificate.key_hash == shown.key_hash
                && certificate.voided_at.is_none()
        });
        Ok(known.filter(|_| counts))
    }

    async fn write_connection(&self, known: &Known, presented: &Presented<'_>) -> Result<bool, Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        let is_next = machine::connect(&mut tx, known.id, presented).await?;
        if is_next {
            tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        }
        Ok(is_next)
    }

    /// It counted a connection that was counted before: there are two of it, and nobody here can tell which one
    /// was stolen. Neither stays. Or it was put out at this very moment.
    async fn judge_twin(&self, known: &Known, from: IpAddr) -> Farewell {
        let ctx = Ctx::system(self.world(), "fleet");
        let locked = async {
            let mut tx = self.db().begin(&ctx).await?;
            if !machine::lock(&mut tx, known.id, ctx.now()).await? {
                return Ok::<_, Problem>(machine::find(self.db(), known.id).await?);
            }
            tx.emit(&MachineLocked { id: known.id, name: known.name.clone() });
            let entry = Entry::denied("machine.lock", "second_identity").on("machine", known.id);
            tx.commit(entry.with("name", known.name.clone()).with("from", from.to_string())).await?;
            Ok(Some(Known { standing: Standing::Locked, ..known.clone() }))
        };
        match locked.await {
            Ok(Some(now)) if now.standing == Standing::Locked => {
                tracing::error!(machine = %known.id, %from, "two places use the identity of a machine: it is locked");
                self.send_away(known.id, Farewell::locked());
                Farewell::locked()
            }
            Ok(_) => Farewell::revoked(),
            Err(problem) => later(&problem),
        }
    }
}

fn later(problem: &Problem) -> Farewell {
    tracing::warn!(?problem, "a machine cannot be let in now");
    Farewell::later(PATIENCE)
}

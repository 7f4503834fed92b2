//! Carries requests for rules to machines, and takes up what those say of them.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy};
use diwan_link::Priority;
use diwan_protocol::command::Actor;
use diwan_protocol::control::ToBridge;
use diwan_protocol::rules::{Grant, Judged, RuleAsk, RuleNews, RuleStanding, VERSION};
use diwan_protocol::{Opening, SignedRules, decode, encode};

use super::request::{RuleRequest, RuleRequestId, RuleRequestState, RulesTold};
use super::table::{self, Ending};
use crate::commands::{CommandActor, CommandProblem, LIFE_MS, no_answer, plain};
use crate::connections::Connected;
use crate::event::RuleRequestChanged;
use crate::fleet::Fleet;

/// A machine that is there answers sooner.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_CODE: usize = 64;
const LONGEST_WORDS: usize = 500;

/// Tells a machine that has just connected what is asked of its owner.
pub(crate) fn on_connected(fleet: &Fleet, connected: &Arc<Connected>) {
    let (this, connected) = (fleet.clone(), Arc::clone(connected));
    fleet.supervisor().spawn("requests for rules", TaskPolicy::Once, async move {
        let Ok(open) = table::open_on(this.db(), connected.machine).await else { return };
        for request in open {
            if let Err(problem) = this.carry_request(&connected, &request).await {
                tracing::debug!(request = %request.id, %problem, "a request for rules waits on");
            }
        }
    });
}

impl Fleet {
    /// Asks the machine, and takes up what it says.
    ///
    /// # Errors
    /// When it cannot be signed, or nothing is answered.
    pub(super) async fn carry_request(&self, connected: &Connected, request: &RuleRequest) -> Result<(), Problem> {
        let standing = self.ask_machine(connected, request, None).await?;
        self.take_standing(connected, request, standing).await
    }

    /// What a machine says to a request, or to somebody's yes to it.
    ///
    /// # Errors
    /// 503 while the vault is sealed, 502 when nothing is answered.
    pub(super) async fn ask_machine(
        &self,
        connected: &Connected,
        request: &RuleRequest,
        grant: Option<Grant>,
    ) -> Result<RuleStanding, Problem> {
        let keys = self.keys().await?;
        let key = &keys.of(connected.generation).signing;
        let now_ms = self.world().now().as_millis();
        let lives = (request.created_at.as_millis(), request.expires_at.as_millis());
        let (issued_ms, expires_ms) = if grant.is_some() { (now_ms, now_ms + LIFE_MS) } else { lives };
        let CommandActor { id, name, .. } = request.actor.clone();
        let signed = key.sign_rules(&RuleAsk {
            version: VERSION,
            id: request.id.to_string(),
            machine: request.machine.to_string(),
            issued_ms,
            expires_ms,
            actor: Actor { id, name },
            reason: request.reason.clone(),
            text: request.text.clone(),
            grant,
        });
        let answer = tokio::time::timeout(PATIENCE, exchange(connected, &signed)).await;
        answer.ok().flatten().ok_or_else(no_answer)
    }

    /// What a machine tells by itself. What is not open here it need not keep.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn take_rule_news(&self, connected: &Connected, news: RuleNews) -> Result<(), Problem> {
        let found = match news.id.parse::<RuleRequestId>() {
            Ok(id) => table::find(self.db(), id).await?,
            Err(_) => None,
        };
        match found.filter(|request| request.machine == connected.machine && request.state.is_open()) {
            Some(request) => self.take_standing(connected, &request, news.standing).await,
            None => {
                connected.tell(&ToBridge::ForgetRules(vec![news.id])).await;
                Ok(())
            }
        }
    }

    pub(super) async fn take_standing(
        &self,
        connected: &Connected,
        request: &RuleRequest,
        standing: RuleStanding,
    ) -> Result<(), Problem> {
        let (state, told, problem) = match standing {
            RuleStanding::Waiting(judged) => return self.is_asked(request, &judged).await,
            RuleStanding::Granted => (RuleRequestState::Granted, None, None),
            RuleStanding::Faulty(faults) => (RuleRequestState::Faulty, Some(RulesTold::faulty(&faults)), None),
            RuleStanding::Refused(why) => (RuleRequestState::Refused, None, Some(said("owner_refused", &why))),
            RuleStanding::NotTaken(reason) => {
                (RuleRequestState::Refused, None, Some(said(&reason.code, &reason.words)))
            }
        };
        let ctx = Ctx::system(self.world(), "fleet");
        let entry = Entry::done(match state {
            RuleRequestState::Granted => "rules.granted",
            RuleRequestState::Faulty => "rules.faulty",
            _ => "rules.refused",
        });
        let ending = Ending { state, told, problem, at: ctx.now() };
        self.end_request(&ctx, request, ending, entry).await?;
        connected.tell(&ToBridge::ForgetRules(vec![request.id.to_string()])).await;
        Ok(())
    }

    /// The machine's owner decides from here on.
    async fn is_asked(&self, request: &RuleRequest, judged: &Judged) -> Result<(), Problem> {
        let (told, policy) = (RulesTold::sound(judged), *judged.policy);
        let is_known = request.state == RuleRequestState::Asked && request.told == told;
        if is_known && request.policy == Some(policy) && request.from_afar == judged.from_afar {
            return Ok(());
        }
        let mut tx = self.db().begin(&Ctx::system(self.world(), "fleet")).await?;
        if table::set_asked(&mut tx, request.id, &told, policy, judged.from_afar).await? {
            tx.emit(&changed(request, RuleRequestState::Asked));
        }
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// Writes an end down; false when there was one before.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn end_request(
        &self,
        ctx: &Ctx,
        request: &RuleRequest,
        ending: Ending,
        entry: Entry,
    ) -> Result<bool, Problem> {
        let mut tx = self.db().begin(ctx).await?;
        if !table::end(&mut tx, request.id, &ending).await? {
            return Ok(false);
        }
        tx.emit(&changed(request, ending.state));
        tx.commit(about(entry, request)).await?;
        Ok(true)
    }
}

/// What the register says of a request.
pub(super) fn about(entry: Entry, request: &RuleRequest) -> Entry {
    let entry = entry.on("machine", request.machine).with("request", request.id.to_string());
    entry.with("asked_by", request.actor.id.clone()).with("name", request.machine_name.clone())
}

pub(super) fn changed(request: &RuleRequest, state: RuleRequestState) -> RuleRequestChanged {
    RuleRequestChanged { id: request.id, machine_id: request.machine, state }
}

pub(super) fn said(code: &str, words: &str) -> CommandProblem {
    CommandProblem::new(&plain(code, LONGEST_CODE), plain(words, LONGEST_WORDS))
}

async fn exchange(connected: &Connected, signed: &SignedRules) -> Option<RuleStanding> {
    let mut stream = connected.link.open(Priority::Interactive, encode(&Opening::Rules).into()).ok()?;
    stream.send(encode(signed).into()).await.ok()?;
    let answer = stream.receive().await.ok()??;
    // The machine waits to know that it was heard.
    stream.finish();
    Some(decode::<RuleNews>(&answer).ok()??.standing)
}

//! Who may ask for rules, take that back, and say yes or no from here.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::{Ctx, Entry, Problem};
use diwan_protocol::command::{Actor, Approval};
use diwan_protocol::control::ToBridge;
use diwan_protocol::rules::{Grant, LONGEST_WAIT_MS, MOST_OPEN, RuleStanding};

use super::carry::{about, changed, said};
use super::request::{RuleApproval, RuleRequest, RuleRequestId, RuleRequestState, RulesTold};
use super::table::{self, Ending};
use crate::commands::{ApprovalId, CommandActor, Target, machine_offline, nothing_to_approve};
use crate::connections::Connected;
use crate::fleet::Fleet;

/// How long a request waits for the owner: a little less than machines take, so that clocks may differ.
const WAIT: Duration = Duration::from_millis(LONGEST_WAIT_MS as u64);

impl Fleet {
    /// Asks the owner of a machine for rules.
    ///
    /// # Errors
    /// 409 when too many requests wait for that owner already.
    pub(super) async fn ask_for_rules(
        &self,
        ctx: &Ctx,
        target: Target,
        reason: String,
        text: String,
    ) -> Result<RuleRequest, Problem> {
        if table::open_on(self.db(), target.id).await?.len() >= MOST_OPEN {
            return Err(too_many());
        }
        // It waits as long as a request may: a clock that is read twice could make that a millisecond more.
        let now = ctx.now();
        let request = RuleRequest {
            id: RuleRequestId::new(self.world()),
            machine: target.id,
            machine_name: target.name,
            actor: CommandActor::from_ctx(ctx),
            reason,
            text,
            state: RuleRequestState::Waiting,
            told: RulesTold::default(),
            policy: None,
            from_afar: false,
            approval: None,
            problem: None,
            created_at: now,
            expires_at: now.plus(WAIT),
            ended_at: None,
        };
        let mut tx = self.db().begin(ctx).await?;
        table::insert(&mut tx, &request).await?;
        tx.emit(&changed(&request, request.state));
        tx.commit(about(Entry::done("rules.ask"), &request).with("text", lines(&request))).await?;
        if let Some(connected) = self.connections().find(request.machine) {
            // What a machine does not answer now, it answers when it comes again.
            let _ = self.carry_request(&connected, &request).await;
        }
        self.get_rule_request(request.id).await
    }

    /// The request with this id.
    ///
    /// # Errors
    /// 404.
    pub(super) async fn get_rule_request(&self, id: RuleRequestId) -> Result<RuleRequest, Problem> {
        table::find(self.db(), id).await?.ok_or_else(|| Problem::not_found("request for rules"))
    }

    /// Takes back what the same person asked for.
    ///
    /// # Errors
    /// 403 for anybody else, 409 when it is over.
    pub(super) async fn withdraw_rules(&self, ctx: &Ctx, id: RuleRequestId) -> Result<(), Problem> {
        let request = self.get_rule_request(id).await?;
        if !is_of(&request, &CommandActor::from_ctx(ctx)) {
            return Err(not_own());
        }
        self.close(ctx, &request, RuleRequestState::Withdrawn, None, "rules.withdraw").await
    }

    /// Says no from here.
    ///
    /// # Errors
    /// 409 when it is over.
    pub(super) async fn refuse_rules(&self, ctx: &Ctx, id: RuleRequestId, why: &str) -> Result<(), Problem> {
        let (request, by) = (self.get_rule_request(id).await?, CommandActor::from_ctx(ctx));
        let words = if why.is_empty() { by.name } else { format!("{}: {why}", by.name) };
        self.close(ctx, &request, RuleRequestState::Refused, Some(said("refused_here", &words)), "rules.refuse").await
    }

    async fn close(
        &self,
        ctx: &Ctx,
        request: &RuleRequest,
        state: RuleRequestState,
        problem: Option<crate::commands::CommandProblem>,
        action: &'static str,
    ) -> Result<(), Problem> {
        let ending = Ending { state, told: None, problem, at: ctx.now() };
        if !self.end_request(ctx, request, ending, Entry::done(action)).await? {
            return Err(over());
        }
        if let Some(connected) = self.connections().find(request.machine) {
            connected.tell(&ToBridge::ForgetRules(vec![request.id.to_string()])).await;
        }
        Ok(())
    }

    /// Says yes from here, where the machine's policy takes that.
    ///
    /// # Errors
    /// 403 for whoever asked, 409 when it is not for anybody here to say, or the machine does not take it.
    pub(super) async fn approve_rules(&self, ctx: &Ctx, id: RuleRequestId) -> Result<RuleRequest, Problem> {
        let (request, by) = (self.get_rule_request(id).await?, CommandActor::from_ctx(ctx));
        if request.actor.user_id.is_none() || is_of(&request, &by) {
            let denied = about(Entry::denied("rules.approve", "own_request"), &request);
            self.db().begin(ctx).await?.commit(denied).await?;
            return Err(own_request());
        }
        let connected = self.connections().find(request.machine);
        let policy = decidable(&request, connected.as_deref())?;
        let connected = connected.ok_or_else(|| machine_offline(&request.machine_name))?;
        let approval = RuleApproval { id: ApprovalId::new(self.world()), by, at: ctx.now() };
        let mut tx = self.db().begin(ctx).await?;
        if !table::set_approval(&mut tx, id, &approval).await? {
            return Err(over());
        }
        let entry = about(Entry::done("rules.approve"), &request).with("approval", approval.id.to_string());
        tx.commit(entry.with("text", lines(&request))).await?;
        let grant = Grant { approval: signed(&approval), boot: connected.hello.boot, policy: policy.into() };
        match self.ask_machine(&connected, &request, Some(grant)).await? {
            RuleStanding::NotTaken(reason) => return Err(not_taken(&said(&reason.code, &reason.words).detail)),
            standing => self.take_standing(&connected, &request, standing).await?,
        }
        self.get_rule_request(id).await
    }
}

/// Whether somebody here may decide now, and for which policy.
fn decidable(request: &RuleRequest, connected: Option<&Connected>) -> Result<[u8; 32], Problem> {
    match (request.state, request.policy) {
        (RuleRequestState::Asked, Some(_)) if !request.from_afar => Err(for_the_owner()),
        (RuleRequestState::Asked, Some(policy)) => match connected {
            Some(connected) if *connected.policy.borrow().hash != policy => Err(policy_changed()),
            _ => Ok(policy),
        },
        _ => Err(nothing_to_approve()),
    }
}

/// The register has texts in lines.
fn lines(request: &RuleRequest) -> Vec<String> {
    request.text.lines().map(str::to_owned).collect()
}

fn is_of(request: &RuleRequest, somebody: &CommandActor) -> bool {
    match (&request.actor.user_id, &somebody.user_id) {
        (Some(asker), Some(other)) => asker == other,
        _ => request.actor.id == somebody.id,
    }
}

fn signed(approval: &RuleApproval) -> Approval {
    let by = Actor { id: approval.by.id.clone(), name: approval.by.name.clone() };
    Approval { id: approval.id.to_string(), by, at_ms: approval.at.as_millis() }
}

fn own_request() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "own_request",
        "Somebody else has to say yes",
        "Nobody grants rules that they asked for themselves.",
        "Ask somebody else who manages machines, or the machine's owner.",
    )
}

fn not_own() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not_own_request",
        "Somebody else asked for this",
        "Only whoever asked for rules takes that back.",
        "Refuse it, if you manage machines.",
    )
}

fn over() -> Problem {
    Problem::conflict(
        "rule_request_over",
        "The request is over",
        "It was decided, taken back, or ended before this.",
        "Look at how it stands; ask again if the rules are still wanted.",
    )
}

fn too_many() -> Problem {
    Problem::conflict(
        "too_many_rule_requests",
        "Too many requests wait for the owner",
        format!("{MOST_OPEN} requests for rules wait for the owner of this machine."),
        "Take some back, or wait until they are decided.",
    )
}

fn for_the_owner() -> Problem {
    Problem::conflict(
        "rules_need_owner",
        "Only the machine's owner can grant this",
        "The machine's policy does not take approvals from afar, or the rules leave the sandbox.",
        "On the machine: diwan bridge policy requests, then diwan bridge policy grant.",
    )
}

fn policy_changed() -> Problem {
    Problem::conflict(
        "policy_changed",
        "The machine's policy changed",
        "The rules were judged with another policy than the one in force now.",
        "Look at what they would newly allow, and decide again.",
    )
}

fn not_taken(words: &str) -> Problem {
    Problem::conflict(
        "rules_not_taken",
        "The machine did not take the rules",
        format!("The machine says: {words}"),
        "Have its owner look: diwan bridge policy requests.",
    )
}

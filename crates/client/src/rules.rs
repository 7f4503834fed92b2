//! Operations about rules that machines' owners are asked for.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::call::Query;
use crate::client::Client;
use crate::commands::{CommandActor, CommandProblem};
use crate::model::Page;
use crate::operations::{Answer, part};

/// Rules that somebody asks a machine's owner for.
#[derive(Debug, Clone, Deserialize)]
pub struct RuleRequest {
    /// Its id.
    pub id: String,
    /// What the machine was called then.
    pub machine_name: String,
    /// Who asks.
    pub actor: CommandActor,
    /// What for.
    pub reason: String,
    /// The rules.
    pub text: String,
    /// Where it stands: `waiting`, `asked`, `granted`, `refused`, `faulty`, `withdrawn`, `expired`.
    pub state: String,
    /// What each rule would newly say, in the words of the machine.
    pub words: Vec<String>,
    /// What is wrong with the text.
    pub faults: Vec<RuleFault>,
    /// Whether somebody at the control plane may grant it.
    pub from_afar: bool,
    /// Who said no and why, or why the machine did not take it.
    pub problem: Option<CommandProblem>,
    /// When it was asked.
    pub created_at: String,
    /// Until when it may be granted.
    pub expires_at: String,
}

/// Something that is wrong with the text.
#[derive(Debug, Clone, Deserialize)]
pub struct RuleFault {
    /// The line, from 1.
    pub line: u32,
    /// What.
    pub words: String,
}

impl Client {
    /// The rules that a machine's owner was asked for, newest first.
    ///
    /// # Errors
    /// When the machine is not there or may not be seen.
    pub async fn list_rule_requests(&self, machine: &str, query: Query) -> Answer<Page<RuleRequest>> {
        self.get(&format!("/machines/{}/rule-requests", part(machine)), query).await
    }

    /// One request for rules.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn get_rule_request(&self, id: &str) -> Answer<RuleRequest> {
        self.get(&format!("/rule-requests/{}", part(id)), Query::new()).await
    }

    /// Asks a machine's owner for rules.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_rule_request(&self, machine: &str, text: &str, reason: &str) -> Answer<RuleRequest> {
        let body = json!({"text": text, "reason": reason});
        self.write(Method::POST, &format!("/machines/{}/rule-requests", part(machine)), Some(body)).await
    }

    /// Takes a request back.
    ///
    /// # Errors
    /// When somebody else asked, or it is over.
    pub async fn withdraw_rule_request(&self, id: &str) -> Answer<()> {
        self.write(Method::DELETE, &format!("/rule-requests/{}", part(id)), None).await
    }

    /// Says yes to rules that somebody else asks for.
    ///
    /// # Errors
    /// When that is not for the caller to say, or the machine does not take it.
    pub async fn approve_rule_request(&self, id: &str) -> Answer<RuleRequest> {
        self.write(Method::POST, &format!("/rule-requests/{}/approve", part(id)), None).await
    }

    /// Says no.
    ///
    /// # Errors
    /// When it is over.
    pub async fn refuse_rule_request(&self, id: &str, why: &str) -> Answer<RuleRequest> {
        self.write(Method::POST, &format!("/rule-requests/{}/refuse", part(id)), Some(json!({"why": why}))).await
    }
}

//! The book of policies: which there are, and what each of them says, vouched for as a whole. A policy
//! that is not in the book, or says something else there, is not obeyed; and where a denial of the book
//! is missing, nobody knows what it denied, so that nothing is allowed until it is put right.

use std::collections::BTreeMap;

use diwan_kernel::{Ctx, DbError, Entry, Problem, Tx};
use serde::{Deserialize, Serialize};

use crate::envelope::Vouching;
use crate::error;
use crate::policy::{Effect, PolicyId, Rule};
use crate::table::policy::{self, Found, StoredBook};
use crate::vault::Vault;
use crate::vouch::{Said, mark};

/// What the book says of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Vouched {
    effect: Effect,
    signature: String,
}

/// The book.
#[derive(Debug, Default)]
pub(crate) struct Book {
    policies: BTreeMap<String, Vouched>,
}

impl Rule {
    fn said(&self) -> Said {
        Said::of("policy")
            .and(self.id.bits().to_be_bytes())
            .and(&self.name)
            .and(self.effect.as_str())
            .and(self.subject_kind.as_str())
            .and(&self.subject)
            .and(self.secrets.as_str())
            .json(&self.actions)
            .json(&self.purposes)
            .moment(self.expires_at)
            .moment(self.created_at)
            .perhaps(self.created_by.as_deref())
    }
}

fn vouched(rule: &Rule, vouching: &Vouching) -> Vouched {
    let signature = rule.said().sign(vouching).iter().map(|b| format!("{b:02x}")).collect();
    Vouched { effect: rule.effect, signature }
}

fn said(policies: &str) -> Said {
    Said::of("policies").and(policies)
}

impl Book {
    /// Opens the book; `None` when it is not as it was signed.
    pub(crate) fn open(stored: Option<&StoredBook>, vouching: &Vouching) -> Option<Self> {
        let stored = stored.filter(|book| said(&book.policies).holds(vouching, &book.signature))?;
        serde_json::from_str(&stored.policies).ok().map(|policies| Self { policies })
    }

    /// Whether the policy says what the book says of it.
    pub(crate) fn has(&self, rule: &Rule, vouching: &Vouching) -> bool {
        self.policies.get(&rule.id.to_string()) == Some(&vouched(rule, vouching))
    }

    /// The ids of those that are not among these.
    pub(crate) fn missing<'a>(&'a self, rules: &'a [Rule]) -> impl Iterator<Item = &'a str> {
        let is_here = |id: &str| rules.iter().any(|rule| rule.id.to_string() == id);
        self.policies.keys().map(String::as_str).filter(move |id| !is_here(id))
    }

    fn lacks_a_denial(&self, rules: &[Rule]) -> bool {
        self.missing(rules).any(|id| self.policies.get(id).is_some_and(|p| p.effect == Effect::Deny))
    }

    fn close(&self, vouching: &Vouching) -> StoredBook {
        let policies = serde_json::json!(self.policies).to_string();
        StoredBook { signature: said(&policies).sign(vouching), policies }
    }
}

/// Begins a book with these policies, and writes down how it must look from here on.
pub(crate) async fn begin(tx: &mut Tx, rules: &[Rule], vouching: &Vouching) -> Result<(), DbError> {
    let policies = rules.iter().map(|rule| (rule.id.to_string(), vouched(rule, vouching))).collect();
    let book = Book { policies }.close(vouching);
    policy::begin_book(tx, &book).await?;
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let entry = Entry::done("secret_policy.vouch").on("secret_policy", "*").with("mark", mark(&book.signature));
    tx.record(entry.with("policies", serde_json::json!(names))).await
}

impl Vault {
    /// The policies to decide by.
    ///
    /// # Errors
    /// 503 while the vault is sealed; when the book was edited, or a denial is missing or was edited.
    pub(crate) async fn rules(&self) -> Result<Vec<Rule>, Problem> {
        let (book, rules) = self.vouched_rules().await?;
        match book {
            None => Err(error::tampered("the list of policies was edited")),
            Some(book) if book.lacks_a_denial(&rules) => Err(error::tampered("a policy that denies was edited")),
            Some(_) => Ok(rules),
        }
    }

    /// What can be said of the policies to somebody who only looks: none while they cannot be relied on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn rules_at_hand(&self) -> Result<Vec<Rule>, Problem> {
        match self.rules().await {
            Err(problem) if self.seal().masters().is_none() || error::is_tampered(&problem) => Ok(vec![]),
            other => other,
        }
    }

    /// The policies to show and to change: while the vault is sealed those that are stored, otherwise
    /// those that are vouched for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn shown_rules(&self) -> Result<Vec<Rule>, Problem> {
        if self.seal().masters().is_none() {
            let (_, found) = policy::list(self.db()).await?;
            return Ok(found.into_iter().filter_map(Found::read).collect());
        }
        Ok(self.vouched_rules().await?.1)
    }

    async fn vouched_rules(&self) -> Result<(Option<Book>, Vec<Rule>), Problem> {
        let masters = self.masters()?;
        let (stored, found) = policy::list(self.db()).await?;
        let Some(book) = Book::open(stored.as_ref(), masters.vouching()) else { return Ok((None, vec![])) };
        let found = found.into_iter().filter_map(Found::read);
        let rules = found.filter(|rule| book.has(rule, masters.vouching())).collect();
        Ok((Some(book), rules))
    }

    /// Enters a policy into the book, or strikes it out. Says how the book must look from here on, and
    /// whether the policy was in it. A book that cannot be relied on is begun anew: what was in it holds
    /// when somebody saves it again.
    ///
    /// # Errors
    /// 409 when somebody else changed a policy at the same moment; 503 while the vault is sealed.
    pub(crate) async fn enter(
        &self,
        tx: &mut Tx,
        id: PolicyId,
        rule: Option<&Rule>,
    ) -> Result<(String, bool), Problem> {
        let masters = self.masters()?;
        let stored = policy::book(tx).await?;
        let mut book = Book::open(stored.as_ref(), masters.vouching()).unwrap_or_default();
        let before = match rule {
            Some(rule) => book.policies.insert(id.to_string(), vouched(rule, masters.vouching())),
            None => book.policies.remove(&id.to_string()),
        };
        let closed = book.close(masters.vouching());
        if !policy::replace_book(tx, &closed, stored.as_ref()).await? {
            return Err(changed_meanwhile());
        }
        Ok((mark(&closed.signature), before.is_some()))
    }

    /// Has the policies that are stored vouched for: for a vault that begins.
    pub(crate) async fn begin_book(&self, tx: &mut Tx, vouching: &Vouching) -> Result<(), DbError> {
        let rules: Vec<Rule> = policy::list_in(tx).await?.into_iter().filter_map(Found::read).collect();
        begin(tx, &rules, vouching).await
    }
}

/// Whether the caller asks for Diwan itself, which needs no policy.
pub(crate) const fn is_own(ctx: &Ctx) -> bool {
    matches!(ctx.actor, diwan_kernel::Actor::System(_))
}

fn changed_meanwhile() -> Problem {
    Problem::conflict(
        "policies_changed_meanwhile",
        "The policies were changed meanwhile",
        "Somebody else changed a policy at the same moment.",
        "Look at the policies again, then repeat what you wanted.",
    )
}

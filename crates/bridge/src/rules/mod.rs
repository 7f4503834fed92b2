//! Rules that the control plane asks the owner for: kept, judged, and granted by the owner or, where the policy
//! takes that, by a signed yes from afar.
//!
//! The owner decides with `diwan bridge policy`, which is a process of its own: a grant is a change of the policy
//! file, a no is a line beside it, and both are seen here when they are there.

mod amend;
mod grant;
pub(crate) mod refusals;
mod shelf;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use diwan_kernel::World;
use diwan_link::Stream;
use diwan_policy::RuleRequest;
use diwan_protocol::rules::{Judged, MOST_OPEN, RuleFault, RuleNews, RuleStand, RuleStanding};
use diwan_protocol::run::Reason;
use diwan_protocol::{Refusal, RuleAsk, SignedRules, VerifyingKey, decode, encode};
use tokio::sync::watch;

pub(crate) use amend::amend;
pub(crate) use grant::signed_for;
pub(crate) use shelf::Shelf;

use crate::policy_file::PolicyFile;

/// Nobody reads more faults than this.
const MOST_FAULTS: usize = 20;
/// Nor longer ones.
const LONGEST_WORDS: usize = 2000;

/// What the requests stand on.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) world: World,
    /// This machine's id.
    pub(crate) machine: String,
    /// What was drawn by lot when this process started.
    pub(crate) boot: [u8; 16],
    /// The keys of the control plane.
    pub(crate) keys: watch::Receiver<Vec<VerifyingKey>>,
    pub(crate) policy: PolicyFile,
    pub(crate) shelf: Shelf,
}

/// The requests for rules. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ground: Ground,
    /// The approvals that counted already, and until when somebody could bring them again.
    spent: Mutex<BTreeMap<String, i64>>,
}

impl Rules {
    pub(crate) fn new(ground: Ground) -> Self {
        Self { inner: Arc::new(Inner { ground, spent: Mutex::default() }) }
    }

    /// Hears a request, or a yes from afar, and answers where it stands.
    pub(crate) async fn hear(&self, mut stream: Stream) {
        let Ok(Some(message)) = stream.receive().await else { return };
        let Ok(Some(signed)) = decode::<SignedRules>(&message) else {
            return crate::commands::refuse(stream, "what is asked for makes no sense");
        };
        let inner = Arc::clone(&self.inner);
        let heard = self.inner.ground.world.heavy(move || inner.hear(&signed)).await;
        if let Ok(news) = heard
            && stream.send(encode(&news).into()).await.is_ok()
        {
            crate::commands::say_goodbye(stream).await;
        }
    }

    /// Where all that is kept stands now.
    pub(crate) async fn news(&self) -> Vec<RuleNews> {
        let inner = Arc::clone(&self.inner);
        self.inner.ground.world.heavy(move || inner.news()).await.unwrap_or_default()
    }

    /// These are not asked for any longer.
    pub(crate) async fn forget(&self, ids: Vec<String>) {
        let shelf = self.inner.ground.shelf.clone();
        let forget = move || {
            for error in ids.iter().filter_map(|id| shelf.forget(id).err()) {
                tracing::warn!("a request for rules cannot be removed: {error}");
            }
        };
        // What is still there is told of again.
        let _ = self.inner.ground.world.heavy(forget).await;
    }
}

impl Inner {
    fn stand(&self) -> RuleStand<'_> {
        let Ground { world, machine, boot, policy, .. } = &self.ground;
        RuleStand { machine, boot: *boot, policy: policy.now().hash, now_ms: world.now().as_millis() }
    }

    fn open(&self, signed: &SignedRules) -> Result<RuleAsk, Refusal> {
        signed.open(&self.ground.keys.borrow(), self.stand())
    }

    fn hear(&self, signed: &SignedRules) -> RuleNews {
        let ask = match self.open(signed) {
            Ok(ask) => ask,
            Err(refusal) => {
                tracing::warn!("rules were asked for, and that is not believed: {refusal}");
                return RuleNews { id: String::new(), standing: disbelieved(refusal) };
            }
        };
        let standing = match &ask.grant {
            Some(yes) => self.grant(&ask, yes),
            None => self.keep(&ask, signed),
        };
        RuleNews { id: ask.id, standing }
    }

    fn keep(&self, ask: &RuleAsk, signed: &SignedRules) -> RuleStanding {
        let standing = self.standing(ask);
        if !matches!(standing, RuleStanding::Waiting(_)) {
            return standing;
        }
        let shelf = &self.ground.shelf;
        let kept = shelf.list().unwrap_or_default();
        if kept.len() >= MOST_OPEN && kept.iter().all(|(id, _)| *id != ask.id) {
            return not_taken("too_many", "too many requests wait for the owner of this machine");
        }
        match shelf.keep(&ask.id, signed) {
            Ok(()) => standing,
            Err(error) => not_taken("not_kept", &error.to_string()),
        }
    }

    /// Where a request stands with the policy that is in force.
    fn standing(&self, ask: &RuleAsk) -> RuleStanding {
        let policy = self.ground.policy.now();
        let Some(text) = policy.text() else {
            return not_taken("no_policy", "this machine has no policy that rules could be added to");
        };
        let request = RuleRequest { text: ask.text.clone() };
        if request.is_in(text) {
            return RuleStanding::Granted;
        }
        if let Some(why) = refusals::read(&self.ground.world, self.ground.policy.path()).remove(&ask.id) {
            return RuleStanding::Refused(why);
        }
        match request.judge(text) {
            Ok(wish) => RuleStanding::Waiting(Judged {
                words: wish.in_words.iter().map(|words| cut(words)).collect(),
                policy: policy.hash.into(),
                from_afar: wish.can_be_granted_from_afar(),
            }),
            Err(faults) => faulty(&faults),
        }
    }

    fn news(&self) -> Vec<RuleNews> {
        let mut news = vec![];
        for (id, signed) in self.ground.shelf.list().unwrap_or_default() {
            match self.open(&signed) {
                Ok(ask) if ask.id == id => news.push(RuleNews { standing: self.standing(&ask), id }),
                // It expired, or is none of ours.
                _ => drop(self.ground.shelf.forget(&id)),
            }
        }
        news
    }
}

fn cut(words: &str) -> String {
    words.chars().take(LONGEST_WORDS).collect()
}

fn faulty(faults: &diwan_policy::Faults) -> RuleStanding {
    let told = faults.0.iter().take(MOST_FAULTS).map(|fault| {
        let words = if fault.key.is_empty() { fault.text.clone() } else { format!("{}: {}", fault.key, fault.text) };
        RuleFault { line: u32::try_from(fault.line).unwrap_or(u32::MAX), words: cut(&words) }
    });
    RuleStanding::Faulty(told.collect())
}

fn not_taken(code: &str, words: &str) -> RuleStanding {
    RuleStanding::NotTaken(Reason { code: code.to_owned(), words: cut(words) })
}

fn disbelieved(refusal: Refusal) -> RuleStanding {
    let words = match refusal {
        Refusal::Policy => "the policy of this machine is another than the one that was agreed to",
        Refusal::Boot => "the yes is from before the bridge started",
        Refusal::Expired => "its time is over",
        Refusal::ClockSkew => "the clocks of control plane and machine differ",
        Refusal::Machine => "it is for another machine",
        _ => "it is not signed by the control plane in a form that is known here",
    };
    not_taken(refusal.code(), words)
}

//! How a machine becomes one of ours: it shows the token of its line, and that it has a key; it gets a
//! certificate for that key.

use std::net::IpAddr;

use diwan_kernel::{Ctx, DbError, Entry, Problem, Tx};
use diwan_link::Link;
use diwan_protocol::join::{JoinAnswer, JoinRefused, JoinRequest, Joined};
use diwan_protocol::{Opening, decode, encode};
use tokio::time::timeout;

use crate::authority::Issued;
use crate::certificate_request::ProvedKey;
use crate::event::{JoinTokenChanged, MachineJoined};
use crate::facts::MachineFacts;
use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::gateway::PATIENCE;
use crate::join_token::hash_of;
use crate::keys::Generation;
use crate::label::Labels;
use crate::machine::{Known, MachineId, Standing};
use crate::table::certificate::Certificate;
use crate::table::join_token::JoinToken;
use crate::table::{self, machine};

/// Why a machine does not join.
enum NotJoined {
    /// It may not: a word for programs, and words.
    Refused(&'static str, String),
    /// What went wrong is not the machine's fault.
    Later(Problem),
}

impl From<Problem> for NotJoined {
    fn from(problem: Problem) -> Self {
        Self::Later(problem)
    }
}

impl From<DbError> for NotJoined {
    fn from(error: DbError) -> Self {
        Self::Later(error.into())
    }
}

impl From<rcgen::Error> for NotJoined {
    fn from(error: rcgen::Error) -> Self {
        Self::Later(Problem::internal(error))
    }
}

impl NotJoined {
    fn refused(code: &'static str, words: &str) -> Self {
        Self::Refused(code, words.to_owned())
    }

    fn told(self, from: IpAddr) -> JoinRefused {
        let (code, words) = match self {
            Self::Refused(code, words) => (code, words),
            Self::Later(problem) => {
                tracing::warn!(?problem, "a machine cannot join now");
                ("try_later", problem.detail().to_owned())
            }
        };
        tracing::info!(%from, code, "a machine was not let join");
        JoinRefused { code: code.to_owned(), words }
    }
}

impl Fleet {
    /// Hears what a newcomer wants, and answers.
    pub(crate) async fn welcome_newcomer(&self, link: Link, generation: u64, from: IpAddr) -> Farewell {
        let asked = async {
            let (mut stream, opening) = link.accept().await?;
            if !matches!(decode(&opening), Ok(Some(Opening::Join))) {
                return None;
            }
            let message = stream.receive().await.ok()??;
            Some((stream, decode::<JoinRequest>(&message).ok()??))
        };
        let Ok(Some((mut stream, request))) = timeout(PATIENCE, asked).await else {
            return Farewell::protocol("a machine without a certificate may only ask to join");
        };
        let answer = match self.join(request, generation, from).await {
            Ok(joined) => JoinAnswer::Joined(joined),
            Err(not) => JoinAnswer::Refused(not.told(from)),
        };
        if stream.send(encode(&answer).into()).await.is_ok() {
            stream.finish();
            // The machine has it when it goes: a farewell from here could overtake the answer.
            let _ = timeout(PATIENCE, link.ended()).await;
        }
        Farewell::done()
    }

    async fn join(&self, request: JoinRequest, generation: u64, from: IpAddr) -> Result<Joined, NotJoined> {
        let unknown = || NotJoined::refused("token_unknown", "There is no such token, or it was withdrawn.");
        let token = table::join_token::find_hashed(self.db(), hash_of(&request.token)).await?;
        let token = token.filter(|token| token.withdrawn_at.is_none()).ok_or_else(unknown)?;
        if token.expires_at <= self.world().now() {
            let words = "The token has expired: it lives for 15 minutes. Ask for a new line.";
            return Err(NotJoined::refused("token_expired", words));
        }
        let malformed = || {
            let words = "The request is not signed with its own key, or that is neither Ed25519 nor ECDSA P-256.";
            NotJoined::refused("request_malformed", words)
        };
        let key = ProvedKey::read(&request.request).ok_or_else(malformed)?;
        let keys = self.keys().await?;
        let keys = keys.of(generation);
        let facts = MachineFacts::from(request.facts);
        let machine = match token.used_at {
            None => self.let_in(keys, &token, &key, &facts, from).await?,
            Some(_) => return self.answer_again(keys, &token, &key, from).await,
        };
        let (known, issued) = machine;
        Ok(self.joined(keys, known.id, known.name, &issued))
    }

    /// Spends the token and writes the machine down, both or neither.
    async fn let_in(
        &self,
        keys: &Generation,
        token: &JoinToken,
        key: &ProvedKey,
        facts: &MachineFacts,
        from: IpAddr,
    ) -> Result<(Known, Issued), NotJoined> {
        let ctx = Ctx::system(self.world(), "fleet");
        let id = token.rejoins.unwrap_or_else(|| MachineId::new(self.world()));
        let issued = keys.authority.vouch(self.world(), id, &key.key)?;
        let mut tx = self.db().begin(&ctx).await?;
        if !table::join_token::spend(&mut tx, token.id, key.hash, ctx.now()).await? {
            drop(tx);
            return Err(used());
        }
        let known = match token.rejoins {
            None => {
                let known = new_machine(id, token, facts, &ctx);
                match machine::insert(&mut tx, &known).await {
                    Err(DbError::Unique(_)) => return Err(name_taken(&token.name)),
                    other => other?,
                }
                known
            }
            Some(id) => {
                let known = machine::find(self.db(), id).await?;
                let is_back = machine::rejoin(&mut tx, id, facts, ctx.now()).await?;
                let known = known.filter(|_| is_back);
                table::certificate::void_all(&mut tx, id, ctx.now()).await?;
                known.ok_or_else(|| NotJoined::refused("token_unknown", "The machine was put out meanwhile."))?
            }
        };
        table::join_token::set_machine(&mut tx, token.id, id).await?;
        self.write_down(&mut tx, id, key, &issued).await?;
        table::generation::set_learned(&mut tx, id, keys.number).await?;
        tx.emit(&MachineJoined { id, name: known.name.clone() });
        tx.emit(&JoinTokenChanged { id: token.id });
        let action = if token.rejoins.is_some() { "machine.rejoin" } else { "machine.join" };
        let entry = Entry::done(action).on("machine", id).with("name", known.name.clone());
        let entry = entry.with("from", from.to_string()).with("join_token", token.id.to_string());
        tx.commit(entry).await?;
        if token.rejoins.is_some() {
            // Whoever still talks with the key from before is not believed any more.
            self.send_away(id, Farewell::unknown());
        }
        Ok((known, issued))
    }

    /// The answer was lost on its way: who has the same key gets it again. Anybody else has the wrong token.
    async fn answer_again(
        &self,
        keys: &Generation,
        token: &JoinToken,
        key: &ProvedKey,
        from: IpAddr,
    ) -> Result<Joined, NotJoined> {
        let ctx = Ctx::system(self.world(), "fleet");
        let known = match token.machine {
            Some(id) => machine::find(self.db(), id).await?,
            None => None,
        };
        let is_same = token.key_hash.as_deref() == Some(&key.hash[..]);
        let Some(known) = known.filter(|known| is_same && known.standing != Standing::Revoked) else {
            let entry = Entry::denied("machine.join", "token_used").on("join_token", token.id);
            let tx = self.db().begin(&ctx).await?;
            tx.commit(entry.with("from", from.to_string())).await?;
            return Err(used());
        };
        let issued = keys.authority.vouch(self.world(), known.id, &key.key)?;
        self.give_certificate(known.id, key, &issued).await?;
        Ok(self.joined(keys, known.id, known.name, &issued))
    }

    fn joined(&self, keys: &Generation, machine: MachineId, name: String, issued: &Issued) -> Joined {
        Joined {
            machine: machine.to_string(),
            name,
            chain: issued.chain.iter().map(|der| der.to_vec().into()).collect(),
            keys: vec![keys.signing.verifying_key()],
            now_ms: self.world().now().as_millis(),
        }
    }

    /// Writes a certificate down.
    pub(crate) async fn write_down(
        &self,
        tx: &mut Tx,
        machine: MachineId,
        key: &ProvedKey,
        issued: &Issued,
    ) -> Result<(), DbError> {
        let now = self.world().now();
        let certificate = Certificate {
            serial: issued.serial.clone(),
            machine,
            key_hash: key.hash,
            issued_at: now,
            ends_at: issued.ends_at,
            voided_at: None,
        };
        table::certificate::insert(tx, &certificate, now.minus(diwan_link::tls::GRACE)).await
    }
}

fn new_machine(id: MachineId, token: &JoinToken, facts: &MachineFacts, ctx: &Ctx) -> Known {
    Known {
        id,
        name: token.name.clone(),
        labels: Labels::clone(&token.labels),
        standing: Standing::Active,
        facts: facts.clone(),
        policy_hash: None,
        policy_fault: None,
        skew_ms: None,
        joined_at: ctx.now(),
        joined_by: token.created_by.clone(),
        rejoined_at: None,
        last_seen_at: None,
        locked_at: None,
        revoked_at: None,
    }
}

fn used() -> NotJoined {
    NotJoined::refused("token_used", "The token was used before: each joins one machine. Ask for a new line.")
}

fn name_taken(name: &str) -> NotJoined {
    let words = format!("There is a machine with the name {name} by now. Ask for a new line with another name.");
    NotJoined::Refused("name_taken", words)
}

//! The task that carries mails to the mail server, one after the other, again and again until they
//! are taken or there is no point in it.

use std::time::Duration;

use diwan_kernel::config::{Live, NOT_A_HOST, SecretSource, Wrong, check_host};
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Problem, TaskPolicy};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::sync::Notify;

use super::{Body, message};
use crate::config::{MailConfig, MailSecurity};
use crate::identity::Identity;
use crate::table::outbox_mail::{self, State, Stored};

/// How long one conversation with the mail server may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// A mail that was claimed by a sender that died is tried again after this.
const CLAIM: Duration = Duration::from_secs(120);
/// A mail that nobody took for so long is kept for the owner to see.
const GIVE_UP: Duration = Duration::from_secs(24 * 3600);
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
const BATCH: u32 = 20;
/// Another node may have written a mail down without being able to wake this one.
const LOOK_ANYWAY: Duration = Duration::from_secs(30);

/// Knows where the mail server is, as the settings say at each moment.
#[derive(Debug)]
pub(crate) struct Mailer {
    settings: Live<MailConfig>,
    instance_name: String,
    woken: Notify,
}

/// The way to the mail server.
struct Way {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    pub(crate) fn new(settings: Live<MailConfig>, instance_name: &str) -> Self {
        Self { settings, instance_name: instance_name.to_owned(), woken: Notify::new() }
    }

    /// Whether there is a mail server.
    pub(crate) fn is_set_up(&self) -> bool {
        !self.settings.get().host.is_empty()
    }

    /// Says that there may be something to send.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// The way as the settings describe it now.
    async fn way(&self, secrets: &dyn SecretSource) -> Result<Way, NotTaken> {
        let settings = self.settings.get();
        if settings.host.is_empty() {
            return Err(NotTaken { why: "there is no mail server".into(), for_good: true });
        }
        let later = |why: String| NotTaken { why, for_good: false };
        let wrong = |wrong: Wrong| later(format!("mail.{}: {}", wrong.path, wrong.reason.text));
        let mut from = sender_of(&settings).map_err(wrong)?;
        from.name.get_or_insert_with(|| self.instance_name.clone());
        let (tls, usual_port) = protection(&settings).map_err(wrong)?;
        let port = if settings.port == 0 { usual_port } else { settings.port };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(port)
            .tls(tls)
            .timeout(Some(PATIENCE / 3));
        if !settings.username.is_empty() {
            let password = settings.password.read(secrets, "mail").await;
            let password = password.map_err(|problem| later(format!("the password cannot be had: {problem}")))?;
            builder = builder.credentials(Credentials::new(settings.username.clone(), password.expose().clone()));
        }
        Ok(Way { transport: builder.build(), from })
    }
}

diwan_kernel::phrases! {
    /// What the section `mail` can say.
    pub(crate) REASONS:
    SENDER = "mail_address", "it must be an address like diwan@example.org or Diwan <diwan@example.org>";
    NO_SENDER = "mail_sender", "it is missing: mails that leave need a sender, like diwan@example.org";
    IN_CLEAR = "password_in_clear", "without TLS the password would travel in clear; use starttls or tls";
}

/// What is wrong with these settings, if anything.
///
/// # Errors
/// The setting, and why.
pub(crate) fn check(settings: &MailConfig) -> Result<(), Wrong> {
    if !settings.from.is_empty() {
        sender_of(settings)?;
    }
    if settings.host.is_empty() {
        return Ok(());
    }
    check_host(&settings.host).map_err(|why| why.at("host"))?;
    if settings.from.is_empty() {
        return Err(NO_SENDER.at("from"));
    }
    protection(settings).map(drop)
}

fn sender_of(settings: &MailConfig) -> Result<Mailbox, Wrong> {
    settings.from.parse().map_err(|_| SENDER.at("from"))
}

fn protection(config: &MailConfig) -> Result<(Tls, u16), Wrong> {
    let parameters = || TlsParameters::new(config.host.clone()).map_err(|_| NOT_A_HOST.at("host"));
    match config.security {
        MailSecurity::Starttls => Ok((Tls::Required(parameters()?), 587)),
        MailSecurity::Tls => Ok((Tls::Wrapper(parameters()?), 465)),
        MailSecurity::None if config.username.is_empty() || is_this_machine(&config.host) => Ok((Tls::None, 25)),
        MailSecurity::None => Err(IN_CLEAR.at("security")),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Starts the task.
pub(crate) fn spawn(identity: &Identity) {
    let identity = identity.clone();
    identity.supervisor().clone().spawn("mail sender", TaskPolicy::Critical, async move {
        let mut settings = identity.factors().mailer().settings.clone();
        while !identity.supervisor().is_stopping() {
            let pause = match round(&identity).await {
                Ok(pause) => pause,
                Err(problem) => {
                    tracing::warn!(error = ?problem, "the outbox cannot be read; trying again");
                    LOOK_ANYWAY
                }
            };
            tokio::select! {
                biased;
                () = identity.factors().mailer().woken.notified() => {}
                // What was not taken may be taken there.
                _ = settings.changed() => {}
                _ = identity.supervisor().pause(pause) => {}
            }
        }
    });
}

/// Sends what is due; says how long there is nothing to do.
async fn round(identity: &Identity) -> Result<Duration, Problem> {
    let ctx = Ctx::system(identity.world(), "mail sender");
    let due = outbox_mail::due(identity.db(), ctx.now(), BATCH).await?;
    let is_full = due.len() == BATCH as usize;
    if !due.is_empty() {
        // One way for all of them: its password is read from the vault once.
        let way = identity.factors().mailer().way(identity.secrets()).await;
        for mail in due {
            if identity.supervisor().is_stopping() {
                return Ok(Duration::ZERO);
            }
            carry(identity, &ctx, mail, &way).await?;
        }
    }
    if is_full {
        return Ok(Duration::ZERO);
    }
    let next = outbox_mail::next_due(identity.db()).await?;
    Ok(next.map_or(LOOK_ANYWAY, |next| next.since(ctx.now()).min(LOOK_ANYWAY)))
}

/// Tries to hand one mail over, and notes how that went.
async fn carry(identity: &Identity, ctx: &Ctx, mail: Stored, way: &Result<Way, NotTaken>) -> Result<(), Problem> {
    let mut tx = identity.db().begin(ctx).await?;
    let claimed = outbox_mail::claim(&mut tx, &mail, ctx.now().plus(CLAIM)).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    if !claimed {
        return Ok(());
    }
    let (state, pause, error) = match hand_over(identity, &mail, way).await {
        Ok(()) => (State::Sent, Duration::ZERO, None),
        Err(NotTaken { why, for_good }) => {
            let too_long = ctx.now().since(mail.created_at) >= GIVE_UP;
            tracing::warn!(mail = %mail.id, attempt = mail.attempts + 1, error = %why, "a mail was not taken");
            if for_good || too_long {
                (State::Kept, Duration::ZERO, Some(why))
            } else {
                (State::Queued, pause_after(ctx, mail.attempts), Some(why))
            }
        }
    };
    let mut tx = identity.db().begin(ctx).await?;
    outbox_mail::settle(&mut tx, mail.id, state, ctx.now().plus(pause), error).await?;
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    Ok(())
}

#[derive(Clone)]
struct NotTaken {
    why: String,
    for_good: bool,
}

async fn hand_over(identity: &Identity, mail: &Stored, way: &Result<Way, NotTaken>) -> Result<(), NotTaken> {
    let for_good = |why: String| NotTaken { why, for_good: true };
    let way = way.as_ref().map_err(Clone::clone)?;
    let body = Body::open(identity, mail).map_err(|problem| for_good(format!("{problem:?}")))?;
    let id = mail.id.to_string();
    let message = message::build(&way.from, &mail.recipient, &id, mail.created_at, &body);
    let message = message.map_err(|e| for_good(e.to_string()))?;
    match tokio::time::timeout(PATIENCE, way.transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(e)) => Err(NotTaken { for_good: e.is_permanent(), why: e.to_string() }),
        Err(_) => Err(NotTaken { for_good: false, why: "the mail server did not answer in time".into() }),
    }
}

/// Longer and longer, and never the same for all.
fn pause_after(ctx: &Ctx, attempts: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE);
    let part = u32::from_be_bytes(ctx.world.random());
    longest / 2 + (longest / 2).mul_f64(f64::from(part) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_kernel::World;

    fn config(host: &str, security: MailSecurity, username: &str) -> MailConfig {
        MailConfig {
            host: host.into(),
            security,
            username: username.into(),
            password: "s3cret".into(),
            from: "diwan@example.org".into(),
            ..MailConfig::default()
        }
    }

    #[test]
    fn a_password_never_travels_in_clear_to_another_machine() {
        let named = |host| check(&config(host, MailSecurity::None, "diwan"));
        assert_eq!(named("mail.example.org").unwrap_err().path, "security");
        assert!(named("127.0.0.1").is_ok() && named("localhost").is_ok());
        assert!(check(&config("mail.example.org", MailSecurity::None, "")).is_ok());
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused() {
        for from in ["", "diwan", "a@b.org\r\nBcc: c@d.org", "a@b.org, c@d.org"] {
            let config = MailConfig { from: from.into(), ..config("localhost", MailSecurity::None, "") };
            assert_eq!(check(&config).unwrap_err().path, "from", "{from:?}");
        }
        assert_eq!(check(&MailConfig::default()), Ok(()));
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let ctx = Ctx::system(&World::real(), "test");
        for attempts in [0, 1, 5, 40, u32::MAX] {
            let pause = pause_after(&ctx, attempts);
            assert!(pause >= FIRST_PAUSE / 2 && pause <= LONGEST_PAUSE, "{attempts}: {pause:?}");
        }
        assert!(pause_after(&ctx, 0) <= FIRST_PAUSE);
    }
}

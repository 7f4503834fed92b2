//! What the mails say, in the language of whoever reads them.
//!
//! Every mail is written twice from the same paragraphs: as plain text and as simple HTML without
//! pictures, styles from elsewhere or anything that tells that it was opened.

use super::Mail;
use crate::alarm::GlassBroken;

/// What a mail is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Letter<'a> {
    /// A link to sign in with.
    SignInLink {
        /// It.
        link: &'a str,
        /// How long it is good.
        minutes: u64,
    },
    /// An invitation.
    Invitation {
        /// Who invites.
        inviter: &'a str,
        /// What they want to say.
        message: Option<&'a str>,
        /// Where to accept it.
        link: &'a str,
        /// How long it is good.
        days: u64,
    },
    /// Something about how somebody signs in has changed.
    Changed(Change<'a>),
    /// Somebody read a secret past the policies.
    GlassBroken(GlassBroken<'a>),
}

/// What has changed about how somebody signs in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    /// A passkey was added.
    PasskeyAdded(&'a str),
    /// A passkey was removed.
    PasskeyRemoved(&'a str),
    /// An authenticator app was set up.
    TotpEnabled,
    /// It was removed.
    TotpDisabled,
    /// The recovery codes were replaced.
    RecoveryCodesReplaced,
    /// An account at this provider was linked.
    IdentityLinked(&'a str),
    /// An account at this provider was unlinked.
    IdentityUnlinked(&'a str),
    /// The password was changed.
    PasswordChanged,
    /// Somebody who looks after the installation removed the second factor, and passkeys too or not.
    SecondFactorReset {
        /// Whether the passkeys were removed too.
        passkeys: bool,
    },
    /// The password was set anew with a link that was made on the server itself.
    Rescued {
        /// Whether second factor and passkeys were removed.
        second_factor: bool,
    },
}

/// A mail before it is written in a language's direction.
struct Draft {
    subject: String,
    /// Each is a paragraph of its own.
    before: Vec<String>,
    /// What to press, and where it leads.
    button: Option<(&'static str, String)>,
    after: Vec<String>,
}

/// Writes a letter to somebody who reads `language` (`ar`, otherwise English).
pub(crate) fn write(letter: Letter<'_>, language: &str, instance: &str, to: &str) -> Mail {
    let is_arabic = language == "ar";
    let draft = if is_arabic { arabic(letter, instance) } else { english(letter, instance) };
    let (text, html) = (plain(&draft), formatted(&draft, is_arabic));
    Mail { to: to.to_owned(), subject: bare(&draft.subject), text, html: Some(html) }
}

/// Marks a name that may run in the other direction, so that it does not turn its sentence around.
fn own(text: &str) -> String {
    format!("\u{2068}{}\u{2069}", bare(text))
}

/// The same without the marks, for places that have no room for direction.
fn bare(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

fn english(letter: Letter<'_>, instance: &str) -> Draft {
    let house = own(instance);
    match letter {
        Letter::SignInLink { link, minutes } => Draft {
            subject: format!("Your sign-in link for {house}"),
            before: vec![
                "Hello,".into(),
                format!(
                    "Press the button to sign in to {house}. The link works once, for {minutes} minutes, in the browser in which you asked for it."
                ),
            ],
            button: Some(("Sign in", link.to_owned())),
            after: vec!["If you did not ask for this, ignore this mail: without the link nobody gets in.".into()],
        },
        Letter::Invitation { inviter, message, link, days } => Draft {
            subject: format!("{} invites you to {house}", own(inviter)),
            before: [
                Some("Hello,".into()),
                Some(format!("{} invites you to join {house}.", own(inviter))),
                message.map(quoted),
            ]
            .into_iter()
            .flatten()
            .collect(),
            button: Some(("Accept the invitation", link.to_owned())),
            after: vec![format!("The invitation is good for {days} days. If you did not expect it, ignore this mail.")],
        },
        Letter::Changed(change) => Draft {
            subject: format!("Your sign-in to {house} has changed"),
            before: vec!["Hello,".into(), english_change(change, &house)],
            button: None,
            after: vec![
                "If that was not you, sign in now, end your other sessions, change your password, and tell an admin."
                    .into(),
            ],
        },
        Letter::GlassBroken(GlassBroken { who, secret, reason, at }) => Draft {
            subject: format!("A secret of {house} was read past the policies"),
            before: vec![
                "Hello,".into(),
                format!("{} read the secret {} of {house} past the policies, at {at}. Why:", own(who), own(secret)),
                quoted(reason),
            ],
            button: None,
            after: vec!["If you do not know of this, ask them, and give the secret a new value.".into()],
        },
    }
}

fn english_change(change: Change<'_>, house: &str) -> String {
    match change {
        Change::PasskeyAdded(name) => format!("The passkey “{}” was added to your account at {house}.", own(name)),
        Change::PasskeyRemoved(name) => {
            format!("The passkey “{}” was removed from your account at {house}.", own(name))
        }
        Change::TotpEnabled => format!("An authenticator app now protects your account at {house}."),
        Change::TotpDisabled => format!("Your account at {house} no longer asks for the code of an authenticator app."),
        Change::RecoveryCodesReplaced => format!("The recovery codes of your account at {house} were replaced."),
        Change::IdentityLinked(provider) => {
            format!("An account at {} can now sign in to your account at {house}.", own(provider))
        }
        Change::IdentityUnlinked(provider) => {
            format!("The account at {} can no longer sign in to your account at {house}.", own(provider))
        }
        Change::PasswordChanged => format!("The password of your account at {house} was changed."),
        Change::SecondFactorReset { passkeys: false } => format!(
            "Somebody who looks after {house} removed the authenticator app and the recovery codes from your account and ended your sessions."
        ),
        Change::SecondFactorReset { passkeys: true } => format!(
            "Somebody who looks after {house} removed the authenticator app, the recovery codes and the passkeys from your account and ended your sessions."
        ),
        Change::Rescued { second_factor: false } => format!(
            "The password of your account at {house} was set anew with a link that was made on the server itself, and your sessions were ended."
        ),
        Change::Rescued { second_factor: true } => format!(
            "The password of your account at {house} was set anew with a link that was made on the server itself. Its second factor and passkeys were removed, and your sessions were ended."
        ),
    }
}

fn arabic(letter: Letter<'_>, instance: &str) -> Draft {
    let house = own(instance);
    match letter {
        Letter::SignInLink { link, minutes } => Draft {
            subject: format!("رابط تسجيل الدخول إلى {house}"),
            before: vec![
                "مرحبًا،".into(),
                format!(
                    "اضغط الزر لتسجيل الدخول إلى {house}. يعمل الرابط مرة واحدة، لمدة {minutes} دقائق، وفي المتصفح الذي طلبته منه."
                ),
            ],
            button: Some(("تسجيل الدخول", link.to_owned())),
            after: vec!["إذا لم تطلب هذا الرابط فتجاهل هذه الرسالة: لا يدخل أحد من دون الرابط.".into()],
        },
        Letter::Invitation { inviter, message, link, days } => Draft {
            subject: format!("دعوة من {} إلى {house}", own(inviter)),
            before: [
                Some("مرحبًا،".into()),
                Some(format!("يدعوك {} إلى الانضمام إلى {house}.", own(inviter))),
                message.map(|message| format!("«{}»", own(message))),
            ]
            .into_iter()
            .flatten()
            .collect(),
            button: Some(("قبول الدعوة", link.to_owned())),
            after: vec![format!("تبقى الدعوة صالحة {}. إذا لم تكن تتوقعها فتجاهل هذه الرسالة.", arabic_days(days))],
        },
        Letter::Changed(change) => Draft {
            subject: format!("تغيّرت طريقة دخولك إلى {house}"),
            before: vec!["مرحبًا،".into(), arabic_change(change, &house)],
            button: None,
            after: vec![
                "إذا لم تفعل ذلك بنفسك فسجّل الدخول الآن، وأنهِ جلساتك الأخرى، وغيّر كلمة المرور، وأخبر أحد المشرفين."
                    .into(),
            ],
        },
        Letter::GlassBroken(GlassBroken { who, secret, reason, at }) => Draft {
            subject: format!("قُرئ سر من أسرار {house} رغم السياسات"),
            before: vec![
                "مرحبًا،".into(),
                format!(
                    "قرأ {} السر {} من أسرار {house} رغم السياسات، في {}. السبب:",
                    own(who),
                    own(secret),
                    own(&at.to_string())
                ),
                format!("«{}»", own(reason)),
            ],
            button: None,
            after: vec!["إذا لم يكن لك علم بهذا فاسأل من قرأه، وأعطِ السر قيمة جديدة.".into()],
        },
    }
}

/// So many days, as Arabic counts them.
fn arabic_days(days: u64) -> String {
    match days {
        1 => "يومًا واحدًا".into(),
        2 => "يومين".into(),
        3..=10 => format!("{days} أيام"),
        _ => format!("{days} يومًا"),
    }
}

fn arabic_change(change: Change<'_>, house: &str) -> String {
    match change {
        Change::PasskeyAdded(name) => format!("أُضيف مفتاح المرور «{}» إلى حسابك في {house}.", own(name)),
        Change::PasskeyRemoved(name) => format!("أُزيل مفتاح المرور «{}» من حسابك في {house}.", own(name)),
        Change::TotpEnabled => format!("أصبح تطبيق المصادقة يحمي حسابك في {house}."),
        Change::TotpDisabled => format!("لم يعد حسابك في {house} يطلب رمز تطبيق المصادقة."),
        Change::RecoveryCodesReplaced => format!("استُبدلت رموز الاسترداد لحسابك في {house}."),
        Change::IdentityLinked(provider) => {
            format!("أصبح بإمكان حساب لدى {} الدخول إلى حسابك في {house}.", own(provider))
        }
        Change::IdentityUnlinked(provider) => {
            format!("لم يعد بإمكان الحساب لدى {} الدخول إلى حسابك في {house}.", own(provider))
        }
        Change::PasswordChanged => format!("تغيّرت كلمة المرور لحسابك في {house}."),
        Change::SecondFactorReset { passkeys: false } => {
            format!("أزال أحد القائمين على {house} تطبيق المصادقة ورموز الاسترداد من حسابك وأنهى جلساتك.")
        }
        Change::SecondFactorReset { passkeys: true } => {
            format!("أزال أحد القائمين على {house} تطبيق المصادقة ورموز الاسترداد ومفاتيح المرور من حسابك وأنهى جلساتك.")
        }
        Change::Rescued { second_factor: false } => {
            format!("ضُبطت كلمة مرور جديدة لحسابك في {house} برابط أُنشئ على الخادم نفسه، وأُنهيت جلساتك.")
        }
        Change::Rescued { second_factor: true } => format!(
            "ضُبطت كلمة مرور جديدة لحسابك في {house} برابط أُنشئ على الخادم نفسه، وأُزيل منه العامل الثاني ومفاتيح المرور، وأُنهيت جلساتك."
        ),
    }
}

/// A message of a person, as such.
fn quoted(message: &str) -> String {
    format!("“{}”", own(message))
}

fn plain(draft: &Draft) -> String {
    let button = draft.button.iter().map(|(label, link)| format!("{label}:\n{link}"));
    let paragraphs: Vec<String> =
        draft.before.iter().cloned().chain(button).chain(draft.after.iter().cloned()).collect();
    paragraphs.join("\n\n") + "\n"
}

const PARAGRAPH: &str = "margin:0 0 16px";
const BUTTON: &str =
    "display:inline-block;padding:10px 18px;border-radius:6px;background:#1f2937;color:#ffffff;text-decoration:none";

fn formatted(draft: &Draft, is_arabic: bool) -> String {
    let (language, direction) = if is_arabic { ("ar", "rtl") } else { ("en", "ltr") };
    let paragraph = |text: &String| format!("<p style=\"{PARAGRAPH}\">{}</p>", escaped(text));
    let before: String = draft.before.iter().map(paragraph).collect();
    let after: String = draft.after.iter().map(paragraph).collect();
    let button = draft.button.as_ref().map_or_else(String::new, |(label, link)| {
        let link = escaped(link);
        format!(
            "<p style=\"{PARAGRAPH}\"><a href=\"{link}\" style=\"{BUTTON}\">{label}</a></p>\
             <p style=\"{PARAGRAPH}\" dir=\"ltr\">{link}</p>"
        )
    });
    format!(
        "<!doctype html><html lang=\"{language}\" dir=\"{direction}\"><head><meta charset=\"utf-8\">\
         <title>{}</title></head><body style=\"margin:24px;font:16px/1.5 system-ui,sans-serif;color:#111827\">\
         {before}{button}{after}</body></html>",
        escaped(&bare(&draft.subject))
    )
}

/// Text as HTML; marks of direction become elements.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push_str("<br>"),
            '\u{2068}' => html.push_str("<bdi>"),
            '\u{2069}' => html.push_str("</bdi>"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_kernel::world::Timestamp;
    use proptest::prelude::*;

    const LINK: &str = "https://diwan.example/sign-in/link#token=abc&return_to=%2Fpeople";

    fn letters<'a>(evil: &'a str) -> Vec<Letter<'a>> {
        vec![
            Letter::SignInLink { link: LINK, minutes: 10 },
            Letter::Invitation { inviter: evil, message: Some(evil), link: LINK, days: 7 },
            Letter::GlassBroken(GlassBroken { who: evil, secret: evil, reason: evil, at: Timestamp::from_millis(0) }),
            Letter::Changed(Change::PasskeyAdded(evil)),
            Letter::Changed(Change::PasskeyRemoved(evil)),
            Letter::Changed(Change::IdentityLinked(evil)),
            Letter::Changed(Change::IdentityUnlinked(evil)),
            Letter::Changed(Change::TotpEnabled),
            Letter::Changed(Change::TotpDisabled),
            Letter::Changed(Change::RecoveryCodesReplaced),
            Letter::Changed(Change::PasswordChanged),
            Letter::Changed(Change::SecondFactorReset { passkeys: false }),
            Letter::Changed(Change::SecondFactorReset { passkeys: true }),
            Letter::Changed(Change::Rescued { second_factor: false }),
            Letter::Changed(Change::Rescued { second_factor: true }),
        ]
    }

    #[test]
    fn the_link_is_whole_in_both_parts_and_both_languages() {
        for language in ["en", "ar"] {
            let mail = write(Letter::SignInLink { link: LINK, minutes: 10 }, language, "Diwan", "amina@example.org");
            assert!(mail.text.contains(&format!("\n{LINK}\n")), "{}", mail.text);
            let html = mail.html.unwrap();
            assert!(
                html.contains("href=\"https://diwan.example/sign-in/link#token=abc&amp;return_to=%2Fpeople\""),
                "{html}"
            );
            assert!(html.contains(if language == "ar" { "dir=\"rtl\"" } else { "dir=\"ltr\"" }));
        }
    }

    #[test]
    fn names_stay_text_in_every_letter() {
        let evil = "<img src=x onerror=alert(1)>\"'&amp;<a href='https://evil.example'>";
        for language in ["en", "ar"] {
            for letter in letters(evil) {
                let mail = write(letter, language, evil, "amina@example.org");
                let html = mail.html.unwrap();
                assert!(!html.contains("<img") && !html.contains("<a href='") && !html.contains("&amp;<"), "{html}");
            }
        }
    }

    #[test]
    fn an_invitation_is_wholly_in_the_language_that_was_asked_for() {
        let letter = Letter::Invitation { inviter: "أمينة", message: Some("أهلًا"), link: LINK, days: 7 };
        let mail = write(letter, "ar", "ديوان", "amina@example.org");
        let without_link = mail.text.replace(LINK, "");
        assert!(!without_link.chars().any(|c| c.is_ascii_alphabetic()), "{without_link}");
        assert!(mail.text.contains("7 أيام") && mail.text.contains("«\u{2068}أهلًا\u{2069}»"), "{}", mail.text);
        assert!(mail.html.unwrap().starts_with("<!doctype html><html lang=\"ar\" dir=\"rtl\">"));
        assert_eq!(mail.subject, "دعوة من أمينة إلى ديوان");
    }

    #[test]
    fn arabic_counts_days_its_own_way() {
        assert_eq!([1, 2, 7, 10, 14].map(arabic_days), ["يومًا واحدًا", "يومين", "7 أيام", "10 أيام", "14 يومًا"]);
    }

    proptest! {
        #[test]
        fn no_name_adds_an_element(name in "(\\PC|[<>\"'&/=]){0,60}") {
            let count = |name: &str| letters(name)
                .into_iter()
                .map(|letter| write(letter, "en", "Diwan", "a@b.org").html.unwrap().matches('<').count())
                .collect::<Vec<_>>();
            prop_assert_eq!(count(&name), count("Amina"));
        }
    }
}

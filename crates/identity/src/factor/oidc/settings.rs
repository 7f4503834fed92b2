//! What the settings may say about identity providers.

use super::client::safe_address;
use crate::config::OidcProvider;

/// What is wrong with the providers in the settings, if anything.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check_providers(providers: &[OidcProvider]) -> Result<(), String> {
    for (place, provider) in providers.iter().enumerate() {
        let OidcProvider { id, label, issuer, client_id, scopes, .. } = provider;
        let wrong = |why: &str| Err(format!("provider {id:?}: {why}"));
        let id_fits = (1..=32).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !id_fits {
            return wrong("the id must be 1 to 32 lower-case letters, digits and dashes");
        }
        if providers[..place].iter().any(|other| other.id == *id || other.issuer == *issuer) {
            return wrong("another provider has the same id or issuer");
        }
        if diwan_kernel::text::line("label", label, 40).is_err() {
            return wrong("the label must be a line of at most 40 characters");
        }
        let is_issuer = safe_address(issuer, true).is_some_and(|url| url.query().is_none());
        if !is_issuer {
            return wrong("the issuer must be an https address without query (http only on this machine)");
        }
        if client_id.is_empty() {
            return wrong("the client_id is missing");
        }
        if scopes.iter().any(|scope| scope.is_empty() || !scope.bytes().all(|b| b.is_ascii_graphic())) {
            return wrong("a scope must be a word");
        }
        check_auto_create(provider).or_else(wrong)?;
    }
    Ok(())
}

fn check_auto_create(provider: &OidcProvider) -> Result<(), &'static str> {
    if provider.role >= diwan_kernel::Role::Admin {
        return Err("accounts that are made by signing in can be viewers or developers");
    }
    let is_domain = |domain: &String| crate::email::Email::parse("domain", &format!("a@{domain}")).is_ok();
    if !provider.allowed_domains.iter().all(is_domain) {
        return Err("an allowed domain must be like example.org");
    }
    if provider.auto_create && provider.allowed_domains.is_empty() {
        return Err("auto_create needs allowed_domains");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn settings(change: impl FnOnce(&mut Value)) -> OidcProvider {
        let mut value = json!({"id": "acme", "label": "Acme", "issuer": "https://login.example", "client_id": "diwan"});
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn settings_that_would_not_work_or_not_be_safe_are_refused() {
        assert_eq!(check_providers(&[settings(|_| {})]), Ok(()));
        for (field, value) in [
            ("id", json!("")),
            ("id", json!("Acme")),
            ("id", json!("a/b")),
            ("label", json!("")),
            ("issuer", json!("http://login.example")),
            ("issuer", json!("login.example")),
            ("issuer", json!("https://login.example?x=1")),
            ("client_id", json!("")),
            ("scopes", json!(["openid email"])),
            ("auto_create", json!(true)),
            ("allowed_domains", json!(["*"])),
            ("role", json!("admin")),
            ("role", json!("owner")),
        ] {
            assert!(check_providers(&[settings(|s| s[field] = value.clone())]).is_err(), "{field} {value}");
        }
        assert!(check_providers(&[settings(|_| {}), settings(|_| {})]).is_err(), "twice the same");
    }
}

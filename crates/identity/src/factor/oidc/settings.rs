//! What the settings may say about identity providers.

use diwan_kernel::config::{REQUIRED, TWICE, Wrong, check_address, check_line};

use crate::config::OidcProvider;

/// What is wrong with the providers in the settings, if anything.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check_providers(providers: &[OidcProvider]) -> Result<(), Wrong> {
    for (place, provider) in providers.iter().enumerate() {
        check(provider, &providers[..place]).map_err(|Wrong { path, reason }| {
            let path = format!("providers[{place}].{path}");
            Wrong { path, reason }
        })?;
    }
    Ok(())
}

fn check(provider: &OidcProvider, before: &[OidcProvider]) -> Result<(), Wrong> {
    let OidcProvider { id, label, issuer, client_id, scopes, .. } = provider;
    let id_fits =
        (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !id_fits {
        return Err(PROVIDER_ID.at("id"));
    }
    if before.iter().any(|other| other.id == *id) {
        return Err(TWICE.at("id"));
    }
    if before.iter().any(|other| other.issuer == *issuer) {
        return Err(TWICE.at("issuer"));
    }
    check_line(label, 40).map_err(|why| why.at("label"))?;
    check_address(issuer).map_err(|why| why.at("issuer"))?;
    if client_id.is_empty() {
        return Err(REQUIRED.at("client_id"));
    }
    if let Some(at) = scopes.iter().position(|scope| scope.is_empty() || !scope.bytes().all(|b| b.is_ascii_graphic())) {
        return Err(SCOPE.at(format!("scopes[{at}]")));
    }
    check_auto_create(provider)
}

fn check_auto_create(provider: &OidcProvider) -> Result<(), Wrong> {
    if provider.role >= diwan_kernel::Role::Admin {
        return Err(ROLE.at("role"));
    }
    let is_domain = |domain: &String| crate::email::Email::parse("domain", &format!("a@{domain}")).is_ok();
    if let Some(at) = provider.allowed_domains.iter().position(|domain| !is_domain(domain)) {
        return Err(DOMAIN.at(format!("allowed_domains[{at}]")));
    }
    if provider.auto_create && provider.allowed_domains.is_empty() {
        return Err(NEEDS_DOMAINS.at("auto_create"));
    }
    Ok(())
}

diwan_kernel::phrases! {
    /// What the section `oidc` can say.
    pub(crate) REASONS:
    PROVIDER_ID = "provider_id", "it must be 1 to 32 lower-case letters, digits and dashes";
    SCOPE = "scope", "it must be a word";
    ROLE = "made_role", "accounts that are made by signing in can be viewers or developers";
    DOMAIN = "domain", "it must be like example.org";
    NEEDS_DOMAINS = "needs_domains", "it needs allowed_domains";
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
            let wrong = check_providers(&[settings(|s| s[field] = value.clone())]).unwrap_err();
            let path = format!("providers[0].{field}");
            assert_eq!(wrong.path.trim_end_matches("[0]"), path, "{field} {value}");
        }
        let beside = |other| check_providers(&[settings(|_| {}), other]).unwrap_err().path;
        assert_eq!(beside(settings(|_| {})), "providers[1].id");
        assert_eq!(beside(settings(|s| s["id"] = json!("other"))), "providers[1].issuer");
    }
}

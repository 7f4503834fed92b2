//! What a program is given in its environment, as it was typed.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Map, Value, json};

use super::super::failure::Failure;

/// Variables and secrets.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct Variables {
    /// Give the program this variable; what it says is seen by everybody who sees the command
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Give the program a secret of the vault in this variable, like TOKEN=git/github-token
    #[arg(long, value_name = "NAME=SECRET", value_parser = secret)]
    secret: Vec<(String, String)>,
}

impl Variables {
    /// Puts them into the request.
    pub(super) fn put_into(&self, body: &mut Value) -> Result<(), Failure> {
        for (field, value) in self.fields()? {
            body[field] = value;
        }
        Ok(())
    }

    /// What was said, as the API takes it.
    pub(in crate::cli) fn fields(&self) -> Result<Map<String, Value>, Failure> {
        let env: BTreeMap<&String, &String> = self.env.iter().map(|(name, value)| (name, value)).collect();
        if env.len() < self.env.len() {
            return Err(Failure::usage("a variable is there twice", "Give each --env another name."));
        }
        let mut all = Map::new();
        if !env.is_empty() {
            all.insert("env".to_owned(), json!(env));
        }
        if !self.secret.is_empty() {
            let secrets = self.secret.iter().map(|(env, secret)| json!({"env": env, "secret": secret}));
            all.insert("secrets".to_owned(), secrets.collect());
        }
        Ok(all)
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no `=`: write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn secret(text: &str) -> Result<(String, String), String> {
    let (name, secret) =
        text.split_once('=').ok_or("it has no `=`: write NAME=SECRET, as in TOKEN=git/github-token")?;
    if secret.is_empty() {
        return Err("it names no secret: write NAME=SECRET, as in TOKEN=git/github-token".to_owned());
    }
    Ok((name.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_divides() {
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(variable("A="), Ok(("A".to_owned(), String::new())));
        assert_eq!(secret("T=git/token"), Ok(("T".to_owned(), "git/token".to_owned())));
        assert!(variable("A").is_err() && secret("T=").is_err() && secret("T").is_err());
    }

    #[test]
    fn they_are_asked_for_as_the_api_takes_them() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = Variables { env: vec![pair("CI", "true")], secret: vec![pair("TOKEN", "git/token")] };
        let mut body = json!({});
        variables.put_into(&mut body).expect("they are sound");
        let wanted = json!({"env": {"CI": "true"}, "secrets": [{"env": "TOKEN", "secret": "git/token"}]});
        assert_eq!(body, wanted);
        let twice = Variables { env: vec![pair("CI", "1"), pair("CI", "2")], secret: vec![] };
        assert!(twice.put_into(&mut body).is_err());
    }
}

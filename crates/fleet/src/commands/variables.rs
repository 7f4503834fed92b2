//! What a command is given in its environment, as people and programs write it. Of secrets only the names are here;
//! their values are lent when a command is sent ([`super::lend`]).

use std::collections::BTreeMap;

use diwan_kernel::Problem;
use diwan_kernel::problem::FieldError;
use diwan_protocol::environment::{LONGEST_PLAIN, MOST_VARIABLES};
use diwan_protocol::variable::{LONGEST_NAME, is_denied, is_name};
use diwan_vault::SecretName;
use serde::{Deserialize, Serialize};

use super::operation::CommandOperation;

/// What a command is given in its environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Variables {
    /// Plain variables, by their names.
    pub env: BTreeMap<String, String>,
    /// Variables whose values are secrets.
    pub secrets: Vec<SecretVariable>,
    /// The job that it is done for, by the name that policies of the vault know it by.
    pub job: Option<String>,
}

/// A variable whose value is a secret of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretVariable {
    /// What the variable is called.
    #[schema(min_length = 1, max_length = 128)]
    pub env: String,
    /// What the secret is called in the vault: its current value is lent when the command is sent.
    #[schema(min_length = 1, max_length = 128)]
    pub secret: String,
}

impl Variables {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.env.is_empty() && self.secrets.is_empty()
    }

    /// The names of the secrets, for what is written down.
    pub(crate) fn secret_names(&self) -> Vec<String> {
        self.secrets.iter().map(|variable| variable.secret.clone()).collect()
    }

    /// Refuses what cannot be meant, before anything is written down.
    ///
    /// # Errors
    /// 422 with everything that is wrong.
    pub fn check(&self, operation: &CommandOperation) -> Result<(), Problem> {
        let flaws = self.flaws(operation);
        if flaws.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(flaws)) }
    }

    /// What cannot be meant, field by field.
    pub fn flaws(&self, operation: &CommandOperation) -> Vec<FieldError> {
        let mut wrong = Wrong::default();
        if !self.is_empty() && !operation.takes_variables() {
            let message = "Only programs that run in the sandbox are given variables: no terminals, files or services.";
            wrong.say(if self.env.is_empty() { "secrets" } else { "env" }, "not_for_this", message);
        }
        wrong.look_at_size(self);
        for (name, value) in &self.env {
            wrong.look_at_name(&format!("env.{name}"), name);
            if value.contains('\0') {
                wrong.say(format!("env.{name}"), "unsafe_character", "It must not hold a NUL character.");
            }
        }
        for (at, variable) in self.secrets.iter().enumerate() {
            let (field, name) = (format!("secrets[{at}].env"), &variable.env);
            wrong.look_at_name(&field, name);
            if self.env.contains_key(name) || self.secrets[..at].iter().any(|before| before.env == *name) {
                wrong.say(field, "twice", "Another variable has this name.");
            }
            if SecretName::parse(&variable.secret).is_none() {
                wrong.say(format!("secrets[{at}].secret"), "name_invalid", "It must be the name of a secret.");
            }
        }
        wrong.0
    }
}

impl CommandOperation {
    /// Whether it is a program in the sandbox that may be given variables.
    pub fn takes_variables(&self) -> bool {
        let is_no_program = matches!(
            self,
            Self::ServiceStatus { .. } | Self::ServiceRestart { .. } | Self::ProjectCreate { .. } | Self::Noop {}
        );
        !self.is_terminal() && !self.has_pipe() && !self.is_own() && !is_no_program
    }

    /// What policies of the vault call it when they say what a secret is for: `exec`, `git.push`.
    pub(crate) fn purpose(&self) -> String {
        let written = serde_json::to_value(self).unwrap_or_default();
        written["kind"].as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn say(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code, message: message.into() });
    }

    fn look_at_size(&mut self, variables: &Variables) {
        let (env, secrets) = (&variables.env, &variables.secrets);
        if env.len() + secrets.len() > MOST_VARIABLES {
            self.say("env", "too_many", format!("A command is given at most {MOST_VARIABLES} variables."));
        }
        let plain: usize = env.iter().map(|(name, value)| name.len() + value.len()).sum();
        if plain + secrets.iter().map(|variable| variable.env.len()).sum::<usize>() > LONGEST_PLAIN {
            let message = format!("Names and plain values together must not be longer than {LONGEST_PLAIN} bytes.");
            self.say("env", "too_long", message);
        }
    }

    fn look_at_name(&mut self, field: &str, name: &str) {
        if !is_name(name) {
            let message = format!("It must be 1 to {LONGEST_NAME} letters, digits and _, and not begin with a digit.");
            self.say(field, "not_a_variable", message);
        } else if is_denied(name) {
            let message = "No machine takes this variable: it changes what programs do there.";
            self.say(field, "variable_denied", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn exec() -> CommandOperation {
        serde_json::from_value(json!({"kind": "exec", "argv": ["true"], "root": "work"})).expect("an operation")
    }

    fn wrong(variables: Value, operation: &CommandOperation) -> Vec<(String, String)> {
        let variables: Variables = serde_json::from_value(variables).expect("they can be read");
        let flaws = variables.flaws(operation).into_iter();
        flaws.map(|flaw| (flaw.field, flaw.code.to_owned())).collect()
    }

    #[test]
    fn f80_what_cannot_be_meant_is_said_field_by_field() {
        let many: BTreeMap<String, String> = (0..65).map(|n| (format!("V{n}"), String::new())).collect();
        for (variables, field, code) in [
            (json!({"env": {"1A": ""}}), "env.1A", "not_a_variable"),
            (json!({"env": {"LD_PRELOAD": ""}}), "env.LD_PRELOAD", "variable_denied"),
            (json!({"env": {"A": "x\u{0}"}}), "env.A", "unsafe_character"),
            (json!({"env": {"A": "x".repeat(16 * 1024)}}), "env", "too_long"),
            (json!({"env": many}), "env", "too_many"),
            (json!({"secrets": [{"env": "PATH", "secret": "a/b"}]}), "secrets[0].env", "variable_denied"),
            (json!({"secrets": [{"env": "A", "secret": "../b"}]}), "secrets[0].secret", "name_invalid"),
            (json!({"env": {"A": ""}, "secrets": [{"env": "A", "secret": "b"}]}), "secrets[0].env", "twice"),
        ] {
            assert_eq!(wrong(variables, &exec()), [(field.to_owned(), code.to_owned())], "{field}");
        }
        let good = json!({"env": {"CI": "true", "EMPTY": ""}, "secrets": [{"env": "TOKEN", "secret": "git/token"}]});
        assert_eq!(wrong(good, &exec()), []);
    }

    #[test]
    fn only_programs_in_the_sandbox_take_variables() {
        for (operation, takes) in [
            (json!({"kind": "build", "root": "work"}), true),
            (json!({"kind": "git.push", "root": "work"}), true),
            (json!({"kind": "script", "language": "shell", "source": "id", "root": "work"}), true),
            (json!({"kind": "project.create", "template": "go", "name": "x", "root": "work", "path": "x"}), false),
            (json!({"kind": "service.restart", "service": "nginx"}), false),
            (json!({"kind": "noop"}), false),
            (json!({"kind": "files.get", "root": "work"}), false),
            (json!({"kind": "terminal", "root": "work", "columns": 80, "rows": 24}), false),
        ] {
            let operation: CommandOperation = serde_json::from_value(operation).expect("an operation");
            assert_eq!(operation.takes_variables(), takes, "{operation:?}");
            let found = wrong(json!({"env": {"CI": "1"}}), &operation);
            assert_eq!(found.is_empty(), takes, "{found:?}");
            assert_eq!(wrong(json!({}), &operation), []);
        }
        assert_eq!(exec().purpose(), "exec");
    }
}

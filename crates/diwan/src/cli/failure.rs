//! What went wrong, told on standard error, and the exit code that says so to programs.

use std::process::ExitCode;

use diwan_client::{ClientError, Problem};
use serde_json::{Value, json};

use super::screen::{Screen, safe};

/// How a command ended that did not go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// It did what was asked.
    Well,
    /// It found something that must be mended, and said so.
    Found,
    /// It found that the configuration is wrong, and said so.
    Wrong,
    /// It ended with the status of what it ran.
    Status(u8),
}

impl From<Done> for ExitCode {
    fn from(done: Done) -> Self {
        match done {
            Done::Well => Self::SUCCESS,
            Done::Found => Self::from(REFUSED),
            Done::Wrong => Self::from(USAGE),
            Done::Status(status) => Self::from(status),
        }
    }
}

const REFUSED: u8 = 1;
const USAGE: u8 = 2;
const NOT_SIGNED_IN: u8 = 3;
const UNREACHABLE: u8 = 4;

/// What helps when a machine is not connected.
pub(super) const START_BRIDGE: &str = "Start the bridge there; `diwan worker status` shows when it was last heard.";

/// Why a command was not carried out.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    problem: Box<Problem>,
}

impl Failure {
    fn new(code: u8, name: &str, detail: String, next: &str) -> Self {
        let problem = Problem {
            status: 0,
            code: name.to_owned(),
            title: String::new(),
            detail,
            next: next.to_owned(),
            request_id: None,
            errors: vec![],
            retry_after_s: None,
        };
        Self { code, problem: Box::new(problem) }
    }

    /// The command line, the configuration or the surroundings are not as they must be.
    pub(super) fn usage(detail: impl Into<String>, next: &str) -> Self {
        Self::new(USAGE, "usage", detail.into(), next)
    }

    /// It was tried and did not work.
    pub(super) fn refused(detail: impl Into<String>, next: &str) -> Self {
        Self::new(REFUSED, "failed", detail.into(), next)
    }

    /// What is printed cannot be written.
    pub(super) fn unwritable(error: &std::io::Error) -> Self {
        Self::refused(format!("cannot write: {error}"), "Check where the output goes.")
    }

    /// A proof of identity that the server did not accept: the sign-in itself is as good as before.
    pub(super) fn of_proof(error: ClientError) -> Self {
        match Self::from(error) {
            Self { code: NOT_SIGNED_IN, problem } if problem.status == 401 => {
                let next = "Try again with your password, or with the code that the authenticator app shows now.";
                let problem = Problem { next: next.into(), ..*problem };
                Self { code: REFUSED, problem: Box::new(problem) }
            }
            other => other,
        }
    }

    /// Whether nobody is signed in there, or not any more.
    pub(super) const fn is_about_sign_in(&self) -> bool {
        self.code == NOT_SIGNED_IN
    }

    /// The same, with other advice.
    #[must_use]
    pub(super) fn with_next(mut self, next: &str) -> Self {
        next.clone_into(&mut self.problem.next);
        self
    }

    /// What the server advises to programs, as the command line has it.
    fn with_own_words(self) -> Self {
        match self.problem.code.as_str() {
            "machine_offline" => self.with_next(START_BRIDGE),
            "not_found" => self.with_next("Check its name or its id: the list of them shows what there is."),
            _ => self,
        }
    }

    /// It was tried and did not work, which has an exit code and a name for programs of its own.
    pub(super) fn of(code: u8, name: &str, detail: impl Into<String>, next: &str) -> Self {
        Self::new(code, name, detail.into(), next)
    }

    /// The same, with another exit code.
    #[must_use]
    pub(super) const fn with_code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// The server's name for what went wrong; also that of one wrong field.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.problem.code == name || self.problem.errors.iter().any(|error| error.code == name)
    }

    /// What went wrong, in a sentence.
    pub(super) fn detail(&self) -> &str {
        &self.problem.detail
    }

    /// Whether its exit code is one of those that all commands have.
    pub(super) const fn is_general(&self) -> bool {
        self.code <= UNREACHABLE
    }

    /// The exit code.
    pub(super) const fn code(&self) -> u8 {
        self.code
    }

    /// Tells it, and gives the exit code.
    pub(super) fn tell(&self, screen: &Screen) -> ExitCode {
        if screen.is_json() {
            eprintln!("{}", self.json());
        } else {
            for line in self.lines() {
                eprintln!("{}", screen.labelled(&line));
            }
        }
        ExitCode::from(self.code)
    }

    /// The problem for programs; what did not come from a server has neither status nor title.
    fn json(&self) -> Value {
        let mut problem = json!(self.problem);
        if let (Value::Object(fields), 0) = (&mut problem, self.problem.status) {
            fields.remove("status");
            fields.remove("title");
        }
        problem
    }

    fn lines(&self) -> Vec<String> {
        let Problem { detail, title, next, errors, request_id, .. } = &*self.problem;
        let mut lines = vec![format!("error: {}", safe(if detail.is_empty() { title } else { detail }))];
        // The detail of several wrong fields is all of them in one line.
        if errors.len() > 1 {
            lines[0] = format!("error: {}", safe(title));
            lines.extend(errors.iter().map(|e| format!("  {}: {}", safe(&e.field), safe(&e.message))));
        }
        if !next.is_empty() {
            lines.push(format!("next: {}", safe(next)));
        }
        lines.extend(request_id.iter().map(|id| format!("request: {}", safe(id))));
        lines
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let detail = error.to_string();
        match error {
            ClientError::Unreachable { .. } => Self::new(
                UNREACHABLE,
                "unreachable",
                detail,
                "Is it running (`diwan up`)? Name another one with --server.",
            ),
            ClientError::Untrusted { .. } => Self::new(
                UNREACHABLE,
                "untrusted",
                detail,
                "If the server is your own, name the SHA-256 of its certificate with --fingerprint, or its authority's file with --ca-file.",
            ),
            ClientError::NotSignedIn(_) => Self::new(NOT_SIGNED_IN, "not_signed_in", detail, "Run `diwan login`."),
            ClientError::Refused(problem) if problem.status == 401 => {
                Self { code: NOT_SIGNED_IN, problem }.with_next("Run `diwan login`.")
            }
            ClientError::Refused(problem) => Self { code: REFUSED, problem }.with_own_words(),
            ClientError::Unexpected { .. } => Self::refused(detail, "Check that --server names a Diwan server."),
            ClientError::Credentials { path, .. } => {
                Self::usage(detail, &format!("Mend the file (mode 600), or remove it and sign in again: rm {path}"))
            }
            ClientError::Setup(_) => Self::usage(detail, "Correct it and try again."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_what_to_do_and_where_to_look() {
        let problem = json!({"status": 403, "code": "not_allowed", "detail": "This needs \u{1b}[2Jusers.manage.",
            "next": "Ask an owner.", "request_id": "req_1"});
        let problem: Problem = serde_json::from_value(problem).expect("a problem");
        let failure = Failure::from(ClientError::Refused(Box::new(problem)));
        assert_eq!(failure.code(), REFUSED);
        assert_eq!(failure.lines(), ["error: This needs users.manage.", "next: Ask an owner.", "request: req_1"]);
    }

    #[test]
    fn exit_codes_tell_the_cases_apart() {
        let server: diwan_client::ServerUrl = "http://127.0.0.1:1".parse().expect("a server");
        let unreachable = ClientError::Unreachable { server: server.clone(), why: "refused".into() };
        assert_eq!(Failure::from(unreachable).code(), UNREACHABLE);
        assert_eq!(Failure::from(ClientError::NotSignedIn(server)).code(), NOT_SIGNED_IN);
        assert_eq!(Failure::from(ClientError::Setup("x".into())).code(), USAGE);
    }
}

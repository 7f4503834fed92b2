//! What the process of a try is given in its environment: what was wanted for it, and which try of which job it is.

use diwan_fleet::{MachineId, NotLent, Variables, Way};
use diwan_kernel::problem::FieldError;

use crate::id::JobId;
use crate::job::Job;
use crate::spec::JobSpec;

/// Which job it is.
const JOB: &str = "DIWAN_JOB_ID";
/// Which try of it, from 1.
const ATTEMPT: &str = "DIWAN_JOB_ATTEMPT";
/// What grows with every try: whoever keeps the highest that was seen can tell a late try from the newest.
const FENCE: &str = "DIWAN_JOB_FENCE";
/// The same for all tries.
const KEY: &str = "DIWAN_IDEMPOTENCY_KEY";
/// How the names of those begin that say what a schedule made the job by. It can be done without them.
pub(crate) const TRIGGER: &str = "DIWAN_TRIGGER";
/// What only a job says.
const RESERVED: [&str; 4] = [JOB, ATTEMPT, FENCE, KEY];

impl JobSpec {
    /// What is wanted for its process, and what tells it which try it is.
    fn variables(&self, job: JobId, attempt: u32, fence: u64) -> Variables {
        let mut env = self.env.clone();
        let key = self.idempotency_key.clone().unwrap_or_else(|| job.to_string());
        let own = [(JOB, job.to_string()), (ATTEMPT, attempt.to_string()), (FENCE, fence.to_string()), (KEY, key)];
        env.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Variables { env, secrets: self.secrets.clone(), job: Some(job.to_string()) }
    }

    /// What of its variables cannot be meant. Those that every job has count as well.
    pub(crate) fn flaws_of_variables(&self) -> Vec<FieldError> {
        let mut flaws = self.flaws_of_names();
        let is_bare = self.env.is_empty() && self.secrets.is_empty();
        if flaws.is_empty() && !is_bare {
            flaws = self.variables(JobId::from_bits(u128::MAX), u32::MAX, u64::MAX).flaws(&self.operation);
        }
        flaws
    }

    fn flaws_of_names(&self) -> Vec<FieldError> {
        let plain = self.env.keys().map(|name| (format!("env.{name}"), name));
        let secret = self.secrets.iter().enumerate();
        let secret = secret.map(|(at, variable)| (format!("secrets[{at}].env"), &variable.env));
        let reserved = plain.chain(secret).filter(|(_, name)| RESERVED.contains(&name.as_str()));
        let message = "Every job says this one itself.";
        reserved
            .map(|(field, _)| FieldError { field, code: "variable_reserved", message: message.to_owned() })
            .collect()
    }
}

/// What the next try at a job is given on a machine.
///
/// # Errors
/// The bridge there is too old for the job. One from before there were variables still has those that need none.
pub(crate) fn of_next_try(job: &Job, machine: MachineId, way: &Way) -> Result<Variables, NotLent> {
    let spec = &job.spec;
    let takes_any = spec.operation.takes_variables();
    let has_own = spec.env.keys().any(|name| !name.starts_with(TRIGGER));
    let needs_any = has_own || !spec.secrets.is_empty() || spec.retry_safe;
    way.must_be_able(machine, &spec.operation, takes_any && needs_any, spec.limits)?;
    Ok(match takes_any && way.takes_variables(machine) {
        true => spec.variables(job.id, job.attempt + 1, job.fence + 1),
        false => Variables { job: Some(job.id.to_string()), ..Variables::default() },
    })
}

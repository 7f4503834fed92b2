//! Limits of a command of its own, as people and programs write them. What its machine's policy grants is never more
//! for them: of the two, the smaller counts.

use diwan_kernel::problem::FieldError;
use diwan_protocol::command::Limits;
use serde::{Deserialize, Serialize};

use super::operation::CommandOperation;

const MIB: u64 = 1024 * 1024;
/// No policy can grant more, neither of memory nor of what is written.
const MOST_BYTES: u64 = 16_777_216 * MIB;

/// How much of its machine a program may use. What the machine's policy grants it is never more for that: of the two,
/// the smaller counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandLimits {
    /// Processor time, in percent of one core.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100_000)]
    pub cpu_percent: Option<u32>,
    /// Memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1_048_576, maximum = 17_592_186_044_416_u64)]
    pub memory_bytes: Option<u64>,
    /// Processes and threads at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 100_000)]
    pub processes: Option<u32>,
    /// Open files of one process.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 16, maximum = 1_048_576)]
    pub open_files: Option<u32>,
    /// The longest file that it may write.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1_048_576, maximum = 17_592_186_044_416_u64)]
    pub file_bytes: Option<u64>,
    /// How much it may print; then it is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 17_592_186_044_416_u64)]
    pub output_bytes: Option<u64>,
}

impl CommandLimits {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of them cannot be meant, limit by limit.
    pub fn flaws(&self, field: &str, operation: &CommandOperation) -> Vec<FieldError> {
        let of = |number: Option<u32>| number.map(u64::from);
        let all = [
            ("cpu_percent", of(self.cpu_percent), 1..=100_000),
            ("memory_bytes", self.memory_bytes, MIB..=MOST_BYTES),
            ("processes", of(self.processes), 1..=100_000),
            ("open_files", of(self.open_files), 16..=1_048_576),
            ("file_bytes", self.file_bytes, MIB..=MOST_BYTES),
            ("output_bytes", self.output_bytes, 1..=MOST_BYTES),
        ];
        let said = all.into_iter().filter_map(|(name, limit, range)| Some((name, limit?, range)));
        let flaw = |name, code, message| Some(FieldError { field: format!("{field}.{name}"), code, message });
        said.filter_map(|(name, limit, range)| {
            if !operation.takes_variables() {
                flaw(name, "not_for_this", "Only programs that run in the sandbox have limits of their own.".to_owned())
            } else if !range.contains(&limit) {
                flaw(name, "out_of_range", format!("It must be from {} to {}.", range.start(), range.end()))
            } else {
                None
            }
        })
        .collect()
    }

    /// As they are told to a machine.
    pub(crate) fn to_wire(self) -> Option<Limits> {
        let Self { cpu_percent, memory_bytes, processes, open_files, file_bytes, output_bytes } = self;
        let limits = Limits { cpu_percent, memory_bytes, processes, open_files, file_bytes, output_bytes };
        (!self.is_empty()).then_some(limits)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn wrong(limits: Value, operation: Value) -> Vec<(String, &'static str)> {
        let limits: CommandLimits = serde_json::from_value(limits).expect("they can be read");
        let operation: CommandOperation = serde_json::from_value(operation).expect("an operation");
        limits.flaws("limits", &operation).into_iter().map(|flaw| (flaw.field, flaw.code)).collect()
    }

    #[test]
    fn what_no_policy_could_grant_is_said_limit_by_limit() {
        let exec = || json!({"kind": "exec", "argv": ["true"], "root": "work"});
        let sound = json!({"cpu_percent": 50, "memory_bytes": 1 << 20, "processes": 1, "open_files": 16,
            "file_bytes": 1_u64 << 44, "output_bytes": 1});
        assert_eq!(wrong(sound, exec()), []);
        for (limit, least, most) in [
            ("cpu_percent", 1, 100_000),
            ("memory_bytes", 1 << 20, 1_u64 << 44),
            ("processes", 1, 100_000),
            ("open_files", 16, 1 << 20),
            ("file_bytes", 1 << 20, 1 << 44),
            ("output_bytes", 1, 1 << 44),
        ] {
            for odd in [least - 1, most + 1] {
                assert_eq!(wrong(json!({limit: odd}), exec()), [(format!("limits.{limit}"), "out_of_range")]);
            }
        }
        let restart = json!({"kind": "service.restart", "service": "web"});
        assert_eq!(wrong(json!({"processes": 5}), restart.clone()), [("limits.processes".to_owned(), "not_for_this")]);
        assert_eq!(wrong(json!({}), restart), []);
    }
}

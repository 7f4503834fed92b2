//! A client of Diwan's API: for the command line and for programs.
//!
//! What is here: requests with retries that never do a thing twice, answers by type and as they came,
//! problems as the server words them, credentials in a file that several processes may use at once,
//! and access tokens that are exchanged in time.
//!
//! What it deliberately does not know: any other crate of Diwan. What it proves, it proves through
//! the door that everybody uses.
//!
//! Start at [`Client`]; then `credentials` for what is kept between two commands.
#![forbid(unsafe_code)]

mod artifacts;
mod attachment;
mod call;
mod client;
mod commands;
mod credentials;
mod error;
mod feed;
mod fleet_keys;
mod job_queues;
mod job_schedules;
mod jobs;
mod machines;
mod model;
mod operations;
mod pipe;
mod reply;
mod rules;
mod secrets;
mod server;
mod session;
mod settings;
mod socket;
mod tls;

pub use artifacts::{ArtifactLeftOut, JobArtifact, JobArtifacts};
pub use attachment::{Attachment, Channel, FromCommand, Place};
pub use call::Query;
pub use client::{Client, Options};
pub use commands::{
    Command, CommandActor, CommandBatch, CommandProblem, CommandUsage, CommandVerdict, OutputMatch, OutputMatches,
    OutputPart, PolicyReason, SecretVariable,
};
pub use credentials::{Account, Credentials, CredentialsFile, Secrets};
pub use error::{ClientError, FieldProblem, Problem};
pub use feed::{Feed, FromFeed};
pub use fleet_keys::{FleetKeys, MachineWithoutKeys};
pub use job_queues::{JobFigures, JobMachine, JobQueue, JobStatistics};
pub use job_schedules::{JobSchedule, JobSchedulePreview, JobScheduleSecret, JobScheduleWhen};
pub use jobs::{
    Job, JobAttempt, JobConcurrency, JobDetail, JobLimits, JobLost, JobNeighbour, JobOwner, JobRetry, JobTarget,
};
pub use machines::{
    JoinLines, JoinToken, Machine, MachineCertificate, MachineDetail, MachineDisk, MachineFacts, MachineGraphics,
    MachineProcess, MachineSample, MachineSshKey, MachineSshKeyVersion, MachineWatch, NewJoinToken, SamplePoint,
    SandboxLayer,
};
pub use model::*;
pub use pipe::{CommandPipe, MachineRoot};
pub use reply::Reply;
pub use rules::{RuleFault, RuleRequest};
pub use secrets::{
    CreatedSecretHook, ImportedSecrets, MasterKey, MasterRotation, RefusedSecret, RevealedSecret, Secret, SecretHook,
    SecretHookDelivery, SecretLease, SecretPolicy, SecretReader, SecretVersion, VaultFault, VaultStatus,
    VaultVerification,
};
pub use server::{ServerUrl, ServerUrlError};
pub use session::SignedOut;
pub use settings::{
    PlainSecret, RefusedSettings, Setting, SettingChange, SettingFault, Settings, SettingsDiff, SettingsEditor,
    SettingsFile, SettingsSaved, SettingsVerdict, SettingsVersion,
};
pub use socket::Lost;
pub use tls::{Fingerprint, Trust};

//! The layers of protection, and which of them this system offers.

/// Whether a missing layer is a reason to refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing runs unless every layer that keeps things apart stands.
    Required,
    /// What the system offers is used, and [`Layers`] says what that is.
    BestEffort,
}

/// One layer of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The program runs as a user without privileges.
    User,
    /// A user without privileges may build a room of its own.
    UserNamespace,
    /// A file tree of its own, made of what the profile names.
    MountNamespace,
    /// Only its own processes exist, and all die with the first.
    ProcessNamespace,
    /// A `/proc` that knows only its own processes.
    PrivateProc,
    /// No network but a loopback of its own, where the profile says so.
    NetworkNamespace,
    /// No shared memory or queues of others.
    IpcNamespace,
    /// A host name of its own.
    HostNamespace,
    /// Control groups of others have no names.
    GroupNamespace,
    /// The kernel's own allow-list of files, sockets and signals.
    Landlock,
    /// System calls that no build or test needs are refused.
    Seccomp,
    /// Programs that would raise privileges do not.
    NoNewPrivileges,
    /// Limits of each process.
    ResourceLimits,
    /// The memory of all processes together is limited and measured.
    GroupMemory,
    /// The number of processes is limited.
    GroupProcesses,
}

impl Layer {
    /// All of them, from the outermost inwards.
    pub const ALL: [Self; 15] = [
        Self::User,
        Self::UserNamespace,
        Self::MountNamespace,
        Self::ProcessNamespace,
        Self::PrivateProc,
        Self::NetworkNamespace,
        Self::IpcNamespace,
        Self::HostNamespace,
        Self::GroupNamespace,
        Self::Landlock,
        Self::Seccomp,
        Self::NoNewPrivileges,
        Self::ResourceLimits,
        Self::GroupMemory,
        Self::GroupProcesses,
    ];

    /// How it is called in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "unprivileged user",
            Self::UserNamespace => "user namespace",
            Self::MountNamespace => "mount namespace",
            Self::ProcessNamespace => "process namespace",
            Self::PrivateProc => "private proc",
            Self::NetworkNamespace => "network namespace",
            Self::IpcNamespace => "ipc namespace",
            Self::HostNamespace => "host name namespace",
            Self::GroupNamespace => "control group namespace",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::NoNewPrivileges => "no new privileges",
            Self::ResourceLimits => "resource limits",
            Self::GroupMemory => "control group for memory",
            Self::GroupProcesses => "control group for processes",
        }
    }

    /// The layer of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.name() == name)
    }

    /// Whether [`Mode::Required`] refuses without it. Control groups only make limits better, and a user
    /// namespace is only a way to the others for those who are not root.
    #[must_use]
    pub fn is_required(self) -> bool {
        !matches!(self, Self::UserNamespace | Self::GroupNamespace | Self::GroupMemory | Self::GroupProcesses)
    }
}

/// What is known about one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Which one.
    pub layer: Layer,
    /// Whether commands get it.
    pub active: bool,
    /// If active, what is worth knowing (a version); otherwise why not.
    pub note: String,
}

/// What this system offers, found out by trying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    /// One entry for each of [`Layer::ALL`], in that order.
    pub states: Vec<State>,
}

impl Layers {
    /// Nothing is active, for this reason.
    #[must_use]
    pub fn none(why: &str) -> Self {
        let state = |layer| State { layer, active: false, note: why.to_owned() };
        Self { states: Layer::ALL.into_iter().map(state).collect() }
    }

    /// Whether commands get this layer.
    #[must_use]
    pub fn has(&self, layer: Layer) -> bool {
        self.states.iter().any(|state| state.layer == layer && state.active)
    }

    /// Name, whether it is active, and the note of each.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, bool, &str)> {
        self.states.iter().map(|state| (state.layer.name(), state.active, state.note.as_str()))
    }

    /// The layers that are in force.
    pub fn active(&self) -> impl Iterator<Item = Layer> {
        self.states.iter().filter(|state| state.active).map(|state| state.layer)
    }

    /// What [`Mode::Required`] misses, in words; `None` if nothing.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        let missing = self.states.iter().filter(|state| state.layer.is_required() && !state.active);
        let words: Vec<_> = missing.map(|state| format!("{} ({})", state.layer.name(), state.note)).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn set(&mut self, layer: Layer, outcome: Result<String, String>) {
        if let Some(state) = self.states.iter_mut().find(|state| state.layer == layer) {
            state.active = outcome.is_ok();
            state.note = outcome.unwrap_or_else(|why| why);
        }
    }
}

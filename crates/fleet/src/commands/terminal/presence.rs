//! Who looks at a terminal, and how large it is: whoever last typed into it or changed the size decides.

use std::sync::Arc;

use diwan_protocol::run::ToCommand;
use serde::Serialize;

use crate::commands::live::LiveCommand;
use crate::commands::operation::CommandOperation;
use crate::commands::table::CommandActor;

/// How large a terminal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TerminalSize {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

/// A terminal that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct TerminalView {
    /// Characters in a line, now.
    pub(crate) columns: u16,
    /// Lines, now.
    pub(crate) rows: u16,
    /// Who looks at it, as far as this server knows.
    #[schema(max_items = 512)]
    viewers: Vec<TerminalViewer>,
}

/// Somebody who looks at a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct TerminalViewer {
    /// For people.
    name: String,
    /// The person.
    user_id: Option<String>,
    /// Whether they cannot type.
    read_only: bool,
}

impl TerminalView {
    /// As it was opened.
    pub(crate) fn of(operation: &CommandOperation) -> Option<Self> {
        match operation {
            CommandOperation::Terminal { columns, rows, .. } => {
                Some(Self { columns: *columns, rows: *rows, viewers: vec![] })
            }
            _ => None,
        }
    }

    pub(crate) fn size(&self) -> TerminalSize {
        TerminalSize { columns: self.columns, rows: self.rows }
    }
}

/// Somebody's presence, until it is dropped.
#[derive(Debug)]
pub(crate) struct Present {
    live: Arc<LiveCommand>,
    viewer: TerminalViewer,
}

impl Present {
    /// Somebody begins to look on.
    pub(crate) fn enter(
        live: &Arc<LiveCommand>,
        operation: &CommandOperation,
        who: &CommandActor,
        read_only: bool,
    ) -> Self {
        let viewer = TerminalViewer { name: who.name.clone(), user_id: who.user_id.clone(), read_only };
        live.change_terminal(operation, |terminal| terminal.viewers.push(viewer.clone()));
        Self { live: Arc::clone(live), viewer }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.live.progress.send_modify(|progress| {
            let Some(terminal) = &mut progress.terminal else { return };
            let viewers = &mut Arc::make_mut(terminal).viewers;
            if let Some(at) = viewers.iter().position(|viewer| *viewer == self.viewer) {
                viewers.remove(at);
            }
        });
    }
}

impl LiveCommand {
    fn change_terminal(&self, operation: &CommandOperation, change: impl FnOnce(&mut TerminalView)) {
        self.progress.send_modify(|progress| {
            if progress.terminal.is_none() {
                progress.terminal = TerminalView::of(operation).map(Arc::new);
            }
            if let Some(terminal) = &mut progress.terminal {
                change(Arc::make_mut(terminal));
            }
        });
    }

    /// How large the terminal is, once somebody has said so.
    pub(crate) fn size(&self) -> Option<TerminalSize> {
        self.progress.borrow().terminal.as_ref().map(|terminal| terminal.size())
    }

    /// The terminal is to be so large.
    pub(crate) fn resize(&self, operation: &CommandOperation, size: TerminalSize) {
        self.change_terminal(operation, |terminal| (terminal.columns, terminal.rows) = (size.columns, size.rows));
        self.tell(size);
    }

    /// Tells the machine how large the terminal is, if anybody has said so.
    pub(crate) fn tell_size(&self) {
        self.size().into_iter().for_each(|size| self.tell(size));
    }

    fn tell(&self, TerminalSize { columns, rows }: TerminalSize) {
        // If nobody follows it now, whoever does next tells it.
        self.order(ToCommand::Resize { columns, rows });
    }
}

//! The operations about commands.

mod approve_command;
mod attachment;
mod cancel_command;
mod check_command;
mod download_command_output;
mod follow_command;
mod get_batch;
mod get_command;
mod get_command_recording;
mod list_commands;
mod list_machine_files;
mod list_machine_roots;
mod open_command_pipe;
mod range;
mod read_command_output;
mod read_machine_file;
mod run_command;
mod search_command_output;
mod send_command_input;
mod signal_command;
mod target;
mod write_machine_file;

use diwan_kernel::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::fleet::Fleet;

pub use download_command_output::OutputDownload;
pub(crate) use range::{dress, part_of, wanted_range};
pub use search_command_output::OutputSearch;
pub(crate) use target::of_path;

/// All of them, with paths relative to `/api/v1`.
pub(crate) fn routes() -> OpenApiRouter<Fleet> {
    OpenApiRouter::new()
        .routes(routes!(list_commands::list_commands, run_command::run_command))
        .routes(routes!(check_command::check_command))
        .routes(routes!(get_command::get_command))
        .routes(routes!(get_batch::get_batch))
        .routes(routes!(approve_command::approve_command))
        .routes(routes!(cancel_command::cancel_command))
        .routes(routes!(signal_command::signal_command))
        .routes(routes!(send_command_input::send_command_input))
        .routes(routes!(read_command_output::read_command_output))
        .routes(routes!(search_command_output::search_command_output))
        .routes(routes!(download_command_output::download_command_output))
        .routes(routes!(get_command_recording::get_command_recording))
        .routes(routes!(follow_command::follow_command))
        .routes(routes!(open_command_pipe::open_command_pipe))
        .routes(routes!(list_machine_roots::list_machine_roots))
        .routes(routes!(list_machine_files::list_machine_files))
        .routes(routes!(read_machine_file::read_machine_file, write_machine_file::write_machine_file))
}

/// The machine is not there, and it is not waited for.
pub(crate) fn machine_offline(name: &str) -> Problem {
    Problem::conflict(
        "machine_offline",
        "The machine is not connected",
        format!("{name} is not connected to this control plane now."),
        "Start its bridge, or ask for it to be waited for (wait_s).",
    )
}

/// The same of a command that was for it.
pub(crate) fn offline(command: &super::table::Command) -> Problem {
    machine_offline(&command.machine_name)
}

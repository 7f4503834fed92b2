//! The command line: one command a file.
//!
//! What is here: what can be typed ([`Cli`]), and from there one file for each verb. `screen` prints,
//! `failure` says what went wrong and with which exit code, `door` opens the way to a server.

mod audit;
mod bench;
mod bridge;
mod browser;
mod command;
mod completions;
mod config;
mod cp;
mod database;
mod doctor;
mod door;
mod failure;
mod files;
mod installation;
mod job;
mod login;
mod logout;
mod machine;
mod openapi;
mod paging;
mod queue;
mod run;
mod schedule;
mod screen;
mod seal;
mod secret;
pub mod server;
mod ssh;
mod status;
mod sync;
mod token;
mod top;
mod unseal;
pub mod up;
mod user;
mod vault;
mod whoami;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use door::{Connection, Door};
use failure::{Done, Failure};
use screen::Screen;

const AFTER_HELP: &str = "\
Examples:
  diwan up                                    try Diwan on this machine
  diwan login --server https://diwan.example  sign in through the browser
  diwan user invite amina@example.org --role developer
  diwan secret set git/github-token --kind api-key < token.txt
  diwan machine add web-1                     let a machine join
  diwan run -m web-1 -- git status
  diwan job run -m web-1 --retries 3 -- npm test
  diwan ssh web-1
  diwan audit list --outcome denied --since 7d
  diwan status --json | jq .version

Exit codes:
  0  it was done
  1  it was refused or failed, or something was found that must be mended
  2  the command line or the configuration is wrong, or a start was refused
  3  you are not signed in
  4  the server cannot be reached, or its certificate cannot be trusted
  `diwan run` and `diwan job run` have those of what they run, and some of
  their own: diwan run --help

Environment:
  DIWAN_SERVER  the server to talk to, unless --server names one
  DIWAN_TOKEN   an API token to use instead of the kept sign-in
  NO_COLOR      print without colours";

const SERVER_HELP: &str = "\
Examples:
  diwan up
  diwan up --listen 127.0.0.1:7500 --data-dir /tmp/diwan
  diwan server --data-dir /var/lib/diwan --public-url https://diwan.example \\
      --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key privkey.pem
  diwan server --config /etc/diwan.yaml \\
      --database-url postgres://diwan@db.example/diwan

Every flag is also a variable (DIWAN_LISTEN) and a key in the file
(server.listen); `diwan config reference` lists all. Flags win over variables,
variables over the file. Ctrl-C finishes what is under way and ends with 0; a
start that is refused ends with 2 and says what to do.";

/// Diwan: your machines as one private AI development platform.
#[derive(Debug, Parser)]
#[command(name = "diwan", version, about, after_help = AFTER_HELP, max_term_width = 110)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    connection: Connection,
    /// Print JSON for programs instead of tables for people
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run Diwan on this machine, with its data under your home
    #[command(after_help = SERVER_HELP)]
    Up(Box<server::ServerArgs>),
    /// Run the control plane of a deployment
    #[command(after_help = SERVER_HELP)]
    Server(Box<server::ServerArgs>),
    /// Sign in to a server
    Login(login::Login),
    /// Sign out of a server and forget its credentials
    Logout,
    /// Show who is signed in
    Whoami,
    /// Show how a server is doing
    Status,
    /// See and manage people
    #[command(subcommand)]
    User(user::User),
    /// Make and revoke your API tokens
    #[command(subcommand)]
    Token(token::Token),
    /// Read, verify and export the audit trail
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Bring secrets in, take them out, rotate them; decide who may
    #[command(subcommand)]
    Secret(secret::Secret),
    /// See the state of the vault, rotate its master key
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Seal the vault: no secret is to be had until somebody unseals it
    Seal(seal::Seal),
    /// Unseal the vault, or set it up
    Unseal(unseal::Unseal),
    /// Let machines join, label them, put them out
    #[command(subcommand)]
    Machine(machine::Machine),
    /// Have one machine or several do something
    Run(Box<run::Run>),
    /// Open a terminal on a machine
    Ssh(ssh::Ssh),
    /// Copy files to a machine or from it
    Cp(cp::Cp),
    /// Keep a directory here and one on a machine the same
    Sync(sync::Sync),
    /// See what machines were asked to do, what they said, stop it, say yes to it
    #[command(subcommand)]
    Command(command::Command),
    /// Durable work: want it, look on, stop it, try it again
    #[command(subcommand)]
    Job(Box<job::Job>),
    /// Pause and limit the queues in which jobs wait
    #[command(subcommand)]
    Queue(queue::Queue),
    /// Make jobs by the clock, by webhooks, or when something happens
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    /// See how the machines that work here are doing
    #[command(subcommand)]
    Worker(worker::Worker),
    /// Watch how machines are doing, live
    Top(top::Top),
    /// Measure how much a control plane bears
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Look at the configuration of this machine's installation
    Config(config::Config),
    /// Look at and copy the database of this machine's installation
    #[command(subcommand)]
    Database(database::Database),
    /// Check this machine's installation and say what to mend
    Doctor(doctor::Doctor),
    /// Run the bridge that makes this machine one of a fleet
    #[command(subcommand)]
    Bridge(Box<bridge::Bridge>),
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Print the description of a server's API
    Openapi,
}

/// Reads the command line and carries the command out.
pub fn main() -> ExitCode {
    if let Some(bridge) = bridge::by_its_own_name() {
        return bridge.carry_out();
    }
    let cli = Cli::parse();
    let screen = Screen::of_process(cli.json);
    match cli.command {
        // These have a runtime of their own and speak for themselves.
        Command::Up(args) => up::run(&args),
        Command::Server(args) => server::run(&args, |_| {}),
        Command::Bridge(bridge) => bridge.carry_out(),
        command => match carry_out(command, cli.connection, &screen) {
            Ok(done) => done.into(),
            Err(failure) => failure.tell(&screen),
        },
    }
}

fn carry_out(command: Command, connection: Connection, screen: &Screen) -> Result<Done, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::usage(format!("the runtime does not start: {e}"), "Try again."))?;
    let done = runtime.block_on(Box::pin(async {
        let door = Door::new(connection.or_of_environment()?, screen);
        let done = match command {
            Command::Up(_) | Command::Server(_) | Command::Bridge(_) => Ok(Done::Well),
            Command::Login(login) => login.run(&door).await,
            Command::Logout => logout::run(&door).await,
            Command::Whoami => whoami::run(&door).await,
            Command::Status => status::run(&door).await,
            Command::User(user) => user.run(&door).await,
            Command::Token(token) => token.run(&door).await,
            Command::Audit(audit) => audit.run(&door).await,
            Command::Secret(secret) => secret.run(&door).await,
            Command::Vault(vault) => vault.run(&door).await,
            Command::Seal(seal) => seal.run(&door).await,
            Command::Unseal(unseal) => unseal.run(&door).await,
            Command::Machine(machine) => machine.run(&door).await,
            Command::Run(run) => run.run(&door).await,
            Command::Ssh(ssh) => ssh.run(&door).await,
            Command::Cp(cp) => cp.run(&door).await,
            Command::Sync(sync) => sync.run(&door).await,
            Command::Command(command) => command.run(&door).await,
            Command::Job(job) => job.run(&door).await,
            Command::Queue(queue) => queue.run(&door).await,
            Command::Schedule(schedule) => schedule.run(&door).await,
            Command::Worker(worker) => worker.run(&door).await,
            Command::Top(top) => top.run(&door).await,
            Command::Bench(bench) => bench.run(&door).await,
            Command::Config(config) => config.run(&door).await,
            Command::Database(database) => database.run(&door).await,
            Command::Doctor(doctor) => doctor.run(&door).await,
            Command::Completions(completions) => completions.run(&door),
            Command::Openapi => openapi::run(&door).await,
        };
        match done {
            Err(failure) => Err(door.explain(failure).await),
            done => done,
        }
    }));
    // Nobody waits for a thread that reads standard input, or writes to somebody who does not read.
    runtime.shutdown_background();
    done
}

#[cfg(test)]
mod tests;

//! Tests of the real program as the operating system sees it: starting, stopping, being killed, a disk that
//! is full or fails, and every operation of its API.
//!
//! Nothing of the product is linked in here. The program is the one that `make test` builds first; start at
//! [`program`] for how it is run.
#![forbid(unsafe_code)]

#[cfg(test)]
mod api;
#[cfg(test)]
mod canaries;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod fleet_faults;
#[cfg(test)]
mod job_faults;
#[cfg(test)]
mod long_log;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod program;
#[cfg(test)]
mod rekey;
#[cfg(test)]
mod rescue;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod slow_clients;
#[cfg(test)]
mod start;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod up;
#[cfg(test)]
mod vault_disk;

//! The bridge: the daemon that runs on every machine, dials out to the control plane and does the work.
#![forbid(unsafe_code)]

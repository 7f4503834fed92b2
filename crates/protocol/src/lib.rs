//! What control plane and bridge say to each other.

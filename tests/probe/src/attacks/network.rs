//! Attempts on the network and on local sockets.

use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::planted;
use crate::Done;

/// Whether there is a way at all; nothing is sent.
fn way_to(address: &str) -> Done<String> {
    UdpSocket::bind("0.0.0.0:0")?.connect(address)?;
    Ok(format!("there is a way to {address}"))
}

pub(super) fn metadata_address() -> Done<String> {
    way_to("169.254.169.254:80")
}

pub(super) fn lan_address() -> Done<String> {
    way_to("192.168.1.1:22").or_else(|_| way_to("10.0.0.1:22"))
}

pub(super) fn loopback_of_machine() -> Done<String> {
    TcpStream::connect(planted("LOOPBACK")?)?;
    Ok("connected".to_owned())
}

pub(super) fn local_socket() -> Done<String> {
    UnixStream::connect(planted("SOCKET")?)?;
    Ok("connected".to_owned())
}

pub(super) fn abstract_socket() -> Done<String> {
    UnixStream::connect_addr(&SocketAddr::from_abstract_name(planted("ABSTRACT")?)?)?;
    Ok("connected".to_owned())
}

fn made(family: AddressFamily, kind: SockType) -> Done<String> {
    socket(family, kind, SockFlag::empty(), None)?;
    Ok("made".to_owned())
}

pub(super) fn raw_socket() -> Done<String> {
    const ICMP: i32 = 1;
    let script = format!("my $r = syscall({}, 2, 3, {ICMP});", nix::libc::SYS_socket);
    crate::raw::reached(crate::raw::script(&script)?, &[])
}

pub(super) fn packet_socket() -> Done<String> {
    made(AddressFamily::Packet, SockType::Raw)
}

pub(super) fn kernel_crypto_socket() -> Done<String> {
    made(AddressFamily::Alg, SockType::SeqPacket)
}

/// SCTP; a kernel that lacks it looks for it before it says so.
pub(super) fn protocol_that_loads_modules() -> Done<String> {
    const SCTP: i32 = 132;
    let script = format!("my $r = syscall({}, 2, 1, {SCTP});", nix::libc::SYS_socket);
    crate::raw::reached(crate::raw::script(&script)?, &[nix::libc::EPROTONOSUPPORT, nix::libc::ESOCKTNOSUPPORT])
}

//! What travels between a controller and a guard: packets of nine bytes, and with an order to start, descriptors.

use crate::process::Signal;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The descriptors that come with [`Request::Spawn`]: the words of the command, and the three standard streams.
pub(super) const DESCRIPTORS: usize = 4;

const PACKET: usize = 9;

/// What a controller asks. `life` tells one tool of a guard from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// Of the template: be a guard at the other end of this descriptor.
    Guard,
    /// Start the tool that the descriptors describe.
    Spawn { life: u32 },
    /// Send it a signal.
    Signal { life: u32, signal: Signal },
}

/// What a guard tells its controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// The tool runs.
    Spawned { life: u32, pid: i32 },
    /// It cannot be started; an errno.
    Failed { life: u32, errno: i32 },
    /// It has exited, and nothing of it is left.
    Exited { life: u32, code: i32 },
    /// A signal ended it, and nothing of it is left.
    Signalled { life: u32, signal: i32 },
    /// The kernel killed it for want of memory, and nothing of it is left.
    OutOfMemory { life: u32 },
}

/// Something that fits into a packet.
pub(super) trait Packet: Sized {
    fn parts(self) -> (u8, u32, i32);
    fn from_parts(kind: u8, life: u32, value: i32) -> Option<Self>;
}

impl Packet for Request {
    fn parts(self) -> (u8, u32, i32) {
        match self {
            Self::Guard => (b'n', 0, 0),
            Self::Spawn { life } => (b's', life, 0),
            Self::Signal { life, signal: Signal::Interrupt } => (b'i', life, 0),
            Self::Signal { life, signal: Signal::Continue } => (b'c', life, 0),
            Self::Signal { life, signal: Signal::Terminate } => (b't', life, 0),
            Self::Signal { life, signal: Signal::Kill } => (b'k', life, 0),
        }
    }

    fn from_parts(kind: u8, life: u32, _: i32) -> Option<Self> {
        let signal = |signal| Some(Self::Signal { life, signal });
        match kind {
            b'n' => Some(Self::Guard),
            b's' => Some(Self::Spawn { life }),
            b'i' => signal(Signal::Interrupt),
            b'c' => signal(Signal::Continue),
            b't' => signal(Signal::Terminate),
            b'k' => signal(Signal::Kill),
            _ => None,
        }
    }
}

impl Packet for Report {
    fn parts(self) -> (u8, u32, i32) {
        match self {
            Self::Spawned { life, pid } => (b'p', life, pid),
            Self::Failed { life, errno } => (b'f', life, errno),
            Self::Exited { life, code } => (b'x', life, code),
            Self::Signalled { life, signal } => (b'g', life, signal),
            Self::OutOfMemory { life } => (b'o', life, 0),
        }
    }

    fn from_parts(kind: u8, life: u32, value: i32) -> Option<Self> {
        match kind {
            b'p' => Some(Self::Spawned { life, pid: value }),
            b'f' => Some(Self::Failed { life, errno: value }),
            b'x' => Some(Self::Exited { life, code: value }),
            b'g' => Some(Self::Signalled { life, signal: value }),
            b'o' => Some(Self::OutOfMemory { life }),
            _ => None,
        }
    }
}

/// Sends a packet; the descriptors are copied.
///
/// # Errors
/// The other side is gone, or its queue is full.
pub(super) fn send(socket: impl AsFd, packet: impl Packet, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let (kind, life, value) = packet.parts();
    let mut bytes = [0; PACKET];
    bytes[0] = kind;
    bytes[1..5].copy_from_slice(&life.to_ne_bytes());
    bytes[5..].copy_from_slice(&value.to_ne_bytes());
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    sendmsg(socket, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives a packet and the descriptors that came with it; `None` at the end.
///
/// # Errors
/// `WouldBlock` if nothing has come; `InvalidData` if it makes no sense.
pub(super) fn receive<P: Packet>(socket: impl AsFd) -> io::Result<Option<(P, Vec<OwnedFd>)>> {
    let mut bytes = [0; PACKET];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let read = recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            descriptors.extend(rights);
        }
    }
    if read.bytes == 0 {
        return Ok(None);
    }
    let number = |range: std::ops::Range<usize>| {
        let mut four = [0; 4];
        four.copy_from_slice(&bytes[range]);
        four
    };
    let (life, value) = (u32::from_ne_bytes(number(1..5)), i32::from_ne_bytes(number(5..9)));
    P::from_parts(bytes[0], life, value)
        .map(|packet| Some((packet, descriptors)))
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

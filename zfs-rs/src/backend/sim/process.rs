//! I am a program that uses the simulated kernel, and can be killed.

use std::fmt;
use std::io::pipe;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::poll::PollFlags;

use super::fault::{Call, Fault};
use super::stream;
use super::world::{Cleanups, DEAD, Fate, First, Life, World};
use crate::backend::{Cleanup, Outcome};
use crate::errno::Errno;

/// A process on the simulated machine: everything that ends with one SIGKILL.
///
/// Cheap to clone; all clones are the same process. It ends when it is killed, by hand or by a [`Fault`]: its calls then fail, running ones
/// too, its temporary holds go, and what it received halfway is kept or lost as with the real kernel. The world stays.
#[derive(Clone)]
pub struct Process(Arc<Inner>);

struct Inner {
    world: Arc<Mutex<World>>,
    id: u64,
    /// Readable, for it is at its end, once the process is dead.
    pulse: Option<OwnedFd>,
}

impl Process {
    pub(super) fn start(world: &Arc<Mutex<World>>, in_turn: bool) -> Self {
        let (pulse, heart) = pipe()
            .ok()
            .map(|(pulse, heart)| (OwnedFd::from(pulse), OwnedFd::from(heart)))
            .unzip();
        let mut locked = lock(world);
        let id = locked.chance.id();
        locked.processes.insert(
            id,
            Life {
                alive: true,
                in_turn,
                calls: Vec::new(),
                faults: Vec::new(),
                heart,
            },
        );
        drop(locked);
        Self(Arc::new(Inner {
            world: Arc::clone(world),
            id,
            pulse,
        }))
    }

    /// Ends it at once, as SIGKILL does. Calls that wait for a stream end too.
    pub fn kill(&self) {
        self.world().kill(self.0.id);
    }

    /// Whether it was not killed.
    pub fn is_alive(&self) -> bool {
        self.world().is_alive(self.0.id)
    }

    /// Makes something go wrong or wait.
    pub fn inject(&self, fault: Fault) {
        if let Some(life) = self.world().processes.get_mut(&self.0.id) {
            life.faults.push(fault);
        }
    }

    /// The calls it has made, in order. Kill points are numbered by this list.
    pub fn calls(&self) -> Vec<Call> {
        self.world()
            .processes
            .get(&self.0.id)
            .map(|life| life.calls.clone())
            .unwrap_or_default()
    }

    pub(super) fn id(&self) -> u64 {
        self.0.id
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.0.world)
    }

    pub(super) fn pulse(&self) -> Option<BorrowedFd<'_>> {
        self.0.pulse.as_ref().map(OwnedFd::as_fd)
    }

    /// Makes a call that needs the lock from beginning to end.
    pub(super) fn call<T>(&self, call: Call, body: impl FnOnce(&mut World) -> Outcome<T>) -> Outcome<T> {
        let (mut world, fate) = self.begin(call)?;
        let result = body(&mut world);
        world.end(self.0.id, &fate, result)
    }

    /// Notes a call and says what becomes of it. Waits, with nothing locked, where it is held up.
    pub(super) fn begin(&self, call: Call) -> Result<(MutexGuard<'_, World>, Fate), Errno> {
        let mut world = self.world();
        let (fate, first) = world.begin(self.0.id, call)?;
        if let Some(first) = first {
            drop(world);
            match first {
                First::Wait(gate) => stream::wait(self, gate.reach(), PollFlags::POLLIN)?,
                First::Let(deed) => deed.happen(),
            }
            world = self.world();
            if !world.is_alive(self.0.id) {
                return Err(DEAD);
            }
        }
        Ok((world, fate))
    }

    /// A handle that temporary holds can be tied to.
    pub(super) fn open_handle(&self) -> Outcome<Box<dyn Cleanup>> {
        let (descriptor, _) = pipe().map_err(|error| Errno(error.raw_os_error().unwrap_or(Errno::ENXIO.0)))?;
        let descriptor = OwnedFd::from(descriptor);
        let mut world = self.world();
        if !world.is_alive(self.0.id) {
            return Err(DEAD.into());
        }
        world.cleanups.insert(
            descriptor.as_raw_fd(),
            Cleanups {
                process: self.0.id,
                holds: Vec::new(),
            },
        );
        drop(world);
        Ok(Box::new(Handle {
            descriptor,
            world: Arc::clone(&self.0.world),
        }))
    }
}

/// The world stays usable after a panic in somebody's test: each change is checked before it is begun.
pub(super) fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Process").field(&self.0.id).finish()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let mut world = lock(&self.world);
        world.kill(self.id);
        world.processes.remove(&self.id);
    }
}

struct Handle {
    descriptor: OwnedFd,
    world: Arc<Mutex<World>>,
}

impl Cleanup for Handle {
    fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.descriptor).finish()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Before the number of the descriptor can be somebody else's.
        lock(&self.world).close(self.descriptor.as_raw_fd());
    }
}

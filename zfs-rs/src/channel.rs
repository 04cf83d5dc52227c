//! I am what a program says to ZFS in Lua.

use crate::backend::{Ran, request};
use crate::errno::Errno;
use crate::error::{Cause, Error, Operation, Result};
use crate::name::PoolName;
use crate::nvlist::{NvList, Value};
use crate::zfs::Zfs;

/// An order to run a channel program; see [`Zfs::program`].
#[derive(Debug)]
#[must_use = "nothing runs before `run` is called"]
pub struct ProgramRequest<'a> {
    zfs: &'a Zfs,
    pool: PoolName,
    program: String,
    argument: NvList,
    instructions_max: u64,
    memory_max: u64,
    changes: bool,
}

impl Zfs {
    /// Begins an order to run a channel program: Lua inside the kernel, where it sees one state of the pool and its changes are all made in
    /// one transaction group. `zfs-program(8)` describes the language. Needs root. Since OpenZFS 0.8.
    ///
    /// ```no_run
    /// use zfs_rs::nvlist::{NvList, Value};
    ///
    /// # let zfs = zfs_rs::Zfs::open()?;
    /// let count = "count = 0; for name in zfs.list.snapshots((...)['of']) do count = count + 1 end; return count";
    /// let argument = NvList::new().with("of", "tank/home");
    /// let answer = zfs.program(&"tank".parse()?, count).argument(argument).read_only().run()?;
    /// assert_eq!(answer, Some(Value::Int64(7)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "lzc_channel_program")]
    pub fn program(&self, pool: &PoolName, program: &str) -> ProgramRequest<'_> {
        ProgramRequest {
            zfs: self,
            pool: pool.clone(),
            program: program.to_owned(),
            argument: NvList::new(),
            instructions_max: INSTRUCTIONS,
            memory_max: MEMORY,
            changes: true,
        }
    }
}

/// What `zfs program` allows too.
const INSTRUCTIONS: u64 = 10_000_000;
/// What `zfs program` allows too.
const MEMORY: u64 = 10 << 20;

impl ProgramRequest<'_> {
    /// Gives the program a table, which it finds as `...`.
    ///
    /// What `zfs program` is given on its command line is in there as an array of strings named `argv`.
    pub fn argument(mut self, argument: NvList) -> Self {
        self.argument = argument;
        self
    }

    /// Ends the program after so many Lua instructions, in place of 10 million. The kernel allows 100 million unless it is told otherwise.
    pub fn instructions_max(mut self, instructions: u64) -> Self {
        self.instructions_max = instructions;
        self
    }

    /// Ends the program when it uses more bytes of memory, in place of 10 MiB. The kernel allows 100 MiB unless it is told otherwise. The
    /// result must fit as well.
    pub fn memory_max(mut self, bytes: u64) -> Self {
        self.memory_max = bytes;
        self
    }

    /// Runs the program outside the pool's transaction groups: it may change nothing, and holds nothing up.
    #[doc(alias = "lzc_channel_program_nosync")]
    pub fn read_only(mut self) -> Self {
        self.changes = false;
        self
    }

    /// Runs the program, blocks until it has ended, and gives what it returns; nothing where it returns nothing.
    ///
    /// Lua has one kind of number, of 64 bits with a sign: every number comes back as [`Value::Int64`], and a GUID of the upper half as a
    /// negative one, to be read by [`i64::cast_unsigned`]. Tables come back as lists, whose names are the keys written out.
    ///
    /// A program that fails after it has changed something has changed it: what is to be all or nothing is first checked by `zfs.check`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ProgramFailed`](crate::ErrorKind::ProgramFailed) with the program's own words, or Lua's, as the error's text, and by
    /// [`Error::errno`] ECHRNG for an error at run time, EINVAL for one of syntax, ETIME for too many instructions, ENOSPC for too much memory.
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for limits that are zero or too high,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when no such pool is imported,
    /// [`ErrorKind::NoPermission`](crate::ErrorKind::NoPermission).
    pub fn run(self) -> Result<Option<Value>> {
        let request = request::Program {
            pool: &self.pool,
            program: &self.program,
            argument: &self.argument,
            instructions_max: self.instructions_max,
            memory_max: self.memory_max,
            sync: self.changes,
        };
        let failed = |cause: Cause| Error::new(Operation::RunProgram, self.pool.as_str(), cause);
        let ran = self.zfs.core.channel_program(&request).or_else(|refusal| match refusal.errno {
            // Out of memory it has no words; a pool without space would have some (`zcp_pool_error` in zcp.c).
            Errno::ENOSPC => Ok(Ran {
                errno: Some(Errno::ENOSPC),
                output: NvList::new().with("error", "it needs more memory than it may have"),
            }),
            _ => Err(failed(refusal.into())),
        });
        outcome(ran?).map_err(failed)
    }
}

/// The value that was returned, or why there is none.
fn outcome(ran: Ran) -> Result<Option<Value>, Cause> {
    let Ran { errno, mut output } = ran;
    match errno {
        None => Ok(output.remove("return")),
        Some(errno) => Err(Cause::Program {
            errno,
            message: message(output.value("error"), errno),
        }),
    }
}

/// What a program says when it fails: a text, or any other value it gave to `error`.
fn message(error: Option<&Value>, errno: Errno) -> String {
    match error {
        Some(Value::String(text)) => text.to_str_lossy().into_owned(),
        Some(other) => other.to_string(),
        None => errno.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(errno: Option<Errno>, output: NvList) -> Result<Option<Value>, Error> {
        outcome(Ran { errno, output }).map_err(|cause| Error::new(Operation::RunProgram, "tank", cause))
    }

    #[test]
    fn a_program_that_returns_nothing_is_told_from_one_that_returns_a_value() {
        assert_eq!(ran(None, NvList::new()).unwrap(), None);
        let output = NvList::new().with("return", 7i64);
        assert_eq!(ran(None, output).unwrap(), Some(Value::Int64(7)));
    }

    #[test]
    fn a_program_that_fails_says_so_in_its_own_words() {
        let output = NvList::new().with("error", "[string \"channel program\"]:1: no");
        let error = ran(Some(Errno::ECHRNG), output).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::ProgramFailed);
        assert_eq!(error.errno(), Some(Errno::ECHRNG));
        assert!(error.to_string().ends_with("[string \"channel program\"]:1: no"), "{error}");
        let output = NvList::new().with("error", NvList::new().with("code", 3i64));
        assert!(ran(Some(Errno::ECHRNG), output).unwrap_err().to_string().ends_with("{code: 3}"));
    }
}

//! I look after the pool, and after devices it does not have.

use std::time::Duration;

use zfs_rs::{
    Guid, PoolName,
    backend::{
        Activity, PruneAge, ScrubOrder, VdevOrder,
        request::{Program, Trim},
    },
    nvlist::NvList,
};

use super::Play;

impl Play {
    pub(super) fn pools(&mut self) {
        let pool = self.root.pool();
        self.call("sync", |core| core.sync(&pool, false));
        self.call("sync by force", |core| core.sync(&pool, true));
        self.call("wait", |core| core.wait(&pool, Activity::Scrub, None));
        self.call("wait for a device", |core| core.wait(&pool, Activity::Initialize, Some(NO_DEVICE)));
        let filesystem = self.child("a");
        self.call("wait for deletes", |core| core.wait_for_deletes(&filesystem));
        for (words, order, rate, secure) in [
            ("trim", VdevOrder::Start, None, false),
            ("trim slowly", VdevOrder::Start, Some(1 << 20), true),
            ("end a trim", VdevOrder::Cancel, None, false),
        ] {
            let request = Trim {
                pool: &pool,
                order,
                devices: &[NO_DEVICE],
                rate,
                secure,
            };
            self.call(words, |core| core.trim(&request));
        }
        self.call("checkpoint", |core| core.checkpoint(&pool));
        self.call("give a checkpoint up", |core| core.discard_checkpoint(&pool));
        // Whether there was anything left to wait for is a matter of luck.
        self.call("wait until it is given up", |core| {
            core.wait(&pool, Activity::DiscardCheckpoint, None).map(drop)
        });
        self.call("reopen", |core| core.reopen(&pool, false));
        self.call("reopen and scrub anew", |core| core.reopen(&pool, true));
        self.boot(&pool);
        if self.is_since("2.2") {
            self.scrubs(&pool);
            self.devices(&pool);
        }
        if self.is_since("2.3") {
            self.deduplication(&pool);
        }
        self.programs(&pool);
    }

    fn boot(&mut self, pool: &PoolName) {
        let boot = NvList::new().with("version", 1_u64).with("org.example:boot", "there");
        self.call("set the boot environment", |core| core.set_boot_environment(pool, &boot));
        self.call("read the boot environment", |core| core.boot_environment(pool));
    }

    fn scrubs(&mut self, pool: &PoolName) {
        for (words, order) in [
            ("end a scrub that was begun anew", ScrubOrder::Cancel),
            ("scrub", ScrubOrder::Start),
            ("pause a scrub", ScrubOrder::Pause),
            ("end a scrub", ScrubOrder::Cancel),
        ] {
            // A scrub of so little may have ended by itself before it is paused.
            self.call(words, |core| core.scrub(pool, order).or(Ok(())));
        }
    }

    fn devices(&mut self, pool: &PoolName) {
        self.call("read a device's properties", |core| core.device_properties(pool, NO_DEVICE, &[]));
        self.call("read a device's size", |core| core.device_properties(pool, NO_DEVICE, &["size"]));
        let shelf = NvList::new().with("org.example:shelf", "upper");
        self.call("set a device's properties", |core| {
            core.set_device_properties(pool, NO_DEVICE, &shelf)
        });
    }

    fn deduplication(&mut self, pool: &PoolName) {
        self.call("prefetch", |core| core.prefetch_dedup(pool));
        self.call("prune by share", |core| core.prune_dedup(pool, PruneAge::Percent(10)));
        let day = PruneAge::OlderThan(Duration::from_secs(86400));
        self.call("prune by age", |core| core.prune_dedup(pool, day));
    }

    fn programs(&mut self, pool: &PoolName) {
        let argument = NvList::new().with("who", "ada");
        for (words, program, sync) in [
            ("run a program", "args = ...; return args['who']", true),
            ("run a program that only looks", "args = ...; return args['who']", false),
            ("run a program that fails", "error('on purpose')", true),
        ] {
            let request = Program {
                pool,
                program,
                argument: &argument,
                instructions_max: 10_000_000,
                memory_max: 10 << 20,
                sync,
            };
            self.call(words, |core| core.channel_program(&request));
        }
    }
}

/// No pool has it: the words are what is compared here.
const NO_DEVICE: Guid = Guid(0x1122_3344_5566_7788);

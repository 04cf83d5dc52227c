//! I know which kernel modules must be loaded, and in which order, before a disk can be read.

use std::collections::{BTreeMap, BTreeSet};

/// The dependency table of one kernel: `modules.dep` and `modules.builtin`, read once.
#[derive(Debug)]
pub struct Modules {
    needs: BTreeMap<String, Vec<String>>,
    paths: BTreeMap<String, String>,
    builtin: BTreeSet<String>,
}

impl Modules {
    /// Reads the two files' texts.
    #[must_use]
    pub fn parse(dep: &str, builtin: &str) -> Self {
        let mut modules = Self {
            needs: BTreeMap::new(),
            paths: BTreeMap::new(),
            builtin: builtin.lines().map(name).collect(),
        };
        for (path, needs) in dep.lines().filter_map(|line| line.split_once(':')) {
            modules.paths.insert(name(path), path.to_owned());
            modules.needs.insert(name(path), needs.split_whitespace().map(name).collect());
        }
        modules
    }

    /// The files to load for `wanted`, each after everything it needs; what the kernel has built in needs no file.
    ///
    /// # Errors
    /// The name of a module that this kernel has in neither form.
    pub fn closure(&self, wanted: &[&str]) -> Result<Vec<String>, String> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        for module in wanted {
            self.visit(&name(module), &mut seen, &mut order)?;
        }
        Ok(order)
    }

    fn visit(&self, module: &str, seen: &mut BTreeSet<String>, order: &mut Vec<String>) -> Result<(), String> {
        if self.builtin.contains(module) || !seen.insert(module.to_owned()) {
            return Ok(());
        }
        let (Some(path), Some(needs)) = (self.paths.get(module), self.needs.get(module)) else {
            return Err(module.to_owned());
        };
        for need in needs {
            self.visit(need, seen, order)?;
        }
        order.push(path.clone());
        Ok(())
    }
}

/// A module's name as the kernel compares them: no directory, no suffix, `_` for `-`.
fn name(path: &str) -> String {
    let file = path.trim().rsplit('/').next().unwrap_or_default();
    file.split(".ko").next().unwrap_or_default().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEP: &str = "\
kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko
kernel/lib/crc16.ko:
kernel/fs/mbcache.ko:
kernel/fs/jbd2/jbd2.ko: kernel/lib/crc16.ko
kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio-ring.ko.xz
kernel/drivers/virtio/virtio-ring.ko.xz:
";

    #[test]
    fn everything_needed_comes_before_what_needs_it() {
        let modules = Modules::parse(DEP, "kernel/drivers/char/virtio_console.ko\n");
        let order = modules.closure(&["ext4", "virtio-blk", "virtio_console"]).unwrap();
        assert_eq!(
            order,
            [
                "kernel/lib/crc16.ko",
                "kernel/fs/mbcache.ko",
                "kernel/fs/jbd2/jbd2.ko",
                "kernel/fs/ext4/ext4.ko",
                "kernel/drivers/virtio/virtio-ring.ko.xz",
                "kernel/drivers/block/virtio_blk.ko.xz",
            ]
        );
    }

    #[test]
    fn a_module_the_kernel_does_not_have_is_named() {
        assert_eq!(Modules::parse(DEP, "").closure(&["virtio_console"]), Err("virtio_console".into()));
    }

    #[test]
    fn a_circle_of_needs_ends() {
        let circle = Modules::parse("a.ko: b.ko\nb.ko: a.ko\n", "");
        assert_eq!(circle.closure(&["a"]).unwrap(), ["b.ko", "a.ko"]);
    }
}

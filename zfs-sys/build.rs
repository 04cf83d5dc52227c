//! I read the installed headers when the feature `buildtime-bindgen` asks for it, and do nothing else.

fn main() {
    #[cfg(feature = "buildtime-bindgen")]
    generate::run();
}

#[cfg(feature = "buildtime-bindgen")]
mod generate {
    use std::{
        env,
        error::Error,
        panic,
        path::{Path, PathBuf},
    };

    type Outcome<T> = Result<T, Box<dyn Error>>;

    /// No `pub` method of the generated struct is kept but these two: the others panic when their symbol is missing.
    const KEPT_METHODS: [&str; 2] = ["new", "from_library"];

    /// Functions that one declaration cannot describe under the one SONAME `libzfs_core.so.3`: headers 2.0 to 2.4 declare `lzc_send_progress` and
    /// their library has none, 2.5 has one with other arguments; `lzc_initialize` gains two arguments in 2.5.
    const UNTYPABLE: [&str; 2] = ["lzc_send_progress", "lzc_initialize"];

    const PACKAGES: &str = "apt-get install libclang-dev libzfslinux-dev";

    pub(super) fn run() {
        let made = bindings();
        if let Err(reason) = made {
            say("error", &format!("no bindings made: {reason}"));
            say("error", &format!("what they are made from is in these packages: {PACKAGES}"));
        }
    }

    fn bindings() -> Outcome<()> {
        say("rerun-if-changed", "build.rs");
        say("rerun-if-env-changed", "ZFS_SYS_INCLUDE");
        let include = PathBuf::from(env::var_os("ZFS_SYS_INCLUDE").unwrap_or_else(|| "/usr/include".into()));
        let header = include.join("libzfs").join("libzfs_core.h");
        if !header.is_file() {
            return Err(format!("{} is not there", header.display()).into());
        }
        let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?).join("bindings.rs");
        std::fs::write(&out, without_methods(&read(&include)?))?;
        // The agreement test reads the header a second time, with its own eyes.
        say("rustc-env", &format!("ZFS_SYS_HEADER={}", header.display()));
        say("rustc-env", &format!("ZFS_SYS_UNTYPABLE={}", UNTYPABLE.join(" ")));
        Ok(())
    }

    fn read(include: &Path) -> Outcome<String> {
        let builder = bindgen::Builder::default()
            .header("wrapper.h")
            .clang_args(["libzfs", "libspl"].map(|part| format!("-I{}", include.join(part).display())))
            .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
            .rust_target(bindgen::RustTarget::stable(88, 0).map_err(|wrong| wrong.to_string())?)
            .rust_edition(bindgen::RustEdition::Edition2024)
            .formatter(bindgen::Formatter::Prettyplease)
            .dynamic_library_name("ZfsCore")
            .dynamic_link_require_all(false)
            .default_enum_style(bindgen::EnumVariation::NewType { is_bitfield: false, is_global: false })
            .bitfield_enum("lzc_send_flags")
            .size_t_is_usize(true)
            .wrap_unsafe_ops(true)
            .use_core()
            .layout_tests(true)
            // The headers' texts are CDDL; names and numbers are all that is taken.
            .generate_comments(false)
            .disable_header_comment()
            .allowlist_function("lzc_.*|libzfs_core_.*|nvlist_(pack|unpack|size|free)")
            .allowlist_type("lzc_.*|zfs_errno_t")
            .allowlist_var("LZC_.*|NV_ENCODE_.*")
            // The encodings are arguments of type int.
            .default_macro_constant_type(bindgen::MacroTypeVariation::Signed)
            .opaque_type("nvlist|dmu_replay_record|zfs_cmd")
            .no_copy("nvlist");
        let builder = UNTYPABLE.iter().fold(builder, bindgen::Builder::blocklist_function);
        // bindgen panics, and only then says why on stderr, where it finds no libclang.
        let made = panic::catch_unwind(panic::AssertUnwindSafe(|| builder.generate())).map_err(|_shown| "libclang does not load")?;
        Ok(made?.to_string())
    }

    /// Leaves the methods out that panic; the struct's fields say the same as values.
    fn without_methods(generated: &str) -> String {
        let mut kept = String::new();
        let mut leaving_out = false;
        for line in generated.lines() {
            let method = line
                .strip_prefix("    pub unsafe fn ")
                .map(|rest| rest.split(['(', '<']).next().unwrap_or(rest));
            leaving_out |= method.is_some_and(|name| !KEPT_METHODS.contains(&name));
            if !leaving_out {
                kept.push_str(line);
                kept.push('\n');
            }
            leaving_out &= line != "    }";
        }
        kept
    }

    fn say(key: &str, value: &str) {
        println!("cargo::{key}={value}");
    }
}

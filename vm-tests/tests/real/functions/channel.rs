//! Channel programs run in the kernel, and what they return or why they fail comes back.

use zfs_rs::{
    Errno, ErrorKind, Zfs,
    nvlist::{NvList, Value},
};

use crate::support::{oracle, pool::home};

both!(
    a_program_is_given_a_table_and_returns_one shows [program],
    a_program_changes_what_it_may_and_fails_in_its_own_words shows [program],
);

fn a_program_is_given_a_table_and_returns_one(zfs: &Zfs) {
    let root = home("lua");
    oracle::sh(&format!("zfs snapshot {root}@a; zfs snapshot {root}@b"));
    let program = "args = ...; found = {}; for name in zfs.list.snapshots(args['of']) do found[name] = zfs.get_prop(name, 'guid') end; \
                   return {found = found, given = args}";
    let argument = NvList::new()
        .with("of", root.as_str())
        .with("number", 7i64)
        .with("list", NvList::new().with("truth", true));
    let answer = zfs
        .program(&root.pool(), program)
        .argument(argument.clone())
        .read_only()
        .run()
        .unwrap();
    let Some(Value::List(answer)) = answer else { panic!("{answer:?}") };
    let found: &NvList = answer.get("found").unwrap();
    assert_eq!(found.len(), 2);
    for name in ["a", "b"] {
        let name = format!("{root}@{name}");
        let guid = found.get::<i64>(&name).unwrap().cast_unsigned();
        assert_eq!(guid.to_string(), oracle::get(&name, "guid"));
    }
    let given: &NvList = answer.get("given").unwrap();
    for (name, value) in &argument {
        assert_eq!(given.value(name.to_str().unwrap()), Some(value));
    }
    assert_eq!(zfs.program(&root.pool(), "x = 1").read_only().run().unwrap(), None);
    let one = zfs.program(&root.pool(), "return 'text'").run().unwrap();
    assert_eq!(one, Some(Value::from("text")));

    // More than the room for a usual answer.
    let long = "s = string.rep('x', 200000); return s";
    let Some(Value::String(text)) = zfs.program(&root.pool(), long).read_only().run().unwrap() else {
        panic!("no text");
    };
    assert_eq!(text.as_bytes().len(), 200_000);
}

fn a_program_changes_what_it_may_and_fails_in_its_own_words(zfs: &Zfs) {
    let root = home("lua");
    let pool = root.pool();
    let snapshot = format!("return zfs.sync.snapshot('{root}@made')");
    let refused = zfs.program(&pool, &snapshot).read_only().run().unwrap_err();
    assert_eq!(
        (refused.kind(), refused.errno()),
        (ErrorKind::ProgramFailed, Some(Errno::ECHRNG)),
        "{refused}"
    );
    assert!(!oracle::exists(&format!("{root}@made")));
    assert_eq!(zfs.program(&pool, &snapshot).run().unwrap(), Some(Value::Int64(0)));
    assert!(oracle::exists(&format!("{root}@made")));

    let failed = |program: &str| {
        zfs.program(&pool, program)
            .read_only()
            .instructions_max(10_000)
            .memory_max(1 << 20)
            .run()
            .unwrap_err()
    };
    let own = failed("error('not today')");
    assert_eq!(own.kind(), ErrorKind::ProgramFailed);
    assert!(own.to_string().contains("not today"), "{own}");
    let syntax = failed("this is no program");
    assert_eq!(
        (syntax.kind(), syntax.errno()),
        (ErrorKind::ProgramFailed, Some(Errno::EINVAL)),
        "{syntax}"
    );
    let endless = failed("while true do end");
    assert_eq!(
        (endless.kind(), endless.errno()),
        (ErrorKind::ProgramFailed, Some(Errno::ETIME)),
        "{endless}"
    );
    let greedy = failed("s = 'x'; while true do s = s .. s end");
    assert_eq!(
        (greedy.kind(), greedy.errno()),
        (ErrorKind::ProgramFailed, Some(Errno::ENOSPC)),
        "{greedy}"
    );
    let wordless = failed("error({code = 3})");
    assert!(wordless.to_string().contains("stack traceback"), "{wordless}");

    let limits = zfs.program(&pool, "return 1").instructions_max(0).run().unwrap_err();
    assert_eq!(limits.kind(), ErrorKind::Invalid, "{limits}");
    let nowhere = zfs.program(&"nosuchpool".parse().unwrap(), "return 1").run().unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound, "{nowhere}");
    let nul = zfs.program(&pool, "return 1\0").run().unwrap_err();
    assert_eq!(nul.kind(), ErrorKind::Invalid, "{nul}");
}

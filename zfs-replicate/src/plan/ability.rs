//! I know what streams need of a pool, and make them so that the target's pool can take them.
//!
//! A kernel refuses a stream that needs a feature its pool does not have (`recv_begin_check_feature_flags_impl` in dmu_recv.c). Which features a stream needs, the
//! sending kernel takes from its dataset and from how the stream is ordered (`setup_featureflags` in dmu_send.c). Of a dataset nobody can ask which it
//! uses, so what its pool uses is taken for it.

use zfs_rs::name::PoolName;

use crate::plan::encrypt;
use crate::reason::{Blocked, Note};
use crate::view::{Dataset, Pool, StreamFlags};

/// Both pools, as far as streams are concerned.
#[derive(Debug, Clone)]
pub(super) struct Pools<'a> {
    pub(super) source: &'a Pool,
    pub(super) target: &'a Pool,
    /// What the target's is called.
    pub(super) name: PoolName,
}

impl Pools<'_> {
    /// Whether the target's pool can receive at all what is sent of a dataset.
    pub(super) fn check(&self, dataset: &Dataset, raw: bool) -> Result<(), Blocked> {
        let is_raw = encrypt::is_raw(dataset, raw);
        // Every receive of ours can be resumed, which needs the first (`dmu_recv_begin_check`).
        let needed = [(RESUMABLE, true), (ENCRYPTION, is_raw)];
        let lacking = needed
            .into_iter()
            .find(|(feature, is_needed)| *is_needed && self.target.lacks(feature));
        lacking.map_or(Ok(()), |(feature, _)| {
            Err(Blocked::PoolLacks {
                pool: self.name.clone(),
                feature: feature.to_owned(),
            })
        })
    }

    /// How the streams of a dataset are made, and what a reader should know of that. `begun` is the dataset of the target that they go on from.
    ///
    /// Raw streams are as they are: kernels send them with large blocks and compressed whatever is ordered.
    pub(super) fn flags(&self, dataset: &Dataset, raw: bool, begun: Option<&Dataset>) -> (StreamFlags, Vec<Note>) {
        let mut flags = encrypt::flags(raw);
        let mut notes = Vec::new();
        if !raw {
            // What was sent in pieces goes on so, whatever the pool can take by now: blocks of one file must not change their size in between.
            let in_pieces = begun.filter(|begun| begun.without_large_blocks);
            flags.large_block = in_pieces.is_none() && !self.target.lacks(LARGE_BLOCKS);
            if !flags.large_block && self.source.may_use(LARGE_BLOCKS) {
                notes.push(match in_pieces {
                    Some(begun) if !self.target.lacks(LARGE_BLOCKS) => Note::BegunWithoutLargeBlocks {
                        dataset: begun.name.clone(),
                    },
                    _ => Note::WithoutLargeBlocks { pool: self.name.clone() },
                });
            }
            let codec = CODECS.into_iter().find(|codec| self.is_missed(codec));
            flags.compress = codec.is_none();
            notes.extend(codec.map(|codec| Note::Uncompressed {
                pool: self.name.clone(),
                feature: codec.to_owned(),
            }));
        }
        let is_plain = !dataset.encryption.is_on();
        let as_they_are = [(LARGE_BLOCKS, raw), (LZ4, raw), (ZSTD, raw), (EMBEDDED, raw && is_plain)];
        let as_they_are = as_they_are.into_iter().filter_map(|(feature, is_sent)| is_sent.then_some(feature));
        let missed = as_they_are.chain(WHATEVER_IS_ORDERED).filter(|feature| self.is_missed(feature));
        notes.extend(missed.map(|feature| Note::MayNeed {
            pool: self.name.clone(),
            feature: feature.to_owned(),
        }));
        (flags, notes)
    }

    /// Whether the source may use a feature that the target's pool does not have.
    fn is_missed(&self, feature: &str) -> bool {
        self.target.lacks(feature) && self.source.may_use(feature)
    }
}

const RESUMABLE: &str = "extensible_dataset";
const ENCRYPTION: &str = "encryption";
const LARGE_BLOCKS: &str = "large_blocks";
const EMBEDDED: &str = "embedded_data";
const LZ4: &str = "lz4_compress";
const ZSTD: &str = "zstd_compress";

/// Without one of these, blocks travel decompressed.
const CODECS: [&str; 2] = [LZ4, ZSTD];

/// What a stream needs where its dataset uses it, however it is ordered. The last two came with OpenZFS 2.3.
const WHATEVER_IS_ORDERED: [&str; 3] = ["large_dnode", "longname", "large_microzap"];

#[cfg(test)]
mod tests {
    use crate::plan::{DatasetPlan, Plan, Step, Work};
    use crate::policy::Wish;
    use crate::view::Feature::{Active, Enabled};
    use crate::view::{Feature, StreamFlags};
    use crate::world::{ALL, RAW, World, world};

    /// Features that the source's pool uses and all but those that the target's lacks.
    fn between(text: &str, lacks: &[&str]) -> World {
        let all = [
            "extensible_dataset",
            "encryption",
            "large_blocks",
            "embedded_data",
            "lz4_compress",
            "zstd_compress",
            "large_dnode",
        ];
        let with = |state: Feature| all.map(|feature| (feature.to_owned(), state));
        let mut world = world(text);
        world.source.pool.features = Some(with(Active).into());
        let had = with(Enabled).into_iter().filter(|(feature, _)| !lacks.contains(&feature.as_str()));
        world.target.pool.features = Some(had.collect());
        world
    }

    fn flags(plan: &Plan) -> Vec<StreamFlags> {
        let transfers = plan.datasets.iter().flat_map(DatasetPlan::transfers);
        transfers.map(|transfer| transfer.flags).collect()
    }

    /// Of the first dataset: `L` and `C` for what its streams are made with, and the codes of its notes, with the feature where one is named.
    fn told(world: &World, wish: &Wish) -> String {
        let plan = world.plan(wish);
        let letters = flags(&plan).into_iter().map(|flags| match (flags.large_block, flags.compress) {
            (true, true) => "LC",
            (true, false) => "L",
            (false, true) => "C",
            (false, false) => "-",
        });
        let mut words: Vec<_> = letters.map(str::to_owned).collect();
        match &plan.datasets[0].work {
            Work::Blocked { why } => words.push(why.to_string()),
            Work::Steps { .. } => words.extend(plan.datasets[0].notes.iter().map(|note| {
                let note = serde_json::to_value(note).unwrap();
                let feature = note.get("feature").and_then(|feature| feature.as_str()).unwrap_or_default();
                format!("{} {feature}", note["code"].as_str().unwrap()).trim().to_owned()
            })),
        }
        words.join(", ")
    }

    #[test]
    fn streams_are_made_as_the_pool_can_take_them() {
        let text = "src: @1 *1 @2 | dst: @1";
        assert_eq!(told(&between(text, &[]), &ALL), "LC");
        assert_eq!(told(&between(text, &["large_blocks"]), &ALL), "C, without_large_blocks");
        assert_eq!(told(&between(text, &["zstd_compress"]), &ALL), "L, uncompressed zstd_compress");
        assert_eq!(told(&between(text, &["lz4_compress"]), &ALL), "L, uncompressed lz4_compress");
        assert_eq!(told(&between(text, &["large_dnode"]), &ALL), "LC, may_need large_dnode");
        // Nothing embedded is sent, and nothing is said where nothing is sent.
        assert_eq!(told(&between(text, &["embedded_data", "encryption"]), &ALL), "LC");
        assert_eq!(told(&between("src: @1 *1 | dst: @1", &["large_blocks", "large_dnode"]), &ALL), "");
        // What the source does not use is missed by nobody; large blocks are left out all the same, should it begin to.
        let mut unused = between(text, &["large_blocks", "zstd_compress", "large_dnode"]);
        unused
            .source
            .pool
            .features
            .as_mut()
            .unwrap()
            .values_mut()
            .for_each(|state| *state = Enabled);
        assert_eq!(told(&unused, &ALL), "C");
        // Of a pool whose features cannot be read nothing is known.
        let mut unread = between(text, &["large_blocks"]);
        unread.target.pool.features = None;
        assert_eq!(told(&unread, &ALL), "LC");
    }

    #[test]
    fn a_copy_remembers_how_it_was_begun_when_its_pool_learns_more() {
        let mut world = between("src: @1 @2 | src/a: @1", &["large_blocks"]);
        world.run(&ALL, None, &mut |_, _| {});
        let learned = world.target.pool.features.as_mut().unwrap();
        learned.insert("large_blocks".to_owned(), Enabled);
        let mut newer = world.source.datasets[0].versions[1].clone();
        (newer.name, newer.guid, newer.createtxg) = ("left/src@3".parse().unwrap(), crate::world::guid("", "3"), 30.into());
        world.source.datasets[0].versions.push(newer);
        assert_eq!(told(&world, &ALL), "C, begun_without_large_blocks");
    }

    /// I13: what is raw is not made otherwise, so it is said or refused.
    #[test]
    fn raw_streams_are_as_they_are() {
        let text = "src: enc @1 | right:";
        assert_eq!(told(&between(text, &[]), &RAW), "LC");
        assert_eq!(
            told(&between(text, &["large_blocks", "embedded_data", "zstd_compress"]), &RAW),
            "LC, may_need large_blocks, may_need zstd_compress"
        );
        assert_eq!(
            told(&between(text, &["encryption"]), &RAW),
            "pool right lacks encryption, without which nothing of it can be received there"
        );
        // What is not encrypted needs no encryption; kernels send what is embedded of it.
        assert_eq!(
            told(&between("src: @1", &["encryption", "embedded_data"]), &RAW),
            "LC, may_need embedded_data"
        );
        assert!(told(&between("src: @1", &["extensible_dataset"]), &ALL).starts_with("pool right lacks extensible_dataset"));
    }

    #[test]
    fn what_was_begun_without_large_blocks_goes_on_without_and_so_do_its_clones() {
        let begun = |text: &str| {
            let mut world = between(text, &[]);
            world.target.datasets[0].without_large_blocks = true;
            world
        };
        assert_eq!(told(&begun("src: @1 *1 @2 | dst: @1"), &ALL), "C, begun_without_large_blocks");
        let plan = begun("src: @1 *1 | src/c: @2 clone:@1 | src/d: @3 | dst: @1").plan(&ALL);
        let large: Vec<_> = flags(&plan).iter().map(|flags| flags.large_block).collect();
        assert_eq!(large, [false, true]);
        // A stream that goes on keeps the flags it was begun with.
        let plan = begun("src: @1 *1 @2 @3 | dst: @1 ~1>2").plan(&ALL);
        let large: Vec<_> = flags(&plan).iter().map(|flags| flags.large_block).collect();
        assert_eq!(large, [true, false]);
        assert!(
            plan.datasets[0]
                .steps()
                .iter()
                .any(|step| matches!(step, Step::Transfer(one) if one.resume.is_some()))
        );
    }
}

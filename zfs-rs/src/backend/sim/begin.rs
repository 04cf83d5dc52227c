//! I begin to receive: look what the stream says it is, and prepare the place it goes to.

use super::content::Content;
use super::pool::{Dataset, Encryption, Point, Pool, Property, RECEIVING, Receiving, Resume, above, receiving};
use super::rules::{self, Stream as Facts};
use super::send::FIRST_OBJECT;
use super::world::Chance;
use crate::backend::{DatasetKind, Outcome, request};
use crate::errno::Errno;
use crate::nvlist::NvList;
use crate::stream::{Begin, BeginFlags, Features};

/// A receive that has begun.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) here: Receiving,
    /// The snapshot that the hidden child grew from.
    pub(super) base: Option<Point>,
    pub(super) is_new: bool,
    /// The key of a raw stream.
    pub(super) key: Option<Key>,
    /// Bytes of the stream that came in earlier attempts.
    pub(super) earlier: u64,
}

/// What a raw stream says about its encryption.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    cipher: u64,
    keyformat: u64,
    pub(super) guid: u64,
    pub(super) to_ivset: u64,
    from_ivset: u64,
    wrapping: u64,
}

/// `dmu_recv_begin_sync` and `dmu_recv_resume_begin_sync`, each after its check.
pub(super) fn start(
    pool: &mut Pool,
    chance: &mut Chance,
    request: &request::Receive<'_>,
    begin: &Begin,
    payload: &NvList,
) -> Outcome<Running> {
    let features = begin.features;
    let unknown = !features.without(KNOWN).is_empty();
    let kind = DatasetKind::from_number(begin.objset.into());
    let has_origin = request.origin.is_some();
    let is_clone = begin.flags.contains(BeginFlags::CLONE);
    let resuming = features.contains(Features::RESUMING);
    rules::refuse(
        matches!(kind, DatasetKind::Unknown(_)) || (is_clone && !has_origin && !resuming),
        Errno::EINVAL,
    )?;
    rules::refuse(unknown, Errno::ZFS_ERR_UNKNOWN_SEND_STREAM_FEATURE)?;
    let facts = Facts {
        kind,
        to_guid: begin.to_guid,
        from_guid: begin.from_guid.unwrap_or(0),
        clone: is_clone,
        raw: features.contains(Features::RAW),
        embed: features.contains(Features::EMBED_DATA),
    };
    rules::refuse(facts.raw && facts.embed, Errno::EINVAL)?;
    rules::refuse(
        facts.raw && !begin.flags.contains(BeginFlags::SPILL_BLOCKS),
        Errno::ZFS_ERR_SPILL_BLOCK_FLAG_MISSING,
    )?;
    let key = if facts.raw { Some(key(payload)?) } else { None };
    let target = request.snapshot.dataset();
    let mut running = if resuming {
        let path = rules::receive_resumed(pool, target, facts)?;
        resume(pool, chance, &path, payload)?
    } else if pool.state.get(target.as_str()).is_ok() {
        let base = rules::receive_existing(pool, request.snapshot, facts, has_origin, request.roll_back)?;
        grow(pool, chance, request, begin, base, key)?
    } else {
        let origin = rules::receive_new(pool, target, facts, request.origin)?;
        create(pool, chance, request, begin, origin, key)?
    };
    running.key = key;
    Ok(running)
}

/// Goes on with what an interrupted receive left.
fn resume(pool: &mut Pool, chance: &mut Chance, path: &str, payload: &NvList) -> Outcome<Running> {
    let token = chance.id();
    let base = pool.state.get(path)?.origin;
    let dataset = pool.state.get_mut(path)?;
    let Some(state) = &dataset.resume else {
        return Err(Errno::EINVAL.into());
    };
    // The stream must go on exactly where the state ends (`resume_check`); a wrong one leaves the state as it is.
    let fits = payload.get("resume_object") == Ok(state.object) && payload.get("resume_offset") == Ok(state.offset);
    rules::refuse(!fits, Errno::EINVAL)?;
    let earlier = state.bytes;
    dataset.owner = Some(token);
    Ok(Running {
        here: here(dataset.id, token),
        base,
        is_new: !path.ends_with(RECEIVING),
        key: None,
        earlier,
    })
}

/// A hidden child of the target, grown from its newest snapshot.
fn grow(
    pool: &mut Pool,
    chance: &mut Chance,
    request: &request::Receive<'_>,
    begin: &Begin,
    base: Option<Point>,
    key: Option<Key>,
) -> Outcome<Running> {
    let target = request.snapshot.dataset();
    let path = receiving(target);
    let head = pool.state.get(target.as_str())?;
    if let Some(key) = key {
        let from = head.snapshots.values().find(|snapshot| Some(snapshot.guid) == begin.from_guid);
        rules::receive_key(head.encryption.as_ref(), from, key.guid, key.from_ivset)?;
    }
    let content = match base {
        None => Content::default(),
        Some(base) => pool.state.at(base).ok_or(Errno::ENODEV)?.1.content.clone(),
    };
    let kind = DatasetKind::from_number(begin.objset.into());
    let mut child = Dataset::new(chance.id(), chance.guid(&path), kind, pool.state.txg, chance.now());
    child.live = content;
    child.origin = base;
    // The hidden child has its parent's key, but is never the root of one.
    child.encryption.clone_from(&head.encryption);
    Ok(insert(pool, chance, request, begin, path, child, base, false))
}

/// The target itself, new.
fn create(
    pool: &mut Pool,
    chance: &mut Chance,
    request: &request::Receive<'_>,
    begin: &Begin,
    origin: Option<Point>,
    key: Option<Key>,
) -> Outcome<Running> {
    let name = request.snapshot.dataset().as_str();
    let kind = DatasetKind::from_number(begin.objset.into());
    let mut dataset = Dataset::new(chance.id(), chance.guid(name), kind, pool.state.txg, chance.now());
    let from = origin
        .and_then(|origin| pool.state.by_id(origin.dataset))
        .map(|(_, dataset)| dataset);
    let parent = above(name).and_then(|parent| pool.state.get(parent).ok());
    dataset.encryption = match (key, from, parent) {
        // A raw stream brings its key, wrapped as it was on the sender; nobody has loaded it here.
        (Some(key), None, _) => Some(Encryption {
            cipher: key.cipher,
            keyformat: key.keyformat,
            root: dataset.id,
            key: key.guid,
            wrapping: key.wrapping,
        }),
        (_, Some(from), _) => from.encryption.clone(),
        (None, None, parent) => {
            let inherited = parent.and_then(|parent| parent.encryption.as_ref());
            inherited.map(|encryption| encryption.shared(chance.guid(&format!("{name} key"))))
        }
    };
    if key.is_some() && origin.is_none() {
        // Whoever loads the key will be asked for it (`dsl_crypto_recv_raw_key_sync`).
        dataset
            .properties
            .insert("keylocation".to_owned(), Property::local("prompt".into()));
    }
    if let Some(from) = from {
        // A clone is what it grows from, whatever the stream says it is.
        dataset.kind = from.kind;
    }
    if let Some(origin) = origin {
        dataset.live = pool
            .state
            .at(origin)
            .map(|(_, snapshot)| snapshot.content.clone())
            .unwrap_or_default();
        dataset.origin = Some(origin);
    }
    Ok(insert(pool, chance, request, begin, name.to_owned(), dataset, origin, true))
}

#[expect(
    clippy::too_many_arguments,
    reason = "what the two ways to begin have in common; a struct would be used once"
)]
fn insert(
    pool: &mut Pool,
    chance: &mut Chance,
    request: &request::Receive<'_>,
    begin: &Begin,
    path: String,
    mut dataset: Dataset,
    base: Option<Point>,
    is_new: bool,
) -> Running {
    let token = chance.id();
    dataset.inconsistent = true;
    dataset.owner = Some(token);
    dataset.resume = request.resumable.then(|| Resume {
        object: FIRST_OBJECT,
        offset: 0,
        bytes: 0,
        to_guid: begin.to_guid,
        to_name: begin.to_name.to_str_lossy().into_owned(),
        from_guid: begin.from_guid.unwrap_or(0),
        large_block: begin.features.contains(Features::LARGE_BLOCKS),
        embed: begin.features.contains(Features::EMBED_DATA),
        compress: begin.features.contains(Features::COMPRESSED),
        raw: begin.features.contains(Features::RAW),
    });
    let running = Running {
        here: here(dataset.id, token),
        base,
        is_new,
        key: None,
        earlier: 0,
    };
    pool.state.insert(path, dataset);
    running
}

/// Whose process it is and whether it keeps its state is filled in where that is known.
const fn here(dataset: u64, token: u64) -> Receiving {
    Receiving {
        process: 0,
        dataset,
        token,
        keeps: false,
    }
}

fn key(payload: &NvList) -> Result<Key, Errno> {
    let data: &NvList = payload.get("crypt_keydata").map_err(|_missing| Errno::EINVAL)?;
    let number = |name: &str| data.get::<u64>(name).map_err(|_missing| Errno::EINVAL);
    Ok(Key {
        cipher: number("DSL_CRYPTO_SUITE")?,
        keyformat: number("keyformat")?,
        guid: number("DSL_CRYPTO_GUID")?,
        to_ivset: number("to_ivset_guid")?,
        from_ivset: number("from_ivset_guid").unwrap_or(0),
        wrapping: number(WRAPPING).unwrap_or(0),
    })
}

/// Stands for the wrapped master key of a real stream: what tells the wrapping key from others.
pub(super) const WRAPPING: &str = "wrapping";

/// What the model can receive.
const KNOWN: Features = Features::SA_SPILL
    .with(Features::EMBED_DATA)
    .with(Features::LZ4)
    .with(Features::LARGE_BLOCKS)
    .with(Features::RESUMING)
    .with(Features::COMPRESSED)
    .with(Features::LARGE_DNODE)
    .with(Features::RAW)
    .with(Features::ZSTD);

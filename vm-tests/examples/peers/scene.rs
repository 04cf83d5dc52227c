//! I am what is raced over: a state of both sides, and what is to come of it.

use crate::{
    Result, proof,
    racer::Racer,
    run::shell,
    turn,
    world::{self, World},
};

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Datasets.
    pub(crate) datasets: u32,
    /// Snapshots of each, where nothing is to be done.
    pub(crate) snapshots: u32,
    /// Snapshots of the one dataset that has many.
    pub(crate) history: u32,
}

/// What is raced over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) kind: Kind,
    /// Datasets.
    pub(crate) datasets: u32,
    /// Snapshots of each when the race begins.
    pub(crate) snapshots: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The copy lacks the newest snapshot of each dataset.
    Incremental,
    /// It lacks none.
    Nothing,
    /// There is no copy.
    Scratch,
}

/// The scene of that name.
pub(crate) fn named(name: &str, sizes: Sizes) -> Result<Scene> {
    let scene = |kind, datasets, snapshots| Scene { kind, datasets, snapshots };
    match name {
        // One is there at first, the rounds before the race add more.
        "incremental" => Ok(scene(Kind::Incremental, sizes.datasets, 2 + ROUNDS)),
        "nothing" => Ok(scene(Kind::Nothing, sizes.datasets, sizes.snapshots)),
        "snapshots" => Ok(scene(Kind::Scratch, 1, sizes.history)),
        _ => Err(format!("no scene is called {name}").into()),
    }
}

impl Scene {
    /// What it is, for people.
    pub(crate) fn title(&self) -> String {
        let (datasets, snapshots) = (self.datasets, self.snapshots);
        match self.kind {
            Kind::Incremental => format!("incremental: {datasets} datasets, a new snapshot of each"),
            Kind::Nothing => format!("nothing: {datasets} datasets with {snapshots} snapshots each, nothing to do"),
            Kind::Scratch => format!("snapshots: one dataset with {snapshots} snapshots, from scratch"),
        }
    }

    /// What all racers begin with.
    pub(crate) fn ground(&self) -> Result<World> {
        World::make(self.datasets)?;
        let days = if self.kind == Kind::Incremental { 1 } else { self.snapshots };
        for day in 0..days {
            world::day(self.datasets, &snapshot(day))?;
        }
        if self.kind != Kind::Scratch {
            shell(&format!(
                "zfs send -R {}@{} | zfs receive -u {}",
                world::SOURCE,
                snapshot(days - 1),
                world::TARGET
            ))?;
            proof::complete("what prepares the race")?;
        }
        World::keep("ground")
    }

    /// What this racer begins each turn with: it has been at work here before, so that what it leaves behind is there.
    pub(crate) fn settle(&self, racer: Racer, ground: &World) -> Result<World> {
        ground.enter()?;
        racer.choose_source()?;
        match self.kind {
            Kind::Incremental => {
                for round in 1..=ROUNDS {
                    world::day(self.datasets, &snapshot(round))?;
                    turn::work(racer, &racer.line(self, &snapshot(round - 1), &snapshot(round)))?;
                }
                world::day(self.datasets, &snapshot(ROUNDS + 1))?;
            }
            Kind::Nothing => {
                for _ in 0..ROUNDS {
                    turn::work(racer, &self.line(racer))?;
                }
            }
            Kind::Scratch => {}
        }
        // Whoever says later that all is there must see now that it is not.
        if self.kind != Kind::Nothing && proof::missing()?.is_empty() {
            return Err(format!("before {} begins nothing is missing", racer.name()).into());
        }
        World::keep(&format!("{racer:?}"))
    }

    /// What is raced.
    pub(crate) fn line(&self, racer: Racer) -> String {
        let newest = self.snapshots - 1;
        let before = if self.kind == Kind::Scratch { 0 } else { newest.saturating_sub(1) };
        racer.line(self, &snapshot(before), &snapshot(newest))
    }
}

fn snapshot(number: u32) -> String {
    format!("day{number:04}")
}

/// How often each has been at work before: what it keeps from one run and drops after the next is there then.
const ROUNDS: u32 = 2;

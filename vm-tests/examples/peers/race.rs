//! I let all race in turn, whoever comes first changing each round.

use std::thread;

use crate::{
    Result, figures, install,
    racer::Racer,
    run::run,
    scene::Scene,
    turn::{self, Turn},
    world::{self, World},
};

/// One of those who race in a scene.
#[derive(Debug)]
pub(crate) struct Entrant {
    pub(crate) racer: Racer,
    pub(crate) turns: Vec<Turn>,
    /// What each of its turns begins with.
    world: World,
}

/// Lets those who are there race over each scene that often. A slow time is no failure, a copy that is not whole is.
pub(crate) fn race(repetitions: usize, scenes: &[Scene]) -> Result<()> {
    println!("{}", run("./zfs-replicate", &["--version"])?.trim());
    println!("{}", run("zfs", &["version"])?.trim());
    let peers = install::all()?;
    println!("{} processors", thread::available_parallelism()?);
    for scene in scenes {
        println!("\n{}", scene.title());
        let entrants = compete(scene, &peers, repetitions)?;
        figures::print(scene, &entrants);
    }
    Ok(())
}

fn compete(scene: &Scene, peers: &[Racer], repetitions: usize) -> Result<Vec<Entrant>> {
    let ground = scene.ground()?;
    let racers = Racer::ours(scene).iter().chain(Racer::of_zfs(scene)).chain(peers);
    let mut entrants = Vec::new();
    for racer in racers.copied() {
        println!("  {} settles in", racer.name());
        entrants.push(Entrant {
            racer,
            turns: Vec::new(),
            world: scene.settle(racer, &ground)?,
        });
    }
    for round in 0..repetitions {
        let first = round % entrants.len();
        let (late, early) = entrants.split_at_mut(first);
        for entrant in early.iter_mut().chain(late) {
            let racer = entrant.racer;
            entrant.world.enter()?;
            racer.warm_up(&scene.line(racer))?;
            let turn = turn::work(racer, &scene.line(racer))?;
            world::leave()?;
            println!("  round {}: {:<26} {:>8.3} s", round + 1, racer.name(), turn.took.as_secs_f64());
            entrant.turns.push(turn);
        }
    }
    Ok(entrants)
}

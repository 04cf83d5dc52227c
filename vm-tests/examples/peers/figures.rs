//! I make a table of what was measured: medians, and ours beside each of the others.

use std::time::Duration;

use crate::{race::Entrant, racer::Racer, scene::Scene, turn::Turn};

/// Prints what came of a scene.
pub(crate) fn print(scene: &Scene, entrants: &[Entrant]) {
    let ours = entrants.iter().find(|entrant| entrant.racer == Racer::Ours);
    let ours = ours.map_or(Duration::ZERO, |ours| ours.median(|turn| turn.took));
    println!(
        "{}; medians of {}",
        scene.title(),
        entrants.first().map_or(0, |first| first.turns.len())
    );
    println!(
        "  {:<26} {:>8}   {:<16} {:>8} {:>8} {:>7} {:>7}   ours / this",
        "", "seconds", "least to most", "user", "kernel", "groups", "started"
    );
    for entrant in entrants {
        let seconds = |of: fn(&Turn) -> Duration| entrant.median(of).as_secs_f64();
        let took = entrant.turns.iter().map(|turn| turn.took);
        let (least, most) = (took.clone().min().unwrap_or_default(), took.max().unwrap_or_default());
        println!(
            "  {:<26} {:>8.3}   {:<16} {:>8.3} {:>8.3} {:>7} {:>7}   {:.2}",
            entrant.racer.name(),
            seconds(|turn| turn.took),
            format!("{:.3} to {:.3}", least.as_secs_f64(), most.as_secs_f64()),
            seconds(|turn| turn.user),
            seconds(|turn| turn.kernel),
            entrant.median(|turn| turn.groups),
            entrant.median(|turn| turn.started),
            ours.as_secs_f64() / seconds(|turn| turn.took)
        );
    }
}

impl Entrant {
    /// The middle of what its turns say, the higher one of two.
    fn median<T: Copy + Default + Ord>(&self, of: impl Fn(&Turn) -> T) -> T {
        let mut all: Vec<T> = self.turns.iter().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    }
}

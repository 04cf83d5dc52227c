//! I make worlds nobody thought of, kill runs in them, and rename what must not matter.

use proptest::prelude::*;

use crate::plan::tests::line;
use crate::run::kill_points::{Watch, check_no_leak};
use crate::view::{Dataset, View};
use crate::world::{ALL, End, World, world};

/// Where datasets may lie; parents first.
const PATHS: [&str; 5] = ["", "/a", "/b", "/c", "/a/b"];

/// Snapshots, bookmarks and what else one past may have on both sides, each set as bits.
#[derive(Debug, Clone)]
struct Past {
    snapshots: u8,
    cursors: u8,
    bookmarks: u8,
    received: Option<u8>,
    partial: u8,
    oddity: u8,
}

fn past() -> impl Strategy<Value = Past> {
    let bits = 0..32_u8;
    (
        bits.clone(),
        bits.clone(),
        bits.clone(),
        proptest::option::weighted(0.8, bits),
        0..12_u8,
        0..24_u8,
    )
        .prop_map(|(snapshots, cursors, bookmarks, received, partial, oddity)| Past {
            snapshots,
            cursors,
            bookmarks: bookmarks & cursors,
            received,
            partial,
            oddity,
        })
}

/// A world as text, so that what fails can be read: pasts, and where on the source each of them lies now.
fn any_world() -> impl Strategy<Value = String> {
    let order = Just(vec![1_usize, 2, 3, 4]).prop_shuffle();
    let places = (any::<bool>(), order).prop_map(|(is_moved, order)| if is_moved { order } else { vec![1, 2, 3, 4] });
    (proptest::collection::vec(past(), 5), places, 1..=5_usize).prop_map(|(pasts, places, count)| {
        let mut text = String::new();
        let mut there = Vec::new();
        for (index, past) in pasts.iter().enumerate().take(count) {
            let place = if index == 0 { 0 } else { places[index - 1].min(4) };
            let lineage = PATHS[index].trim_start_matches('/');
            let called = if lineage.is_empty() { String::new() } else { format!("={lineage}") };
            let origin = past.oddity.wrapping_sub(5);
            let is_clone = index > 0 && origin < 5 && pasts[0].snapshots & (1 << origin) != 0;
            let clone = if is_clone {
                format!(" clone:@{}", origin + 1)
            } else {
                String::new()
            };
            text += &format!("src{}{called}: {}{clone}\n", PATHS[place], source(past));
            let parent = PATHS[index].rsplit_once('/').map_or("", |(parent, _)| parent);
            if let Some(received) = past.received
                && (index == 0 || there.contains(&parent))
            {
                let words = target(past, received);
                // Nothing comes to lie below what is only begun.
                if received != 0 || !words.contains('~') {
                    there.push(PATHS[index]);
                }
                text += &format!("dst{}: {words}\n", PATHS[index]);
            }
        }
        text
    })
}

fn source(past: &Past) -> String {
    let words = |sign: char, bits: u8| {
        (1..=5)
            .filter(move |number| bits & (1 << (number - 1)) != 0)
            .map(move |number| format!("{sign}{number}"))
    };
    let mut words: Vec<_> = words('@', past.snapshots)
        .chain(words('*', past.cursors))
        .chain(words('#', past.bookmarks))
        .collect();
    if past.oddity == 1 && past.snapshots & 1 != 0 {
        words.push("held:1".to_owned());
    }
    words.join(" ")
}

fn target(past: &Past, received: u8) -> String {
    let mut words: Vec<_> = (1..=5)
        .filter(|number| received & (1 << (number - 1)) != 0)
        .map(|number| format!("@{number}"))
        .collect();
    match past.oddity {
        2 => words.push("@x".to_owned()),
        3 => words.push("+8192".to_owned()),
        4 => words.insert(0, "@5!".to_owned()),
        _ => {}
    }
    let newest = (1..=5).rev().find(|number| received & (1 << (number - 1)) != 0);
    match (past.partial, newest) {
        (0..=3, Some(from)) if from < 5 => words.push(format!("~{from}>{}", from + 1 + past.partial % (5 - from))),
        (4, _) => words.push("~?".to_owned()),
        (5..=9, None) => words.push(format!("~{}", past.partial - 4)),
        _ => {}
    }
    words.join(" ")
}

/// Both sides with every snapshot under another name, the same for the same.
fn renamed(world: &World) -> World {
    let mut world = world.clone();
    let rename = |dataset: &mut Dataset| {
        for version in &mut dataset.versions {
            // One letter for one, in another order than before.
            let other = |letter: u8| char::from(b'a' + u8::try_from(u32::from(letter) * 7 % 26).unwrap());
            let short: String = version.name.short().bytes().map(other).collect();
            version.name = dataset.name.snapshot(&short).unwrap();
            version.creation = Some(u64::from(u32::MAX) - version.createtxg.0);
        }
    };
    world.source.datasets.iter_mut().chain(&mut world.target.datasets).for_each(rename);
    world
}

fn told(world: &World) -> Vec<String> {
    world.plan(&ALL).datasets.iter().map(line).collect()
}

fn names(view: &View) -> usize {
    view.datasets
        .iter()
        .map(|dataset| dataset.name.as_str())
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// I2, I3, I4 after every action, wherever the process dies; I7 afterwards.
    #[test]
    fn no_kill_costs_a_base_or_an_end(text in any_world(), first in 0..60_usize, second in 0..60_usize) {
        let fresh = world(&text);
        prop_assume!(names(&fresh.source) == fresh.source.datasets.len() && !fresh.source.datasets.is_empty());
        let mut whole = fresh.clone();
        let mut watch = Watch::new(&whole);
        for _ in 0..2 {
            let end = whole.run(&ALL, None, &mut |world, action| watch.check(world, action));
            prop_assert!(matches!(end, End::Over(_)));
        }
        let (report, mutations) = whole.run_clean(&ALL);
        prop_assert_eq!(mutations, 0, "I7: {:#?}", whole.plan(&ALL));
        if report.complete {
            check_no_leak(&whole, 0);
        }

        let mut killed = fresh;
        let mut watch = Watch::new(&killed);
        for point in [Some(first), Some(second), None, None] {
            let _end = killed.run(&ALL, point, &mut |world, action| watch.check(world, action));
        }
        let (_, mutations) = killed.run_clean(&ALL);
        prop_assert_eq!(mutations, 0, "I7: {:#?}", killed.plan(&ALL));
        prop_assert_eq!(killed.received(), whole.received());
    }

    /// I6, I18: neither names nor clocks decide anything.
    #[test]
    fn names_and_clocks_decide_nothing(text in any_world()) {
        let world = world(&text);
        prop_assume!(names(&world.source) == world.source.datasets.len() && !world.source.datasets.is_empty());
        prop_assert_eq!(told(&world), told(&renamed(&world)));
    }
}

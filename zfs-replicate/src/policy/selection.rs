//! I say which datasets are meant, and why each one is.

use std::collections::BTreeMap;

use crate::policy::Wish;
use crate::policy::pattern::Verb;
use crate::reason::{Selected, Skipped};
use crate::view::{Dataset, View};

/// Whether a dataset is replicated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// It is.
    Selected(Selected),
    /// It is left alone.
    Skipped(Skipped),
}

/// Decides about every dataset of the source, at its root and below.
pub fn select<'a>(source: &'a View, wish: &Wish) -> Vec<(&'a Dataset, Choice)> {
    let mut chosen = Vec::new();
    // What patterns say, so that a dataset that none matches goes the way of the one above. Views have that one first.
    let mut said = BTreeMap::new();
    for dataset in source.datasets.iter().filter(|dataset| source.path(dataset).is_some()) {
        let above = dataset.name.parent().and_then(|parent| said.get(&parent));
        let choice = match (wish.datasets.decider(dataset.name.as_str()), above) {
            (Some(pattern), _) if pattern.verb() == Verb::Include => Choice::Selected(Selected::Included {
                pattern: pattern.to_string(),
            }),
            (Some(pattern), _) => Choice::Skipped(Skipped::Excluded {
                pattern: pattern.to_string(),
            }),
            (None, Some(above)) => Choice::clone(above),
            (None, None) if wish.datasets.otherwise() == Verb::Exclude => Choice::Skipped(Skipped::NotIncluded),
            (None, None) => Choice::Selected(Selected::Below),
        };
        said.insert(dataset.name.clone(), choice.clone());
        chosen.push((dataset, by_itself(dataset, source, wish, choice)));
    }
    chosen
}

/// What else decides, for a dataset that patterns say this of.
fn by_itself(dataset: &Dataset, source: &View, wish: &Wish, said: Choice) -> Choice {
    let is_root = dataset.name == source.root;
    if !is_root && !wish.recursive {
        return Choice::Skipped(Skipped::NotRecursive);
    }
    let Choice::Selected(why) = said else { return said };
    if let Some(wanted) = &wish.property {
        let found = dataset.properties.get(&wanted.name);
        if found != Some(&wanted.value) {
            return Choice::Skipped(Skipped::Property {
                name: wanted.name.clone(),
                wanted: wanted.value.clone(),
                found: found.cloned(),
            });
        }
    }
    Choice::Selected(if is_root && why == Selected::Below { Selected::Named } else { why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PropertyWish;
    use crate::policy::pattern::{Pattern, Patterns};
    use crate::world::{ALL, world};

    /// What is chosen of a tree, by `+` and `-` patterns, each dataset with the code of its reason.
    fn chosen(patterns: &str, property: Option<PropertyWish>) -> Vec<String> {
        let mut world = world("src: @1 | src/a: @1 | src/a/b: @1 | src/c: @1");
        let marked = world
            .source
            .datasets
            .iter_mut()
            .find(|dataset| dataset.name.as_str() == "left/src/a");
        marked.unwrap().properties.insert("a:b".to_owned(), "yes".to_owned());
        let mut datasets = Patterns::NONE;
        for word in patterns.split_whitespace() {
            let (sign, text) = word.split_at(1);
            let verb = if sign == "+" { Verb::Include } else { Verb::Exclude };
            datasets.push(Pattern::new(verb, text).unwrap());
        }
        let wish = Wish {
            datasets,
            property,
            ..ALL.clone()
        };
        let told = |(dataset, choice): (&Dataset, Choice)| match choice {
            Choice::Selected(why) => format!("+{} {}", dataset.name, why.code()),
            Choice::Skipped(why) => format!("-{} {}", dataset.name, why.code()),
        };
        select(&world.source, &wish).into_iter().map(told).collect()
    }

    #[test]
    fn what_no_pattern_matches_goes_the_way_of_what_is_above() {
        assert_eq!(
            chosen("-left/src/a", None),
            [
                "+left/src named",
                "-left/src/a excluded",
                "-left/src/a/b excluded",
                "+left/src/c below"
            ]
        );
        assert_eq!(
            chosen("-left/src/a +left/src/*/b", None),
            [
                "+left/src named",
                "-left/src/a excluded",
                "+left/src/a/b included",
                "+left/src/c below"
            ]
        );
        assert_eq!(
            chosen("+left/src/a", None),
            [
                "-left/src not_included",
                "+left/src/a included",
                "+left/src/a/b included",
                "-left/src/c not_included"
            ]
        );
    }

    #[test]
    fn a_property_chooses_by_its_value() {
        let yes: PropertyWish = "a:b=yes".parse().unwrap();
        assert_eq!(
            chosen("-left/src/a/b", Some(yes)),
            [
                "-left/src property",
                "+left/src/a below",
                "-left/src/a/b excluded",
                "-left/src/c property"
            ]
        );
        assert!("compression=on".parse::<PropertyWish>().is_err());
        assert!("a:b".parse::<PropertyWish>().is_err());
    }

    #[test]
    fn what_lies_below_is_left_alone_where_only_the_dataset_itself_is_meant() {
        let world = world("src: @1 | src/a: @1");
        let choices: Vec<_> = select(&world.source, &Wish::default())
            .into_iter()
            .map(|(_, choice)| choice)
            .collect();
        assert_eq!(choices, [Choice::Selected(Selected::Named), Choice::Skipped(Skipped::NotRecursive)]);
    }
}

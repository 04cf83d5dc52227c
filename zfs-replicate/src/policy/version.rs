//! I say which snapshots are meant, and why another one is not.

use crate::policy::Wish;
use crate::policy::pattern::Verb;
use crate::reason::Unwanted;
use crate::view::Version;

impl Wish {
    /// Whether it takes more than the name of a snapshot to know if it is meant.
    pub fn looks_into_snapshots(&self) -> bool {
        self.ages.is_some() || self.snapshot_property.is_some()
    }

    /// Whether a snapshot is meant.
    pub fn means(&self, version: &Version) -> bool {
        self.unwanted(version).is_none()
    }

    /// Why a snapshot is not meant; nothing if it is.
    pub fn unwanted(&self, version: &Version) -> Option<Unwanted> {
        self.by_name(version.name.short())
            .or_else(|| self.ages.and_then(|ages| ages.refuse(version.creation)))
            .or_else(|| self.by_property(version))
    }

    fn by_name(&self, short: &str) -> Option<Unwanted> {
        match self.snapshots.decider(short) {
            Some(pattern) => (pattern.verb() == Verb::Exclude).then(|| Unwanted::Excluded {
                pattern: pattern.to_string(),
            }),
            None => (self.snapshots.otherwise() == Verb::Exclude).then_some(Unwanted::NotIncluded),
        }
    }

    fn by_property(&self, version: &Version) -> Option<Unwanted> {
        let wanted = self.snapshot_property.as_ref()?;
        let found = version.properties.get(&wanted.name);
        (found != Some(&wanted.value)).then(|| Unwanted::Property {
            name: wanted.name.clone(),
            wanted: wanted.value.clone(),
            found: found.cloned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::age::Ages;
    use crate::policy::pattern::Pattern;
    use crate::world::{ALL, world};

    /// The code of why a snapshot `@1`, made at that time and with that value of `a:b`, is not meant.
    fn refused(wish: &Wish, creation: Option<u64>, value: Option<&str>) -> &'static str {
        let mut world = world("src: @1");
        let version = &mut world.source.datasets[0].versions[0];
        version.creation = creation;
        version.properties.extend(value.map(|value| ("a:b".to_owned(), value.to_owned())));
        wish.unwanted(version).map_or("meant", |why| why.code())
    }

    #[test]
    fn ages_are_taken_at_the_instant_of_the_wish() {
        let aged = |newer_than, older_than| Wish {
            ages: Some(Ages {
                now: 1000,
                newer_than,
                older_than,
            }),
            ..ALL.clone()
        };
        let both = aged(Some(100), Some(10));
        let told = [899, 900, 901, 989, 990, 1000, 2000].map(|made| refused(&both, Some(made), None));
        assert_eq!(
            told,
            ["too_old", "too_old", "meant", "meant", "too_young", "too_young", "too_young"]
        );
        // I18: what seems to be made later than now is new, and nothing else.
        assert_eq!(refused(&aged(Some(100), None), Some(2000), None), "meant");
        assert_eq!(refused(&both, None, None), "age_unknown");
    }

    #[test]
    fn a_property_of_the_snapshot_chooses_by_its_value() {
        let wish = Wish {
            snapshot_property: Some("a:b=yes".parse().unwrap()),
            ..ALL.clone()
        };
        let told = [Some("yes"), Some("no"), None].map(|value| refused(&wish, None, value));
        assert_eq!(told, ["meant", "property", "property"]);
    }

    #[test]
    fn names_are_looked_at_first_and_tell_their_pattern() {
        let mut wish = Wish {
            snapshot_property: Some("a:b=yes".parse().unwrap()),
            ..ALL.clone()
        };
        wish.snapshots.push(Pattern::new(Verb::Include, "daily_*").unwrap());
        assert_eq!(refused(&wish, None, None), "not_included");
        wish.snapshots.push(Pattern::new(Verb::Exclude, "[0-9]").unwrap());
        assert_eq!(refused(&wish, None, None), "excluded");
        assert!(wish.looks_into_snapshots() && !ALL.looks_into_snapshots());
    }
}

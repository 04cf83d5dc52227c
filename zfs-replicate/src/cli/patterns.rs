//! I read patterns in the order in which they stand on the command line: it decides which is the last.

use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches};

use crate::policy::pattern::{Pattern, Patterns, Verb};

/// Which datasets and which snapshots.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    pub(super) datasets: Patterns,
    pub(super) snapshots: Patterns,
}

impl clap::Args for Chosen {
    fn augment_args(command: Command) -> Command {
        command.args(OPTIONS.map(Written::arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Chosen {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let [in_datasets, no_datasets, in_snapshots, no_snapshots] = &OPTIONS;
        Ok(Self {
            datasets: in_order(matches, in_datasets, no_datasets),
            snapshots: in_order(matches, in_snapshots, no_snapshots),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// An option that can be given again and again.
struct Written {
    name: &'static str,
    verb: Verb,
    help: &'static str,
}

impl Written {
    fn arg(self) -> Arg {
        let verb = self.verb;
        Arg::new(self.name)
            .long(self.name)
            .value_name("PATTERN")
            .action(ArgAction::Append)
            .value_parser(move |text: &str| Pattern::new(verb, text))
            .help(self.help)
    }
}

fn in_order(matches: &ArgMatches, include: &Written, exclude: &Written) -> Patterns {
    let of = |option: &Written| {
        let places = matches.indices_of(option.name).into_iter().flatten();
        let given = matches.get_many::<Pattern>(option.name).into_iter().flatten();
        places.zip(given).collect::<Vec<_>>()
    };
    let mut given = [of(include), of(exclude)].concat();
    given.sort_by_key(|(place, _)| *place);
    let mut patterns = Patterns::NONE;
    for (_, pattern) in given {
        patterns.push(pattern.clone());
    }
    patterns
}

const OPTIONS: [Written; 4] = [
    Written {
        name: "include",
        verb: Verb::Include,
        help: "Of what lies below SRC take datasets whose full name matches, and what lies below them; of several patterns, and those of --exclude, the last \
               that matches decides. * stands for one part of a name, ** for any number",
    },
    Written {
        name: "exclude",
        verb: Verb::Exclude,
        help: "Leave out datasets whose full name matches, and what lies below them",
    },
    Written {
        name: "include-snapshots",
        verb: Verb::Include,
        help: "Take only snapshots whose name behind the @ matches: 'hourly_*'",
    },
    Written {
        name: "exclude-snapshots",
        verb: Verb::Exclude,
        help: "Leave out snapshots whose name behind the @ matches",
    },
];

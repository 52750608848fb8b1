//! Which of the scenarios that were found run, how often, and in which order.

use std::collections::HashSet;
use std::path::PathBuf;

use regex::Regex;
use sha2::{Digest as _, Sha256};

use super::Planned;
use super::shard::{Shard, Timings};
use super::tag::TagExpression;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;

/// What the user asked for, beside the paths.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Conditions that all hold.
    pub tags: Vec<TagExpression>,
    /// Conditions none of which holds.
    pub skip_tags: Vec<TagExpression>,
    /// What the name holds.
    pub name: Option<Regex>,
    /// The files whose scenarios run; none for all.
    pub only: Option<HashSet<PathBuf>>,
    /// The files and names of those that run, as a journal has them; none for all.
    pub among: Option<HashSet<(String, String)>>,
    /// How often each runs; 0 is once.
    pub repeat: u32,
    /// The seed of the order; without one it is that of the paths.
    pub shuffle: Option<u64>,
    /// The part of them that runs; without one, all do.
    pub shard: Option<Shard>,
    /// What makes parts of a run take the same time.
    pub timings: Timings,
}

impl Selection {
    /// Whether it takes a scenario.
    fn takes(&self, planned: &Planned) -> bool {
        let has = |tag: &str| planned.scenario.tags.iter().any(|own| own.value == tag);
        self.tags.iter().all(|wanted| wanted.holds(&has))
            && !self.skip_tags.iter().any(|unwanted| unwanted.holds(&has))
            && self.only.as_ref().is_none_or(|only| only.contains(planned.scenario.source().path()))
            && self.name.as_ref().is_none_or(|name| name.is_match(&planned.name))
            && self.among.as_ref().is_none_or(|among| among.contains(&planned.identity()))
    }

    /// The scenarios that run, in their order; comes with how many do in all parts together, and with a digest of these
    /// where there are parts.
    pub(super) fn apply(
        &self,
        mut scenarios: Vec<Planned>,
    ) -> (Vec<Planned>, usize, Option<String>) {
        scenarios.retain(|planned| self.takes(planned));
        let mut all = match self.repeat {
            0 | 1 => scenarios,
            times => {
                let run = |number: u32| {
                    scenarios.iter().map(move |planned| Planned {
                        name: format!("{} #{number}", planned.name),
                        repetition: Some(number),
                        ..planned.clone()
                    })
                };
                (1..=times).flat_map(run).collect()
            }
        };
        let selected = all.len();
        (0..).zip(&mut all).for_each(|(position, planned)| planned.position = position);
        let mut parts = None;
        if let Some(shard) = self.shard {
            let (own, digest) = shard.take(all, &self.timings);
            (all, parts) = (own, Some(digest));
        }
        if let Some(seed) = self.shuffle {
            all.sort_by_cached_key(|planned| place(seed, planned));
        }
        (all, selected, parts)
    }

    /// Warns of scenarios of a journal that are not there any more; where paths are given, of those in their files alone.
    pub(super) fn gone(&self, scenarios: &[Planned], has_paths: bool) -> Vec<Diagnostic> {
        let Some(among) = &self.among else { return Vec::new() };
        let known: HashSet<_> = scenarios.iter().map(Planned::identity).collect();
        let files: HashSet<&str> = known.iter().map(|(file, _)| file.as_str()).collect();
        let is_here = |(file, _): &&(String, String)| !has_paths || files.contains(file.as_str());
        let mut gone: Vec<_> = among.difference(&known).filter(is_here).collect();
        gone.sort_unstable();
        let warning = |(file, name): &&(String, String)| {
            Diagnostic::warning(format!("`{file}` has no scenario `{name}` any more"))
                .help("it failed, or did not run, in the run of the journal")
        };
        gone.iter().map(warning).collect()
    }

    /// Warns of tags that no scenario has: a slip, as a rule.
    pub(super) fn unknown_tags(&self, scenarios: &[Planned]) -> Vec<Diagnostic> {
        let mut known: Vec<&str> = scenarios
            .iter()
            .flat_map(|planned| planned.scenario.tags.iter().map(|tag| tag.value.as_str()))
            .collect();
        known.sort_unstable();
        known.dedup();
        let mut named = Vec::new();
        let both = [("--tag", &self.tags), ("--skip-tag", &self.skip_tags)];
        for (option, expressions) in both {
            expressions.iter().for_each(|it| it.visit(&mut |tag| named.push((option, tag))));
        }
        let unknown = named.into_iter().filter(|(_, tag)| known.binary_search(tag).is_err());
        let warning = |(option, tag): (&str, &str)| {
            let warning =
                Diagnostic::warning(format!("no scenario has the tag `{tag}` of `{option}`"));
            let is_of_others = tag.starts_with(['!', '~', '@']) || tag.contains([',', '&', '|']);
            match closest(tag, known.iter().copied()) {
                _ if is_of_others => warning.help("join tags with `and`, `or`, `not`"),
                Some(close) => warning.help(format!("did you mean `{close}`?")),
                None if known.is_empty() => warning.help("no scenario has any tag"),
                None => warning.help(format!("the tags are `{}`", known.join("`, `"))),
            }
        };
        unknown.map(warning).collect()
    }
}

/// Where a scenario stands in an order that only the seed decides: another scenario more or less changes nothing for the
/// others.
fn place(seed: u64, planned: &Planned) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(planned.scenario.source().identity());
    hash.update([0]);
    hash.update(&planned.name);
    hash.finalize().into()
}

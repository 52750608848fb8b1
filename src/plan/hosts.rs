//! `allow_hosts`, as far as the files alone say where requests go.

use url::Url;

use crate::diagnostic::Diagnostic;
use crate::scenario::Scenario;
use crate::scenario::decode::Text;
use crate::scenario::hosts::{HostPattern, is_loopback};
use crate::scenario::step::{Action, Step};
use crate::template::Part;

/// The hosts that a project allows, and what else may be asked.
pub(super) struct Hosts<'p> {
    pub(super) allowed: &'p [HostPattern],
    /// The base URLs that hold around a scenario.
    pub(super) around: Vec<&'p Text>,
    /// That of the command line.
    pub(super) given: Option<&'p str>,
}

impl Hosts<'_> {
    /// Records the steps of files that ask a host which is not allowed; `files` are a scenario and those that it uses.
    pub(super) fn check(&self, files: &[&Scenario], diagnostics: &mut Vec<Diagnostic>) {
        let own = files.iter().filter_map(|file| file.base_url.as_ref());
        let bases: Option<Vec<&str>> =
            self.around.iter().copied().chain(own).map(|base| base.value.literal()).collect();
        // Which host is that of the base URL is known in the run.
        let Some(bases) = bases else { return };
        let homes: Vec<String> = bases.into_iter().chain(self.given).filter_map(host).collect();
        for (file, step) in files.iter().flat_map(|file| file.all_steps().map(move |it| (file, it)))
        {
            let Some((text, url)) = asked(step) else { continue };
            let Some(host) = url.host_str() else { continue };
            let is_home = homes.iter().any(|home| home == host);
            // A scenario may want to see that it is refused.
            if step.expect.error.is_some()
                || is_home
                || is_loopback(&url)
                || self.allowed.iter().any(|pattern| pattern.covers(host))
            {
                continue;
            }
            let message = format!("`{host}` is none of the project's `allow_hosts`");
            let help = "add it to `allow_hosts` of the project file if requests may go there";
            let error = Diagnostic::error(message).at(file.source(), file.span(text.at), "");
            diagnostics.push(error.help(help));
        }
    }
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// The URL that a step asks, as far as its host is written out.
fn asked(step: &Step) -> Option<(&Text, Url)> {
    let Action::Request(request) = &step.action else { return None };
    let parts = request.url.value.parts();
    let Some(Part::Literal(start)) = parts.first() else { return None };
    let (_, after) = start.split_once("://")?;
    let is_whole = parts.len() == 1 || after.contains(['/', '?', '#']);
    Some((&request.url, Url::parse(start).ok().filter(|_| is_whole)?))
}

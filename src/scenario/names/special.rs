//! The names that have a meaning of their own: `env`, `secret`, `response`, `case`, `server`.

use super::{Checker, When};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::closest;
use crate::scenario::decode::{Text, Tree};
use crate::scenario::secrets;
use crate::scenario::step::Step;
use crate::source::{Source, Span};
use crate::template::Use;
use crate::value::Value;

impl<'s, 'f: 's> Checker<'s, 'f> {
    /// The reserved names, and what is left is undefined.
    pub(super) fn special(
        &mut self,
        place: (&Text, usize),
        used: &Use,
        member: Option<&str>,
        optional: bool,
        when: When,
    ) {
        match (used.name.as_str(), member) {
            ("response", member) if when == When::After => {
                if let (Some(member), false) = (member, optional) {
                    self.member(place, "response", member);
                }
            }
            ("response", _) => {
                let help = "there is a response after the request only: in `check` and in the `value` of a capture";
                self.error(
                    place,
                    "`response` has no value here".to_owned(),
                    "",
                    Some(help.to_owned()),
                );
            }
            ("env", Some(name)) => {
                if !optional && !self.around.environment.contains(name) {
                    self.unset_variable(place, name);
                }
            }
            ("env", None) => {
                let help = "write `env.NAME`".to_owned();
                self.error(place, "`env` needs a name".to_owned(), "", Some(help));
            }
            ("secret", name) => self.secret(place, name, optional),
            // Its rows may be what could not be read.
            ("case", _) if self.may_define("cases") => {}
            ("case", _) => {
                let help = "`case.index` is the number of the row that the scenario runs for";
                let message = "there is no `case`: the scenario has no `cases`".to_owned();
                self.error(place, message, "", Some(help.to_owned()));
            }
            ("server", _) => {
                let help = "give the project file a `server`".to_owned();
                self.error(place, "there is no `server`".to_owned(), "", Some(help));
            }
            _ if optional => {}
            _ => self.undefined(place, &used.name),
        }
    }

    /// What the program itself binds has these members and no others.
    pub(super) fn member(&mut self, place: (&Text, usize), name: &str, member: &str) {
        let members: &[&str] = match name {
            "case" => &["index"],
            "run" => &["id"],
            "server" => &["url"],
            "response" => &["status", "headers", "body", "json", "url", "duration"],
            _ => return self.member_of_variable(place, name, member),
        };
        if members.contains(&member) {
            return;
        }
        let known = || members.iter().map(|member| format!("`{member}`")).collect::<Vec<_>>();
        let help = match (name, member) {
            ("case", column) => format!("what a row gives is a variable: `${{{column}}}`"),
            ("response", "cookies" | "cookie") => "write `cookie('name')`".to_owned(),
            ("response", "text") => "did you mean `response.body`?".to_owned(),
            _ => format!("`{name}` has {}", known().join(", ")),
        };
        let (source, span) = self.place(place);
        let span = whole(source, span, &format!("{name}.{member}"));
        let message = format!("there is no `{name}.{member}`");
        let error = Diagnostic::error(message).at(source, span, "");
        self.found.diagnostics.push(error.help(help));
    }

    /// A variable whose value is written out has the members that are written, if nothing else can give it a value.
    fn member_of_variable(&mut self, place: (&Text, usize), name: &str, member: &str) {
        let scenario = self.scenario;
        let binds = |step: &Step| {
            let item = step.flow().for_each.as_ref().map(|each| &each.name);
            let captures = step.captures.iter().map(|capture| &capture.name);
            item.into_iter().chain(captures).any(|bound| bound.value == name)
        };
        let is_given = self.is_open
            || self.within.is_some()
            || self.around.names.contains(name)
            || self.captures.contains_key(name)
            || self.session.as_ref().is_none_or(|captured| captured.contains(name))
            || scenario.cases.is_some()
            || scenario.all_steps().any(binds);
        let value = scenario.vars.iter().find(|(var, _)| var.value == name);
        let Some((var, value)) = value.filter(|_| !is_given) else { return };
        let members: Vec<&str> = match value {
            Tree::Literal(Value::Object(members)) => members.keys().map(String::as_str).collect(),
            Tree::Map(members) => members.iter().map(|(key, _)| key.value.source()).collect(),
            _ => return,
        };
        if members.contains(&member) {
            return;
        }
        let (source, span) = self.place(place);
        let written = format!("{name}.{member}");
        let span = whole(source, span, &written);
        let label = closest(member, members.iter().copied())
            .map_or_else(String::new, |close| format!("did you mean `{name}.{close}`?"));
        let error = Diagnostic::error(format!("there is no `{written}`")).at(source, span, label);
        let error = error.also(source, scenario.span(var.at), "its value");
        let help = match members.as_slice() {
            [] => format!("`{name}` is empty"),
            _ => format!("`{name}` has `{}`", members.join("`, `")),
        };
        self.found.diagnostics.push(error.help(help));
    }

    fn secret(&mut self, place: (&Text, usize), name: Option<&str>, optional: bool) {
        match secrets::used(name, optional, self.around) {
            Ok(name) => self.found.secrets.extend(name.map(str::to_owned)),
            Err(error) => {
                let written = format!("secret.{}", name.unwrap_or_default());
                let (source, span) = self.place(place);
                let span = whole(source, span, &written);
                self.found.diagnostics.push(error.at(source, span, ""));
            }
        }
    }

    fn unset_variable(&mut self, place: (&Text, usize), name: &str) {
        let message = format!("the environment variable `{name}` is not set");
        let (source, span) = self.place(place);
        let span = whole(source, span, &format!("env.{name}"));
        let diagnostic = if self.around.strict {
            Diagnostic::error(message)
        } else {
            Diagnostic::warning(message)
        };
        let help = format!("set it, or write `env.{name} | default('…')`");
        self.found.diagnostics.push(diagnostic.at(source, span, "").help(help));
    }
}

/// The place of all that is written, where that of its first word is known.
pub(in crate::scenario) fn whole(source: &Source, span: Span, written: &str) -> Span {
    match source.text()[span.start..].starts_with(written) {
        true => Span::new(span.start, span.start + written.len()),
        false => span,
    }
}

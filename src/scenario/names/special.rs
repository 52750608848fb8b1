//! The names that have a meaning of their own: `env`, `secret`, `response`, `case`, `server`.

use super::{Checker, When};
use crate::diagnostic::Diagnostic;
use crate::scenario::decode::Text;
use crate::scenario::secrets;
use crate::source::{Source, Span};
use crate::template::Use;

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
            _ => return,
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

/// The place of `env.NAME`, where that of `env` is known.
pub(super) fn whole(source: &Source, span: Span, written: &str) -> Span {
    match source.text()[span.start..].starts_with(written) {
        true => Span::new(span.start, span.start + written.len()),
        false => span,
    }
}

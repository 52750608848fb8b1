//! HTML, read as browsers read it (the HTML Standard, section 13.2), and the elements in it that CSS selectors find.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::selector::Simple;
use scraper::{ElementRef, Html, HtmlTreeSink};
use selectors::parser::{ParseRelative, SelectorList, SelectorParseErrorKind};

/// The longest text that is read, in bytes.
pub const LONGEST: usize = 16 << 20;
/// The most nodes that a page has: elements, texts, comments.
pub const MOST_NODES: usize = 2_000_000;
/// Elements that are nested very deep, and selectors that look around each of them, take time that grows with the square.
const MOST_TIME: Duration = Duration::from_secs(10);
/// The longest selector, in bytes: each combinator in it is a call within a call.
const LONGEST_SELECTOR: usize = 1024;
/// The clock is looked at after so many bytes, or elements.
const PART: usize = 1024;

/// A CSS selector, parsed once; a clone shares it.
#[derive(Clone)]
pub struct Selector(Arc<Parsed>);

struct Parsed {
    text: String,
    selector: scraper::Selector,
}

/// Why a text is no selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidSelector {
    /// Lower case, without the place.
    pub message: &'static str,
    /// The byte of the text that was come to.
    pub offset: usize,
    /// What to do.
    pub help: Option<&'static str>,
}

/// Why a page is not read, or not searched to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// More than [`LONGEST`] bytes.
    #[error("it has more than 16 MiB")]
    Long,
    /// More than [`MOST_NODES`].
    #[error("it has more than 2 million nodes")]
    Nodes,
    /// It takes more time than there is.
    #[error("it took more than 10 seconds, as that of pages which are nested very deep")]
    Time,
}

/// A page.
pub struct Document {
    html: Html,
    until: Instant,
}

/// An element of a page.
#[derive(Clone, Copy)]
pub struct Element<'d>(ElementRef<'d>);

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selector").field(&self.0.text).finish()
    }
}

impl Selector {
    /// Parses a selector, or several with commas between them (Selectors Level 4, without what needs a user or a
    /// window).
    ///
    /// # Errors
    /// What is no selector, with the place that was come to.
    pub fn parse(text: &str) -> Result<Self, InvalidSelector> {
        if text.len() > LONGEST_SELECTOR {
            let (message, help) = ("it has more than 1,024 bytes", Some("ask for less at once"));
            return Err(InvalidSelector { message, offset: 0, help });
        }
        if strictly(&mut cssparser::Parser::new(text)).is_ok()
            && let Ok(selector) = scraper::Selector::parse(text)
        {
            return Ok(Self(Arc::new(Parsed { text: text.to_owned(), selector })));
        }
        Err(invalid(text))
    }

    /// The selector as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The longest beginning of it that ends before a combinator and finds something, with what it finds.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn stop<'d>(
        &self,
        document: &'d Document,
    ) -> Result<Option<(String, Vec<Element<'d>>)>, TooMuch> {
        for end in combinators(self.text()).into_iter().rev() {
            let beginning = self.text()[..end].trim_end();
            let Ok(selector) = Self::parse(beginning) else { continue };
            let found = document.select(&selector)?;
            if !found.is_empty() {
                return Ok(Some((beginning.to_owned(), found)));
            }
        }
        Ok(None)
    }
}

/// What `scraper` reads, but that a part of `:is(…)` which is no selector is a mistake, and not one that finds nothing.
struct Strict;

impl<'i> selectors::Parser<'i> for Strict {
    type Impl = Simple;
    type Error = SelectorParseErrorKind;

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn allow_forgiving_selectors(&self) -> bool {
        false
    }
}

type CssError = cssparser::ParseError<SelectorParseErrorKind>;

fn strictly(parser: &mut cssparser::Parser<'_>) -> Result<SelectorList<Simple>, CssError> {
    SelectorList::parse(&Strict, parser, ParseRelative::No)
}

/// What is wrong with a text that is no selector.
fn invalid(text: &str) -> InvalidSelector {
    use SelectorParseErrorKind as Kind;
    let mut parser = cssparser::Parser::new(text);
    let parsed = strictly(&mut parser);
    let offset = parser.position().byte_index().min(text.len());
    let Some(error) = parsed.err() else {
        return InvalidSelector { message: "it cannot be read", offset, help: None };
    };
    let (message, help) = match error.kind {
        cssparser::ParseErrorKind::Custom(kind) => match kind {
            Kind::EmptySelector => ("a part of it is empty", None),
            Kind::DanglingCombinator => ("it ends with a combinator", None),
            Kind::UnsupportedPseudoClassOrElement => {
                ("it has a pseudo-class or pseudo-element that is not known here", Some(PSEUDO))
            }
            Kind::ClassNeedsIdent => ("there is no name behind the `.`", None),
            Kind::NoQualifiedNameInAttributeSelector
            | Kind::UnexpectedTokenInAttributeSelector
            | Kind::BadValueInAttr
            | Kind::InvalidQualNameInAttr
            | Kind::ExpectedBarInAttr => {
                ("what stands in `[…]` is no attribute", Some("write it like `[name=\"value\"]`"))
            }
            Kind::ExpectedNamespace => {
                ("there are no namespaces", Some("leave out what stands before `|`"))
            }
            _ => ("it goes wrong here", None),
        },
        cssparser::ParseErrorKind::Basic(cssparser::BasicParseErrorKind::EndOfInput) => {
            ("it ends too early", None)
        }
        cssparser::ParseErrorKind::Basic(_) => ("it goes wrong here", None),
    };
    InvalidSelector { message, offset, help }
}

const PSEUDO: &str = "there are `:first-child`, `:last-child`, `:only-child`, `:nth-child(…)` and those `-of-type`, `:empty`, `:root`, `:not(…)`, `:is(…)`, `:where(…)`, `:has(…)`; what is checked or disabled is found by `[checked]`, `[disabled]`";

/// Where a selector can be cut: before each combinator that stands in no brackets and no quotes, the first part alone.
fn combinators(text: &str) -> Vec<usize> {
    let (mut ends, mut depth, mut quote) = (Vec::new(), 0_usize, None);
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            (_, '\\') => drop(chars.next()),
            (Some(open), char) if open == char => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            // The others stand for themselves.
            (None, ',') if depth == 0 => return Vec::new(),
            (None, ' ' | '>' | '+' | '~') if depth == 0 => ends.push(at),
            _ => {}
        }
    }
    ends
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}

impl Document {
    /// Reads a page. Every text is one; what is missing or wrong is mended as browsers do it.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn read(text: &str) -> Result<Self, TooMuch> {
        if text.len() > LONGEST {
            return Err(TooMuch::Long);
        }
        let until = Instant::now() + MOST_TIME;
        let sink = HtmlTreeSink::new(Html::new_document());
        let mut parser = driver::parse_document(sink, ParseOpts::default());
        let mut rest = text;
        while !rest.is_empty() {
            let (part, more) = rest.split_at(rest.ceil_char_boundary(PART));
            parser.process(StrTendril::from_slice(part));
            rest = more;
            let nodes = parser.tokenizer.sink.sink.0.borrow().tree.nodes().len();
            if nodes > MOST_NODES {
                return Err(TooMuch::Nodes);
            }
            if Instant::now() > until {
                return Err(TooMuch::Time);
            }
        }
        Ok(Self { html: parser.finish(), until })
    }

    /// The elements that a selector finds, in the order of the document.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn select(&self, selector: &Selector) -> Result<Vec<Element<'_>>, TooMuch> {
        // In the order in which they were made, of which some were moved by what came after them.
        let mut found = Vec::new();
        for (number, element) in self.html.select(&selector.0.selector).enumerate() {
            found.push(element);
            if number % PART == 0 && Instant::now() > self.until {
                return Err(TooMuch::Time);
            }
        }
        if found.len() > 1 {
            let nodes = self.html.tree.root().descendants().enumerate();
            let order: HashMap<_, usize> =
                nodes.map(|(number, node)| (node.id(), number)).collect();
            // What was taken out of the document is nowhere in it.
            found.retain(|element| order.contains_key(&element.id()));
            found.sort_by_key(|element| order.get(&element.id()).copied());
        }
        Ok(found.into_iter().map(Element).collect())
    }

    /// The `html` element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        Element(self.html.root_element())
    }
}

impl<'d> Element<'d> {
    /// The text of all that is in it, white space folded and trimmed.
    #[must_use]
    pub fn text(self) -> String {
        let mut folded = String::new();
        let whole: String = self.0.text().collect();
        for word in whole.split_whitespace() {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(word);
        }
        folded
    }

    /// The value of an attribute, by its name in lower case.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        self.0.value().attr(name)
    }

    /// The names of its attributes.
    #[must_use]
    pub fn attributes(self) -> Vec<String> {
        self.0.value().attrs().map(|(name, _)| name.to_owned()).collect()
    }

    /// The elements in it, each kind once, as selectors name them: `input`, `ul.cart`.
    #[must_use]
    pub fn children(self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for child in self.0.child_elements() {
            let value = child.value();
            let id = value.id().map(|id| format!("#{id}"));
            let class = || value.classes().next().map(|class| format!(".{class}"));
            let name = format!("{}{}", value.name(), id.or_else(class).unwrap_or_default());
            if !all.contains(&name) {
                all.push(name);
            }
            if all.len() > MOST_CHILDREN {
                break;
            }
        }
        all
    }
}

/// More are not named.
const MOST_CHILDREN: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!doctype html><title>A shop</title>
        <main><h1 class=big> Tea
            &amp;&nbsp;cups </h1>
        <ul id=cart class='list wide'><li data-id=1>Tea<li data-id=2 class=item>Cup<b>s</b></ul>
        <form><input name=q value='a \"b\"'><input type=checkbox checked></form></main>";

    fn texts(selector: &str) -> Vec<String> {
        let (selector, page) =
            (Selector::parse(selector).expect("a selector"), Document::read(PAGE).expect("a page"));
        let found = page.select(&selector).expect("not too much");
        found.into_iter().map(Element::text).collect()
    }

    #[test]
    fn selectors_find_elements_in_the_order_of_the_document() {
        for (selector, expected) in [
            ("title", &["A shop"][..]),
            ("h1", &["Tea & cups"]),
            ("main > ul li", &["Tea", "Cups"]),
            ("li:nth-child(2)", &["Cups"]),
            ("li:last-child", &["Cups"]),
            ("li:not(.item)", &["Tea"]),
            ("li:has(b)", &["Cups"]),
            ("#cart .item b", &["s"]),
            ("ul.wide.list > :first-child", &["Tea"]),
            ("[data-id='1'], h1", &["Tea & cups", "Tea"]),
            ("li + li", &["Cups"]),
            ("h1 ~ ul > li:first-of-type", &["Tea"]),
            ("input[checked]", &[""]),
            ("html:root > body li:is(.item, .other)", &["Cups"]),
            ("H1", &["Tea & cups"]),
            ("table", &[]),
        ] {
            assert_eq!(texts(selector), expected, "{selector}");
        }
        let page = Document::read("<table><p>out<tr><td>in</table>").expect("a page");
        let all = Selector::parse("p, td").expect("a selector");
        let order: Vec<_> =
            page.select(&all).expect("few").into_iter().map(Element::text).collect();
        assert_eq!(order, ["out", "in"]);
    }

    #[test]
    fn attributes_are_as_they_were_meant() {
        let page = Document::read(PAGE).expect("a page");
        let input = Selector::parse("input").expect("a selector");
        let input = page.select(&input).expect("few")[0];
        assert_eq!(input.attribute("value"), Some("a \"b\""));
        assert_eq!(input.attribute("type"), None);
    }

    #[test]
    fn a_selector_that_finds_nothing_says_how_far_it_came() {
        let page = Document::read(PAGE).expect("a page");
        let stop = |selector: &str| {
            let selector = Selector::parse(selector).expect("a selector");
            let stop = selector.stop(&page).expect("few");
            stop.map(|(beginning, found)| (beginning, found.len(), found[0].children().join(" ")))
        };
        let found = |beginning: &str, count, children: &str| {
            Some((beginning.to_owned(), count, children.to_owned()))
        };
        assert_eq!(stop("main > ul > li.sold > b"), found("main > ul", 1, "li li.item"));
        assert_eq!(stop("main ul li[title='a > b']"), found("main ul", 1, "li li.item"));
        assert_eq!(stop("main > form select"), found("main > form", 1, "input"));
        assert_eq!(stop("nav a"), None);
        assert_eq!(stop("h1, nav a"), None);
        assert_eq!(page.root().children(), ["head", "body"]);
    }

    #[test]
    fn what_is_no_selector_is_told() {
        for (text, offset, message) in [
            ("", 0, "a part of it is empty"),
            ("ul >", 4, "it ends with a combinator"),
            ("a:hover", 7, "it has a pseudo-class or pseudo-element that is not known here"),
            ("p::first-line", 13, "it has a pseudo-class or pseudo-element that is not known here"),
            ("ul..x", 5, "there is no name behind the `.`"),
            ("a[=x]", 5, "what stands in `[…]` is no attribute"),
            ("a,,b", 2, "a part of it is empty"),
            ("ns|a", 4, "there are no namespaces"),
            ("$.user", 6, "a part of it is empty"),
            ("//div", 5, "a part of it is empty"),
            ("p:is(:hoover)", 13, "it has a pseudo-class or pseudo-element that is not known here"),
            (
                "p:not(b, :hoover)",
                17,
                "it has a pseudo-class or pseudo-element that is not known here",
            ),
            ("li:nth-child(x)", 15, "it goes wrong here"),
        ] {
            let error = Selector::parse(text).expect_err(text);
            assert_eq!((error.message, error.offset), (message, offset), "{text}");
        }
    }

    #[test]
    fn what_is_deep_or_wide_is_read_or_refused_within_its_time_on_a_small_stack() {
        let read = || {
            for (part, count) in
                [("<div>", 8_000), ("<b>", 2_000), ("<p><i>", 1_000), ("<table>", 2_000)]
            {
                let begun = Instant::now();
                let page = Document::read(&part.repeat(count));
                assert!(begun.elapsed() < MOST_TIME + Duration::from_secs(10), "{part}");
                if let Ok(page) = page {
                    let all = Selector::parse("body :first-child").expect("a selector");
                    let _ = page.select(&all);
                    let _ = page.root().text();
                }
            }
            assert!(Document::read(&" ".repeat(LONGEST + 1)).is_err());
            let page = Document::read(&"<i>".repeat(3_000)).expect("a page");
            let longest = vec!["i"; LONGEST_SELECTOR / 2 - 1].join(" ");
            let selector = Selector::parse(&longest).expect("a selector");
            assert_eq!(
                page.select(&selector).expect("few").len(),
                3_000 - (LONGEST_SELECTOR / 2 - 2)
            );
            assert!(Selector::parse(&"i ".repeat(LONGEST_SELECTOR)).is_err());
            assert!(Selector::parse(&(":is(".repeat(500) + "a" + &")".repeat(500))).is_err());
        };
        let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(read);
        thread.expect("a thread").join().expect("no overflow");
    }
}

//! A document as XPath sees it: elements, attributes and namespaces are nodes, and every step is counted.

use std::cell::Cell;
use std::cmp::Ordering;

use roxmltree::{Document, NodeId, NodeType};
use xpath_eval::{ExpandedName, NodeKind};

/// What the nodes of one evaluation share.
pub(super) struct Walk<'d> {
    pub(super) document: &'d Document<'d>,
    /// The steps that may still be taken; at 0 there is nothing any more.
    pub(super) left: Cell<u64>,
}

impl Walk<'_> {
    /// Whether so many steps may be taken.
    fn step(&self, count: usize) -> bool {
        let left = self.left.get().saturating_sub(count as u64);
        self.left.set(left);
        left > 0
    }
}

/// A node; small, as there can be millions of them at once.
#[derive(Clone, Copy)]
pub(super) struct Node<'d> {
    walk: &'d Walk<'d>,
    id: u32,
    part: Part,
}

/// What of it. In the order of the document (XPath 1.0, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Itself,
    Namespace(u32),
    Attribute(u32),
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.part) == (other.id, other.part)
    }
}

impl Eq for Node<'_> {}

impl<'d> Node<'d> {
    pub(super) fn root(walk: &'d Walk<'d>) -> Self {
        Self { walk, id: walk.document.root().id().get_usize() as u32, part: Part::Itself }
    }

    fn of(self, node: roxmltree::Node<'d, 'd>) -> Self {
        // A document has at most 2 million nodes.
        Self { walk: self.walk, id: node.id().get_usize() as u32, part: Part::Itself }
    }

    fn node(self) -> Option<roxmltree::Node<'d, 'd>> {
        self.walk.document.get_node(NodeId::from(self.id))
    }

    /// Its node, where it is not an attribute or a namespace of that.
    fn itself(self) -> Option<roxmltree::Node<'d, 'd>> {
        self.node().filter(|_| self.part == Part::Itself)
    }

    fn attribute(self, at: u32) -> Option<roxmltree::Attribute<'d, 'd>> {
        self.node()?.attributes().nth(at as usize)
    }

    fn namespace(self, at: u32) -> Option<&'d roxmltree::Namespace<'d>> {
        self.node()?.namespaces().nth(at as usize)
    }

    /// Sorts nodes into the order of the document.
    pub(super) fn order(self) -> (u32, impl Ord) {
        (self.id, self.part)
    }

    /// Its text (XPath 1.0, section 5: the string-value).
    pub(super) fn text(self) -> String {
        let text = match self.part {
            Part::Attribute(at) => self.attribute(at).map(|it| it.value().to_owned()),
            Part::Namespace(at) => self.namespace(at).map(|it| it.uri().to_owned()),
            Part::Itself => self.node().map(|node| match node.node_type() {
                NodeType::Root | NodeType::Element => self.inner(node),
                NodeType::PI => node.pi().and_then(|pi| pi.value).unwrap_or_default().to_owned(),
                NodeType::Comment | NodeType::Text => node.text().unwrap_or_default().to_owned(),
            }),
        };
        text.unwrap_or_default()
    }

    fn inner(self, node: roxmltree::Node<'d, 'd>) -> String {
        let mut text = String::new();
        for inner in node.descendants() {
            let part = inner.text().filter(|_| inner.is_text()).unwrap_or_default();
            // To copy is a step as well.
            if !self.walk.step(1 + part.len() / 64) {
                return String::new();
            }
            text.push_str(part);
        }
        text
    }

    /// The elements in it and its attributes, by their names, each once.
    pub(super) fn has(self) -> Vec<String> {
        let Some(node) = self.itself() else { return Vec::new() };
        let mut all: Vec<String> = Vec::new();
        let children = node.children().filter(roxmltree::Node::is_element).map(named);
        let attributes =
            node.attributes().map(|it| format!("@{}", prefixed(node, it.namespace(), it.name())));
        for name in children.take(10_000).chain(attributes.take(100)) {
            if !all.contains(&name) {
                all.push(name);
            }
            if all.len() > MOST_NAMES {
                break;
            }
        }
        all
    }
}

/// More names are not collected.
const MOST_NAMES: usize = 100;

/// An element, as an expression names it: `item`, `_:item`, `soap:Body`.
pub(super) fn named(node: roxmltree::Node<'_, '_>) -> String {
    let tag = node.tag_name();
    prefixed(node, tag.namespace(), tag.name())
}

fn prefixed(node: roxmltree::Node<'_, '_>, namespace: Option<&str>, name: &str) -> String {
    let Some(uri) = namespace else { return name.to_owned() };
    if uri == roxmltree::NS_XML_URI {
        return format!("xml:{name}");
    }
    let root = node.document().root_element();
    match root.namespaces().find(|it| it.uri() == uri) {
        Some(bound) => format!("{}:{name}", bound.name().unwrap_or("_")),
        // No prefix can be used for it.
        None => format!("*[local-name() = '{name}']"),
    }
}

impl<'d> xpath_eval::Node<'d> for Node<'d> {
    fn kind(self) -> NodeKind {
        match (self.part, self.node().map(|node| node.node_type())) {
            (Part::Attribute(_), _) => NodeKind::Attribute,
            (Part::Namespace(_), _) => NodeKind::Namespace,
            (Part::Itself, Some(NodeType::Element)) => NodeKind::Element,
            (Part::Itself, Some(NodeType::PI)) => NodeKind::ProcessingInstruction,
            (Part::Itself, Some(NodeType::Comment)) => NodeKind::Comment,
            (Part::Itself, Some(NodeType::Text)) => NodeKind::Text,
            (Part::Itself, Some(NodeType::Root) | None) => NodeKind::Root,
        }
    }

    fn parent(self) -> Option<Self> {
        if self.part != Part::Itself {
            return Some(Self { part: Part::Itself, ..self });
        }
        if !self.walk.step(1) {
            return None;
        }
        self.node()?.parent().map(|node| self.of(node))
    }

    fn children(self) -> impl Iterator<Item = Self> + 'd {
        let node = self.itself();
        let all = node.into_iter().flat_map(|node| node.children());
        all.take_while(move |_| self.walk.step(1)).map(move |node| self.of(node))
    }

    fn attributes(self) -> impl Iterator<Item = Self> + 'd {
        let count = self.itself().map_or(0, |node| node.attributes().len() as u32);
        (0..count)
            .take_while(move |_| self.walk.step(1))
            .map(move |at| Self { part: Part::Attribute(at), ..self })
    }

    fn namespaces(self) -> impl Iterator<Item = Self> + 'd {
        let element = self.itself().filter(roxmltree::Node::is_element);
        let count = element.map_or(0, |node| node.namespaces().len() as u32);
        (0..count)
            .take_while(move |_| self.walk.step(1))
            .map(move |at| Self { part: Part::Namespace(at), ..self })
    }

    fn expanded_name(self) -> Option<ExpandedName> {
        let name = |uri: Option<&str>, local: &str| ExpandedName {
            namespace_uri: uri.map(str::to_owned),
            local_name: local.to_owned(),
        };
        match self.part {
            Part::Attribute(at) => self.attribute(at).map(|it| name(it.namespace(), it.name())),
            Part::Namespace(at) => {
                self.namespace(at).map(|it| name(None, it.name().unwrap_or_default()))
            }
            Part::Itself => {
                let node = self.node()?;
                match node.node_type() {
                    NodeType::Element => {
                        Some(name(node.tag_name().namespace(), node.tag_name().name()))
                    }
                    NodeType::PI => node.pi().map(|pi| name(None, pi.target)),
                    _ => None,
                }
            }
        }
    }

    fn has_expanded_name(self, uri: Option<&str>, local: &str) -> bool {
        match self.part {
            Part::Itself => self.node().is_some_and(|node| {
                node.is_element()
                    && node.tag_name().name() == local
                    && node.tag_name().namespace() == uri
            }),
            Part::Attribute(at) => {
                self.attribute(at).is_some_and(|it| it.name() == local && it.namespace() == uri)
            }
            Part::Namespace(_) => {
                self.expanded_name().is_some_and(|it| it.local_name == local && uri.is_none())
            }
        }
    }

    fn string_value(self) -> String {
        if self.walk.step(1) { self.text() } else { String::new() }
    }

    fn document_order(self, other: Self) -> Ordering {
        (self.id, self.part).cmp(&(other.id, other.part))
    }

    /// `xml:id` is the one that needs no declaration.
    fn is_id_attribute(self) -> bool {
        let Part::Attribute(at) = self.part else { return false };
        let is_id = |it: roxmltree::Attribute<'_, '_>| {
            it.name() == "id" && it.namespace() == Some(roxmltree::NS_XML_URI)
        };
        self.attribute(at).is_some_and(is_id)
    }
}

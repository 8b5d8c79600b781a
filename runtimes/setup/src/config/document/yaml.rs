//! YAML as a tree. Anchors and aliases work; tags and a second document have no meaning here and are mistakes.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, StrInput};

use super::{Content, Entry, MAX_NODES, Node, without_repeated};
use crate::config::mistake::{At, Mistake};

/// Reads a text. The parser bounds how deep it can be nested.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Mistake>) {
    let parser = Parser::new_from_str(text);
    let mut builder = Builder { parser, anchors: HashMap::new(), node_count: 0, mistakes: Vec::new() };
    let tree = builder.document();
    let mut mistakes = builder.mistakes;
    let node = tree.map_err(|mistake| mistakes.push(mistake)).ok();
    (node, mistakes)
}

/// What is known half-way through a text.
struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    node_count: usize,
    mistakes: Vec<Mistake>,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Result<Node, Mistake> {
        let mut found = None;
        while let Some((event, at)) = self.next()? {
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event if found.is_none() => found = Some(self.node(event, at)?),
                _ => return Err(Mistake::at(at, "a second document begins", "keep one, without a line ---")),
            }
        }
        let empty = Node { at: At { line: 1, column: 1 }, content: Content::Empty };
        Ok(found.unwrap_or(empty))
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, At)>, Mistake> {
        match self.parser.next() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, place(&span.start)))),
            Some(Err(error)) => Err(Mistake::at(place(error.marker()), "this is no YAML", error.info())),
        }
    }

    /// Reads the value that begins with an event.
    fn node(&mut self, event: Event<'t>, at: At) -> Result<Node, Mistake> {
        self.count(1, at)?;
        let (anchor, tag, content) = match event {
            Event::Scalar(text, style, anchor, tag) => (anchor, tag, scalar(&text, style)),
            Event::SequenceStart(_, anchor, tag) => (anchor, tag, Content::List(self.list()?)),
            Event::MappingStart(_, anchor, tag) => (anchor, tag, Content::Map(self.map()?)),
            Event::Alias(anchor) => return self.alias(anchor, at),
            _ => return Err(Mistake::at(at, "this is no value", "write a text, a list or keys with values")),
        };
        if tag.is_some() {
            self.mistakes.push(Mistake::at(at, "a tag has no meaning here", "remove the word behind the !"));
        }
        let node = Node { at, content };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Vec<Node>, Mistake> {
        let mut nodes = Vec::new();
        while let Some((event, at)) = self.next()? {
            match event {
                Event::SequenceEnd => break,
                event => nodes.push(self.node(event, at)?),
            }
        }
        Ok(nodes)
    }

    fn map(&mut self) -> Result<Vec<Entry>, Mistake> {
        let mut entries = Vec::new();
        while let Some((event, at)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, at)?;
            let Some((event, value_at)) = self.next()? else { break };
            let node = self.node(event, value_at)?;
            match key.content {
                Content::Scalar(key) => entries.push(Entry { key, at, node }),
                _ => self.mistakes.push(Mistake::at(at, "this key is no word", "write a word and a colon")),
            }
        }
        Ok(without_repeated(entries, &mut self.mistakes))
    }

    /// Returns a copy of what the anchor stands for. Copies count like the original: aliases of aliases grow fast.
    fn alias(&mut self, anchor: usize, at: At) -> Result<Node, Mistake> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(Mistake::at(at, "the alias stands inside of its own anchor", "write it out"));
        };
        self.count(size(&node), at)?;
        Ok(node)
    }

    fn count(&mut self, more: usize, at: At) -> Result<(), Mistake> {
        self.node_count += more;
        match self.node_count <= MAX_NODES {
            true => Ok(()),
            false => Err(Mistake::at(at, format!("more than {MAX_NODES} keys and values"), "split the file")),
        }
    }
}

fn size(node: &Node) -> usize {
    match &node.content {
        Content::Empty | Content::Scalar(_) => 1,
        Content::List(nodes) => 1 + nodes.iter().map(size).sum::<usize>(),
        Content::Map(entries) => 1 + entries.iter().map(|entry| 1 + size(&entry.node)).sum::<usize>(),
    }
}

/// Nothing at all is a null in YAML, as is its word where it is not quoted.
fn scalar(text: &str, style: ScalarStyle) -> Content {
    match style {
        ScalarStyle::Plain if ["", "~", "null", "Null", "NULL"].contains(&text) => Content::Empty,
        _ => Content::Scalar(text.to_owned()),
    }
}

fn place(marker: &Marker) -> At {
    At { line: marker.line(), column: marker.col() + 1 }
}

//! Where the patterns of a query match in a tree.

use std::ops::Range;

use tree_sitter::{Node, Tree, TreeCursor};

use super::query::{Condition, Query, Shape, Step, Times};
use crate::text::Span;

/// How many nodes are looked at for one pattern in one place. Two children of one node that may stand anywhere in it are
/// looked for in all pairs.
const TRIES: usize = 1_000_000;

/// Where a query is asked.
#[derive(Clone, Copy)]
pub struct Area<'a> {
    /// A match begins at a node that touches one of these. They are in order, and none lies in another.
    pub spans: Option<&'a [Span]>,
    /// How many nodes stand around it at most.
    pub depth: usize,
}

impl Area<'_> {
    /// The whole tree.
    pub const ALL: Area<'static> = Area { spans: None, depth: usize::MAX };

    fn has(&self, node: Node<'_>) -> bool {
        let Some(spans) = self.spans else { return true };
        let first = spans.partition_point(|it| it.end as usize <= node.start_byte());
        spans.get(first).is_some_and(|it| (it.start as usize) < node.end_byte())
    }
}

impl Query {
    /// Tells of every match what it captured, by the captures' numbers: the outer nodes first, at each the patterns in order.
    pub fn matches(&self, tree: &Tree, text: &str, area: Area<'_>, tell: impl FnMut(&[(usize, Span)])) {
        let cursor = tree.walk();
        let places = vec![Place::new(cursor.node(), None)];
        let captured = Vec::new();
        Walk { query: self, text, area, cursor, places, conditions: &[], captured, tries: 0, tell }.run();
    }
}

/// A node, and what it takes to compare it.
#[derive(Clone, Copy)]
struct Place<'t> {
    node: Node<'t>,
    kind: u16,
    field: Option<u16>,
    named: bool,
    /// A named one stands behind it, below the same node.
    named_behind: bool,
    /// Where its children lie, once they were asked for.
    children: Option<(u32, u32)>,
}

impl<'t> Place<'t> {
    fn new(node: Node<'t>, field: Option<u16>) -> Place<'t> {
        Place { node, kind: node.kind_id(), field, named: node.is_named(), named_behind: false, children: None }
    }
}

/// What is still to be found: steps in a row of children, and then what stands around them.
#[derive(Clone, Copy)]
struct Rest<'a> {
    steps: &'a [Step],
    from: usize,
    to: usize,
    then: Option<&'a Rest<'a>>,
}

struct Walk<'q, 't, F> {
    query: &'q Query,
    text: &'q str,
    area: Area<'q>,
    cursor: TreeCursor<'t>,
    /// The nodes on the way, with their children, and what patterns looked at below.
    places: Vec<Place<'t>>,
    /// Those of the pattern that is looked for.
    conditions: &'q [Condition],
    captured: Vec<(usize, Span)>,
    tries: usize,
    tell: F,
}

impl<F: FnMut(&[(usize, Span)])> Walk<'_, '_, F> {
    fn run(&mut self) {
        // Rows of nodes to go through, one below the other, and how many places there were at the beginning of each.
        let mut rows = vec![(0..1, 1)];
        while let Some((row, known)) = rows.last_mut() {
            // What patterns looked at below the node before is of no use any more.
            self.places.truncate(*known);
            let Some(at) = row.next() else {
                rows.pop();
                continue;
            };
            if !self.area.has(self.places[at].node) {
                continue;
            }
            let query = self.query;
            for &pattern in query.beginning_at(self.places[at].kind) {
                let pattern = &query.patterns[pattern];
                (self.conditions, self.tries) = (&pattern.conditions, 0);
                self.node(&pattern.root, at, None);
            }
            if rows.len() <= self.area.depth {
                let children = self.children_to_walk(at);
                rows.push((children, self.places.len()));
            }
        }
    }

    fn children(&mut self, at: usize) -> Range<usize> {
        let Place { node, children, .. } = self.places[at];
        let (start, end) = children.unwrap_or_else(|| {
            let start = self.places.len();
            if node.child_count() > 0 {
                self.cursor.reset(node);
                let mut more = self.cursor.goto_first_child();
                while more {
                    self.places.push(Place::new(self.cursor.node(), self.cursor.field_id().map(Into::into)));
                    more = self.cursor.goto_next_sibling();
                }
                let mut named_behind = false;
                for place in self.places[start..].iter_mut().rev() {
                    place.named_behind = named_behind;
                    named_behind |= place.named;
                }
            }
            let found = (start as u32, self.places.len() as u32);
            self.places[at].children = Some(found);
            found
        });
        start as usize..end as usize
    }

    /// The children that touch what is asked for, and others where they are known already: a file can have thousands.
    fn children_to_walk(&mut self, at: usize) -> Range<usize> {
        let Place { node, children: None, .. } = self.places[at] else { return self.children(at) };
        let Some(spans) = self.area.spans else { return self.children(at) };
        let start = self.places.len();
        let inside = spans.partition_point(|it| it.end as usize <= node.start_byte());
        let inside = spans[inside..].iter().take_while(|it| (it.start as usize) < node.end_byte());
        let Some((first, last)) = inside.map(|it| (it.start, it.end)).reduce(|all, it| (all.0, all.1.max(it.1))) else {
            return start..start;
        };
        self.cursor.reset(node);
        let mut more = self.cursor.goto_first_child_for_byte(first as usize).is_some();
        while more && self.cursor.node().start_byte() < last as usize {
            self.places.push(Place::new(self.cursor.node(), self.cursor.field_id().map(Into::into)));
            more = self.cursor.goto_next_sibling();
        }
        start..self.places.len()
    }

    fn fits(&mut self, shape: &Shape, at: usize) -> bool {
        let place = self.places[at];
        let is_kind = shape.kind.map_or(place.named && !place.node.is_error(), |it| it == place.kind);
        is_kind
            && (shape.field.is_none() || shape.field == place.field)
            && (shape.without.is_empty()
                || !self.children(at).any(|it| self.places[it].field.is_some_and(|it| shape.without.contains(&it))))
    }

    /// Tells the matches in which the node at a place is one of these. Whether there was one.
    fn node(&mut self, options: &[Shape], at: usize, then: Option<&Rest<'_>>) -> bool {
        let mut found = false;
        for shape in options {
            if !self.fits(shape, at) {
                continue;
            }
            let before = self.captured.len();
            let node = self.places[at].node;
            let span = Span::new(node.start_byte(), node.end_byte());
            self.captured.extend(shape.captures.iter().map(|&capture| (capture, span)));
            found |= if shape.children.is_empty() {
                self.rest(then)
            } else {
                let Range { start, end } = self.children(at);
                self.rest(Some(&Rest { steps: &shape.children, from: start, to: end, then }))
            };
            self.captured.truncate(before);
        }
        found
    }

    fn rest(&mut self, rest: Option<&Rest<'_>>) -> bool {
        let Some(rest) = rest else { return self.end() };
        let Some((step, others)) = rest.steps.split_first() else { return self.rest(rest.then) };
        if step.times == Times::Any {
            let from = self.behind(step, rest);
            return self.without(step, &Rest { steps: others, from, ..*rest });
        }
        let mut found = false;
        for at in rest.from..rest.to {
            self.tries += 1;
            if self.tries > TRIES {
                return found;
            }
            let place = self.places[at];
            if !(step.last && place.named_behind) {
                found |= self.node(&step.options, at, Some(&Rest { steps: others, from: at + 1, ..*rest }));
            }
            if (step.next && place.named) || (step.anywhere && found) {
                break;
            }
        }
        // What may be missing is taken where it is.
        found || step.times == Times::Optional && self.without(step, &Rest { steps: others, ..*rest })
    }

    /// Goes on where a step that may be missing is, or is no more.
    fn without(&mut self, step: &Step, rest: &Rest<'_>) -> bool {
        let is_last = || !self.places[rest.from..rest.to].iter().any(|it| it.named);
        (!step.last || is_last()) && self.rest(Some(rest))
    }

    /// The place behind the nodes that a step may take.
    fn behind(&mut self, step: &Step, rest: &Rest<'_>) -> usize {
        let mut from = rest.from;
        for at in rest.from..rest.to {
            if step.options.iter().any(|it| self.fits(it, at)) {
                from = at + 1;
            } else if self.places[at].named {
                break;
            }
        }
        from
    }

    fn end(&mut self) -> bool {
        let is_met = |condition: &Condition| {
            let mut captured = self.captured.iter().filter(|(it, _)| *it == condition.capture);
            captured.all(|(_, span)| condition.is_met_by(self.text.get(span.range()).unwrap_or("")))
        };
        if self.conditions.iter().all(is_met) {
            (self.tell)(&self.captured);
        }
        true
    }
}

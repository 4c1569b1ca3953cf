//! The facts of one document: the only vocabulary that rules and fixes speak.

use crate::text::Span;

/// One thing that a query found. Facts relate by containment: an `EnvRead` inside a `Binding`'s value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A string literal: the whole of it, and the text between its quotes.
    Literal {
        /// With prefix and quotes.
        span: Span,
        /// Between the quotes.
        value: Span,
    },
    /// Something is named and gets a value: assignment, constant, keyword argument, entry, field, default, header.
    Binding {
        /// All of it.
        span: Span,
        /// The name, with its quotes where it has any.
        name: Span,
        /// The value.
        value: Span,
    },
    /// A call.
    Call {
        /// All of it.
        span: Span,
        /// What is called.
        callee: Span,
        /// The arguments with their brackets.
        arguments: Option<Span>,
    },
    /// An environment variable is read.
    EnvRead {
        /// The read and what it falls back to.
        span: Span,
        /// The variable.
        name: Span,
        /// What stands in for a missing variable.
        default: Option<Span>,
    },
    /// An environment variable is set.
    EnvWrite {
        /// The statement.
        span: Span,
        /// The variable.
        name: Span,
        /// The value.
        value: Span,
    },
    /// A field of a class that fills its fields from variables.
    Setting {
        /// All of it.
        span: Span,
        /// Its class.
        class: Span,
        /// The field.
        name: Span,
        /// Its type.
        kind: Span,
        /// Its default.
        value: Option<Span>,
    },
    /// A class with another one below it.
    Subclass {
        /// All of it.
        span: Span,
        /// The one below.
        of: Span,
    },
    /// A dotenv loader is called.
    EnvLoad {
        /// The call.
        span: Span,
        /// The file it is given.
        path: Option<Span>,
    },
    /// A variable, or a file, becomes a part of the program when it is built.
    EnvEmbed {
        /// The macro.
        span: Span,
        /// The variable or the path.
        name: Span,
    },
    /// What code in here gives becomes a part of a text.
    Template {
        /// All of it.
        span: Span,
    },
    /// An expression that puts literals together.
    Joined {
        /// All of it.
        span: Span,
    },
    /// Another expression that makes one text of literals and constants.
    Folded {
        /// All of it.
        span: Span,
    },
    /// A variable is taken out of the environment.
    EnvRemove {
        /// The call or statement.
        span: Span,
        /// The variable; without it, all of them.
        name: Option<Span>,
    },
    /// An env file is put over the variables that are there already.
    EnvOverride {
        /// The call.
        span: Span,
    },
    /// A module or an item of one is imported.
    Import {
        /// The statement.
        span: Span,
        /// The module or path.
        name: Span,
        /// The item that `from … import` takes.
        item: Option<Span>,
        /// The name it gets here.
        alias: Option<Span>,
    },
    /// A comment.
    Comment {
        /// All of it.
        span: Span,
    },
    /// What must stay first: docstrings, future imports, inner attributes.
    Prologue {
        /// All of it.
        span: Span,
    },
    /// The function in which a program starts.
    Entry {
        /// Its body with the brackets.
        body: Span,
    },
    /// How the literal (or slot) at `value` is replaced, if it is.
    Slot {
        /// What is replaced.
        span: Span,
        /// What it wraps.
        value: Span,
        /// The idiom's id.
        idiom: String,
        /// The parameter or constant that gets the value.
        name: Option<Span>,
        /// The body of its function.
        body: Option<Span>,
    },
    /// Code that runs when something is called, not when the file is loaded.
    Deferred {
        /// All of it.
        span: Span,
    },
    /// A macro that takes literals only.
    LiteralOnly {
        /// All of it.
        span: Span,
        /// Its name.
        name: Span,
    },
    /// What gets a value in here, or as an argument of the function of this name, demands this idiom.
    Wants {
        /// All of it.
        span: Span,
        /// The function.
        name: Option<Span>,
        /// The idiom's id.
        idiom: String,
    },
    /// An import under another name.
    Renamed {
        /// The item and its new name.
        span: Span,
        /// The item.
        of: Span,
        /// Its new name.
        to: Span,
    },
    /// An import that serves this file alone.
    Droppable {
        /// All of it.
        span: Span,
    },
    /// Literals in here that no slot catches follow this idiom.
    Within {
        /// All of it.
        span: Span,
        /// The idiom's id.
        idiom: String,
    },
}

impl Fact {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match *self {
            Fact::Literal { span, .. }
            | Fact::Binding { span, .. }
            | Fact::Call { span, .. }
            | Fact::EnvRead { span, .. }
            | Fact::EnvWrite { span, .. }
            | Fact::Setting { span, .. }
            | Fact::Subclass { span, .. }
            | Fact::EnvLoad { span, .. }
            | Fact::EnvEmbed { span, .. }
            | Fact::Template { span }
            | Fact::Joined { span }
            | Fact::Folded { span }
            | Fact::EnvRemove { span, .. }
            | Fact::EnvOverride { span }
            | Fact::Import { span, .. }
            | Fact::Comment { span }
            | Fact::Prologue { span }
            | Fact::Deferred { span }
            | Fact::LiteralOnly { span, .. }
            | Fact::Renamed { span, .. }
            | Fact::Droppable { span }
            | Fact::Wants { span, .. }
            | Fact::Slot { span, .. }
            | Fact::Within { span, .. } => span,
            Fact::Entry { body } => body,
        }
    }
}

/// All facts of one version of a document.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    all: Vec<Fact>,
    /// For each fact the last one before it that had not ended where it begins: what surrounds a place is found by going
    /// from one to the next, however many facts there are.
    before: Vec<Option<usize>>,
    imports: Vec<usize>,
    /// The parser had to skip or invent something.
    pub broken: bool,
}

impl Facts {
    /// Puts outer facts before the facts in them, and equal ones together.
    pub(super) fn new(mut all: Vec<Fact>, broken: bool) -> Facts {
        all.sort_by_key(|fact| (fact.span().start, std::cmp::Reverse(fact.span().end)));
        all.dedup();
        let mut open: Vec<usize> = Vec::new();
        let mut before = Vec::with_capacity(all.len());
        for (at, fact) in all.iter().enumerate() {
            while open.last().is_some_and(|&last| all[last].span().end <= fact.span().start) {
                open.pop();
            }
            before.push(open.last().copied());
            open.push(at);
        }
        let imports = (0..all.len()).filter(|&at| matches!(all[at], Fact::Import { .. })).collect();
        Facts { all, before, imports, broken }
    }

    /// Every fact, outer before inner.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.all.iter()
    }

    /// The imports.
    pub fn imports(&self) -> impl Iterator<Item = &Fact> {
        self.imports.iter().map(|&at| &self.all[at])
    }

    /// The facts that hold `span`, which is not empty: those that begin last come first.
    pub fn around(&self, span: Span) -> impl Iterator<Item = &Fact> {
        let last = self.all.partition_point(|fact| fact.span().start <= span.start).checked_sub(1);
        let chain = std::iter::successors(last, |&at| self.before[at]);
        chain.map(|at| &self.all[at]).filter(move |fact| fact.span().contains(span))
    }

    /// The facts that begin in `span`, outer before inner.
    pub fn within(&self, span: Span) -> impl Iterator<Item = &Fact> {
        let place = |at: u32| self.all.partition_point(|fact| fact.span().start < at);
        self.all[place(span.start)..place(span.end)].iter()
    }

    /// The innermost literal whose text holds `span`: its span and that of its text.
    pub fn literal_at(&self, span: Span) -> Option<(Span, Span)> {
        let literals = self.around(span).filter_map(|fact| match *fact {
            Fact::Literal { span: whole, value } if value.contains(span) => Some((whole, value)),
            _ => None,
        });
        literals.min_by_key(|(whole, _)| whole.len())
    }

    /// The bindings whose value holds `span`, innermost first: name and value.
    pub fn bindings_around(&self, span: Span) -> Vec<(Span, Span)> {
        let bindings = self.around(span).filter_map(|fact| match *fact {
            Fact::Binding { name, value, .. } | Fact::EnvWrite { name, value, .. } => Some((name, value)),
            _ => None,
        });
        innermost_first(bindings.filter(|(_, value)| value.contains(span)))
    }

    /// The calls whose arguments hold `span`, innermost first: callee and arguments.
    pub fn calls_around(&self, span: Span) -> Vec<(Span, Span)> {
        let calls = self.around(span).filter_map(|fact| match *fact {
            Fact::Call { callee, arguments, .. } => Some((callee, arguments?)),
            _ => None,
        });
        innermost_first(calls.filter(|(_, arguments)| arguments.contains(span)))
    }

    /// The innermost body around `span` that runs when something is called, not when the file is loaded.
    pub fn body_around(&self, span: Span) -> Option<Span> {
        let bodies = self.around(span).filter_map(|fact| match *fact {
            Fact::Deferred { span: body } => Some(body),
            _ => None,
        });
        bodies.min_by_key(|body| body.len())
    }

    /// `span` lies in a comment.
    pub fn in_comment(&self, span: Span) -> bool {
        self.around(span).any(|fact| matches!(fact, Fact::Comment { .. }))
    }
}

/// What something is, and its value, by the value's length; of equal ones the outer first.
fn innermost_first(around: impl Iterator<Item = (Span, Span)>) -> Vec<(Span, Span)> {
    let mut around: Vec<_> = around.collect();
    around.reverse();
    around.sort_by_key(|(_, value)| value.len());
    around
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_a_place_is_what_a_look_at_all_finds() {
        // Nested, crossing and touching ones, by a generator of its own.
        let mut seed = 1u32;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            (seed >> 8) as usize % below
        };
        for _ in 0..200 {
            let mut span = || {
                let start = next(40);
                Span::new(start, start + 1 + next(20))
            };
            let facts = Facts::new((0..30).map(|_| Fact::Comment { span: span() }).collect(), false);
            let place = span();
            let mut around: Vec<Span> = facts.around(place).map(Fact::span).collect();
            around.reverse();
            let all: Vec<Span> = facts.iter().map(Fact::span).collect();
            assert_eq!(around, all.iter().copied().filter(|it| it.contains(place)).collect::<Vec<_>>());
            let within: Vec<Span> = facts.within(place).map(Fact::span).collect();
            let begins = |it: &Span| place.start <= it.start && it.start < place.end;
            assert_eq!(within, all.into_iter().filter(begins).collect::<Vec<_>>());
        }
    }
}

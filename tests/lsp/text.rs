//! Positions and edits: whatever the client counts in, and wherever it points to.

use aikeys::lsp::convert::{Encoding, apply, offset, position, range, span};
use aikeys::syntax::Document;
use aikeys::text::Span;
use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

const TEXT: &str = "a🔑b = 1\r\nключ = \"🔑🔑\"\n\ne\u{301} = 'x'\rlast 🔑";

fn document(text: &str) -> Document {
    Document::new("a.py", text)
}

fn at(line: u32, character: u32) -> Position {
    Position { line, character }
}

fn change(from: Position, to: Position, text: &str) -> TextDocumentContentChangeEvent {
    TextDocumentContentChangeEvent {
        range: Some(Range { start: from, end: to }),
        range_length: None,
        text: text.to_owned(),
    }
}

#[test]
fn every_character_has_its_position() {
    let doc = document(TEXT);
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        for (byte, c) in TEXT.char_indices().filter(|(_, c)| !matches!(c, '\r' | '\n')) {
            let there = position(&doc, byte as u32, encoding);
            assert_eq!(offset(&doc, there, encoding), byte, "{c:?} at {there:?} in {encoding:?}");
        }
    }
    // By hand: UTF-16 counts the key emoji twice, UTF-8 four times.
    let b = TEXT.find('b').expect("it is there") as u32;
    assert_eq!(position(&doc, b, Encoding::Utf16), at(0, 3));
    assert_eq!(position(&doc, b, Encoding::Utf8), at(0, 5));
    let quoted = TEXT.find("🔑🔑").expect("it is there");
    let whole = Span::new(quoted, quoted + 8);
    assert_eq!(range(&doc, whole, Encoding::Utf16), Range { start: at(1, 8), end: at(1, 12) });
    assert_eq!(range(&doc, whole, Encoding::Utf8), Range { start: at(1, 12), end: at(1, 20) });
}

#[test]
fn positions_outside_are_drawn_in() {
    let doc = document(TEXT);
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        assert_eq!(offset(&doc, at(0, 999), encoding), "a🔑b = 1".len(), "the end of the line, before its \\r\\n");
        assert_eq!(offset(&doc, at(99, 0), encoding), TEXT.len());
        assert_eq!(offset(&doc, at(u32::MAX, u32::MAX), encoding), TEXT.len());
        let back = Range { start: at(1, 3), end: at(0, 1) };
        let (from, to) = (offset(&doc, at(0, 1), encoding), offset(&doc, at(1, 3), encoding));
        assert_eq!(span(&doc, back, encoding), Span::new(from, to), "a range the wrong way round");
    }
    // In the middle of a character: before it.
    assert_eq!(offset(&doc, at(0, 2), Encoding::Utf16), 1);
    for inside in 2..5 {
        assert_eq!(offset(&doc, at(0, inside), Encoding::Utf8), 1);
    }
}

#[test]
fn edits_of_one_change_follow_each_other() {
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let mut doc = document("x = \"🔑\"\n");
        let wide = if encoding == Encoding::Utf8 { 4 } else { 2 };
        let changes = vec![
            change(at(0, 5 + wide), at(0, 5 + wide), "é"),
            change(at(0, 5), at(0, 5 + wide), "two\r\nlines"),
            change(at(1, 5), at(1, 5), "🔑"),
            change(at(9, 0), at(9, 9), "# end"),
        ];
        apply(&mut doc, changes, encoding);
        assert_eq!(doc.text(), "x = \"two\r\nlines🔑é\"\n# end", "{encoding:?}");
        let whole = TextDocumentContentChangeEvent { range: None, range_length: None, text: "new".to_owned() };
        apply(&mut doc, vec![whole], encoding);
        assert_eq!(doc.text(), "new");
    }
}

/// Random edits by positions, against the same edits by characters of a plain list.
#[test]
fn random_edits_are_where_the_client_meant_them() {
    let pieces = ["", "a", "🔑", "ключ", "\n", "\r\n", "x = '1'\n", "e\u{301}"];
    let mut random = 7_u64;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let mut doc = document(TEXT);
        let mut model: Vec<char> = TEXT.chars().collect();
        for step in 0..2_000 {
            // Not between \r and \n: there is no such position.
            let whole =
                |model: &[char], at: usize| at == 0 || at >= model.len() || model[at - 1] != '\r' || model[at] != '\n';
            let (a, b) = (next(model.len() + 1), next(model.len().min(12) + 1));
            let (start, end) = (a, (a + b).min(model.len()));
            let text = pieces[next(pieces.len())];
            let ends_in_cr = start > 0 && model[start - 1] == '\r';
            if !whole(&model, start) || !whole(&model, end) || (ends_in_cr && text.starts_with('\n')) {
                continue;
            }
            let bytes = |count: usize| model[..count].iter().map(|c| c.len_utf8()).sum::<usize>() as u32;
            let from = position(&doc, bytes(start), encoding);
            let to = position(&doc, bytes(end), encoding);
            model.splice(start..end, text.chars());
            apply(&mut doc, vec![change(from, to, text)], encoding);
            assert_eq!(doc.text(), model.iter().collect::<String>(), "step {step} in {encoding:?}");
        }
    }
}

//! Messages as they arrive: `Content-Length` frames, cut out of a byte stream and looked at once.
//!
//! tower-lsp's own reader ends for good at the first malformed message. So every frame is read here first;
//! a malformed one goes on as a request named [`MALFORMED`], which the guard answers with a parse error.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tower_lsp::jsonrpc::{Request, Response};

/// The request that stands for a message nobody can read.
pub(super) const MALFORMED: &str = "$/aikeys/malformed";

/// The longest message that is read. Editors open files of some megabytes; nothing sends more.
pub(super) const LONGEST: usize = 64 << 20;
/// More bytes than this without the end of a header are no header.
const LONGEST_HEADER: usize = 8 << 10;
const LENGTH: &[u8] = b"Content-Length:";
const HEADER_END: &[u8] = b"\r\n\r\n";

/// What came out of the stream.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// The body of a message: a JSON-RPC request, notification or response.
    Message(Vec<u8>),
    /// Something else.
    Malformed,
}

/// Cuts a byte stream into frames.
#[derive(Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// What lies before it is done with.
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Header,
    /// This many bytes of a body follow.
    Body(usize),
    /// The next header has to be found.
    Lost,
}

impl Frames {
    /// Takes the next bytes of the stream.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame; `None` until more bytes come.
    pub(super) fn take(&mut self) -> Option<Frame> {
        loop {
            let rest = &self.buffer[self.at..];
            match self.state {
                State::Lost => {
                    // The first byte belongs to the header that could not be read.
                    let next = rest.get(1..).and_then(|it| memchr::memmem::find(it, LENGTH));
                    let Some(next) = next else {
                        self.at += rest.len().saturating_sub(LENGTH.len());
                        return None;
                    };
                    self.at += 1 + next;
                    self.state = State::Header;
                }
                State::Header => {
                    let header = &rest[..rest.len().min(LONGEST_HEADER)];
                    let Some(end) = memchr::memmem::find(header, HEADER_END) else {
                        return (header.len() == LONGEST_HEADER).then(|| self.lose());
                    };
                    match length(&header[..end]) {
                        Some(length) => {
                            self.at += end + HEADER_END.len();
                            self.state = State::Body(length);
                        }
                        None => return Some(self.lose()),
                    }
                }
                State::Body(length) => {
                    let body = rest.get(..length)?;
                    let frame = if is_message(body) { Frame::Message(body.to_vec()) } else { Frame::Malformed };
                    self.at += length;
                    self.state = State::Header;
                    return Some(frame);
                }
            }
        }
    }

    fn lose(&mut self) -> Frame {
        self.state = State::Lost;
        Frame::Malformed
    }
}

/// Carries a client's messages to tower-lsp until the stream ends, malformed ones replaced.
pub(super) async fn pump(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let stand_in = format!(r#"{{"jsonrpc":"2.0","id":null,"method":"{MALFORMED}"}}"#);
    let mut frames = Frames::default();
    let mut bytes = vec![0; 64 << 10];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        frames.feed(&bytes[..count]);
        while let Some(frame) = frames.take() {
            let body = match &frame {
                Frame::Message(body) => body.as_slice(),
                Frame::Malformed => stand_in.as_bytes(),
            };
            let header = format!("Content-Length: {}\r\n\r\n", body.len());
            if to.write_all(header.as_bytes()).await.is_err() || to.write_all(body).await.is_err() {
                return;
            }
        }
    }
}

/// The length that a header gives, if it is one we take.
fn length(header: &[u8]) -> Option<usize> {
    let lines = std::str::from_utf8(header).ok()?.split("\r\n");
    let fields = lines.map(|line| line.split_once(':')).collect::<Option<Vec<_>>>()?;
    let (_, value) = fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    value.trim().parse().ok().filter(|&length| length <= LONGEST)
}

/// tower-lsp will be able to read it.
fn is_message(body: &[u8]) -> bool {
    serde_json::from_slice::<Request>(body).is_ok_and(|request| !request.method().is_empty())
        || serde_json::from_slice::<Response>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"jsonrpc":"2.0","method":"initialized","params":{}}"#;

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// `m` for every message, `x` for every malformed one.
    fn cut(stream: &[u8], piece: usize) -> String {
        let mut frames = Frames::default();
        let mut seen = String::new();
        for bytes in stream.chunks(piece) {
            frames.feed(bytes);
            while let Some(frame) = frames.take() {
                seen.push(if frame == Frame::Malformed { 'x' } else { 'm' });
            }
        }
        seen
    }

    #[test]
    fn a_malformed_message_costs_only_itself() {
        let good = framed(GOOD);
        let reply = framed(r#"{"jsonrpc":"2.0","id":1,"result":null}"#);
        let cases: [(String, &str); 12] = [
            (format!("{good}{reply}"), "mm"),
            (format!("{}{good}", framed("{\"jsonrpc\":")), "xm"),
            (format!("{}{good}", framed("[]")), "xm"),
            (format!("{}{good}", framed(r#"{"jsonrpc":"2.0","id":1}"#)), "xm"),
            (format!("{}{good}", framed("")), "xm"),
            (format!("Content-Length: many\r\n\r\n{{}}{good}"), "xm"),
            (format!("Content-Length: -5\r\n\r\n{{}}{good}"), "xm"),
            (format!("Content-Length: 99999999999\r\n\r\n{{}}{good}"), "xm"),
            (format!("Content-Type: text\r\n\r\n{good}"), "xm"),
            (format!("X: y\r\ncontent-length:{}\r\n\r\n{GOOD}{good}", GOOD.len()), "mm"),
            // A body that is longer than its header says.
            (format!("Content-Length: {}\r\n\r\n{GOOD}rest{good}{good}", GOOD.len()), "mxmm"),
            (format!("{}{good}", "garbage ".repeat(2000)), "xm"),
        ];
        for (stream, expected) in cases {
            for piece in [1, 7, 100_000] {
                assert_eq!(cut(stream.as_bytes(), piece), expected, "{} …", &stream[..stream.len().min(60)]);
            }
        }
        let no_text = [b"Content-Length: 2\r\n\r\n\xff\xfe", good.as_bytes()].concat();
        assert_eq!(cut(&no_text, 3), "xm");
    }
}

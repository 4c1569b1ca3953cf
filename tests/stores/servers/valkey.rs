//! The server in which OpenBao makes users with leases. Valkey and Redis are the same to both of us.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use super::{Server, installed};

pub struct Valkey {
    _server: Server,
    pub port: u16,
}

impl Valkey {
    /// Of its first user.
    pub const PASSWORD: &'static str = "first";

    pub fn start() -> Valkey {
        let program = installed("valkey", "valkey/redis-server");
        let started = |port: u16| {
            let port = port.to_string();
            let arguments = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--requirepass", Valkey::PASSWORD];
            Server::start(Server::folder(), &program, &arguments, &[])
        };
        let (server, port) = Server::on_a_port(started, |server| server.log().contains("eady to accept connections"));
        Valkey { _server: server, port }
    }

    /// What a user gets for a command: the first line of the answer.
    pub fn asks(&self, user: &str, password: &str, command: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("Valkey listens");
        let lines = format!("AUTH {user} {password}\r\n{command}\r\n");
        stream.write_all(lines.as_bytes()).expect("Valkey reads");
        BufReader::new(stream).lines().map_while(Result::ok).nth(1).unwrap_or_default()
    }
}

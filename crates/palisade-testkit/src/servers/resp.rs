//! Commands to a server, over a connection of their own: enough of Redis' protocol to set up a test.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// How long a server may take; one that is stopped answers never.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends one command. An error of the server or of the connection comes back as its text.
pub(super) fn command(port: u16, arguments: &[&str]) -> Result<String, String> {
    exchange(port, arguments).unwrap_or_else(|error| Err(error.to_string()))
}

fn exchange(port: u16, arguments: &[&str]) -> io::Result<Result<String, String>> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    write!(request, "*{}\r\n", arguments.len())?;
    for argument in arguments {
        write!(request, "${}\r\n{argument}\r\n", argument.len())?;
    }
    stream.write_all(&request)?;
    reply(&mut BufReader::new(stream))
}

/// Reads one reply. The parts of an array come as lines, as `redis-cli` shows them.
fn reply(stream: &mut impl BufRead) -> io::Result<Result<String, String>> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line.trim_end();
    let Some(kind) = line.chars().next() else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let rest = line[1..].to_owned();
    let length = || rest.parse::<i64>().map_err(|_| io::Error::from(io::ErrorKind::InvalidData));
    match kind {
        '-' => Ok(Err(rest)),
        '$' => {
            // A length of -1 stands for nothing at all.
            let Ok(length) = usize::try_from(length()?) else { return Ok(Ok(String::new())) };
            let mut bytes = vec![0; length + 2];
            stream.read_exact(&mut bytes)?;
            bytes.truncate(length);
            Ok(Ok(String::from_utf8_lossy(&bytes).into_owned()))
        }
        '*' => {
            let mut parts = Vec::new();
            for _ in 0..length()? {
                parts.push(reply(stream)?.unwrap_or_else(|error| error));
            }
            Ok(Ok(parts.join("\n")))
        }
        _ => Ok(Ok(rest)),
    }
}

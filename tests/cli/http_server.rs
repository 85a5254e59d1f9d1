//! A web server on 127.0.0.1 that behaves as it is told, with a certificate or without, and remembers what it got.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What it does once it has read a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Answers with a status, further headers and a body.
    Answer(u16, String, String),
    /// Says nothing, until the other side has gone.
    Silence,
    /// Sends headers letter by letter and never comes to an end.
    DripHeaders,
    /// Begins an answer whose body comes letter by letter and never ends.
    DripBody(u16),
    /// Ends the connection without a word.
    HangUp,
    /// Answers something else than HTTP.
    Gibberish,
    /// Answers with a status and repeats the whole request.
    Echo(u16),
    /// Ends the process that it is told of, by force, before it has read the request.
    KillBeforeReading,
    /// The same once it has read all of it, instead of an answer.
    KillAfterReading,
}

pub fn answer(status: u16) -> Behaviour {
    Behaviour::Answer(status, String::new(), String::new())
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub struct Server {
    pub address: SocketAddr,
    got: Receiver<Request>,
    connections: Arc<Mutex<usize>>,
    victim: Arc<Victim>,
}

/// Whom the server kills, once it is known.
#[derive(Default)]
struct Victim {
    process: Mutex<Option<u32>>,
    known: Condvar,
}

impl Victim {
    fn kill(&self) {
        let process = self.process.lock().unwrap();
        let process = self.known.wait_while(process, |process| process.is_none());
        let number = process.unwrap().unwrap().to_string();
        let killed = Command::new("kill").args(["-9", &number]).status().unwrap();
        assert!(killed.success());
    }
}

impl Server {
    /// Serves one connection for each behaviour, the last of them for ever.
    pub fn start(certificate: Option<&Certificate>, behaviours: &[Behaviour]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(Mutex::new(0));
        let (say, got) = channel();
        let (counted, behaviours) = (Arc::clone(&connections), behaviours.to_vec());
        let victim = Arc::new(Victim::default());
        let to_kill = Arc::clone(&victim);
        let config = certificate.map(|certificate| Arc::clone(&certificate.config));
        // The threads end with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let number = {
                    let mut number = counted.lock().unwrap();
                    *number += 1;
                    *number - 1
                };
                let behaviour = behaviours[number.min(behaviours.len() - 1)].clone();
                let (say, config) = (say.clone(), config.clone());
                let victim = Arc::clone(&to_kill);
                std::thread::spawn(move || {
                    let end = || victim.kill();
                    serve(stream, config, &behaviour, &say, &end);
                });
            }
        });
        Self {
            address,
            got,
            connections,
            victim,
        }
    }

    /// Says whom to kill.
    pub fn kills(&self, process: u32) {
        *self.victim.process.lock().unwrap() = Some(process);
        self.victim.known.notify_all();
    }

    /// All requests that came since the last look.
    pub fn requests(&self) -> Vec<Request> {
        self.got.try_iter().collect()
    }

    pub fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://localhost:{}{path}", self.address.port())
    }

    /// The next request, which has to come.
    pub fn request(&self) -> Request {
        self.got.recv_timeout(Duration::from_secs(30)).unwrap()
    }

    /// No request has come, whole or not.
    pub fn nothing_came(&self) -> bool {
        self.got.try_recv().is_err()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

fn serve(
    stream: TcpStream,
    config: Option<Arc<ServerConfig>>,
    behaviour: &Behaviour,
    say: &Sender<Request>,
    end: &dyn Fn(),
) {
    if matches!(behaviour, Behaviour::KillBeforeReading) {
        return end();
    }
    // A client that leaves breaks any of this off, which is its right.
    let _ = match config {
        None => talk(stream, behaviour, say, end),
        Some(config) => {
            let connection = ServerConnection::new(config).unwrap();
            talk(StreamOwned::new(connection, stream), behaviour, say, end)
        }
    };
}

fn talk(
    stream: impl Read + Write,
    behaviour: &Behaviour,
    say: &Sender<Request>,
    end: &dyn Fn(),
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = read(&mut stream)?;
    let _ = say.send(request.clone());
    let stream = stream.get_mut();
    match behaviour {
        Behaviour::Answer(status, headers, body) => {
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            )?;
        }
        Behaviour::Silence => {
            let _ = stream.read(&mut [0])?;
        }
        Behaviour::DripHeaders => {
            write!(stream, "HTTP/1.1 200 OK\r\nX-Slow: ")?;
            drip(stream)?;
        }
        Behaviour::DripBody(status) => {
            write!(
                stream,
                "HTTP/1.1 {status} Said\r\nContent-Length: 99999\r\n\r\n"
            )?;
            drip(stream)?;
        }
        Behaviour::HangUp | Behaviour::KillBeforeReading => {}
        // The connection stays open meanwhile: the client must not see it end.
        Behaviour::KillAfterReading => end(),
        Behaviour::Gibberish => write!(stream, "220 mail.example.com ESMTP\r\n\r\n")?,
        Behaviour::Echo(status) => {
            let body = format!("{request:?}");
            write!(
                stream,
                "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )?;
        }
    }
    stream.flush()
}

fn drip(stream: &mut impl Write) -> std::io::Result<()> {
    loop {
        stream.write_all(b"x")?;
        stream.flush()?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read(stream: &mut BufReader<impl Read>) -> std::io::Result<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<_> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body)?;
    Ok(Request {
        line: lines[0].clone(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

/// A certificate for a server, and the authority that signed it.
pub struct Certificate {
    pub ca_pem: String,
    config: Arc<ServerConfig>,
}

/// For which name, and whether its time is over.
pub fn certificate(name: &str, has_expired: bool) -> Certificate {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2019, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(if has_expired { 2020 } else { 4000 }, 1, 1);
    let certificate = parameters.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    Certificate {
        ca_pem: authority.pem(),
        config: Arc::new(config),
    }
}

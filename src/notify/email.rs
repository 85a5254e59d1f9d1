//! Hands an e-mail to a mail server, step by step, within one time limit.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::{Limits, Secrets, SendError};
use crate::domain::policy::{Encryption, is_this_machine};

/// The server, and what it wants to know.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) user: Option<String>,
    pub(super) ca_pem: Option<Vec<u8>>,
    /// By which we introduce ourselves.
    pub(super) own_name: String,
}

/// An e-mail with its envelope.
pub(super) struct Letter {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) text: String,
}

/// Hands the e-mail over. What takes longer than the limits allow is left to itself: the library's limit is for each
/// read, and a server that sends a letter now and then would hold it for ever.
pub(super) fn submit(
    server: Server,
    letter: Letter,
    secrets: &Secrets,
    limits: &Limits,
) -> Result<(), SendError> {
    let timeout = limits.timeout;
    let late = || {
        SendError::again(format!(
            "the mail server did not finish within {} ms",
            timeout.as_millis()
        ))
    };
    let attempt = Attempt {
        server,
        secrets: secrets.clone(),
        until: Instant::now() + timeout,
        stop: Arc::clone(&limits.stop),
    };
    let (say, heard) = channel();
    // It notices by itself that its time is up, before the letter goes out: a late one would be a second one.
    let work = move || {
        let (result, connection) = match attempt.run(&letter) {
            Ok((connection, result)) => (result, Some(connection)),
            Err(error) => (Err(error), None),
        };
        let _ = say.send(result);
        if let Some(mut connection) = connection {
            // The letter is delivered; this is politeness.
            let _ = connection.quit();
        }
    };
    std::thread::Builder::new()
        .spawn(|| drop(super::catching(work)))
        .map_err(|error| SendError::again(error.to_string()))?;
    match heard.recv_timeout(timeout) {
        Ok(Err(Failure::Late)) | Err(RecvTimeoutError::Timeout) => Err(late()),
        Ok(Err(Failure::Said(error))) => Err(error),
        Ok(Ok(())) => Ok(()),
        Err(RecvTimeoutError::Disconnected) => {
            Err(SendError::again("the attempt broke off unexpectedly"))
        }
    }
}

enum Failure {
    Late,
    Said(SendError),
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self::Said(error)
    }
}

struct Attempt {
    server: Server,
    secrets: Secrets,
    until: Instant,
    stop: Arc<AtomicBool>,
}

impl Attempt {
    fn run(&self, letter: &Letter) -> Result<(SmtpConnection, Result<(), Failure>), Failure> {
        let from = address(&letter.from)?;
        let recipients = letter
            .to
            .iter()
            .map(|to| address(to))
            .collect::<Result<Vec<_>, _>>()?;
        let mut connection = self.connect()?;
        self.log_in(&mut connection)?;

        self.step(&mut connection)?;
        connection
            .command(Mail::new(Some(from), Vec::new()))
            .map_err(|error| self.refused("the sender", &error))?;
        let (mut reached, mut refused) = (Vec::new(), Vec::new());
        for (recipient, who) in recipients.into_iter().zip(&letter.to) {
            self.step(&mut connection)?;
            match connection.command(Rcpt::new(recipient, Vec::new())) {
                Ok(_) => reached.push(who.clone()),
                Err(error) => match self.refused(who, &error) {
                    Failure::Said(said) if error.status().is_some() => refused.push(said),
                    broken => return Err(broken),
                },
            }
        }
        // Whoever was put off can be tried again, with the others that were not reached.
        let worst = refused.iter().position(|error| !error.is_permanent);
        let refused = (!refused.is_empty()).then(|| refused.swap_remove(worst.unwrap_or(0)));
        if let (Some(error), true) = (&refused, reached.is_empty()) {
            let text = match letter.to.len() {
                1 => error.text.clone(),
                _ => format!("{}; nobody has it", error.text),
            };
            return Err(SendError {
                text,
                ..error.clone()
            }
            .into());
        }
        self.step(&mut connection)?;
        // The library ends the last line itself.
        let text = letter.text.strip_suffix("\r\n").unwrap_or(&letter.text);
        connection
            .command(Data)
            .and_then(|_| connection.message(text.as_bytes()))
            .map_err(|error| self.refused("the message", &error))?;
        let result = match refused {
            None => Ok(()),
            Some(error) => Err(Failure::Said(SendError {
                text: format!("{}; the others have it", error.text),
                reached,
                ..error
            })),
        };
        Ok((connection, result))
    }

    fn connect(&self) -> Result<SmtpConnection, Failure> {
        let Server { host, port, .. } = &self.server;
        let name = ClientId::Domain(self.server.own_name.clone());
        let encryption = self.server.encryption;
        let tls = match encryption {
            Encryption::None if !is_this_machine(host) => {
                return Err(SendError::never(format!(
                    "encryption \"none\" is for a mail server on this machine only, not for {host}"
                ))
                .into());
            }
            Encryption::None => None,
            Encryption::Tls | Encryption::StartTls => Some(self.tls()?),
        };
        let at_once = tls.as_ref().filter(|_| encryption == Encryption::Tls);
        let left = self.left()?;
        let mut connection =
            SmtpConnection::connect((host.as_str(), *port), Some(left), &name, at_once, None)
                .map_err(|error| self.broke(&error))?;
        if let (Encryption::StartTls, Some(tls)) = (encryption, &tls) {
            if !connection.can_starttls() {
                let text = format!("{host}:{port} offers no STARTTLS; nothing was sent");
                return Err(SendError::again(text).into());
            }
            self.step(&mut connection)?;
            connection
                .starttls(tls, &name)
                .map_err(|error| self.broke(&error))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, SendError> {
        let mut parameters = TlsParameters::builder(self.server.host.clone());
        if let Some(pem) = &self.server.ca_pem {
            let text = "the file of certificates holds no certificate in PEM form";
            if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
                return Err(SendError::again(text));
            }
            let certificate = Certificate::from_pem(pem).map_err(|_| SendError::again(text))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        parameters
            .build()
            .map_err(|_| SendError::again("the certificates can't be used"))
    }

    fn log_in(&self, connection: &mut SmtpConnection) -> Result<(), Failure> {
        let (Some(user), Some(password)) = (&self.server.user, &self.secrets.password) else {
            return Ok(());
        };
        self.step(connection)?;
        let credentials = Credentials::new(user.clone(), password.clone());
        let failed = match connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials) {
            Ok(_) => return Ok(()),
            Err(failed) => failed,
        };
        if failed.is_client() {
            let text = format!("{} offers no way to log in with a password", self.place());
            return Err(SendError::again(text).into());
        }
        if failed.is_permanent() {
            // The password is read anew each time, so that whoever mends it still gets the message.
            let what = format!("{} did not accept user and password", self.place());
            return Err(SendError::again(self.with_answer(&what, &failed)).into());
        }
        Err(self.broke(&failed))
    }

    /// Before each step: what is left of the time bounds it.
    fn step(&self, connection: &mut SmtpConnection) -> Result<(), Failure> {
        let left = self.left()?;
        // Where the system refuses, the waiting thread still bounds the whole.
        let _ = connection.set_timeout(Some(left));
        Ok(())
    }

    fn left(&self) -> Result<Duration, Failure> {
        let left = self.until.checked_duration_since(Instant::now());
        left.filter(|left| !left.is_zero() && !self.stop.load(Ordering::Relaxed))
            .ok_or(Failure::Late)
    }

    fn place(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    /// The server said no to something, or the connection broke there.
    fn refused(&self, what: &str, error: &Error) -> Failure {
        if error.is_permanent() {
            let text = format!("{} refused {what}", self.place());
            return SendError::never(self.with_answer(&text, error)).into();
        }
        if error.is_transient() {
            let text = format!("{} put {what} off", self.place());
            return SendError::again(self.with_answer(&text, error)).into();
        }
        self.broke(error)
    }

    fn broke(&self, error: &Error) -> Failure {
        if error.is_timeout() || self.left().is_err() {
            return Failure::Late;
        }
        let place = self.place();
        let said = innermost(error);
        let is_about_tls = ["certificate", "corrupt message", "handshake"]
            .iter()
            .any(|word| said.contains(word));
        let what = match error.status() {
            Some(_) => format!("{place} is not ready"),
            None if is_about_tls => format!("no secure connection to {place}"),
            None => format!("no connection to {place}"),
        };
        SendError::again(self.with_answer(&what, error)).into()
    }

    /// `what`, with what the server answered or the system said.
    fn with_answer(&self, what: &str, error: &Error) -> String {
        let code = error.status().map(|code| format!("{code} "));
        let said = code.unwrap_or_default() + &innermost(error);
        self.secrets.with_quote(what, &said)
    }
}

/// The words of the first cause, which says the most: what the server answered, what the system said.
fn innermost(error: &Error) -> String {
    let mut said = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        said = cause.to_string();
        next = cause.source();
    }
    said
}

fn address(text: &str) -> Result<Address, SendError> {
    text.parse()
        .map_err(|_| SendError::never(format!("{text:?} is no e-mail address")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::is_mail_address;

    #[test]
    fn what_the_policy_takes_for_an_address_the_library_takes_too() {
        let (user, label) = ("u".repeat(64), "h".repeat(63));
        let longest = format!("{user}@{label}.{label}.{}", "h".repeat(61));
        for text in [
            "a@b",
            "1@2",
            "a@127.0.0.1",
            "a@b.c-d.e9",
            "!#$%&'*+-/=?^_`{|}~@b",
            "a.b.c@xn--bro-hoa.example",
            &longest,
        ] {
            assert!(is_mail_address(text), "{text}");
            assert!(address(text).is_ok(), "{text}");
        }
    }
}

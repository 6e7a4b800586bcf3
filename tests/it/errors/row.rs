//! One row of a table of errors, and how it is tried.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::broker::TestBroker;
use crate::raw::close::{Close, Outcome, Scope};
use crate::raw::content::Content;
use crate::raw::method::{
    Method, MethodId, channel_close, channel_close_ok, channel_open, connection_close,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Frame;

/// Where a row's script begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// connection.start was read.
    Started,
    /// The connection is open.
    Open,
    /// So is a channel of it.
    Channel,
}

/// What RabbitMQ 3.10 does instead.
#[derive(Clone, Debug)]
pub enum Rabbitmq310 {
    Same,
    /// It ends otherwise.
    Instead(Outcome),
    /// It cannot be held to anything here.
    Unchecked,
}

type Script = Box<dyn Fn(&mut Scene) + Send + Sync>;

/// A provocation, and the one right answer to it.
pub struct Row {
    pub case: String,
    stage: Stage,
    script: Script,
    expected: Outcome,
    rabbitmq: Rabbitmq310,
}

/// A row that closes the channel.
pub fn channel_error(
    case: &str,
    code: u16,
    text: &str,
    method: MethodId,
    script: impl Fn(&mut Scene) + Send + Sync + 'static,
) -> Row {
    let expected = Close::new(Scope::Channel, code, &reply_text(code, text), method);
    Row::new(case, Outcome::Closed(expected), script)
}

/// A row that closes the connection.
pub fn connection_error(
    case: &str,
    code: u16,
    text: &str,
    method: MethodId,
    script: impl Fn(&mut Scene) + Send + Sync + 'static,
) -> Row {
    let expected = Close::new(Scope::Connection, code, &reply_text(code, text), method);
    Row::new(case, Outcome::Closed(expected), script)
}

/// A row that ends the socket without a word.
pub fn dropped(case: &str, script: impl Fn(&mut Scene) + Send + Sync + 'static) -> Row {
    Row::new(case, Outcome::Dropped, script)
}

/// A row that is no error, though RabbitMQ may think so.
pub fn accepted(case: &str, script: impl Fn(&mut Scene) + Send + Sync + 'static) -> Row {
    Row::new(case, Outcome::Accepted, script)
}

impl Row {
    fn new(
        case: &str,
        expected: Outcome,
        script: impl Fn(&mut Scene) + Send + Sync + 'static,
    ) -> Self {
        Self {
            case: case.to_owned(),
            stage: Stage::Channel,
            script: Box::new(script),
            expected,
            rabbitmq: Rabbitmq310::Same,
        }
    }

    pub fn on(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// RabbitMQ 3.10 drops the socket.
    pub fn rabbitmq_3_10_drops(self) -> Self {
        Self { rabbitmq: Rabbitmq310::Instead(Outcome::Dropped), ..self }
    }

    /// RabbitMQ 3.10 finds nothing wrong.
    pub fn rabbitmq_3_10_accepts(self) -> Self {
        Self { rabbitmq: Rabbitmq310::Instead(Outcome::Accepted), ..self }
    }

    /// RabbitMQ 3.10 closes with another code or text.
    pub fn rabbitmq_3_10_closes(self, scope: Scope, code: u16, text: &str) -> Self {
        let Outcome::Closed(expected) = &self.expected else { panic!("the row closes nothing") };
        let close = Close::new(scope, code, &reply_text(code, text), expected.method);
        self.rabbitmq_3_10_blames(close)
    }

    /// RabbitMQ 3.10 closes otherwise, and names another method.
    pub fn rabbitmq_3_10_blames(self, close: Close) -> Self {
        Self { rabbitmq: Rabbitmq310::Instead(Outcome::Closed(close)), ..self }
    }

    /// RabbitMQ 3.10 cannot be held to anything here.
    pub fn rabbitmq_3_10_unchecked(self) -> Self {
        Self { rabbitmq: Rabbitmq310::Unchecked, ..self }
    }
}

/// The text with the code's name in front, as it travels: cut to 255 octets.
pub fn reply_text(code: u16, text: &str) -> String {
    let name = match code {
        320 => "CONNECTION_FORCED",
        403 => "ACCESS_REFUSED",
        404 => "NOT_FOUND",
        405 => "RESOURCE_LOCKED",
        406 => "PRECONDITION_FAILED",
        501 => "FRAME_ERROR",
        502 => "SYNTAX_ERROR",
        503 => "COMMAND_INVALID",
        504 => "CHANNEL_ERROR",
        505 => "UNEXPECTED_FRAME",
        530 => "NOT_ALLOWED",
        540 => "NOT_IMPLEMENTED",
        541 => "INTERNAL_ERROR",
        unknown => panic!("no name for reply code {unknown}"),
    };
    if text.is_empty() { name.to_owned() } else { format!("{name} - {text}") }
}

/// What a script acts on: a connection, the row's channel on it, and bystanders.
pub struct Scene {
    pub peer: Peer,
    pub number: u16,
    others: Vec<Peer>,
}

impl Scene {
    /// Sends a method on the row's channel.
    pub fn send(&mut self, method: &Method) {
        self.peer.channel(self.number).send(method);
    }

    /// Sends a method on the row's channel and reads its answer.
    #[track_caller]
    pub fn call(&mut self, method: &Method) -> Frame {
        self.peer.channel(self.number).call(method)
    }

    pub fn publish(&mut self, method: &Method, content: &Content) {
        self.peer.channel(self.number).publish(method, content);
    }

    pub fn frame(&mut self, kind: u8, payload: &[u8]) {
        self.peer.channel(self.number).frame(kind, payload);
    }

    /// Another connection with channel 1, which lives until the row is over.
    #[track_caller]
    pub fn another(&mut self) -> &mut Peer {
        let mut other = Peer::connect(self.peer.address());
        other.open(1);
        self.others.push(other);
        self.others.last_mut().unwrap()
    }
}

/// Tries rows, those that close only a channel on one connection.
pub struct Runner<'a> {
    broker: &'a TestBroker,
    scene: Option<Scene>,
}

impl<'a> Runner<'a> {
    pub const fn new(broker: &'a TestBroker) -> Self {
        Self { broker, scene: None }
    }

    /// Tries a row; says what was wrong.
    pub fn fault(&mut self, row: &Row) -> Option<String> {
        let expected = match (&row.rabbitmq, self.broker.is_rabbitmq_3_10) {
            (Rabbitmq310::Unchecked, true) => return None,
            (Rabbitmq310::Instead(outcome), true) => outcome,
            _ => &row.expected,
        };
        let played = catch_unwind(AssertUnwindSafe(|| self.play(row)));
        match played {
            Ok(outcome) if outcome == *expected => None,
            Ok(outcome) => {
                Some(format!("{}\n  expected {expected}\n       got {outcome}", row.case))
            }
            Err(panic) => Some(format!(
                "{}\n  expected {expected}\n    failed {}",
                row.case,
                text_of(&*panic)
            )),
        }
    }

    fn play(&mut self, row: &Row) -> Outcome {
        let mut scene = self.enter(row.stage);
        (row.script)(&mut scene);
        match row.stage {
            Stage::Started => {}
            Stage::Open => scene.peer.send(&connection_close()),
            Stage::Channel => scene.send(&channel_close()),
        }
        let outcome = scene.peer.outcome();
        let channel_only = match &outcome {
            Outcome::Closed(close) => close.scope == Scope::Channel,
            outcome => *outcome == Outcome::Accepted,
        };
        if row.stage == Stage::Channel && channel_only {
            self.keep(scene, &outcome);
        }
        outcome
    }

    fn enter(&mut self, stage: Stage) -> Scene {
        if let Some(mut scene) = self.scene.take_if(|_| stage == Stage::Channel) {
            scene.number += 1;
            scene.send(&channel_open());
            scene.peer.skip_to_open_ok(scene.number);
            return scene;
        }
        let peer = if stage == Stage::Started {
            let mut peer = Peer::dial(self.broker.address);
            peer.start();
            peer
        } else {
            self.broker.connect()
        };
        let mut scene = Scene { peer, number: 1, others: Vec::new() };
        if stage == Stage::Channel {
            scene.peer.open(1);
        }
        scene
    }

    /// Our channel.close has crossed the broker's. RabbitMQ 3.10 may have forgotten the channel
    /// by now, so there each row has a connection of its own.
    fn keep(&mut self, mut scene: Scene, outcome: &Outcome) {
        if self.broker.is_rabbitmq_3_10 {
            return;
        }
        if *outcome != Outcome::Accepted {
            scene.send(&channel_close_ok());
        }
        scene.others.clear();
        self.scene = Some(scene);
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

//! CC and BCC are further routing keys; no copy shows BCC; other types than arrays are refused.

use amqprs::channel::ExchangeDeclareArguments;
use amqprs::error::Error;
use amqprs::{BasicProperties, FieldTable, FieldValue};

use crate::support::{Outcome, Session, connect, name, table, text};

fn list(keys: &[&str]) -> FieldValue {
    let keys: Vec<FieldValue> = keys.iter().map(|key| text(key)).collect();
    FieldValue::A(keys.try_into().expect("a short list"))
}

fn with(headers: FieldTable) -> BasicProperties {
    BasicProperties::default().with_headers(headers).finish()
}

/// The keys and the texts of what each of these queues has; all show this CC and none BCC.
async fn copies(session: &Session, queues: &[String], cc: &FieldValue) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for queue in queues {
        let messages = session.drain(queue).await?;
        for copy in &messages {
            assert_eq!((copy.header("CC"), copy.header("BCC")), (Some(cc), None));
        }
        let told = messages.iter().map(|copy| format!("{} {}", copy.key, copy.text()));
        found.push(told.collect::<Vec<_>>().join(", "));
    }
    Ok(found)
}

pub async fn run() -> Outcome {
    let exchange = name("keys");
    let queues = ["a", "b", "c"].map(name);
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    let mut arguments = ExchangeDeclareArguments::new(&exchange, "direct");
    session.channel.exchange_declare(arguments.auto_delete(true).finish()).await?;
    for (queue, key) in queues.iter().zip(["a", "b", "c"]) {
        session.declare_with(queue, FieldTable::new()).await?;
        session.bind(queue, &exchange, key).await?;
    }

    let cc = list(&["b", "a"]);
    let headers = table([("CC", cc.clone()), ("BCC", list(&["c"]))]);
    session.publish_with(&exchange, "a", "to all", with(headers)).await?;
    assert_eq!(copies(&session, &queues, &cc).await?, ["a to all"; 3]);

    let cc = list(&["c"]);
    let headers = table([("CC", cc.clone())]);
    session.publish_with(&exchange, "nowhere", "a copy", with(headers)).await?;
    assert_eq!(copies(&session, &queues, &cc).await?, ["", "", "nowhere a copy"]);

    let [first, second, third] = &queues;
    let cc = list(&[second, &name("nowhere")]);
    let headers = table([("CC", cc.clone()), ("BCC", list(&[third]))]);
    session.publish_with("", first, "by default", with(headers)).await?;
    let expected = format!("{first} by default");
    assert_eq!(copies(&session, &queues, &cc).await?, [&*expected; 3]);

    for header in ["CC", "BCC"] {
        let other = Session::open(&connection).await?;
        let headers = table([(header, text("b"))]);
        other.publish_with(&exchange, "a", "refused", with(headers)).await?;
        let why = format!("{{unacceptable_type_in_header,\"{header}\",longstr}}");
        let text = other.closed(406).await;
        assert_eq!(text, format!("PRECONDITION_FAILED - invalid message: {why}"));
    }
    connection.close().await
}

//! The next consumer takes over when the active one goes; what that holds stays its own.

use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicQosOptions, BasicRejectOptions, QueueDeclareOptions,
};
use lapin::{BasicProperties, Connection};

use crate::control::{confirming, publish_confirmed};
use crate::refusals::refused_argument;
use crate::support::{Outcome, connect, consume, name, next, take, text, texts};
use crate::tables::{long, table};

pub async fn run(connection: Connection) -> Outcome {
    let other = connect().await?;
    let channel = confirming(&connection).await?;
    let queue = name("single");
    let options = QueueDeclareOptions::default().auto_delete();
    let single = table([("x-single-active-consumer", true.into())]);
    channel.queue_declare(queue.clone(), options, single).await?;
    let publish = async |text| {
        let none = BasicProperties::default();
        publish_confirmed(&channel, &"".into(), &queue, text, &none).await
    };

    let active = connection.create_channel().await?;
    let waiting = connection.create_channel().await?;
    let last = other.create_channel().await?;
    active.basic_qos(2, BasicQosOptions::default()).await?;
    let mut at_active = consume(&active, &queue).await?;
    let mut at_waiting = consume(&waiting, &queue).await?;
    let mut at_last = consume(&last, &queue).await?;
    publish("1").await?;
    publish("2").await?;
    let held = take(&mut at_active, 2).await?;
    assert_eq!(texts(&held), ["1", "2"]);

    // What comes first at each of the others shows that nothing came before its turn.
    active.basic_cancel(at_active.tag(), BasicCancelOptions::default()).await?;
    publish("3").await?;
    assert_eq!(text(&next(&mut at_waiting).await?), "3");
    held[1].reject(BasicRejectOptions { requeue: true }).await?;
    let again = next(&mut at_waiting).await?;
    assert_eq!((text(&again).as_str(), again.redelivered), ("2", true));
    held[0].ack(BasicAckOptions::default()).await?;

    waiting.close(200, "".into()).await?;
    let again = take(&mut at_last, 2).await?;
    assert_eq!(texts(&again), ["2", "3"]);
    assert!(again.iter().all(|delivery| delivery.redelivered));
    again[1].ack(BasicAckOptions { multiple: true }).await?;
    publish("4").await?;
    assert_eq!(text(&next(&mut at_last).await?), "4");

    let reason = "{unacceptable_type,longstr}";
    refused_argument(&connection, "x-single-active-consumer", long("true"), reason).await?;
    other.close(200, "".into()).await?;
    connection.close(200, "".into()).await
}

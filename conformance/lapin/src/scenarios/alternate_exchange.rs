//! What an exchange cannot route goes to its alternate, and on to that one's.

use lapin::options::BasicPublishOptions;
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Confirmation, Connection, ExchangeKind};

use crate::control::{confirming, publish_confirmed};
use crate::support::{Outcome, bind, declare_exchange, drain, exclusive, name, refused, texts};
use crate::tables::{long, table};

fn alternate(exchange: &ShortString) -> FieldTable {
    table([("alternate-exchange", long(exchange.as_str()))])
}

pub async fn run(connection: Connection) -> Outcome {
    let (main, second, last) = (name("main"), name("second"), name("last"));
    let channel = confirming(&connection).await?;
    declare_exchange(&channel, &last, ExchangeKind::Fanout, FieldTable::default()).await?;
    declare_exchange(&channel, &second, ExchangeKind::Topic, alternate(&last)).await?;
    declare_exchange(&channel, &main, ExchangeKind::Direct, alternate(&second)).await?;
    let (bound, caught) = (exclusive(&channel).await?, exclusive(&channel).await?);
    let rest = exclusive(&channel).await?;
    bind(&channel, &bound, &main, "bound").await?;
    bind(&channel, &caught, &second, "caught.*").await?;
    bind(&channel, &rest, &last, "").await?;

    let expected = [(&bound, "bound"), (&caught, "caught.here"), (&rest, "anything")];
    for (_, key) in expected {
        let none = BasicProperties::default();
        publish_confirmed(&channel, &main, &key.into(), key, &none).await?;
    }
    for (queue, key) in expected {
        let messages = drain(&channel, queue).await?;
        assert_eq!(texts(&messages), [key]);
        let (exchange, routing_key) = (&messages[0].exchange, &messages[0].routing_key);
        assert_eq!((exchange, routing_key.as_str()), (&main, key));
    }

    let mandatory = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let (key, properties) = ("anything".into(), BasicProperties::default());
    let confirm = channel.basic_publish(main.clone(), key, mandatory, b"not returned", properties);
    assert_eq!(confirm.await?.await?, Confirmation::Ack(None));
    assert_eq!(texts(&drain(&channel, &rest).await?), ["not returned"]);

    let other = connection.create_channel().await?;
    let again = declare_exchange(&other, &main, ExchangeKind::Direct, alternate(&last)).await;
    let text = refused(again, 406);
    let start = "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange";
    let start = format!("{start} '{main}' in vhost '/': received '{last}' but current is '");
    assert!(text.starts_with(&start), "{text}");
    connection.close(200, "".into()).await
}

//! What an exchange cannot route goes to its alternate, and on to that one's, with its exchange and
//! key.

use amqprs::channel::{BasicPublishArguments, ExchangeDeclareArguments, ExchangeDeleteArguments};
use amqprs::{BasicProperties, FieldTable};

use crate::support::{Outcome, Session, connect, name, table, text, texts};

async fn declare(session: &Session, exchange: &str, kind: &str, alternate: &str) -> Outcome {
    let arguments = table([("alternate-exchange", text(alternate))]);
    let mut declaration = ExchangeDeclareArguments::new(exchange, kind);
    session.channel.exchange_declare(declaration.arguments(arguments).finish()).await
}

pub async fn run() -> Outcome {
    let (main, second, last) = (name("main"), name("second"), name("last"));
    let (bound, caught, rest) = (name("bound"), name("caught"), name("rest"));
    let connection = connect().await?;
    let mut session = Session::confirming(&connection).await?;
    for queue in [&bound, &caught, &rest] {
        session.declare_with(queue, FieldTable::new()).await?;
    }
    session.exchange(&last, "fanout").await?;
    declare(&session, &second, "topic", &last).await?;
    declare(&session, &main, "direct", &second).await?;
    session.bind(&bound, &main, "bound").await?;
    session.bind(&caught, &second, "caught.*").await?;
    session.bind(&rest, &last, "").await?;

    let routes = [(&bound, "bound"), (&caught, "caught.here"), (&rest, "anything")];
    for (_, key) in routes {
        session.publish(&main, key, key).await?;
    }
    session.confirmed(1, 3).await;
    for (queue, key) in routes {
        let came = session.drain(queue).await?;
        assert_eq!(texts(&came), [key]);
        assert_eq!((&came[0].exchange, came[0].key.as_str()), (&main, key));
    }

    let mandatory = BasicPublishArguments::new(&main, "anything").mandatory(true).finish();
    let properties = BasicProperties::default();
    session.channel.basic_publish(properties, "not returned".into(), mandatory).await?;
    session.confirmed(4, 4).await;
    assert_eq!(texts(&session.drain(&rest).await?), ["not returned"]);

    let other = Session::open(&connection).await?;
    let result = declare(&other, &main, "direct", &last).await;
    let start = format!("inequivalent arg 'alternate-exchange' for exchange '{main}' in vhost '/'");
    let values = format!("received '{last}' but current is '{second}'");
    let text = other.refused(result, 406).await;
    assert_eq!(text, format!("PRECONDITION_FAILED - {start}: {values}"));
    for exchange in [&main, &second, &last] {
        session.channel.exchange_delete(ExchangeDeleteArguments::new(exchange)).await?;
    }
    connection.close().await
}

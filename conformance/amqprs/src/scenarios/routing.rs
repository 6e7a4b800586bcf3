//! Tutorial 4: a direct exchange routes by exact key.

use amqprs::channel::ExchangeDeleteArguments;

use crate::support::{Outcome, Session, connect, name};

pub async fn run() -> Outcome {
    let exchange = name("direct_logs");
    let connection = connect().await?;
    let session = Session::open(&connection).await?;
    session.exchange(&exchange, "direct").await?;
    let (errors, everything) = (session.exclusive().await?, session.exclusive().await?);
    session.bind(&errors, &exchange, "error").await?;
    for severity in ["info", "warning", "error"] {
        session.bind(&everything, &exchange, severity).await?;
    }

    for severity in ["info", "error", "debug", "warning"] {
        session.publish(&exchange, severity, severity).await?;
    }

    assert_eq!(session.bodies(&errors, 1).await?, ["error"]);
    assert_eq!(session.bodies(&everything, 3).await?, ["info", "error", "warning"]);
    assert_eq!((session.ready(&errors).await?, session.ready(&everything).await?), (0, 0));
    session.channel.exchange_delete(ExchangeDeleteArguments::new(&exchange)).await?;
    connection.close().await
}

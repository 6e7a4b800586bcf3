//! Tutorial 4: a direct exchange routes by exact key.

use lapin::options::{ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ExchangeKind};

use crate::support::{Outcome, bodies, exclusive, name, publish, ready};

pub async fn run(connection: Connection) -> Outcome {
    let exchange = name("direct_logs");
    let channel = connection.create_channel().await?;
    let options = ExchangeDeclareOptions::default();
    let arguments = FieldTable::default();
    channel.exchange_declare(exchange.clone(), ExchangeKind::Direct, options, arguments).await?;
    let errors = exclusive(&channel).await?;
    let everything = exclusive(&channel).await?;
    let bindings = [
        (&errors, "error"),
        (&everything, "info"),
        (&everything, "warning"),
        (&everything, "error"),
    ];
    for (queue, key) in bindings {
        let options = QueueBindOptions::default();
        let arguments = FieldTable::default();
        channel.queue_bind(queue.clone(), exchange.clone(), key.into(), options, arguments).await?;
    }

    for severity in ["info", "error", "debug", "warning"] {
        publish(&channel, &exchange, &severity.into(), severity).await?;
    }

    assert_eq!(bodies(&channel, &errors, 1).await?, ["error"]);
    assert_eq!(bodies(&channel, &everything, 3).await?, ["info", "error", "warning"]);
    assert_eq!(ready(&channel, &errors).await?, 0);
    assert_eq!(ready(&channel, &everything).await?, 0);
    channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await?;
    connection.close(200, "".into()).await
}

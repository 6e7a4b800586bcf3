//! Runs the scenario named on the command line against the broker at `AMQP_URI`.

mod support;

/// Declares each scenario's file and finds its `run` by name.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod scenarios { $(pub mod $name;)* }

        async fn run(name: &str) -> support::Outcome {
            match name {
                $(stringify!($name) => scenarios::$name::run().await,)*
                _ => panic!("no scenario {name}"),
            }
        }
    };
}

scenarios! {
    basic_get,
    bodies,
    channel_exception,
    concurrent_publishers,
    consumer_cancel,
    consumers,
    dead_letters,
    declare,
    headers_exchange,
    heartbeat_broker,
    heartbeat_client,
    hello_world,
    life_cycles,
    mandatory_return,
    many_channels,
    nack_requeue,
    properties,
    publish_subscribe,
    publisher_confirms,
    qos,
    recover,
    recovery,
    routing,
    rpc,
    shutdown,
    topics,
    tx,
    work_queue,
    wrong_password,
    wrong_vhost,
}

#[tokio::main]
async fn main() -> support::Outcome {
    let name = std::env::args().nth(1).expect("a scenario's name");
    run(&name).await
}

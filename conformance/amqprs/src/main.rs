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
    alternate_exchange,
    basic_get,
    bodies,
    channel_exception,
    concurrent_publishers,
    consistent_hash,
    consumer_cancel,
    consumers,
    dead_letters,
    declare,
    delayed_retry,
    direct_reply_to,
    headers_exchange,
    heartbeat_broker,
    heartbeat_client,
    hello_world,
    length_limits,
    life_cycles,
    mandatory_return,
    many_channels,
    message_ttl,
    nack_requeue,
    priorities,
    properties,
    publish_subscribe,
    publisher_confirms,
    qos,
    queue_expiry,
    recover,
    recovery,
    routing,
    rpc,
    sender_selected,
    shutdown,
    single_active_consumer,
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

package scenarios;

import static conformance.Support.accepted;
import static conformance.Support.await;
import static conformance.Support.closed;
import static conformance.Support.confirming;
import static conformance.Support.consume;
import static conformance.Support.control;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.recovered;
import static conformance.Support.scenario;
import static conformance.Support.tag;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;

/** The library brings back connection, channel, exchange, queues, bindings and consumers by itself. */
public final class Recovery {
    private Recovery() {}

    private static final AMQP.BasicProperties PERSISTENT = MessageProperties.PERSISTENT_TEXT_PLAIN;

    public static void main(String[] arguments) {
        scenario(connection -> {
            String exchange = name("exchange");
            String durable = name("durable");
            Channel channel = confirming(connection);
            channel.exchangeDeclare(exchange, BuiltinExchangeType.DIRECT);
            channel.queueDeclare(durable, true, false, false, null);
            channel.queueBind(durable, exchange, "durable");
            BlockingQueue<Delivery> kept = consume(channel, durable, false);
            String fleeting = exclusive(channel);
            channel.queueBind(fleeting, exchange, "fleeting");
            BlockingQueue<Delivery> news = consume(channel, fleeting, true);
            accepted(channel, exchange, "durable", PERSISTENT, "1");
            accepted(channel, exchange, "durable", PERSISTENT, "2");
            accepted(channel, exchange, "durable", null, "transient");
            for (String text : List.of("1", "2", "transient")) {
                next(kept, text);
            }
            CompletableFuture<ShutdownSignalException> closed = closed(connection);
            CompletableFuture<Recoverable> recovered = recovered(connection);

            control("/broker/kill");
            await(closed);
            control("/broker/start");
            await(recovered);

            equal(accepted(channel, exchange, "durable", PERSISTENT, "3"), true);
            for (String text : List.of("1", "2", "3")) {
                channel.basicAck(tag(next(kept, text)), false);
            }
            equal(accepted(channel, exchange, "fleeting", null, "4"), true);
            next(news, "4");
            channel.close();
            Channel last = connection.createChannel();
            equal(last.messageCount(durable), 0L);
            last.queueDelete(durable);
            last.exchangeDelete(exchange);
        });
    }
}

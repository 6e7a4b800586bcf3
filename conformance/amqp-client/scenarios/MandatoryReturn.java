package scenarios;

import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.scenario;
import static conformance.Support.PATIENCE;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Return;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public final class MandatoryReturn {
    private MandatoryReturn() {}

    public static void main(String[] arguments) {
        scenario(connection -> {
            String nowhere = name("nowhere");
            Channel channel = connection.createChannel();
            channel.confirmSelect();
            BlockingQueue<Object> events = new LinkedBlockingQueue<>();
            channel.addReturnListener(message -> events.add(message));
            channel.addConfirmListener((tag, multiple) -> events.add("ack"), (tag, multiple) -> events.add("nack"));
            AMQP.BasicProperties properties =
                    new AMQP.BasicProperties.Builder().messageId("m-1").headers(Map.of("try", 1)).build();
            channel.basicPublish("", nowhere, true, properties, "come back".getBytes());

            Return message = (Return) events.poll(PATIENCE, TimeUnit.SECONDS);
            equal(message.getReplyCode(), AMQP.NO_ROUTE);
            equal(message.getReplyText(), "NO_ROUTE");
            equal(message.getExchange(), "");
            equal(message.getRoutingKey(), nowhere);
            equal(message.getProperties().getMessageId(), "m-1");
            equal(message.getProperties().getHeaders(), Map.of("try", 1));
            equal(new String(message.getBody()), "come back");
            equal(events.poll(PATIENCE, TimeUnit.SECONDS), "ack");
        });
    }
}

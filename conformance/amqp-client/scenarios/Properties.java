package scenarios;

import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.receive;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.impl.LongStringHelper;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public final class Properties {
    private Properties() {}

    private static final Date MOMENT = new Date(1_700_000_000_000L);

    private static LongString text(String value) {
        return LongStringHelper.asLongString(value);
    }

    private static Map<String, Object> headers() {
        Map<String, Object> headers = new HashMap<>();
        headers.put("text", text("grüße"));
        headers.put("octets", new byte[] {0, -1});
        headers.put("true", true);
        headers.put("false", false);
        headers.put("byte", (byte) -7);
        headers.put("short", (short) -30_000);
        headers.put("int", -70_000);
        headers.put("long", 1L << 40);
        headers.put("float", 0.5f);
        headers.put("double", 0.1);
        headers.put("decimal", new BigDecimal("12.34"));
        headers.put("time", MOMENT);
        headers.put("nothing", null);
        headers.put("list", Arrays.asList(text("one"), 2, Arrays.asList(true, null), Map.of("k", text("v"))));
        headers.put("table", Map.of("inner", Map.of("deep", 1), "empty", Map.of()));
        return headers;
    }

    private static List<Object> fields(AMQP.BasicProperties properties) {
        return Arrays.asList(
                properties.getContentType(), properties.getContentEncoding(),
                properties.getDeliveryMode(), properties.getPriority(),
                properties.getCorrelationId(), properties.getReplyTo(),
                properties.getExpiration(), properties.getMessageId(), properties.getTimestamp(),
                properties.getType(), properties.getUserId(), properties.getAppId(),
                properties.getClusterId());
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            AMQP.BasicProperties sent = new AMQP.BasicProperties.Builder()
                    .contentType("application/json").contentEncoding("gzip").headers(headers())
                    .deliveryMode(2).priority(5).correlationId("c-1").replyTo("somewhere")
                    .messageId("m-1").timestamp(MOMENT).type("kind")
                    .userId("guest").appId("conformance").clusterId("cluster")
                    .build();
            Channel channel = connection.createChannel();
            String queue = exclusive(channel);
            channel.basicPublish("", queue, sent, "all".getBytes());
            channel.basicPublish("", queue, null, "none".getBytes());

            List<Delivery> messages = receive(channel, queue, 2);
            AMQP.BasicProperties every = messages.get(0).getProperties();
            equal(every.getHeaders().keySet(), headers().keySet());
            headers().forEach((key, value) -> equal(every.getHeaders().get(key), value));
            equal(fields(every), fields(sent));
            AMQP.BasicProperties none = messages.get(1).getProperties();
            equal(none.getHeaders(), null);
            equal(fields(none), fields(new AMQP.BasicProperties()));
        });
    }
}

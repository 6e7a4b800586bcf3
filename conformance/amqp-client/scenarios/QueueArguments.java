package scenarios;

import static conformance.Support.name;
import static conformance.Support.refuseArgument;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public final class QueueArguments {
    private static final List<String> INTEGERS =
            List.of("x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-max-priority");

    private QueueArguments() {}

    /** Sees that a queue cannot be declared again with other properties. */
    private static void refuse(
            Connection connection, String queue, boolean autoDelete, Map<String, Object> arguments, String text)
            throws Exception {
        refused(connection, 406, text, channel -> channel.queueDeclare(queue, false, true, autoDelete, arguments));
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            for (String key : INTEGERS) {
                refuseArgument(connection, key, "1", "\"expected integer, got longstr\"");
                refuseArgument(connection, key, 1.5, "\"expected integer, got double\"");
            }
            refuseArgument(connection, "x-overflow", true, "{unacceptable_type,bool}");
            refuseArgument(connection, "x-dead-letter-routing-key", true, "{unacceptable_type,bool}");
            refuseArgument(connection, "x-dead-letter-routing-key", "k", "routing_key_but_no_dlx_defined");
            refuseArgument(connection, "x-queue-type", "foo", "\"unsupported queue type 'foo'\"");
            String queue = name("limited");
            refuse(connection, queue, false, Map.of("x-dead-letter-exchange", true),
                    "invalid type 'bool' for arg 'x-dead-letter-exchange' in queue '" + queue + "' in vhost '/'");

            Channel channel = connection.createChannel();
            Map<String, Object> limits = Map.of("x-message-ttl", 60_000, "x-max-length", 5);
            Map<String, Object> kept = new HashMap<>(limits);
            kept.put("x-unknown", "kept");
            channel.queueDeclare(queue, false, true, false, kept);
            channel.queueDeclare(queue, false, true, false, limits);
            String of = "' for queue '" + queue + "' in vhost '/': ";
            String ttl = "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl" + of;
            refuse(connection, queue, false, Map.of("x-message-ttl", 60_001, "x-max-length", 5),
                    ttl + "received '60001' but current is '60000'");
            refuse(connection, queue, false, Map.of("x-max-length", 5),
                    ttl + "received none but current is the value '60000' of type 'signedint'");
            refuse(connection, queue, false, Map.of("x-message-ttl", 60_000, "x-max-length", 5, "x-expires", 60_002),
                    "inequivalent arg 'x-expires" + of
                            + "received the value '60002' of type 'signedint' but current is none");
            refuse(connection, queue, true, limits,
                    "inequivalent arg 'auto_delete" + of + "received 'true' but current is 'false'");
        });
    }
}

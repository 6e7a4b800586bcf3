package scenarios;

import static conformance.Support.connect;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.name;
import static conformance.Support.receive;
import static conformance.Support.scenario;
import static conformance.Support.PATIENCE;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.RpcClient;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

public final class Rpc {
    private Rpc() {}

    private static int fib(int n) {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }

    private static Connection serve(String queue) throws Exception {
        Connection connection = connect();
        Channel channel = connection.createChannel();
        channel.queueDeclare(queue, false, false, false, null);
        channel.basicQos(1);
        channel.basicConsume(queue, false, (tag, request) -> {
            AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
                    .correlationId(request.getProperties().getCorrelationId())
                    .build();
            String result = String.valueOf(fib(Integer.parseInt(new String(request.getBody()))));
            channel.basicPublish("", request.getProperties().getReplyTo(), properties, result.getBytes());
            channel.basicAck(request.getEnvelope().getDeliveryTag(), false);
        }, tag -> {});
        return connection;
    }

    /** Calls by the library's own client, with the one constructor that every version of it has. */
    @SuppressWarnings("deprecation")
    private static String call(Channel channel, String queue, String callback, String argument) throws Exception {
        RpcClient client = new RpcClient(channel, "", queue, callback, PATIENCE * 1000);
        try {
            return client.stringCall(argument);
        } finally {
            client.close();
        }
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            String queue = name("rpc_queue");
            Connection server = serve(queue);
            Channel channel = connection.createChannel();
            String callback = exclusive(channel);
            Map<String, Integer> calls = new HashMap<>();
            for (int n = 10; n < 15; n++) {
                String id = UUID.randomUUID().toString();
                calls.put(id, n);
                AMQP.BasicProperties properties =
                        new AMQP.BasicProperties.Builder().correlationId(id).replyTo(callback).build();
                channel.basicPublish("", queue, properties, String.valueOf(n).getBytes());
            }
            for (Delivery reply : receive(channel, callback, calls.size())) {
                int n = calls.remove(reply.getProperties().getCorrelationId());
                equal(new String(reply.getBody()), String.valueOf(fib(n)));
            }
            equal(calls.isEmpty(), true);

            equal(call(channel, queue, callback, "20"), String.valueOf(fib(20)));
            server.close();
            connection.createChannel().queueDelete(queue);
        });
    }
}

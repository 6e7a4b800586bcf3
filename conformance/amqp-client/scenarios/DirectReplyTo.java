package scenarios;

import static conformance.Support.connect;
import static conformance.Support.equal;
import static conformance.Support.name;
import static conformance.Support.next;
import static conformance.Support.receive;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

public final class DirectReplyTo {
    private static final String REPLY_TO = "amq.rabbitmq.reply-to";

    private DirectReplyTo() {}

    private static BlockingQueue<Delivery> listen(Channel channel, String tag, boolean autoAck) throws Exception {
        BlockingQueue<Delivery> replies = new LinkedBlockingQueue<>();
        channel.basicConsume(REPLY_TO, autoAck, tag, (consumer, reply) -> replies.add(reply), consumer -> {});
        return replies;
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Connection server = connect();
            Channel channel = connection.createChannel();
            Channel serving = server.createChannel();
            String requests = name("requests");
            serving.queueDeclare(requests, false, false, false, null);
            AMQP.BasicProperties asking =
                    new AMQP.BasicProperties.Builder().replyTo(REPLY_TO).correlationId("7").build();

            BlockingQueue<Delivery> replies = listen(channel, "replies", true);
            channel.basicPublish("", requests, asking, "question".getBytes());
            Delivery request = receive(serving, requests, 1).get(0);
            String address = request.getProperties().getReplyTo();
            equal(new String(request.getBody()), "question");
            equal(address.startsWith(REPLY_TO + "."), true);
            AMQP.Queue.DeclareOk found = serving.queueDeclarePassive(address);
            equal(List.of(found.getQueue(), found.getMessageCount(), found.getConsumerCount()),
                    List.of(address, 0, 1));
            AMQP.BasicProperties answering = new AMQP.BasicProperties.Builder()
                    .correlationId(request.getProperties().getCorrelationId())
                    .build();
            serving.basicPublish("", address, answering, "answer".getBytes());
            Delivery reply = next(replies, "answer");
            equal(reply.getProperties().getCorrelationId(), "7");
            equal(List.of(reply.getEnvelope().getExchange(), reply.getEnvelope().getRoutingKey()),
                    List.of("", address));
            equal(reply.getEnvelope().isRedeliver(), false);

            refused(connection, 406, "reply consumer cannot acknowledge", other -> listen(other, "one", false));
            refused(connection, 406, "fast reply consumer does not exist",
                    other -> other.basicPublish("", requests, asking, "lost".getBytes()));
            refused(connection, 406, "reply consumer already set", other -> {
                listen(other, "one", true);
                listen(other, "two", true);
            });
            channel.close();
            refused(server, 404, "no queue '" + address + "'", other -> other.queueDeclarePassive(address));
            equal(serving.queueDelete(requests).getMessageCount(), 0);
            server.close();
        });
    }
}

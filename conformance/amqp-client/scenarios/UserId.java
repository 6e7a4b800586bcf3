package scenarios;

import static conformance.Support.confirming;
import static conformance.Support.drain;
import static conformance.Support.equal;
import static conformance.Support.exclusive;
import static conformance.Support.put;
import static conformance.Support.refused;
import static conformance.Support.scenario;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import java.util.List;

public final class UserId {
    private UserId() {}

    private static AMQP.BasicProperties from(String user) {
        return new AMQP.BasicProperties.Builder().userId(user).build();
    }

    public static void main(String[] arguments) {
        scenario(connection -> {
            Channel channel = confirming(connection);
            String queue = exclusive(channel);
            put(channel, queue, from("guest"), "mine");
            refused(connection, 406, "user_id property set to 'nobody' but authenticated user was 'guest'",
                    other -> other.basicPublish("", queue, from("nobody"), "not mine".getBytes()));
            List<GetResponse> messages = drain(channel, queue);
            equal(messages.size(), 1);
            equal(new String(messages.get(0).getBody()), "mine");
            equal(messages.get(0).getProps().getUserId(), "guest");
        });
    }
}

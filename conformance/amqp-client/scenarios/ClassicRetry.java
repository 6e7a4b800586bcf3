package scenarios;

import static conformance.Support.scenario;

import conformance.Retry;

public final class ClassicRetry {
    private ClassicRetry() {}

    public static void main(String[] arguments) {
        scenario(connection -> Retry.retry(connection, "classic"));
    }
}

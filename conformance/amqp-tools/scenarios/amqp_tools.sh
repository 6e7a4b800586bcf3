# The tools that come with librabbitmq: declare, publish, get, consume and delete.

queue=$CONFORMANCE_PREFIX.queue
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

# Runs a tool against the broker: tool NAME ARGUMENTS...
tool() {
    local name=$1
    shift
    "amqp-$name" --url="$AMQP_URI" "$@"
}

# Ends the scenario unless two texts are equal.
equal() {
    [ "$1" = "$2" ] || { echo "'$1', not '$2'"; exit 1; }
}

equal "$(tool declare-queue --queue="$queue" --durable)" "$queue"
equal "$(tool declare-queue --queue="$queue" --durable)" "$queue"
if tool declare-queue --queue="$queue" 2>"$scratch/refused"; then
    echo "declared again with other properties"
    exit 1
fi
grep -q "406.*PRECONDITION_FAILED - inequivalent arg 'durable' for queue '$queue'" "$scratch/refused"

status=0
tool get --queue="$queue" >"$scratch/body" || status=$?
equal "$status" 2

tool publish --routing-key="$queue" --persistent --content-type=text/plain --body="first"
equal "$(tool get --queue="$queue")" "first"

printf 'one\ntwo\nthree\n' | tool publish --routing-key="$queue" --line-buffered
tool consume --queue="$queue" --count=3 --prefetch-count=1 cat >"$scratch/bodies"
equal "$(cat "$scratch/bodies")" "$(printf 'one\ntwo\nthree\n')"

head --bytes=1000000 /dev/urandom >"$scratch/sent"
tool publish --routing-key="$queue" <"$scratch/sent"
tool get --queue="$queue" >"$scratch/came"
cmp "$scratch/sent" "$scratch/came"

tool publish --routing-key="$queue" --body="left"
equal "$(tool delete-queue --queue="$queue")" "1"
if tool get --queue="$queue" 2>"$scratch/refused"; then
    echo "got from a queue that was deleted"
    exit 1
fi
grep -q "404.*NOT_FOUND - no queue '$queue'" "$scratch/refused"

# Stands between a test process and its server. Orders come as lines on standard input; when that ends,
# because the test process has, so does the server, and its folder goes.
trap '' HUP INT TERM
folder=$(mktemp -d "${TMPDIR:-/tmp}/palisade-redis.XXXXXX") || exit 1
start() {
    # Emptied here, not in the background: whoever reads it next must not see that of the last start.
    : >"$folder/log"
    redis-server --dir "$folder" "$@" </dev/null >>"$folder/log" 2>&1 &
    server=$!
}
start "$@"
echo "$folder"
while read -r order; do
    case $order in
        start) start "$@" ;;
        kill) kill -KILL "$server" 2>/dev/null; wait "$server" 2>/dev/null ;;
        pause) kill -STOP "$server" ;;
        resume) kill -CONT "$server" ;;
    esac
    echo done
done
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$folder"

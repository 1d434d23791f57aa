# Stands between a test process and its server. Orders come as lines on standard input; when that ends,
# because the test process has, so does the server, and its folder goes.
trap '' HUP INT TERM
folder=$(mktemp -d "${TMPDIR:-/tmp}/palisade-redis.XXXXXX") || exit 1
start() {
    # Emptied here, not in the background: whoever reads it next must not see that of the last start.
    : >"$folder/log"
    # A snapshot of its last life, which it was told to write or wrote for a replica.
    rm -rf "$folder/dump.rdb"
    redis-server --dir "$folder" "$@" </dev/null >>"$folder/log" 2>&1 &
    server=$!
}
signal() {
    if [ -n "$server" ]; then kill "$1" "$server" 2>/dev/null; fi
}
end() {
    signal -KILL
    wait "$server" 2>/dev/null
    # Its number may be that of somebody else's process from now on.
    server=
}
start "$@"
echo "$folder"
while read -r order; do
    case $order in
        start) start "$@" ;;
        kill) end ;;
        pause) signal -STOP ;;
        resume) signal -CONT ;;
    esac
    echo done
done
end
rm -rf "$folder"

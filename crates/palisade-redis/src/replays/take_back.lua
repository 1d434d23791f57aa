-- Removes a replay key, if it is the one of this insertion. Returns 0 when there is none, or else 1.
-- KEYS[1]: the key. ARGV: the id of the insertion.
local value = redis.call('GET', KEYS[1])
if not value then
    return 0
end
if string.match(value, '^%d+ (%x+)$') == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
return 1

-- Remembers a replay key until an end, if it is not remembered already.
-- KEYS[1]: the key; its value is its end and the id of the insertion that was the first.
-- ARGV: the end, the caller's time, the margin, in seconds; the id of this insertion.
local value = redis.call('GET', KEYS[1])
local held, id
if value then
    held, id = string.match(value, '^(%d+) (%x+)$')
    if not held or #held > 12 then
        return redis.error_reply('PALISADE a replay key holds no end')
    end
    held = tonumber(held)
end
local expires, now, margin = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local present = held ~= nil and held > now
local last = expires
if present and held > expires then
    last = held
end
-- Counted by the caller's time: by the server's own, the key might be over long ago, or never.
local life = string.format('%.0f', math.max(last - now, 0) + margin)
if not present then
    redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[4], 'EX', life)
    return 1
end
if last > held then
    redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. id, 'KEEPTTL')
end
if tonumber(life) > redis.call('TTL', KEYS[1]) then
    redis.call('EXPIRE', KEYS[1], life)
end
return 0

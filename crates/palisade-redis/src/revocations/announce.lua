-- Numbers a revocation and tells it to all who listen.
-- KEYS[1]: the mark of the last one. ARGV: the channel, the id of this one, what it says.
local last = redis.call('GET', KEYS[1]) or ''
local number = tonumber(string.match(last, '^%d+') or '0') + 1
local mark = string.format('%.0f %s', number, ARGV[2])
local written = redis.pcall('SET', KEYS[1], mark)
if written.err then
    -- There is no room for the mark. To delete it takes none, and all followers see that it is gone.
    redis.call('DEL', KEYS[1])
    mark = '0 0'
end
redis.call('PUBLISH', ARGV[1], mark .. ' ' .. ARGV[3])
return redis.status_reply('OK')

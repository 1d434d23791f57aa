-- Numbers a revocation and tells it to all who listen.
-- KEYS[1]: the mark of the last one. ARGV: the channel, the id of this one, what it says.
local last = redis.call('GET', KEYS[1]) or ''
local number = tonumber(string.match(last, '^%d+') or '0') + 1
local mark = string.format('%.0f %s', number, ARGV[2])
-- A server whose memory is full refuses a script what takes memory, until that script has written something.
-- To delete takes none, and then there is room for the mark that takes the place of the last one.
redis.call('DEL', KEYS[1])
-- Were there none all the same, whoever listens takes what has no number for the end of all that it caches.
local written = redis.pcall('SET', KEYS[1], mark)
if written.err then
    mark = '0 ' .. ARGV[2]
end
redis.call('PUBLISH', ARGV[1], mark .. ' ' .. ARGV[3])
return redis.status_reply('OK')

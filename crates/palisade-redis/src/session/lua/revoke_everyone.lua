-- ARGV: when, why.
--
-- However many sessions there are, this counts them by a range and writes one number and one entry.
only_on_a_primary()
whole_or_nothing()
local everyone, _, wrong = generation_of('')
if wrong then
  return wrong
end
local prefix = 'live ' .. pad(everyone)
local count = redis.call('ZLEXCOUNT', order, '[' .. prefix .. ' ', '(' .. prefix .. '!')
local next_everyone = sum(everyone, '1')
redis.call('HSET', generations, ALL_USERS, next_everyone)
if count > 0 then
  redis.call('ZADD', order, 0, 'all ' .. pad(next_everyone) .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
end
return { 'count', count }

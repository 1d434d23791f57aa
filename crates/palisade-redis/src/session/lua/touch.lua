-- ARGV: id, generation, when, from where or ''.
only_on_a_primary()
whole_or_nothing()
local id, generation, at, address = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local record, wrong = read(id)
if wrong then
  return wrong
end
if not record then
  return { 'gone' }
end
local everyone, own, wrong_generation = generation_of(record.user)
if wrong_generation then
  return wrong_generation
end
if not is_live(record, everyone, own) or sum(everyone, own) ~= generation then
  return { 'gone' }
end
if not is_in_order(record) then
  return corrupt(id, record.text)
end
if address == '' then
  address = record.address
else
  address = ' ' .. address
end
if is_later(at, record.seen) then
  redis.call('ZREM', order, seen_entry(record), state_entry(record))
  record.seen = at
  redis.call('ZADD', order, 0, seen_entry(record), 0, state_entry(record))
end
local text = record.head .. '\nseen=' .. record.seen .. address .. record.tail
if text ~= record.text then
  redis.call('HSET', records, id, text)
end
return { 'done' }

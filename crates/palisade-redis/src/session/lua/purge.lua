-- ARGV: the two edges of the horizon, the most to forget.
only_on_a_primary()
whole_or_nothing()
local created_after, seen_after, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
local count = 0

-- Forgets the records of at most so many entries. An entry whose record is gone goes too.
local function forget(min, max)
  if left == 0 then
    return nil
  end
  local entries = redis.call('ZRANGE', order, min, max, 'BYLEX', 'LIMIT', 0, left)
  for _, entry in ipairs(entries) do
    local record, wrong = read(string.match(entry, '[^ ]*$'))
    if wrong then
      return wrong
    end
    if record then
      redis.call(
        'ZREM', order, entry, created_entry(record), seen_entry(record), state_entry(record)
      )
      redis.call('HDEL', records, record.id)
      count = count + 1
    else
      redis.call('ZREM', order, entry)
    end
    left = left - 1
  end
  return nil
end

-- An entry that begins with the edge itself is not later than it: `!` comes right after the space.
local function forget_until(kind, edge)
  if edge == '' then
    return nil
  end
  return forget('[' .. kind .. ' ', '(' .. kind .. ' ' .. edge .. '!')
end

local wrong = forget_until('created', created_after)
  or forget_until('seen', seen_after)
  or forget_until('ended', seen_after)
if wrong then
  return wrong
end

-- Those that ended with everyone's, and each entry that ended them once none of them is left.
local before = 'live '
for _, entry in ipairs(redis.call('ZRANGE', order, '[all ', '(all ~', 'BYLEX')) do
  local everyone, at = parse_all(entry)
  if everyone and not is_later(at, seen_after) then
    wrong = forget('[' .. before, '(live ' .. everyone)
    if wrong then
      return wrong
    end
  end
  if not everyone or redis.call('ZLEXCOUNT', order, '[live ', '(live ' .. everyone) == 0 then
    redis.call('ZREM', order, entry)
  else
    before = 'live ' .. everyone
  end
end
return { 'count', count }

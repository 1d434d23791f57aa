-- ARGV: the two edges of the horizon, the most to forget.
only_on_a_primary()
whole_or_nothing()
local created_after, seen_after, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
local count, worked, wrong = 0, 0, nil

-- Forgets the records of at most so many entries. An entry whose record is gone goes too. A record that cannot
-- be right stays, for somebody who can tell what it was, and is in nobody's way.
local function forget(min, max)
  local asked, entries = 0, nil
  repeat
    asked = left - worked
    if asked == 0 then
      return
    end
    entries = redis.call('ZRANGE', order, min, max, 'BYLEX', 'LIMIT', 0, asked)
    for _, entry in ipairs(entries) do
      local record, unreadable = read(string.match(entry, '[^ ]*$'))
      if unreadable then
        wrong = wrong or unreadable
      elseif record then
        redis.call(
          'ZREM', order, entry, created_entry(record), seen_entry(record), state_entry(record)
        )
        redis.call('HDEL', records, record.id)
        count, worked = count + 1, worked + 1
      else
        redis.call('ZREM', order, entry)
        worked = worked + 1
      end
      min = '(' .. entry
    end
  until #entries < asked
end

-- An entry that begins with the edge itself is not later than it: `!` comes right after the space.
local function forget_until(kind, edge)
  if edge ~= '' then
    forget('[' .. kind .. ' ', '(' .. kind .. ' ' .. edge .. '!')
  end
end

forget_until('created', created_after)
forget_until('seen', seen_after)
forget_until('ended', seen_after)

-- Those that ended with everyone's, and each entry that ended them once none of them is left.
local before = 'live '
for _, entry in ipairs(redis.call('ZRANGE', order, '[all ', '(all ~', 'BYLEX')) do
  local everyone, at = parse_all(entry)
  if everyone and not is_later(at, seen_after) then
    forget('[' .. before, '(live ' .. everyone)
  end
  if not everyone or redis.call('ZLEXCOUNT', order, '[live ', '(live ' .. everyone) == 0 then
    redis.call('ZREM', order, entry)
  else
    before = 'live ' .. everyone
  end
end
-- How many records were forgotten, how many entries that took, and one that cannot be right.
local reply = { 'purged', count, worked }
if wrong then
  reply[4], reply[5] = wrong[2], wrong[3]
end
return reply

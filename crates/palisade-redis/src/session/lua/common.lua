-- What the scripts of the session store have in common; it stands in front of each of them.
--
-- No script leaves a step half done: it looks at all it needs first, and writes after that.
-- Times are 18 digits and generations up to 19, both beyond what a Lua number holds exactly, so they stay
-- text. Text is compared for equality alone: `<` on text follows the locale of the server.

-- The text of each session by id; four kinds of entries in the order of their bytes; how often the sessions
-- of each user, and of everyone, were ended.
local records, order, generations = KEYS[1], KEYS[2], KEYS[3]

-- No user has a space in his id.
local ALL_USERS = 'all users'

-- Fails on a replica, where even a read could miss an ending, and on a primary that is cut off from as many
-- replicas as it shall have: one of them may be the primary by now. Deleting nothing changes nothing, but it
-- is a write, so what comes after it in a script is done even where the memory of the server is full. Where
-- saving to disk fails, reads go on.
local function only_on_a_primary()
  local probe = redis.pcall('HDEL', generations, '')
  local refusal = type(probe) == 'table' and probe.err or ''
  if string.find(refusal, 'READONLY', 1, true) or string.find(refusal, 'NOREPLICAS', 1, true) then
    redis.call('HDEL', generations, '')
  end
end

-- A server that evicts keys may drop the records and leave their order, or the other way round. Half of the
-- two would hide sessions from those who end them, so the rest goes too: everybody is signed out.
local function whole_or_nothing()
  if redis.call('EXISTS', records, order) == 1 then
    redis.call('UNLINK', records, order)
  end
end

local function pad(number)
  return string.rep('0', 20 - #number) .. number
end

local function is_count(text)
  return #text <= 19 and (text == '0' or string.find(text, '^[1-9]%d*$') ~= nil)
end

local function sum(a, b)
  a, b = pad(a), pad(b)
  local low = tonumber(string.sub(a, 11)) + tonumber(string.sub(b, 11))
  local high = tonumber(string.sub(a, 1, 10)) + tonumber(string.sub(b, 1, 10))
  if low >= 1e10 then
    low, high = low - 1e10, high + 1
  end
  local digits = string.gsub(string.format('%.0f%010.0f', high, low), '^0+(%d)', '%1')
  return digits
end

-- Whether one time is later than another; `''` is before them all.
local function is_later(time, other)
  if other == '' then
    return true
  end
  local high, other_high = tonumber(string.sub(time, 1, 9)), tonumber(string.sub(other, 1, 9))
  if high ~= other_high then
    return high > other_high
  end
  return tonumber(string.sub(time, 10)) > tonumber(string.sub(other, 10))
end

-- How often the sessions of everyone were ended and how often those of this user were; his generation is
-- the sum. A third value is the answer that the script gives when they cannot be right.
--
-- The first number begins with the microseconds since 1970, so that a store that lost its generations goes
-- on with higher ones: nothing of a former life is of a generation that comes again. Where the clock was set
-- back since, it is not higher; so what is left of the former life goes, or its endings would end what begins
-- now.
local function generation_of(user)
  local found = redis.call('HMGET', generations, ALL_USERS, user)
  local everyone, own = found[1], found[2] or '0'
  if not everyone then
    redis.call('UNLINK', records, order)
    local time = redis.call('TIME')
    everyone = time[1] .. string.format('%06d', time[2])
    redis.call('HSET', generations, ALL_USERS, everyone)
  end
  if not is_count(everyone) then
    return nil, nil, { 'corrupt_generation', ALL_USERS }
  end
  if not is_count(own) or #sum(everyone, own) > 19 then
    return nil, nil, { 'corrupt_generation', user }
  end
  return everyone, own, nil
end

local function corrupt(id, text)
  return { 'corrupt', id, text }
end

-- The parts of a record that the scripts work with; `nil` when its text cannot be right. What the scripts do
-- not work with is checked by whoever reads the answer.
local function parse(id, text)
  local head, user, everyone, own, created, seen, address, tail = string.match(
    text,
    '^(palisade%-session 1\nuser=([!-~]+)\ngeneration=(%d+)%+(%d+)\ncreated=(%d+)\n.-)\nseen=(%d+)([^\n]*)(.*)$'
  )
  if not head or #created ~= 18 or #seen ~= 18 or not is_count(everyone) or not is_count(own) then
    return nil
  end
  local ended_at, ended_for
  if tail ~= '' then
    ended_at, ended_for = string.match(tail, '^\nended=(%d+) ([a-z_]+)$')
    if not ended_at or #ended_at ~= 18 then
      return nil
    end
  end
  return {
    id = id, text = text, head = head, user = user, everyone = everyone, own = own, created = created,
    seen = seen, address = address, tail = tail, ended_at = ended_at, ended_for = ended_for,
  }
end

-- The record with this id, or nothing. A second value is the answer that the script gives when what is there
-- cannot be right.
local function read(id)
  local text = redis.call('HGET', records, id)
  if not text then
    return nil, nil
  end
  local record = parse(id, text)
  if not record then
    return nil, corrupt(id, text)
  end
  return record, nil
end

-- The entries of a record. One that has not ended stands with its user, or else by the time of its end.
local function created_entry(record)
  return 'created ' .. record.created .. ' ' .. record.id
end

local function seen_entry(record)
  return 'seen ' .. record.seen .. ' ' .. record.id
end

local function user_prefix(everyone, own, user)
  return 'live ' .. pad(everyone) .. ' ' .. user .. ' ' .. pad(own) .. ' '
end

local function state_entry(record)
  if record.ended_at then
    return 'ended ' .. record.ended_at .. ' ' .. record.id
  end
  return user_prefix(record.everyone, record.own, record.user) .. record.seen .. ' ' .. record.id
end

-- The parts of an entry that ended the sessions of everyone: the number that began with it, in 20 digits,
-- when and why. Nothing when it cannot be right.
local function parse_all(entry)
  local everyone, at, reason = string.match(entry, '^all (%d+) (%d+) ([a-z_]+)$')
  if everyone and #everyone == 20 and #at == 18 then
    return everyone, at, reason
  end
  return nil
end

-- When the sessions of everyone are ended, one entry says so for all of them. Returns the time and the
-- reason of the one that ended this session, if any did.
local function ending_of(record)
  if record.ended_at then
    return record.ended_at, record.ended_for
  end
  local after = redis.call(
    'ZRANGE', order, '(all ' .. pad(record.everyone) .. '~', '(all ~', 'BYLEX', 'LIMIT', 0, 1
  )
  if not after[1] then
    return nil, nil
  end
  local _, at, reason = parse_all(after[1])
  return at, reason
end

-- A session whose entry is missing would live where nobody who ends sessions finds it.
local function is_in_order(record)
  return redis.call('ZSCORE', order, state_entry(record)) ~= false
end

local function is_live(record, everyone, own)
  return not record.ended_at and record.everyone == everyone and record.own == own
end

-- The two ends of the range of a user's live sessions that were seen after a time; after `''` all were.
local function live_range(user, everyone, own, seen_after)
  local prefix = user_prefix(everyone, own, user)
  if seen_after == '' then
    return '[' .. prefix, '(' .. prefix .. '~'
  end
  -- An entry that begins with the time itself is not later than it: `!` comes right after the space.
  return '(' .. prefix .. seen_after .. '!', '(' .. prefix .. '~'
end

-- At least as many as the live sessions of a user that were seen after a time, and found without reading one.
local function count_entries(user, everyone, own, seen_after)
  return redis.call('ZLEXCOUNT', order, live_range(user, everyone, own, seen_after))
end

-- How many entries are asked for at once.
local PAGE = 100

-- The most sessions that are marked one by one where their generation ends them anyway: as many as a policy
-- allows. A user may have more that nobody has been awake in for long.
local MARKED = 1000

-- Hands the live sessions of a user that were seen after a time to `visit`, the most recently seen first, by
-- id where they are equal, until it answers with true; at most so many entries are looked at, give or take
-- those of one time. Returns how many were, and what says that one of them cannot be right: that one is left
-- out, and nobody gets in with it, for `load` refuses it. A script that goes on without it must not let it
-- live should somebody mend it.
local function each_live(user, everyone, own, seen_after, most, visit)
  local skip = #user_prefix(everyone, own, user)
  local first, last = live_range(user, everyone, own, seen_after)
  local looked_at, wrong = 0, nil
  -- The entries of one time, which come backwards.
  local group, time = {}, nil
  local function visit_group()
    local entries = group
    group = {}
    for n = #entries, 1, -1 do
      local record, unreadable = read(string.sub(entries[n], skip + 20))
      looked_at = looked_at + 1
      wrong = wrong or unreadable
      if record and state_entry(record) ~= entries[n] then
        wrong = wrong or corrupt(record.id, record.text)
      elseif record and is_live(record, everyone, own) and visit(record) then
        return true
      end
    end
    return looked_at >= most
  end
  local page
  repeat
    page = redis.call('ZRANGE', order, last, first, 'BYLEX', 'REV', 'LIMIT', 0, PAGE)
    for _, entry in ipairs(page) do
      local seen = string.sub(entry, skip + 1, skip + 18)
      if seen ~= time then
        if visit_group() then
          return looked_at, wrong
        end
        time = seen
      end
      group[#group + 1] = entry
      last = '(' .. entry
    end
  until #page < PAGE
  visit_group()
  return looked_at, wrong
end

-- The same as a list, and how many entries were looked at, and what cannot be right.
local function live_sessions(user, everyone, own, seen_after, most)
  local found = {}
  local looked_at, wrong = each_live(user, everyone, own, seen_after, most, function(record)
    found[#found + 1] = record
    return false
  end)
  return found, looked_at, wrong
end

local function holds(record, created_after, seen_after)
  return is_later(record.created, created_after) and is_later(record.seen, seen_after)
end

-- Ends a session that has not ended.
local function finish(record, at, reason)
  redis.call('ZREM', order, state_entry(record))
  record.ended_at = at
  redis.call('HSET', records, record.id, record.text .. '\nended=' .. at .. ' ' .. reason)
  redis.call('ZADD', order, 0, state_entry(record))
end

-- Ends the sessions in a list, but the one to keep, and returns how many.
local function finish_all(list, keep, at, reason)
  local count = 0
  for _, record in ipairs(list) do
    if record.id ~= keep then
      finish(record, at, reason)
      count = count + 1
    end
  end
  return count
end

-- Keeps a record that is new: its text is the head, the generation as two numbers, and the rest.
local function keep_new(record, everyone, own, rest)
  record.everyone, record.own = everyone, own
  local head = 'palisade-session 1\nuser=' .. record.user .. '\ngeneration=' .. everyone .. '+' .. own
  redis.call('HSET', records, record.id, head .. '\n' .. rest)
  redis.call(
    'ZADD', order, 0, created_entry(record), 0, seen_entry(record), 0, state_entry(record)
  )
end

-- The record that is handed over, from this argument on; its last field is empty while it has not ended.
local function handed_over(first)
  local record = {
    id = ARGV[first], user = ARGV[first + 1], created = ARGV[first + 2], seen = ARGV[first + 3],
  }
  if ARGV[first + 4] ~= '' then
    record.ended_at = ARGV[first + 4]
  end
  return record
end

-- Moves a user to the next generation.
local function next_generation(user, own)
  redis.call('HSET', generations, user, sum(own, '1'))
end


-- Decides about one request over all of its tiers, and charges all of them or none.
--
-- KEYS: the counter of each tier, all in one slot of a Cluster. The same key may come twice.
-- ARGV[1]: the time in microseconds, or nothing for the clock of this server.
-- ARGV[2]: 1 to charge, 0 to look.
-- Then for each tier what it looks back (microseconds), what is charged, and the limit of a window,
-- which is 0 for a bucket.
--
-- A bucket is stored as the time at which it is full; a window as the time at which it ends, and what was
-- taken. The reply holds whole numbers: 1 if the request may pass, the time, how many counters made no
-- sense, and for each tier its counter before the charge.
local now = ARGV[1]
local keep = 0
if now == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
else
  -- Keys expire by the clock of this server, which knows nothing of the caller's: a day more.
  now = now + 0
  keep = 86400000
end

local keys, args, call = KEYS, ARGV, redis.call
local stored = call('MGET', unpack(keys))
-- The places for a few tiers are made at once, which saves growing.
local reply, last = {1, now, 0, nil, nil, nil, nil, nil, nil}, 3
local untils, counts, healed = {nil, nil, nil, nil}, {nil, nil, nil, nil}, nil
local allowed, garbled, charges = 1, 0, false

for i = 1, #keys do
  local at = 3 * i
  local span, charge, limit = args[at] + 0, args[at + 1] + 0, args[at + 2] + 0
  local slot = i
  for earlier = 1, i - 1 do
    if keys[earlier] == keys[i] then
      slot = earlier
      break
    end
  end

  local ends, count = untils[slot], counts[slot] or 0
  if not ends then
    local text = stored[i]
    ends = 0
    if text then
      if limit == 0 then
        ends = #text <= 16 and string.find(text, '^%d+$') and text + 0
      else
        local time, taken = string.match(text, '^(%d+) (%d+)$')
        ends = time and #time <= 16 and #taken <= 15 and time + 0
        count = ends and taken + 0
      end
      if not ends then
        -- Later than any clock: it is cut down below to a counter that is used up.
        garbled, ends, count = garbled + 1, 9e15, limit
      end
    end
  end

  if ends <= now then
    ends, count = now, 0
    if limit > 0 then
      ends = now - now % span + span
    end
  elseif ends > now + span + 1000000 then
    -- The clock has stepped back.
    if limit == 0 then
      ends = now + span
    else
      ends = now - now % span + span
    end
    if slot == i then
      healed = healed or {untils = {}, counts = {}}
      healed.untils[i] = ends
      healed.counts[i] = limit > 0 and count or nil
    end
  end

  last = last + 1
  reply[last] = ends
  if limit == 0 then
    ends = ends + charge
    if charge > 0 and ends - span > now then
      allowed = 0
    end
  else
    last = last + 1
    reply[last] = count
    count = count + charge
    if charge > 0 and count > limit then
      allowed = 0
    end
    counts[slot] = count
  end
  untils[slot] = ends
  charges = charges or charge > 0
end

if args[2] == '1' then
  if allowed == 0 or not charges then
    -- Nothing is charged, but what a clock or a stranger left behind is mended.
    untils, counts = healed and healed.untils or {}, healed and healed.counts or {}
  end
  local format = string.format
  for i = 1, #keys do
    local ends, count = untils[i], counts[i]
    if ends then
      -- Neither `tostring` nor `..` writes all digits.
      local text = count and format('%.0f %.0f', ends, count) or format('%.0f', ends)
      call('SET', keys[i], text, 'PX', format('%.0f', math.ceil((ends - now) / 1000) + keep))
    end
  end
end

reply[1], reply[3] = allowed, garbled
return reply

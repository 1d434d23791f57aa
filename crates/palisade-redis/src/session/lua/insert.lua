-- ARGV: id, user, created, seen, ended or '', the rest of the text; the generation, the most that the user
-- may have, what happens when there are more, the two edges of the horizon, the reason of those that end.
--
-- What is written first grows, so a server whose memory is full refuses it, and nothing is done.
local function refuse(word)
  only_on_a_primary()
  return { word }
end

whole_or_nothing()
local new, rest = handed_over(1), ARGV[6]
local generation, most, when_full = ARGV[7], tonumber(ARGV[8]), ARGV[9]
local created_after, seen_after, reason = ARGV[10], ARGV[11], ARGV[12]

if redis.call('HEXISTS', records, new.id) == 1 then
  return refuse('duplicate')
end
local everyone, own, wrong_generation = generation_of(new.user)
if wrong_generation then
  return wrong_generation
end
if sum(everyone, own) ~= generation then
  return refuse('stale')
end
local surplus, held = {}, 0
if count_entries(new.user, everyone, own, seen_after) >= most then
  -- One that cannot be right takes no place.
  each_live(new.user, everyone, own, seen_after, math.huge, function(record)
    if holds(record, created_after, seen_after) then
      held = held + 1
      if held >= most then
        surplus[#surplus + 1] = record
      end
    end
    return #surplus > 0 and when_full == 'refuse'
  end)
end
if #surplus > 0 and when_full == 'refuse' then
  return refuse('full')
end
keep_new(new, everyone, own, rest)
finish_all(surplus, nil, new.created, reason)
local reply = { 'done' }
for _, record in ipairs(surplus) do
  reply[#reply + 1] = record.id
end
return reply

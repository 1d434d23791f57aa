-- ARGV: user, the two edges of the horizon, the most to return.
only_on_a_primary()
whole_or_nothing()
local user, created_after, seen_after, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local everyone, own, wrong_generation = generation_of(user)
if wrong_generation then
  return wrong_generation
end
local live, wrong = live_sessions(user, everyone, own)
if wrong then
  return wrong
end
local reply = { 'records' }
for _, record in ipairs(live) do
  if #reply > 2 * limit then
    break
  end
  if holds(record, created_after, seen_after) then
    reply[#reply + 1] = record.id
    reply[#reply + 1] = record.text
  end
end
return reply
